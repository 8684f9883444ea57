"""From dissimilarities or detections to a decision."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Real

from prosemble.core.distance import as_floats


def wtac(distances: Float[Array, "n p"], prototype_labels: Int[Array, " p"]) -> Int[Array, " n"]:
    """Winner takes all: the label of the nearest prototype (the first of equally near ones)."""
    return jnp.asarray(prototype_labels)[jnp.argmin(distances, axis=1)]


def votes(
    distances: Real[Array, "n p"], prototype_labels: Int[Array, " p"], k: int, n_classes: int
) -> Float[Array, "n classes"]:
    """How many of the `k` nearest prototypes are of each class, labelled 0 .. n_classes-1."""
    (distances,) = as_floats(distances)
    nearest = jax.lax.top_k(-distances, k)[1]
    return jax.nn.one_hot(jnp.asarray(prototype_labels)[nearest], n_classes, dtype=distances.dtype).sum(axis=1)


def knnc(
    distances: Real[Array, "n p"],
    prototype_labels: Int[Array, " p"],
    k: int = 1,
    n_classes: int | None = None,
) -> Int[Array, " n"]:
    """The most frequent label among the `k` nearest prototypes; the smaller label where votes are equal.

    `n_classes` (labels are 0 .. n_classes-1) is needed under `jax.jit`; when None, the largest label tells.
    """
    labels = jnp.asarray(prototype_labels)
    if n_classes is None:
        n_classes = int(labels.max()) + 1
    return votes(distances, labels, k, n_classes).argmax(axis=1)


def cbcc(
    detections: Float[Array, "n components"], reasonings: Float[Array, "components classes 2"]
) -> Float[Array, "n classes"]:
    """Class probabilities from component detections (Saralajew, Holdijk, Rees, Asan & Villmann 2019).

    The last axis of `reasonings` holds a and b in [0, 1]: positive reasoning is a, negative (1 - a) b, and what
    remains of one is indifference. The probability of a class is the detection where positive reasoning is
    right plus the absence where negative is, over all that is not indifferent.
    """
    positive = jnp.clip(reasonings[..., 0], 0.0, 1.0)
    negative = (1.0 - positive) * jnp.clip(reasonings[..., 1], 0.0, 1.0)
    agreement = detections @ positive + (1.0 - detections) @ negative
    effective = (positive + negative).sum(axis=0)
    return agreement / jnp.where(effective > 0, effective, 1.0)
