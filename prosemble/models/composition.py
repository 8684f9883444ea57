"""What an estimator trains: a distance and an objective, or a user's loss."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.part import of_shape
from prosemble.distances import Distance, Params, Start, measured
from prosemble.objectives import Objective
from prosemble.training.data import Rows
from prosemble.training.precision import in_precision
from prosemble.training.trainable import Trainable


class Composition(Trainable):
    """A distance and an objective."""

    distance: Distance
    objective: Objective

    @property
    def shift_invariant(self) -> bool:
        return self.distance.shift_invariant

    @property
    def allow_nan(self) -> bool:
        return getattr(self.distance, "allow_nan", False)

    @property
    def fixed(self) -> frozenset[str]:
        return self.distance.fixed | self.objective.fixed

    def init(self, start: Start) -> dict[str, Any]:
        """Return the parameters beside the prototypes, by name, as they start."""
        params = _initial(self.distance, start)
        for name, value in _initial(self.objective, start).items():
            if name in params:
                raise ValueError(
                    f"{type(self.distance).__name__} and {type(self.objective).__name__} both have parameters named "
                    f"{name!r}."
                )
            params[name] = value
        return params

    def loss(
        self,
        params: Params,
        rows: Rows,
        total: Float[Array, ""],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, ""]:
        full = rows.weight.dtype
        # In mixed precision what follows the distances stays in full: it is cheap, and 1 / (d+ + d-)^2 overflows.
        distances = measured(self.distance, params, rows.X).astype(full)
        params = in_precision(params, full)
        losses = self.objective(params, distances, rows.y, labels, epoch)
        losses = of_shape(rows.weight.shape, "(n,)", type(self.objective).__name__, losses)
        loss = (rows.weight * losses).sum() / total
        penalty = self.distance.penalty(params)
        # A block of rows has its share of it.
        return loss if penalty is None else loss + penalty * (rows.weight.sum() / total)

    def project(self, params: Params) -> Params:
        return self.objective.project(self.distance.project(params))


class LossOf:
    """An estimator whose `_compute_loss` is traced, equal to another by class and constructor values.

    A loss may branch on any of them (`if self.beta > 5`), so they are part of the key of the compiled program.
    """

    def __init__(self, estimator: Any, hyperparams: dict[str, Any]) -> None:
        self.estimator = estimator
        self._key = (type(estimator), estimator.n_classes_, frozen(hyperparams))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LossOf) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


class UserLoss(Trainable):
    """A user's `_compute_loss`: one number for all samples, of which nothing is known."""

    distance: Distance
    of: LossOf

    @property
    def row_wise(self) -> bool:
        return False

    @property
    def fixed(self) -> frozenset[str]:
        return self.distance.fixed

    def init(self, start: Start) -> dict[str, Any]:
        """Return the parameters beside the prototypes, by name, as they start."""
        return _initial(self.distance, start)

    def loss(
        self,
        params: Params,
        rows: Rows,
        total: Float[Array, ""],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, ""]:
        # Weights cannot act through one number: `fit` refuses them, and neither pads nor takes blocks.
        return self.of.estimator._compute_loss(params, rows.X, rows.y, labels).astype(rows.weight.dtype)

    def project(self, params: Params) -> Params:
        return self.distance.project(params)


def _initial(part: Distance | Objective, start: Start) -> dict[str, Any]:
    """Return the parameters of a part as they start: those that are learned are floating point numbers."""
    params = {}
    for name, value in part.init(start).items():
        params[name] = _arrays(value)
        kinds = [leaf.dtype for leaf in jax.tree.leaves(params[name])]
        if name not in part.fixed and not all(jnp.issubdtype(kind, jnp.floating) for kind in kinds):
            raise ValueError(
                f"{type(part).__name__} must start {name!r} at floating point numbers, an array or a dict of arrays by "
                f"name, or name it in `fixed`; got {value!r}."
            )
    return params


def _arrays(value: Any) -> Any:
    """Return an array, or a dict of arrays."""
    return {key: np.asarray(part) for key, part in value.items()} if isinstance(value, dict) else np.asarray(value)


def frozen(value: Any) -> Any:
    """Return a hashable stand-in that is equal only where the value means the same."""
    if isinstance(value, dict):
        return ("dict", tuple((frozen(k), frozen(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(frozen, value)))
    try:
        hash(value)
    except TypeError:
        # An array, say, may change in place: equal to nothing, so that no program outlives the fit it was made for.
        return object()
    return (type(value), value)
