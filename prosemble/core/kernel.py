"""Squared distances in the feature space of a kernel (Villmann, Haase & Kaden 2015)."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from prosemble.core.distance import relevance_distance_matrix, squared_euclidean_distance_matrix


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


def exponential_kernel_distance_squared(
    X: Float[Array, "n d"], W: Float[Array, "p d"], omega_hat: Float[Array, "d r"]
) -> Float[Array, "n p"]:
    """k(x, x) - 2 k(x, w) + k(w, w) with k(v, w) = exp(v^T L w) and L = omega_hat omega_hat^T.

    Exponents are cut off at 40: beyond it neither the distances nor their squares would be finite in float32 for long.
    """
    U, V = X @ omega_hat, W @ omega_hat

    def kernel(exponent: Array) -> Array:
        return jnp.exp(jnp.minimum(exponent, 40.0))

    of_x = kernel((U * U).sum(axis=1))
    of_w = kernel((V * V).sum(axis=1))[:, None]
    return jnp.maximum(of_x - 2.0 * kernel(V @ U.T) + of_w, 0.0).T
