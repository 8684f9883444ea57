"""Dissimilarity matrices (n, p) between samples X (n, d) and prototypes W (p, d).

None of them builds an (n, p, d) array. Distances that come from an inner product are computed by matrix products
about a centre, and by differences where a product would lose their digits (`prosemble.core.cancellation`); the others
prototype by prototype with the backward pass recomputing, not storing, the differences.

All are computed as (p, n) and transposed at the very end, and what reduces them over the prototypes first transposes
them back, which costs nothing: along the samples the reductions are vectorised, and the backward product is the one
that matrix libraries are fastest at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Real

from prosemble.core.cancellation import EXPANDED, FEW, PROJECTED, nearest_to_origin, rows_again, with_gradient_of
from prosemble.core.local_projection import squared_projections
from prosemble.core.part import Number
from prosemble.core.products import inner, squared_norms

Samples = Real[Array, "n d"]
Prototypes = Real[Array, "p d"]
Distances = Float[Array, "n p"]


def _about_prototypes(X: Array, W: Array) -> tuple[Array, Array]:
    X, W = as_floats(X, W)
    # Distances that do not depend on it let no gradient flow through it.
    centre = jax.lax.stop_gradient(nearest_to_origin(W))
    return X - centre, W - centre


def squared_euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """Squared Euclidean distances, however far the data lie from the origin and from each other."""
    return centred_squared_euclidean_distance_matrix(*_about_prototypes(X, W))


def centred_squared_euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """The same as ||x||^2 - 2 x.w + ||w||^2, for data that already lie about the origin."""
    return _squared_gaps(X, W).T


def _squared_gaps(X: Array, W: Array, weights: Array | None = None) -> Float[Array, "p n"]:
    """Return `sum_j weights_j (x_j - w_j)^2`, the weights being one where there are none."""
    each = jnp.ones((), X.dtype) if weights is None else weights
    norms = squared_norms(X, each)
    expanded = squared_norms(W, each)[:, None] + norms + inner(-2.0 * W * each, X.T)
    if X.shape[1] <= FEW:
        return with_gradient_of(expanded, _few_features(X, W, each))
    return rows_again(expanded, EXPANDED * norms, _by_differences, X, W, each)


def _few_features(X: Array, W: Array, weights: Array) -> Float[Array, "p n"]:
    """Return the same as one sum over the features."""
    full = jnp.promote_types(X.dtype, jnp.float32)
    columns, W = X.T.astype(full), W.astype(full)
    of = jnp.broadcast_to(weights, X.shape[1:])

    def to(w: Array) -> Array:
        return sum((of[j] * (columns[j] - w[..., j, None]) ** 2 for j in range(len(of))), jnp.zeros((), full))

    # Not at once: fused with each use of them, the distances would be rounded in a way of its own each time, and the
    # smallest of some then be equal to none of them.
    return jax.lax.map(to, W) if isinstance(X.shape[0], int) else to(W)


def _by_differences(X: Array, W: Array, weights: Array) -> Float[Array, "p n"]:
    """Return the same prototype by prototype."""
    return jax.lax.map(lambda w: squared_norms(X - w, weights), W)


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
    X, W = unit_rows(X), unit_rows(W)
    distances = 1.0 - inner(W, X.T)
    return rows_again(distances, jnp.full((len(X),), EXPANDED, distances.dtype), _half_squared_gaps, X, W).T


def _half_squared_gaps(X: Array, W: Array) -> Float[Array, "p n"]:
    """Return what one minus the cosine is of rows of length one; of a row of zeros, what it is called."""
    zero = ~(X.any(axis=1) & W.any(axis=1)[:, None])
    return jnp.where(zero, 1.0, _by_differences(X, W, jnp.full((), 0.5, X.dtype)))


def relevance_distance_matrix(X: Samples, W: Prototypes, relevances: Float[Array, " d"]) -> Distances:
    """sum_j relevances_j (x_j - w_j)^2 (Hammer & Villmann 2002), relevances that are not negative."""
    _require_weights(relevances)
    return centred_relevance_distance_matrix(*_about_prototypes(X, W), relevances)


def centred_relevance_distance_matrix(X: Samples, W: Prototypes, relevances: Float[Array, " d"]) -> Distances:
    """The same, expanded, for data that already lie about the origin."""
    return _squared_gaps(X, W, relevances).T


def omega_distance_matrix(X: Samples, W: Prototypes, omega: Float[Array, "d r"]) -> Distances:
    """Squared Euclidean distances after the projection by omega (Schneider, Biehl & Hammer 2009)."""
    return centred_omega_distance_matrix(*_about_prototypes(X, W), omega)


def centred_omega_distance_matrix(X: Samples, W: Prototypes, omega: Float[Array, "d r"]) -> Distances:
    """The same for data that already lie about the origin."""
    images = (inner(A, omega).astype(X.dtype) for A in (X, W))
    distances = _squared_gaps(*images)
    return rows_again(
        distances, certain_of_projections(X, (omega * omega).sum()), _projected_differences, X, W, omega
    ).T


def _projected_differences(X: Array, W: Array, omega: Array) -> Float[Array, "p n"]:
    return jax.lax.map(lambda w: squared_norms(inner(X - w, omega)), W)


def certain_of_projections(X: Array, square: Array) -> Float[Array, " n"]:
    """Return what squared lengths after a projection of that squared norm are to exceed to be right."""
    return PROJECTED * square * squared_norms(X)


def lomega_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d r"]) -> Distances:
    """||(x - w_k) omega_k||^2, one projection per prototype (Schneider, Biehl & Hammer 2009)."""
    return centred_lomega_distance_matrix(*_about_prototypes(X, W), omegas)


def centred_lomega_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d r"]) -> Distances:
    """The same for data that already lie about the origin."""
    certain = certain_of_projections(X, (omegas * omegas).sum(axis=(1, 2)).max())
    distances = squared_projections(X, W, omegas).T
    return rows_again(distances, certain, _locally_projected_differences, X, W, omegas).T


def _locally_projected_differences(X: Array, W: Array, omegas: Array) -> Float[Array, "p n"]:
    return jax.lax.map(lambda own: squared_norms(inner(X - own[0], own[1])), (W, omegas))


def tangent_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d s"]) -> Distances:
    """Squared distance to the affine subspace w_k + span(omega_k), orthonormal columns (Saralajew & Villmann 2016)."""
    return centred_tangent_distance_matrix(*_about_prototypes(X, W), omegas)


def centred_tangent_distance_matrix(X: Samples, W: Prototypes, omegas: Float[Array, "p d s"]) -> Distances:
    """The same as ||x - w||^2 - ||(x - w) omega||^2 for data that already lie about the origin."""
    distances = _squared_gaps(X, W) - squared_projections(X, W, omegas).T
    certain = EXPANDED * (squared_norms(X) + squared_norms(W)[:, None])
    return rows_again(distances, certain, _differences_across, X, W, omegas, always=True).T


def _differences_across(X: Array, W: Array, omegas: Array) -> Float[Array, "p n"]:
    def to(own: tuple[Array, Array]) -> Array:
        w, omega = own
        gap = X - w
        return squared_norms(gap - inner(inner(gap, omega).astype(gap.dtype), omega.T))

    return jax.lax.map(to, (W, omegas))


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
    """The same with squared differences and variances weighted by the relevances, which are not negative."""
    _require_weights(relevances)
    spread = (jnp.exp(log_variances) * relevances).sum(axis=1)
    return (relevance_distance_matrix(X, means, relevances).T + spread[:, None]).T


def _require_weights(relevances: Any) -> None:
    """Raise where relevances that are known here are none, as their logarithms would be."""
    if not isinstance(relevances, jax.core.Tracer) and (smallest := np.asarray(relevances).min()) < 0:
        raise ValueError(
            f"relevances must not be negative; the smallest is {smallest:g}. Of logits they are the softmax."
        )


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
