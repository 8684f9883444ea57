"""Distances between two vectors: each is an entry of the matrix that `prosemble.core.distance` has by a longer name."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from prosemble.core import distance
from prosemble.core.part import Number

Scalar = Float[Array, ""]


def squared_euclidean_distance(x: ArrayLike, w: ArrayLike) -> Scalar:
    """Return `sum_j (x_j - w_j)^2`."""
    return _entry(distance.squared_euclidean_distance_matrix, x, w)


def euclidean_distance(x: ArrayLike, w: ArrayLike) -> Scalar:
    """Return its root; the gradient between equal vectors is taken as zero."""
    return _entry(distance.euclidean_distance_matrix, x, w)


def manhattan_distance(x: ArrayLike, w: ArrayLike) -> Scalar:
    """Return `sum_j |x_j - w_j|`."""
    return _entry(distance.manhattan_distance_matrix, x, w)


def lpnorm_distance(x: ArrayLike, w: ArrayLike, p: Number = 2) -> Scalar:
    """Return `(sum_j |x_j - w_j|^p)^(1/p)` for p >= 1, infinity included."""
    return _entry(distance.lpnorm_distance_matrix, x, w, p)


def omega_distance(x: ArrayLike, w: ArrayLike, omega: Float[Array, "d r"]) -> Scalar:
    """Return `||(x - w) omega||^2`."""
    return _entry(distance.omega_distance_matrix, x, w, omega)


def _entry(matrix: Any, x: Any, w: Any, *parameters: Any) -> Array:
    x, w = jnp.asarray(x), jnp.asarray(w)
    if x.ndim != 1 or x.shape != w.shape:
        raise ValueError(f"x and w must be two vectors of one length; got the shapes {x.shape} and {w.shape}.")
    return matrix(x[None], w[None], *parameters)[0, 0]
