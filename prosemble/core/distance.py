"""Dissimilarity matrices (n, p) between samples X (n, d) and prototypes W (p, d).

None of them builds an (n, p, d) array. Distances that come from an inner product are computed by matrix products
about a centre, the others prototype by prototype with the backward pass recomputing, not storing, the differences.

All are computed as (p, n) and transposed at the very end, and what reduces them over the prototypes first transposes
them back, which costs nothing: along the samples the reductions are vectorised, and the backward product is the one
that matrix libraries are fastest at.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from prosemble.core.local_projection import squared_projections
from prosemble.core.part import Number
from prosemble.core.products import inner, squared_norms

Samples = Real[Array, "n d"]
Prototypes = Real[Array, "p d"]
Distances = Float[Array, "n p"]


def _about_prototypes(X: Array, W: Array) -> tuple[Array, Array]:
    """Return both shifted by the mean of the prototypes, where expanded forms are accurate."""
    # Distances that do not depend on the centre let no gradient flow through it.
    centre = jax.lax.stop_gradient(W.mean(axis=0))
    return X - centre, W - centre


def squared_euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """Squared Euclidean distances, taken about the mean of the prototypes.

    This keeps the expanded form accurate however far the data lie from the origin: its absolute error is of the
    order of the machine epsilon times the squared extent of the data.
    """
    return centred_squared_euclidean_distance_matrix(*_about_prototypes(X, W))


def centred_squared_euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """The same as ||x||^2 - 2 x.w + ||w||^2, clamped at zero, for data that already lie about the origin."""
    squares = squared_norms(W)[:, None] + squared_norms(X)
    return jnp.maximum(squares + inner(-2.0 * W, X.T), 0.0).T


def euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """Euclidean distances; the gradient on top of a prototype is taken as zero."""
    return safe_sqrt(squared_euclidean_distance_matrix(X, W).T).T


def manhattan_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """Sums of absolute differences."""
    X, W = as_floats(X, W)
    return _per_prototype(lambda w: jnp.abs(X - w).sum(axis=1), W)


def lpnorm_distance_matrix(X: Samples, W: Prototypes, p: Number = 2) -> Distances:
    """`(sum_j |x_j - w_j|^p)^(1/p)` for p >= 1; the gradient on top of a prototype is taken as zero."""
    X, W = as_floats(X, W)

    def to(w: Array) -> Array:
        gap = jnp.abs(X - w)
        # The result does not depend on what all are divided by, but powers of large gaps would overflow.
        largest = jax.lax.stop_gradient(gap.max(axis=1))
        largest = jnp.where((largest > 0) & (largest < jnp.inf), largest, 1.0)
        power = _where_positive(lambda share: share**p, gap / largest[:, None]).sum(axis=1)
        return _where_positive(lambda power: power ** (1.0 / p), power) * largest

    return _per_prototype(to, W)


def cosine_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """One minus the cosine of the angle between sample and prototype; one where either is zero."""
    return (1.0 - inner(unit_rows(W), unit_rows(X).T)).T


def relevance_distance_matrix(X: Samples, W: Prototypes, relevances: Float[Array, " d"]) -> Distances:
    """sum_j relevances_j (x_j - w_j)^2 (Hammer & Villmann 2002)."""
    return centred_relevance_distance_matrix(*_about_prototypes(X, W), relevances)


def centred_relevance_distance_matrix(X: Samples, W: Prototypes, relevances: Float[Array, " d"]) -> Distances:
    """The same, expanded, for data that already lie about the origin."""
    # No square root of the relevances: its derivative is infinite at zero.
    squares = squared_norms(W, relevances)[:, None] + squared_norms(X, relevances)
    return jnp.maximum(squares + inner(-2.0 * W * relevances, X.T), 0.0).T


def omega_distance_matrix(X: Samples, W: Prototypes, omega: Float[Array, "d r"]) -> Distances:
    """Squared Euclidean distances after the projection by omega (Schneider, Biehl & Hammer 2009)."""
    return centred_omega_distance_matrix(*_about_prototypes(X, W), omega)


def centred_omega_distance_matrix(X: Samples, W: Prototypes, omega: Float[Array, "d r"]) -> Distances:
    """The same for data that already lie about the origin."""
    dtype = X.dtype
    return centred_squared_euclidean_distance_matrix(inner(X, omega).astype(dtype), inner(W, omega).astype(dtype))


def lomega_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d r"]) -> Distances:
    """||(x - w_k) omega_k||^2, one projection per prototype (Schneider, Biehl & Hammer 2009)."""
    return centred_lomega_distance_matrix(*_about_prototypes(X, W), omegas)


def centred_lomega_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d r"]) -> Distances:
    """The same for data that already lie about the origin."""
    return squared_projections(X, W, omegas)


def tangent_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d s"]) -> Distances:
    """Squared distance to the affine subspace w_k + span(omega_k), orthonormal columns (Saralajew & Villmann 2016)."""
    return centred_tangent_distance_matrix(*_about_prototypes(X, W), omegas)


def centred_tangent_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d s"]) -> Distances:
    """The same as ||x - w||^2 - ||(x - w) omega||^2 for data that already lie about the origin."""
    within = centred_lomega_distance_matrix(X, W, omegas)
    return jnp.maximum(centred_squared_euclidean_distance_matrix(X, W).T - within.T, 0.0).T


def gaussian_kernel_matrix(X: Samples, W: Prototypes, sigma: Number = 1.0) -> Distances:
    """Similarities exp(-||x - w||^2 / (2 sigma^2)); larger is nearer."""
    return jnp.exp(-squared_euclidean_distance_matrix(X, W).T / (2.0 * sigma**2)).T


def wasserstein2_distance_matrix(X: Samples, means: Prototypes, log_variances: Prototypes) -> Distances:
    """Squared 2-Wasserstein distance of a point to N(mean, diag(variance)): ||x - mean||^2 + sum of variances."""
    return (squared_euclidean_distance_matrix(X, means).T + jnp.exp(log_variances).sum(axis=1)[:, None]).T


def wasserstein2_omega_distance_matrix(
    X: Samples, means: Prototypes, log_variances: Prototypes, omega: Float[Array, "d r"]
) -> Distances:
    """The same after the projection of point and Gaussian by omega."""
    spread = (jnp.exp(log_variances) * (omega * omega).sum(axis=1)).sum(axis=1)
    return (omega_distance_matrix(X, means, omega).T + spread[:, None]).T


def wasserstein2_relevance_distance_matrix(
    X: Samples, means: Prototypes, log_variances: Prototypes, relevances: Float[Array, " d"]
) -> Distances:
    """The same with squared differences and variances weighted by the relevances."""
    spread = (jnp.exp(log_variances) * relevances).sum(axis=1)
    return (relevance_distance_matrix(X, means, relevances).T + spread[:, None]).T


def unit_rows(X: Samples) -> Float[Array, "n d"]:
    """Return the rows at length one; a zero row stays."""
    (X,) = as_floats(X)
    squares = (X * X).sum(axis=1, keepdims=True)
    # The inner where keeps the square root's derivative finite at a zero row.
    return X / jnp.sqrt(jnp.where(squares > 0, squares, 1.0))


def safe_sqrt(x: Array) -> Array:
    """Return the square root with a derivative of zero at zero."""
    return _where_positive(jnp.sqrt, x)


def as_floats(*arrays: Array) -> tuple[Array, ...]:
    """Return the arrays, integers as floating point numbers: differences of unsigned ones wrap around."""
    return tuple(jnp.asarray(array, jnp.result_type(array, float)) for array in arrays)


def _where_positive(function: Callable[[Array], Array], x: Array) -> Array:
    zero = x <= 0  # written like this, NaN is none
    return jnp.where(zero, 0.0, function(jnp.where(zero, 1.0, x)))


def _per_prototype(distances_to: Callable[..., Array], *prototypes: Array) -> Array:
    body = jax.checkpoint(lambda args: distances_to(*args))
    return jax.lax.map(body, prototypes).T
