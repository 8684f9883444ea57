"""The interface of an objective."""

from __future__ import annotations

from jaxtyping import Array, Float, Int

from prosemble.core.part import Part


class Objective(Part):
    """A loss per sample. Weights, padding and the mean belong to whoever trains."""

    def __call__(
        self, distances: Float[Array, "n p"], y: Int[Array, " n"], labels: Int[Array, " p"]
    ) -> Float[Array, " n"]:
        """Return the loss of each sample."""
        raise NotImplementedError
