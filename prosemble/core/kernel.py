"""Squared distances in the feature space of a kernel (Villmann, Haase & Kaden 2015)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from prosemble.core.cancellation import EXPANDED, rows_again
from prosemble.core.distance import (
    as_floats,
    certain_of_projections,
    relevance_distance_matrix,
    squared_euclidean_distance_matrix,
)
from prosemble.core.products import inner, squared_norms


def kernel_distance_squared_per_proto(
    X: Float[Array, "n d"], W: Float[Array, "p d"], sigmas: Float[Array, " p"]
) -> Float[Array, "n p"]:
    """2 (1 - exp(-||x - w_k||^2 / (2 sigma_k^2))), a Gaussian kernel of its own width for each prototype."""
    return gaussian_kernel_distance(squared_euclidean_distance_matrix(X, W), sigmas)


def kernel_distance_squared_relevance(
    X: Float[Array, "n d"], W: Float[Array, "p d"], sigmas: Float[Array, " p"], relevances: Float[Array, " d"]
) -> Float[Array, "n p"]:
    """The same with the squared differences of the features weighted by the relevances."""
    return gaussian_kernel_distance(relevance_distance_matrix(X, W, relevances), sigmas)


def gaussian_kernel_distance(distances: Float[Array, "n p"], sigmas: Float[Array, " p"]) -> Float[Array, "n p"]:
    """2 (1 - exp(-d / (2 sigma_k^2))) of squared distances d."""
    # expm1 keeps the digits of small distances that 1 - exp would lose.
    return (-2.0 * jnp.expm1(-distances.T / (2.0 * sigmas**2)[:, None])).T


# Beyond this exponent neither the distances nor their squares would be finite in float32 for long.
_LARGEST = 40.0


def exponential_kernel_distance_squared(
    X: Float[Array, "n d"], W: Float[Array, "p d"], omega_hat: Float[Array, "d r"]
) -> Float[Array, "n p"]:
    """k(x, x) - 2 k(x, w) + k(w, w) with k(v, w) = exp(v^T L w) and L = omega_hat omega_hat^T.

    Exponents are cut off at 40: beyond it neither the distances nor their squares would be finite in float32 for long.
    """
    X, W, omega_hat = as_floats(X, W, omega_hat)
    U, V = (inner(A, omega_hat).astype(X.dtype) for A in (X, W))
    of_x, of_w, common = squared_norms(U), squared_norms(V)[:, None], inner(V, U.T)
    square = of_x - 2.0 * common + of_w
    doubtful = (square < EXPANDED * of_x) | (square < certain_of_projections(X, (omega_hat * omega_hat).sum()))
    return rows_again(
        _kernel_distance(of_x, of_w, common, square, (of_x - of_w) / 2.0),
        jnp.where(doubtful, jnp.inf, -jnp.inf),
        _by_differences,
        X,
        W,
        omega_hat,
    ).T


def _by_differences(X: Array, W: Array, omega_hat: Array) -> Float[Array, "p n"]:
    def to(w: Array) -> Array:
        gap, v = inner(X - w, omega_hat), inner(w[None], omega_hat)
        square, along, of_w = squared_norms(gap), (gap * v).sum(axis=1), squared_norms(v)
        common = of_w + along
        return _kernel_distance(common + along + square, of_w, common, square, along + square / 2.0)

    return jax.lax.map(to, W)


def _kernel_distance(of_x: Array, of_w: Array, common: Array, square: Array, half: Array) -> Array:
    """Return e^a - 2 e^c + e^b of exponents a, b and c, of a + b - 2 c, which is not negative, and of (a - b) / 2."""

    def cut_off(exponent: Array) -> Array:
        return jnp.minimum(exponent, _LARGEST)

    expanded = jnp.exp(cut_off(of_x)) - 2.0 * jnp.exp(cut_off(common)) + jnp.exp(cut_off(of_w))
    # Where the exponents are close to each other, as a sum of two squares, of which nothing cancels out.
    near = jnp.minimum(square, 1.0) / 2.0
    across = 2.0 * jnp.exp(cut_off(common)) * jnp.expm1(near)
    along = 4.0 * jnp.exp(cut_off(common + near)) * jnp.sinh(jnp.clip(half, -_LARGEST, _LARGEST) / 2.0) ** 2
    far = (square > 1.0) | (jnp.maximum(of_x, of_w) > _LARGEST)
    return jnp.where(far, jnp.maximum(expanded, 0.0), across + along)
