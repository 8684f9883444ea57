"""Per-class minimum, sum, maximum and product of a dissimilarity matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

Pooled = Float[Array, "n c"]
Distances = Float[Array, "n p"]
Labels = Int[Array, " p"]


@partial(jax.custom_jvp, nondiff_argnums=(0, 3))
def _extreme(segment: Callable[..., Array], distances: Array, prototype_labels: Array, n_classes: int) -> Array:
    """The smallest or largest entries, (n, n_classes), by JAX's function of segments, which has no derivative."""
    return segment(distances.T, prototype_labels, n_classes).T


@_extreme.defjvp
def _extreme_jvp(
    segment: Callable[..., Array], n_classes: int, primals: tuple[Any, ...], tangents: tuple[Any, ...]
) -> tuple[Array, Array]:
    distances, labels = primals
    pooled = _extreme(segment, distances, labels, n_classes)
    # Entries that are equally small share the derivative, as in jnp.min.
    here = jnp.equal(distances.T, pooled.T[labels]).astype(distances.dtype)
    share = here / jax.ops.segment_sum(here, labels, n_classes)[labels]
    return pooled, jax.ops.segment_sum(share * tangents[0].T, labels, n_classes).T


def stratified_min_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Smallest entry of each row per class; infinite for a class without prototypes."""
    return _extreme(jax.ops.segment_min, distances, prototype_labels, n_classes)


def stratified_sum_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Sum of each row per class; zero for a class without prototypes."""
    return jax.ops.segment_sum(distances.T, prototype_labels, n_classes).T


def stratified_max_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Largest entry of each row per class; minus infinity for a class without prototypes."""
    return _extreme(jax.ops.segment_max, distances, prototype_labels, n_classes)


def stratified_prod_pooling(distances: Distances, prototype_labels: Labels, n_classes: int) -> Pooled:
    """Product of each row per class; one for a class without prototypes."""

    # JAX's product of segments has no derivative; one masked product per class never builds (classes, p, n).
    def of_class(label: Array) -> Array:
        return jnp.where((prototype_labels == label)[:, None], distances.T, 1.0).prod(axis=0)

    return jax.lax.map(of_class, jnp.arange(n_classes)).T
