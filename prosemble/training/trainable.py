"""What the loop asks of a model."""

from __future__ import annotations

from typing import ClassVar

from jaxtyping import Array, Float, Int

from prosemble.core.part import Part

Params = dict[str, Array]


class Trainable(Part):
    """Something with parameters, a loss and constraints."""

    # The loss of a row depends on that row alone, so that rows may be weighted, padded and taken in blocks.
    row_wise: ClassVar[bool] = True

    @property
    def shift_invariant(self) -> bool:
        """Whether shifting samples and prototypes together changes no loss."""
        return False

    def loss(
        self,
        params: Params,
        X: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        total: Float[Array, ""],
        labels: Int[Array, " p"],
    ) -> Float[Array, ""]:
        """Return the weighted sum of the rows' losses over the `total` weight."""
        raise NotImplementedError

    def project(self, params: Params) -> Params:
        """Return the parameters put back on their constraints."""
        return params
