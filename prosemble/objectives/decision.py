"""Decisions: how the distances of a sample to the prototypes become its distances to the classes."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.competitions import votes
from prosemble.core.losses import relative_difference
from prosemble.core.part import COUNT, Part
from prosemble.core.pooling import stratified_min_pooling
from prosemble.distances import Params


class Decision(Part):
    """The class of the smallest class distance is predicted; the softmax of minus these are the probabilities."""

    #: Whether a prototype speaks for its class alone, the more the nearer it is.
    of_classes: ClassVar[bool] = True

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        """Return the distances to the classes."""
        raise NotImplementedError

    def foremost(self, params: Params, distances: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
        """Return which prototype says most for each class, (n, c): the nearest one of the class."""
        columns = [np.flatnonzero(labels == label) for label in range(n_classes)]
        return np.stack([of[distances[:, of].argmin(axis=1)] for of in columns], axis=1)

    def confidence(self, nearest: Float[Array, " n"], second: Float[Array, " n"]) -> Float[Array, " n"]:
        """Return how sure it is, in [0, 1], by the distances of the two nearest classes: (p - p') / (p + p').

        p and p' are their probabilities. It is the relative difference, as mu is, of what such a decision compares;
        that of these distances, logarithms, would be 1 wherever p is, however large p' is.
        """
        return jnp.tanh((second - nearest) / 2.0)


class Nearest(Decision):
    """A class is as far as the nearest of its prototypes."""

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        return stratified_min_pooling(distances, labels, n_classes)

    def confidence(self, nearest: Float[Array, " n"], second: Float[Array, " n"]) -> Float[Array, " n"]:
        """Return minus mu of the predicted class, (d- - d+) / (d- + d+), and zero where both are."""
        return jnp.minimum(relative_difference(second, nearest), 1.0)  # a user's distances may be negative


class Votes(Decision):
    """The `n_neighbors` nearest prototypes vote; a class is as far as minus the logarithm of its share.

    A class without a vote is as far as minus the logarithm of the smallest normal number, so that all is finite.
    """

    accepts: ClassVar[dict[str, list[Any]]] = {"n_neighbors": [COUNT]}

    n_neighbors: int

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        return minus_log(votes(distances, labels, self.n_neighbors, n_classes) / self.n_neighbors)


def minus_log(probabilities: Float[Array, "n c"]) -> Float[Array, "n c"]:
    """Return minus the logarithms, of which the softmax of minus them makes the probabilities again; finite at zero."""
    return -jnp.log(jnp.maximum(probabilities, jnp.finfo(probabilities.dtype).tiny))
