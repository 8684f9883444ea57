"""The interface of an objective."""

from __future__ import annotations

import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.part import Part
from prosemble.distances import Params, Start
from prosemble.objectives.decision import Decision, Nearest


class Objective(Part):
    """A loss per sample. Weights, padding and the mean are the trainer's."""

    @property
    def fixed(self) -> frozenset[str]:
        """The names of those of its parameters that are not learned."""
        return frozenset()

    @property
    def decision(self) -> Decision:
        """How the distances that it has trained decide."""
        return Nearest()

    def temperature(self, params: Params) -> float | None:
        """Return what class distances are divided by where it makes probabilities of them; None where it makes none."""
        return None

    def init(self, start: Start) -> dict[str, np.ndarray]:
        """Return the parameters of this objective, by name, as they start."""
        return {}

    def __call__(
        self,
        params: Params,
        distances: Float[Array, "n p"],
        y: Int[Array, " n"],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, " n"]:
        """Return the loss of each sample in that epoch (from 0)."""
        raise NotImplementedError

    def project(self, params: Params) -> Params:
        """Return the parameters with those of this objective put back on their constraints."""
        return params
