"""The interface of a distance."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.part import Part

#: An array, or a dict of arrays by name, for each group of parameters.
Params = dict[str, Any]


class Start(NamedTuple):
    """What the parameters of a metric may start from, NumPy arrays: weighted samples and the first prototypes."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    prototypes: np.ndarray
    labels: np.ndarray
    rng: np.random.Generator


class Distance(Part):
    """A dissimilarity of samples and prototypes. Rows of the result depend on the same row of X alone.

    Where `shift_invariant`, whoever calls first shifts samples and prototypes together about the origin, where the
    expanded form of a distance is accurate: once before a training, not at every evaluation.

    A distance with a form for missing values (NaN) has a field `allow_nan: bool = False`.
    """

    shift_invariant: ClassVar[bool] = False

    @property
    def fixed(self) -> frozenset[str]:
        """The names of those of its parameters that are not learned."""
        return frozenset()

    def init(self, start: Start) -> dict[str, Any]:
        """Return the parameters of this distance beside the prototypes, by name, as they start."""
        return {}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Return the dissimilarities of X to `params["prototypes"]`, measured with the other parameters."""
        raise NotImplementedError

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        """Return what is added to the mean loss for the values of the parameters, if anything."""
        return None

    def project(self, params: Params) -> Params:
        """Return the parameters with those of this distance put back on their constraints."""
        return params


def about_origin(params: Params, centre: Float[Array, " d"]) -> Params:
    """Return the parameters with the prototypes shifted by minus the centre."""
    return {**params, "prototypes": params["prototypes"] - centre}


def evaluate(distance: Distance, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
    """Return the dissimilarities of samples that may lie anywhere."""
    if distance.shift_invariant:
        # The result does not depend on the centre, so no gradient flows through it.
        centre = jax.lax.stop_gradient(params["prototypes"].mean(axis=0))
        params, X = about_origin(params, centre), X - centre
    return distance(params, X)
