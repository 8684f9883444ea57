"""What an estimator trains and predicts with: parts put together, or a user's loss wrapped as one."""

from __future__ import annotations

from typing import Any, ClassVar

from jaxtyping import Array, Float, Int

from prosemble.distances import Distance, Params
from prosemble.objectives import Objective
from prosemble.training.trainable import Trainable


class Model(Trainable):
    """A distance and an objective."""

    distance: Distance
    objective: Objective

    @property
    def shift_invariant(self) -> bool:
        return self.distance.shift_invariant

    def loss(
        self,
        params: Params,
        X: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        total: Float[Array, ""],
        labels: Int[Array, " p"],
    ) -> Float[Array, ""]:
        # In mixed precision what follows the distances stays in full: it is cheap, and 1 / (d+ + d-)^2 overflows.
        distances = self.distance(params, X).astype(weight.dtype)
        return (weight * self.objective(distances, y, labels)).sum() / total

    def project(self, params: Params) -> Params:
        return self.distance.project(params)


class Hook:
    """An estimator whose `_compute_loss` is traced, equal to another by class and constructor values.

    A loss may branch on any of them (`if self.beta > 5`), so they are part of the key of the compiled program.
    """

    def __init__(self, estimator: Any, hyperparams: dict[str, Any]) -> None:
        self.estimator = estimator
        self._key = (type(estimator), estimator.n_classes_, _frozen(hyperparams))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hook) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


class HookModel(Trainable):
    """A user's `_compute_loss`, one number for all rows at once, and the distance it predicts with."""

    row_wise: ClassVar[bool] = False

    distance: Distance
    hook: Hook

    def loss(
        self,
        params: Params,
        X: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        total: Float[Array, ""],
        labels: Int[Array, " p"],
    ) -> Float[Array, ""]:
        # Weights cannot act through one number: whoever fits refuses them, and neither pads nor takes blocks.
        return self.hook.estimator._compute_loss(params, X, y, labels).astype(weight.dtype)

    def project(self, params: Params) -> Params:
        return self.distance.project(params)


def _frozen(value: Any) -> Any:
    """Return a hashable stand-in that is equal only where the value means the same."""
    if isinstance(value, dict):
        return ("dict", tuple((_frozen(k), _frozen(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(_frozen, value)))
    try:
        hash(value)
    except TypeError:
        # An array, say, may change in place: equal to nothing, so that no program outlives the fit it was made for.
        return object()
    return (type(value), value)
