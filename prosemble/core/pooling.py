"""Per-class minimum, sum, maximum and product of a dissimilarity matrix."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Pooled = Float[Array, "n c"]
Distances = Float[Array, "n p"]
Labels = Int[Array, " p"]


def _pool(
    reduce: Callable[..., Array], empty: float, distances: Array, prototype_labels: Array, n_classes: int
) -> Array:
    # One masked reduction per class: (classes, p, n) is never built, and XLA fuses mask and reduction.
    def of_class(label: Array) -> Array:
        return reduce(jnp.where((prototype_labels == label)[:, None], distances.T, empty), axis=0)

    return jax.vmap(of_class)(jnp.arange(n_classes)).T


def stratified_min_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Smallest entry of each row per class; infinite for a class without prototypes."""
    return _pool(jnp.min, jnp.inf, distances, prototype_labels, n_classes)


def stratified_sum_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Sum of each row per class; zero for a class without prototypes."""
    return _pool(jnp.sum, 0.0, distances, prototype_labels, n_classes)


def stratified_max_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Largest entry of each row per class; minus infinity for a class without prototypes."""
    return _pool(jnp.max, -jnp.inf, distances, prototype_labels, n_classes)


def stratified_prod_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Product of each row per class; one for a class without prototypes."""
    return _pool(jnp.prod, 1.0, distances, prototype_labels, n_classes)
