"""From names and options to optax's gradient transformations and schedules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import optax
from jaxtyping import Array, Float

from prosemble.core._names import lookup
from prosemble.core.part import Number, Part

# One needs a random key, the other was replaced by optimistic_adam_v2.
_LEFT_OUT = {"noisy_sgd", "optimistic_adam"}


@cache
def known_optimizers() -> dict[str, Callable[..., optax.GradientTransformation]]:
    """Return optax's optimisers that need nothing but a learning rate, and L-BFGS, by name."""
    found: dict[str, Callable[..., optax.GradientTransformation]] = {}
    for name, function in vars(optax).items():
        if name.startswith(("_", "scale_by_")) or name in _LEFT_OUT or not inspect.isfunction(function):
            continue
        parameters = list(inspect.signature(function).parameters.values())
        if not parameters or parameters[0].name != "learning_rate":
            continue
        if all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in parameters[1:]):
            found[name] = function
    return found


class Optimizer(Part):
    """A gradient transformation, built where it is traced from a static name and a traced learning rate."""

    make: Callable[..., optax.GradientTransformation] | optax.GradientTransformation
    accumulate: Number | None

    @property
    def line_search(self) -> bool:
        """Whether the step size is searched for at every update."""
        return self.make is optax.lbfgs

    @property
    def own_rate(self) -> bool:
        """Whether the learning rate is the optimiser's own: searched for, or part of a user's transformation."""
        return self.line_search or isinstance(self.make, optax.GradientTransformation)

    def transformation(self, learning_rate: Float[Array, ""]) -> optax.GradientTransformationExtraArgs:
        """Return the transformation for one update."""
        if isinstance(self.make, optax.GradientTransformation):
            made = self.make
        elif self.line_search:
            made = optax.lbfgs()
        else:
            made = self.make(learning_rate)
        if self.accumulate is not None:
            steps = optax.MultiSteps(made, every_k_schedule=lambda _: self.accumulate)
            return optax.GradientTransformationExtraArgs(steps.init, steps.update)
        return optax.with_extra_args_support(made)

    def updates(self, steps: Any) -> Any:
        """Return how many updates so many gradient steps make."""
        return steps if self.accumulate is None else steps // self.accumulate


def get_optimizer(optimizer: str | optax.GradientTransformation, accumulate: int | None) -> Optimizer:
    """Resolve the constructor's `optimizer`; a user's own transformation is told apart by its identity.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the known.
    """
    if not isinstance(optimizer, optax.GradientTransformation):
        optimizer = lookup(known_optimizers(), optimizer, "optimizer", "an optax.GradientTransformation")
    return Optimizer(make=optimizer, accumulate=accumulate)


def _warmup(lr: float, steps: int) -> dict[str, Any]:
    return {"init_value": 0.0, "peak_value": lr, "warmup_steps": max(1, steps // 10)}


def _sgdr(lr: float, steps: int) -> dict[str, Any]:
    quarter = max(1, -(-steps // 4))
    cycle = {"init_value": lr, "peak_value": lr, "warmup_steps": 0, "decay_steps": quarter, "end_value": 0.0}
    return {"cosine_kwargs": [cycle] * 4}


# Per name optax's function and its arguments for a learning rate and a number of updates: by default each
# schedule spans the whole training.
_SCHEDULES: dict[str, tuple[Callable[..., optax.Schedule], Callable[[float, int], dict[str, Any]]]] = {
    "exponential_decay": (
        optax.exponential_decay,
        lambda lr, steps: {"init_value": lr, "transition_steps": steps, "decay_rate": 0.1},
    ),
    "cosine_decay": (
        optax.cosine_decay_schedule,
        lambda lr, steps: {"init_value": lr, "decay_steps": steps},
    ),
    "warmup_cosine_decay": (
        optax.warmup_cosine_decay_schedule,
        lambda lr, steps: {**_warmup(lr, steps), "decay_steps": max(2, steps)},
    ),
    "warmup_exponential_decay": (
        optax.warmup_exponential_decay_schedule,
        lambda lr, steps: {**_warmup(lr, steps), "transition_steps": steps, "decay_rate": 0.1},
    ),
    "warmup_constant": (optax.warmup_constant_schedule, _warmup),
    "polynomial": (
        optax.polynomial_schedule,
        lambda lr, steps: {"init_value": lr, "end_value": 0.0, "power": 2.0, "transition_steps": steps},
    ),
    "linear": (
        optax.linear_schedule,
        lambda lr, steps: {"init_value": lr, "end_value": 0.0, "transition_steps": steps},
    ),
    "piecewise_constant": (
        optax.piecewise_constant_schedule,
        lambda lr, steps: {
            "init_value": lr,
            "boundaries_and_scales": {max(1, steps // 2): 0.1, max(2, steps * 3 // 4): 0.1},
        },
    ),
    "sgdr": (optax.sgdr_schedule, _sgdr),
}


def get_schedule(
    scheduler: str | optax.Schedule, kwargs: Mapping[str, Any] | None, lr: float, steps: int
) -> optax.Schedule:
    """Resolve `lr_scheduler` and `lr_scheduler_kwargs` for a training of so many updates.

    Raises
    ------
    ValueError
        If the name is unknown, or optax's schedule of that name does not take an argument that is given.
    """
    if callable(scheduler):
        if kwargs:
            raise ValueError("lr_scheduler_kwargs has no effect on an lr_scheduler that is a callable; got both.")
        return scheduler
    make, defaults = lookup(_SCHEDULES, scheduler, "lr_scheduler", "an optax.Schedule")
    accepted = set(inspect.signature(make).parameters)
    unknown = set(kwargs or {}) - accepted
    if unknown:
        raise ValueError(
            f"lr_scheduler_kwargs holds {sorted(unknown)}, which lr_scheduler={scheduler!r} does not take. "
            f"Accepted: {', '.join(sorted(accepted))}."
        )
    return make(**{**defaults(lr, steps), **(kwargs or {})})


def rate_table(schedule: optax.Schedule, first: int, needed: int, length: int, dtype: Any) -> np.ndarray:
    """Return `length` learning rates from the update `first`, of which `needed` will be used.

    The program holds rates and no schedule, so that none has to be compiled; tables of one length share a program.
    """
    try:
        rates = np.asarray(schedule(np.arange(first, first + length)), dtype=dtype)
    except Exception:  # a user's schedule may be written for one count at a time
        rates = np.array([])
    if rates.shape != (length,):
        each = [float(schedule(count)) for count in range(first, first + needed)]
        rates = np.pad(np.asarray(each, dtype=dtype), (0, length - needed), mode="edge")
    return rates
