"""Decisions: how the distances of a sample to the prototypes become its distances to the classes."""

from __future__ import annotations

from jaxtyping import Array, Float, Int

from prosemble.core.part import Part
from prosemble.core.pooling import stratified_min_pooling
from prosemble.distances import Params


class Decision(Part):
    """The class of the smallest class distance is predicted; the softmax of minus these are the probabilities."""

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        """Return the distances to the classes."""
        raise NotImplementedError


class Nearest(Decision):
    """A class is as far as the nearest of its prototypes."""

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        return stratified_min_pooling(distances, labels, n_classes)
