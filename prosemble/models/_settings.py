"""From constructor values to the parts of a training; what cannot act is refused here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import jax
import numpy as np

from prosemble import _words as words
from prosemble.core._names import lookup
from prosemble.core.callbacks import Callback, ProgressBar
from prosemble.core.initializers import INITIALIZERS
from prosemble.training.loop import GroupRate, Lookahead, Training
from prosemble.training.optimizers import get_optimizer
from prosemble.training.trainable import Trainable


def refuse(model: Any, names: Sequence[str], reason: str) -> None:
    """Raise where one of these options has another value than its default."""
    defaults = {name: field.default for name, field in type(model).__dataclass_fields__.items()}
    for name in names:
        value = getattr(model, name)
        if value is not defaults[name] and value != defaults[name]:
            raise ValueError(f"{name}={value!r} has no effect with {reason}; leave it at {defaults[name]!r}.")


def training_of(model: Any, trainable: Trainable, one_pass: bool = False) -> Training:
    """Return the training that the model's constructor values describe; `one_pass` switches the stopping rules off."""
    rate = getattr(model, "bb_lr", None)
    return Training(
        model=trainable,
        optimizer=get_optimizer(model.optimizer, model.gradient_accumulation_steps),
        group_rate=None if rate is None else GroupRate(group="backbone", factor=float(rate) / float(model.lr)),
        lookahead=_lookahead(model.lookahead),
        ema_decay=None if model.ema_decay is None else float(model.ema_decay),
        epsilon=float(model.epsilon),
        patience=None if model.patience is None else float(model.patience),
        batch_size=model.batch_size,
        blocks=trainable.row_wise and model.devices is None,
        early_stopping=not one_pass,
        restore_best=model.restore_best and not one_pass,
        frozen=frozenset(model.freeze_params or ()) | trainable.fixed,
        mixed_precision=model.mixed_precision,
        checkpointing=model.gradient_checkpointing,
    )


def refuse_inert(model: Any, training: Training, groups: Sequence[str]) -> None:
    """Raise where an option cannot act beside the others; `groups` are the names of the parameter groups."""
    optimizer = training.optimizer
    if optimizer.line_search:
        options = ("lr", "lr_scheduler", "batch_size", "gradient_accumulation_steps", "lookahead")
        refuse(model, options, "optimizer='lbfgs', which searches its step over the full batch")
        if model.mixed_precision == "float16":
            raise ValueError("mixed_precision='float16' cannot be combined with optimizer='lbfgs'.")
        if not set(groups) - training.frozen:
            raise ValueError(f"freeze_params={model.freeze_params!r} leaves optimizer='lbfgs' nothing to train.")
    elif optimizer.own_rate:
        refuse(model, ("lr", "lr_scheduler"), "an optimizer that is an optax.GradientTransformation")
    elif model.optimizer == "rprop":
        refuse(model, ("lr_scheduler",), "optimizer='rprop', which adapts the steps itself from lr on")
    if training.group_rate is not None:
        if optimizer.own_rate:
            refuse(model, ("bb_lr",), f"optimizer={model.optimizer!r}, which has a step of its own")
        if "backbone" in training.frozen:
            refuse(model, ("bb_lr",), "freeze_params=['backbone']")
    elif callable(model.lr_scheduler):  # otherwise the encoder has its part of the rate
        refuse(model, ("lr",), "an lr_scheduler that is a function: it is the rate")
    if model.lr_scheduler is None:
        refuse(model, ("lr_scheduler_kwargs",), "lr_scheduler=None")
    unknown = set(model.freeze_params or ()) - set(groups)
    if unknown:
        raise ValueError(
            f"freeze_params names {sorted(unknown)}, which {type(model).__name__} does not have. "
            f"Accepted: {', '.join(sorted(groups))}."
        )


def refuse_standstill(model: Any, training: Training, steps: int) -> None:
    """Raise where a training of so many gradient steps an epoch would end before what the model holds changes."""
    update = model.gradient_accumulation_steps or 1
    lookahead = training.lookahead if training.ema_decay is None else None  # of both, the average is held
    change = update if lookahead is None else update * int(lookahead.sync_period)
    # The first epoch improves on nothing. Then the loss is as it was up to the first update, but with `restore_best`,
    # which looks at what the model holds, up to its first change.
    waits = None if model.patience is None else model.patience + 1
    for name, epochs, needed in [
        ("patience", waits, change if model.restore_best else update),
        ("max_iter", model.max_iter, change),
    ]:
        if epochs is not None and epochs * steps < needed:
            raise ValueError(
                f"{name}={getattr(model, name)} would end the training before the model changes: with "
                f"gradient_accumulation_steps={model.gradient_accumulation_steps} and lookahead={model.lookahead} that "
                f"takes {needed} steps, and an epoch has {steps}; set a larger {name} or a smaller batch_size."
            )


def devices_of(model: Any) -> list[Any]:
    """Return the devices that the model's rows are shared out over."""
    devices = [] if model.devices is None else list(model.devices)
    known = all(isinstance(device, jax.Device) for device in devices)
    if not known or len(set(devices)) < len(devices) or (model.devices is not None and not devices):
        raise ValueError(f"devices must hold JAX devices, each once; got {model.devices!r}.")
    if model.batch_size is not None and model.batch_size < len(devices):
        raise ValueError(
            f"devices={model.devices!r} cannot take shares of batches of {model.batch_size} rows; choose a larger "
            "batch_size or fewer devices."
        )
    return devices


def _lookahead(options: Mapping[str, Any] | None) -> Lookahead | None:
    if options is None:
        return None
    defaults: dict[str, Any] = {"sync_period": 6, "slow_step_size": 0.5}
    unknown = set(options) - set(defaults)
    if unknown:
        raise ValueError(f"lookahead holds {sorted(unknown)}. Accepted: {', '.join(defaults)}.")
    period, size = (options.get(name, default) for name, default in defaults.items())
    if not (isinstance(period, Integral) and int(period) >= 1 and isinstance(size, Real) and 0 < float(size) <= 1):
        raise ValueError(
            f"lookahead takes an integer sync_period >= 1 and a slow_step_size in (0, 1]; got {options!r}."
        )
    return Lookahead(sync_period=float(period), slow_step_size=float(size))


def initializer_of(model: Any) -> Any:
    """Return the function that `prototypes_initializer` names or is."""
    given = model.prototypes_initializer
    if callable(given):
        return given
    return lookup(INITIALIZERS, given or "stratified_random", "prototypes_initializer")


def callbacks_of(model: Any) -> list[Callback]:
    """Return the callbacks, with a progress bar where the model is verbose."""
    callbacks = list(model.callbacks or [])
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise ValueError(f"callbacks must hold prosemble.core.callbacks.Callback instances; got {callback!r}.")
    return callbacks + ([ProgressBar()] if model.verbose else [])


def counts_of(model: Any, classes: np.ndarray) -> list[int]:
    """Return the number of prototypes of each class."""
    given = model.n_prototypes_per_class
    if isinstance(given, Mapping):
        counts: list[Any] = list(by_label("n_prototypes_per_class", given, classes).values())
        missing = [label for label, count in zip(classes.tolist(), counts, strict=True) if count is None]
        if missing:
            raise ValueError(
                f"n_prototypes_per_class names no count for the labels {words.some(missing)}; it needs one for each of "
                f"{words.some(classes.tolist())}."
            )
    elif isinstance(given, Integral):
        counts = [given] * len(classes)
    else:
        counts = list(given)
        if len(counts) != len(classes):
            raise ValueError(
                f"n_prototypes_per_class has {len(counts)} entries, but y has {len(classes)} classes: "
                f"{words.some(classes.tolist())}."
            )
    for count in counts:
        if not isinstance(count, Integral) or isinstance(count, bool) or int(count) < 1:
            raise ValueError(f"n_prototypes_per_class must hold integers >= 1; got {count!r}.")
    return [int(count) for count in counts]


def by_label(parameter: str, given: Mapping[Any, Any], classes: np.ndarray) -> dict[Any, Any]:
    """Return the values of a dict by label in the order of the classes, None where one is missing."""
    labels = classes.tolist()
    unknown = [key for key in given if key not in labels]
    if unknown:
        raise ValueError(
            f"{parameter} names the labels {words.some(unknown)}, which y does not have. "
            f"Labels of y: {words.some(labels)}."
        )
    return {label: given.get(label) for label in labels}


def class_weights_of(model: Any, classes: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray | None:
    """Return a factor per class, or None; 'balanced' counts weights as scikit-learn counts rows."""
    given = model.class_weight
    if given is None:
        return None
    if given == "balanced":
        mass = np.bincount(y, weights=weight, minlength=len(classes))
        return mass.sum() / (len(classes) * np.where(mass > 0, mass, np.inf))
    value: Any
    for label, value in given.items():
        if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
            raise ValueError(f"class_weight must hold numbers >= 0; got {value!r} for the label {label!r}.")
    factors = by_label("class_weight", given, classes).values()
    of_classes = np.array([1.0 if factor is None else factor for factor in factors])
    if not (of_classes[y] * weight).any():
        raise ValueError(f"class_weight must leave some sample a weight; got {given!r}.")
    return of_classes
