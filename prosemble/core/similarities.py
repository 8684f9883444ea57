"""Similarities: larger is more alike."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from prosemble.core.distance import as_floats, squared_euclidean_distance_matrix, unit_rows
from prosemble.core.part import Number


def gaussian_similarity(distances_sq: Float[Array, "..."], variance: Number = 1.0) -> Float[Array, "..."]:
    """Return exp(-d / (2 variance)) of squared distances d."""
    return jnp.exp(-distances_sq / (2.0 * variance))


def cosine_similarity_matrix(X: Real[Array, "n d"], Y: Real[Array, "m d"]) -> Float[Array, "n m"]:
    """Cosine of the angle between each row of X and of Y; zero where a row is zero."""
    return unit_rows(X) @ unit_rows(Y).T


def euclidean_similarity(X: Float[Array, "n d"], Y: Float[Array, "m d"], variance: Number = 1.0) -> Float[Array, "n m"]:
    """Gaussian similarity of the squared Euclidean distances between the rows of X and of Y."""
    return gaussian_similarity(squared_euclidean_distance_matrix(X, Y), variance)


def polynomial_kernel_matrix(
    X: Float[Array, "n d"], Y: Float[Array, "m d"], degree: Number = 3, coef0: Number = 1.0
) -> Float[Array, "n m"]:
    """Return (x . y + coef0)^degree."""
    return (jnp.matmul(*as_floats(X, Y.T)) + coef0) ** degree
