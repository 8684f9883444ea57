"""Losses of a dissimilarity matrix, as means over the samples, for people who compose by hand.

`distances` is (n, p), `target_labels` (n,) and `prototype_labels` (p,) in any integer coding. Every row needs at
least one prototype of its own class and one of another.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from prosemble.core.activations import Activation, identity
from prosemble.core.part import Number
from prosemble.core.pooling import stratified_min_pooling

Distances = Float[Array, "n p"]
Targets = Int[Array, " n"]
Labels = Int[Array, " p"]
Scalar = Float[Array, ""]

# One sum counts two kinds of equally near prototypes exactly in float32, the second in units of this.
_SECOND_KIND = np.float32(2**12)


def nearest_distances(
    distances: Distances, target_labels: Targets, prototype_labels: Labels
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Return d+ and d-: per sample, the smallest dissimilarity within its own class and among all others.

    Prototypes that are equally near, up to 4,096 of each kind, share the derivative.
    """
    return _nearest_distances(distances, target_labels, prototype_labels)


@jax.custom_jvp
def _nearest_distances(distances: Array, target_labels: Array, prototype_labels: Array) -> tuple[Array, Array]:
    own, distances = prototype_labels[:, None] == target_labels, distances.T
    return (
        jnp.where(own, distances, jnp.inf).min(axis=0),
        jnp.where(own, jnp.inf, distances).min(axis=0),
    )


@_nearest_distances.defjvp
def _nearest_distances_jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    distances, target_labels, prototype_labels = primals
    plus, minus = _nearest_distances(*primals)
    own = prototype_labels[:, None] == target_labels
    nearest = jnp.where(own, plus, minus) == distances.T
    # The derivative of a minimum is shared by the entries that are equally small. JAX's own counts those of d+ and of
    # d- apart, and each pass over the distances takes a third of the time of their product: here one sum has both.
    counts = jnp.where(nearest, jnp.where(own, np.float32(1), _SECOND_KIND), 0.0).sum(axis=0)
    of_others = jnp.floor(counts / _SECOND_KIND)  # exact, and faster than a remainder
    of_own = counts - _SECOND_KIND * of_others
    change = jnp.where(nearest, tangents[0].T, 0.0)
    return (plus, minus), (
        jnp.where(own, change, 0.0).sum(axis=0) / jnp.maximum(of_own, 1.0).astype(change.dtype),
        jnp.where(own, 0.0, change).sum(axis=0) / jnp.maximum(of_others, 1.0).astype(change.dtype),
    )


def relative_difference(plus: Float[Array, "*n"], minus: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Return mu = (d+ - d-) / (d+ + d-) in [-1, 1], of distances that are not negative.

    0, with a finite gradient, where both are: where their sum is below 1e-19 in float32.
    """
    total = plus + minus
    # Below the root of the smallest normal number the squared denominator of the derivative underflows.
    # (Written so that NaN is not taken for such a number.)
    vanishing = total <= jnp.sqrt(jnp.finfo(total.dtype).tiny)
    return jnp.where(vanishing, 0.0, plus - minus) / jnp.where(vanishing, 1.0, total)


def glvq_loss(distances: Distances, target_labels: Targets, prototype_labels: Labels, margin: Number = 0.0) -> Scalar:
    """Mean of mu + margin (Sato & Yamada 1995)."""
    return glvq_loss_with_transfer(distances, target_labels, prototype_labels, margin=margin)


def glvq_loss_with_transfer(
    distances: Distances,
    target_labels: Targets,
    prototype_labels: Labels,
    transfer_fn: Activation = identity,
    margin: Number = 0.0,
    beta: Number = 10.0,
) -> Scalar:
    """Mean of transfer_fn(mu + margin, beta) (Sato & Yamada 1995)."""
    mu = relative_difference(*nearest_distances(distances, target_labels, prototype_labels))
    return transfer_fn(mu + margin, beta).mean()


def lvq1_term(plus: Float[Array, "*n"], minus: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Return d+ where d+ <= d-, else -d-."""
    return jnp.where(plus <= minus, plus, -minus)


def lvq1_loss(distances: Distances, target_labels: Targets, prototype_labels: Labels) -> Scalar:
    """Mean of d+ where d+ <= d-, else of -d-: the gradient is Kohonen's LVQ1 update."""
    return lvq1_term(*nearest_distances(distances, target_labels, prototype_labels)).mean()


def lvq21_loss(distances: Distances, target_labels: Targets, prototype_labels: Labels) -> Scalar:
    """Mean of d+ - d-: the gradient is Kohonen's LVQ2.1 update, without its window."""
    plus, minus = nearest_distances(distances, target_labels, prototype_labels)
    return (plus - minus).mean()


def nllr_loss(distances: Distances, target_labels: Targets, prototype_labels: Labels, sigma: Number = 1.0) -> Scalar:
    """Soft LVQ: mean of -log(P(own class) / P(other classes)) (Seo & Obermayer 2003)."""
    own, other = log_evidence((-distances.T / (2.0 * sigma**2)).T, target_labels, prototype_labels)
    return (other - own).mean()


def rslvq_loss(distances: Distances, target_labels: Targets, prototype_labels: Labels, sigma: Number = 1.0) -> Scalar:
    """Robust soft LVQ: mean of -log P(own class | x) (Seo & Obermayer 2003)."""
    own, other = log_evidence((-distances.T / (2.0 * sigma**2)).T, target_labels, prototype_labels)
    return (jnp.logaddexp(own, other) - own).mean()


def ng_rslvq_loss(
    distances: Distances,
    target_labels: Targets,
    prototype_labels: Labels,
    sigma: Number = 1.0,
    gamma: Number = 1.0,
) -> Scalar:
    """Mean of -log P(own class), each prototype weighted by exp(-rank / gamma), its rank being among all of them.

    Of two prototypes that are equally near, the first has the lower rank. Under the mixture exp(-d / (2 sigma^2)).
    """
    rank = distances.argsort(axis=1).argsort(axis=1)
    evidence = -distances / (2.0 * sigma**2) - rank / gamma
    own, other = log_evidence(evidence, target_labels, prototype_labels)
    return (jnp.logaddexp(own, other) - own).mean()


def cross_entropy_lvq_loss(
    distances: Distances, target_labels: Targets, prototype_labels: Labels, n_classes: int
) -> Scalar:
    """Mean cross-entropy with minus the per-class minimum as logits; labels are 0 .. n_classes-1."""
    logits = -stratified_min_pooling(distances, prototype_labels, n_classes)
    return optax.softmax_cross_entropy_with_integer_labels(logits, target_labels).mean()


def margin_term(y_pred: Float[Array, "n c"], y_true_one_hot: Float[Array, "n c"], margin: Number) -> Float[Array, " n"]:
    """Return max(0, margin + largest wrong probability - right probability)."""
    right = (y_pred * y_true_one_hot).sum(axis=1)
    wrong = jnp.where(y_true_one_hot > 0, -jnp.inf, y_pred).max(axis=1)
    return jax.nn.relu(margin + wrong - right)


def margin_loss(y_pred: Float[Array, "n c"], y_true_one_hot: Float[Array, "n c"], margin: Number = 0.3) -> Scalar:
    """Mean of max(0, margin + largest wrong probability - right probability) (Saralajew et al. 2019)."""
    return margin_term(y_pred, y_true_one_hot, margin).mean()


def neural_gas_energy(distances: Distances, lam: Number) -> Scalar:
    """Sum over samples and ranks k = 0, 1, ... of exp(-k / lam) d_(k) (Martinetz, Berkovich & Schulten 1993)."""
    ranks = jnp.arange(distances.shape[1])
    return (jnp.exp(-ranks / lam) * jnp.sort(distances, axis=1)).sum()


def log_evidence(
    evidence: Float[Array, "n p"], target_labels: Targets, prototype_labels: Labels
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Return the log of the summed exp(evidence), of the own class and of all others."""
    own, evidence = prototype_labels[:, None] == target_labels, evidence.T
    return (
        jax.nn.logsumexp(jnp.where(own, evidence, -jnp.inf), axis=0),
        jax.nn.logsumexp(jnp.where(own, -jnp.inf, evidence), axis=0),
    )
