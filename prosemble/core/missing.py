"""Dissimilarity matrices (n, p) of samples with missing values (NaN), compared over what was observed of each.

The squared difference over the observed features is scaled up to what all features would weigh, as in scikit-learn's
`nan_euclidean_distances` (Dixon 1979). Samples and prototypes lie about the origin; a sample has an observed feature.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from prosemble.core.cancellation import EXPANDED, rows_again
from prosemble.core.products import inner, squared_norms

Samples = Float[Array, "n d"]
Prototypes = Float[Array, "p d"]
Distances = Float[Array, "n p"]


def observed_squared_euclidean_distance_matrix(X: Samples, W: Prototypes) -> Distances:
    """d / (number observed) times the sum of (x_j - w_j)^2 over the observed features."""
    return observed_relevance_distance_matrix(X, W, jnp.ones(X.shape[1], X.dtype))


def observed_relevance_distance_matrix(X: Samples, W: Prototypes, relevances: Float[Array, " d"]) -> Distances:
    """sum_j relevances_j (x_j - w_j)^2 over the observed features, divided by their share of the relevance."""
    given = X
    observed, X = _observed(X)
    seen = observed.astype(X.dtype)
    norms = squared_norms(X, relevances)
    distances = norms + inner(W * W * relevances, seen.T) + inner(-2.0 * W * relevances, X.T)
    distances = rows_again(distances, EXPANDED * norms, _observed_differences, given, W, relevances)
    return (distances * _scale(seen, relevances)).T


def _observed_differences(X: Samples, W: Prototypes, relevances: Array) -> Float[Array, "p n"]:
    observed, X = _observed(X)
    return jax.lax.map(lambda w: squared_norms(jnp.where(observed, X - w, 0.0), relevances), W)


def observed_omega_distance_matrix(X: Samples, W: Prototypes, omega: Float[Array, "d r"]) -> Distances:
    """||omega^T (x - w)||^2 with a difference of zero where nothing was observed, divided by the observed share.

    The share is that of the observed features in the trace of omega omega^T.
    """
    observed, X = _observed(X)

    @jax.checkpoint
    def to(w: Array) -> Array:
        return squared_norms(inner(jnp.where(observed, X - w, 0.0), omega))

    return (jax.lax.map(to, W) * _scale(observed.astype(X.dtype), (omega * omega).sum(axis=1))).T


def _observed(X: Samples) -> tuple[Bool[Array, "n d"], Samples]:
    observed = ~jnp.isnan(X)
    return observed, jnp.where(observed, X, 0.0)


def _scale(seen: Samples, weights: Float[Array, " d"]) -> Float[Array, " n"]:
    share = (seen * weights).sum(axis=1)
    return jnp.where(share > 0, weights.sum() / jnp.where(share > 0, share, 1.0), 0.0)


def has_gaps(X: Any) -> bool:
    """Whether an array, a data frame or a list of numbers has missing values."""
    try:
        values = np.asarray(X)
        # Numbers and None are together in an array of objects.
        return bool(np.isnan(values.astype(np.float64) if values.dtype.kind == "O" else values).any())
    except (TypeError, ValueError):  # no numbers
        return False
