"""What the loop asks of a model."""

from __future__ import annotations

from jaxtyping import Array, Float, Int

from prosemble.core.part import Part
from prosemble.distances import Params
from prosemble.training.data import Rows


class Trainable(Part):
    """Something with parameters, a loss and constraints."""

    @property
    def row_wise(self) -> bool:
        """Whether the loss of a row depends on that row alone: it may be weighted, padded and taken in blocks."""
        return True

    @property
    def shift_invariant(self) -> bool:
        """Whether shifting samples and prototypes together changes no loss."""
        return False

    @property
    def allow_nan(self) -> bool:
        """Whether samples may have missing values."""
        return False

    @property
    def fixed(self) -> frozenset[str]:
        """The names of the parameters that are never trained."""
        return frozenset()

    def loss(
        self,
        params: Params,
        rows: Rows,
        total: Float[Array, ""],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, ""]:
        """Return the weighted sum of the rows' losses over the `total` weight, as it is in that epoch."""
        raise NotImplementedError

    def project(self, params: Params) -> Params:
        """Return the parameters put back on their constraints."""
        return params
