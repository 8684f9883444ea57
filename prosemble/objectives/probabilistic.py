"""Objectives of class probabilities: a Gaussian mixture of the prototypes, or a softmax of the class distances."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from prosemble.core.constraints import at_least
from prosemble.core.losses import log_evidence
from prosemble.core.part import COUNT, POSITIVE, Number, parameter
from prosemble.core.pooling import stratified_min_pooling, stratified_sum_pooling
from prosemble.distances import Params, Start
from prosemble.objectives.base import Objective
from prosemble.objectives.cooperation import Cooperation

# A width below this makes the mixture a hard assignment and its gradient useless.
_SMALLEST_SIGMA = 1e-3


class SoftLVQ(Objective):
    """-log of P(own class) / P(other classes), or where `robust`, of P(own class | x) (Seo & Obermayer 2003).

    Under the mixture exp(-d / (2 sigma^2)). The width is learned from `sigma` on where `learn`. With a cooperation the
    prototypes of a class enter its probability with their weights.
    """

    robust: bool = True
    learn: bool = False
    sigma: Number = parameter(default=1.0, accepts=[POSITIVE], kind="float")
    cooperation: Cooperation | None = None

    @property
    def fixed(self) -> frozenset[str]:
        return frozenset() if self.learn else frozenset({"sigma"})

    def temperature(self, params: Params) -> float | None:
        return 2.0 * float(params["sigma"]) ** 2

    def init(self, start: Start) -> dict[str, np.ndarray]:
        return {"sigma": np.asarray(self.sigma, float)}

    def __call__(
        self,
        params: Params,
        distances: Float[Array, "n p"],
        y: Int[Array, " n"],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, " n"]:
        evidence = (-distances.T / (2.0 * params["sigma"] ** 2)).T
        if self.cooperation is not None:
            evidence += jnp.log(self.cooperation.weights(distances, labels, epoch) + jnp.finfo(distances.dtype).tiny)
        own, other = log_evidence(evidence, y, labels)
        return jnp.logaddexp(own, other) - own if self.robust else other - own

    def project(self, params: Params) -> Params:
        return {**params, "sigma": at_least(params["sigma"], _SMALLEST_SIGMA)} if self.learn else params


class CrossEntropy(Objective):
    """Cross-entropy of the softmax of minus the class distances.

    The distance of a class is that of its nearest prototype, or with a cooperation the weighted mean of all of its.
    """

    accepts: ClassVar[dict[str, list[Any]]] = {"n_classes": [COUNT]}

    n_classes: int
    cooperation: Cooperation | None = None

    def __call__(
        self,
        params: Params,
        distances: Float[Array, "n p"],
        y: Int[Array, " n"],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, " n"]:
        if self.cooperation is None:
            logits = -stratified_min_pooling(distances, labels, self.n_classes)
        else:
            weights = self.cooperation.weights(distances, labels, epoch)
            logits = -stratified_sum_pooling(weights * distances, labels, self.n_classes)
        return optax.softmax_cross_entropy_with_integer_labels(logits, y)
