"""Classification by components: what is found in a sample speaks for some classes and against others."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.competitions import cbcc
from prosemble.core.losses import margin_term
from prosemble.core.part import COUNT, POSITIVE, Number, parameter
from prosemble.core.similarities import gaussian_similarity
from prosemble.distances import Params, Start
from prosemble.objectives.base import Objective
from prosemble.objectives.decision import Decision, minus_log


class Agreement(Decision):
    """A class is as far as minus the logarithm of its probability by reasoning."""

    of_classes: ClassVar[bool] = False

    sigma: Number | None = parameter(default=1.0, accepts=[POSITIVE, None], kind="float")

    def __call__(
        self, params: Params, distances: Float[Array, "n p"], labels: Int[Array, " p"], n_classes: int
    ) -> Float[Array, "n c"]:
        return minus_log(cbcc(_detections(distances, self.sigma), params["reasonings"]))

    def foremost(self, params: Params, distances: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
        """Return which component adds most to the probability of each class, by being there or by being missing."""
        detections = np.asarray(_detections(jnp.asarray(distances), self.sigma))
        positive = params["reasonings"][..., 0]
        negative = (1.0 - positive) * params["reasonings"][..., 1]
        of_classes = zip(positive.T, negative.T, strict=True)
        return np.stack([(detections * (a - b) + b).argmax(axis=1) for a, b in of_classes], axis=1)


class Reasoning(Objective):
    """max(0, margin + largest wrong probability - right probability) by components (Saralajew et al. 2019).

    A component is detected by exp(-d / (2 sigma^2)), or where sigma is None, by one minus its distance. Its reasonings
    start with what it was drawn from: mostly for its own class and mildly against the others.
    """

    accepts: ClassVar[dict[str, list[Any]]] = {"n_classes": [COUNT]}

    n_classes: int
    margin: Number = 0.3
    sigma: Number | None = parameter(default=1.0, accepts=[POSITIVE, None], kind="float")

    @property
    def decision(self) -> Decision:
        return Agreement(sigma=self.sigma)

    def init(self, start: Start) -> dict[str, np.ndarray]:
        own = start.labels[:, None] == np.arange(self.n_classes)
        positive, negative = np.where(own, 0.8, 0.1), np.full(own.shape, 0.5)
        reasonings = np.stack([positive, negative], axis=-1)
        return {"reasonings": reasonings + start.rng.uniform(-0.05, 0.05, reasonings.shape)}

    def __call__(
        self,
        params: Params,
        distances: Float[Array, "n p"],
        y: Int[Array, " n"],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, " n"]:
        probabilities = cbcc(_detections(distances, self.sigma), params["reasonings"])
        return margin_term(probabilities, jax.nn.one_hot(y, self.n_classes, dtype=distances.dtype), self.margin)

    def project(self, params: Params) -> Params:
        return {**params, "reasonings": jnp.clip(params["reasonings"], 0.0, 1.0)}


def _detections(distances: Float[Array, "n p"], sigma: Number | None) -> Float[Array, "n p"]:
    return 1.0 - distances if sigma is None else gaussian_similarity(distances, sigma**2)
