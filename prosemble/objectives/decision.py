"""Decisions: how the distances of a sample to the prototypes become its distances to the classes."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from prosemble.core.competitions import votes
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


class Votes(Decision):
    """The `n_neighbors` nearest prototypes vote; a class is as far as minus the logarithm of its share.

    A class without a vote is as far as minus the logarithm of the smallest normal number, so that all is finite.
    """

    n_neighbors: int

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        return minus_log(votes(distances, labels, self.n_neighbors, n_classes) / self.n_neighbors)


def minus_log(probabilities: Float[Array, "n c"]) -> Float[Array, "n c"]:
    """Return minus the logarithms, of which the softmax of minus them makes the probabilities again; finite at zero."""
    return -jnp.log(jnp.maximum(probabilities, jnp.finfo(probabilities.dtype).tiny))
