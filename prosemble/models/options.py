"""The options of every training by gradients: name, default, what is accepted, meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import optax
from sklearn.utils._param_validation import Interval, StrOptions

from prosemble.core.activations import Activation
from prosemble.core.callbacks import Callback
from prosemble.core.part import COUNT, NOT_NEGATIVE, POSITIVE, parameter
from prosemble.models.drawn import DrawnPrototypes
from prosemble.training.precision import PRECISIONS


class TrainingOptions(DrawnPrototypes):
    """A model that is trained by gradients has these beside its own."""

    max_iter: int = parameter(default=100, accepts=[COUNT], kind="int", doc="Most epochs.")
    lr: float = parameter(default=0.01, accepts=[POSITIVE], kind="float", doc="Learning rate.")
    epsilon: float = parameter(
        default=1e-6,
        accepts=[NOT_NEGATIVE],
        kind="float",
        doc="Stop when the monitored loss changes by less; with `patience`, the smallest improvement that counts.",
    )
    optimizer: str | optax.GradientTransformation = parameter(
        default="adam",
        accepts=[str, optax.GradientTransformation],
        kind="str or optax.GradientTransformation",
        doc="Name of an optax optimiser that needs a learning rate only, 'lbfgs', or a transformation of your own "
        "(which brings its learning rate; programs are kept by its identity, so make it once).",
    )
    transfer_fn: str | Activation | None = parameter(
        default=None,
        accepts=[callable, str, None],
        kind="str or callable",
        doc="'identity', 'sigmoid_beta', 'swish_beta' or `(mu, beta) -> mu'`; identity when None.",
    )
    beta: float = parameter(
        default=10.0,
        accepts=[Interval(Real, None, None, closed="neither")],
        kind="float",
        doc="Steepness of the transfer function.",
    )
    margin: float = parameter(
        default=0.0,
        accepts=[Interval(Real, None, None, closed="neither")],
        kind="float",
        doc="Added to mu before the transfer.",
    )
    callbacks: Sequence[Callback] | None = parameter(
        default=None, accepts=["array-like", None], kind="list of prosemble.core.callbacks.Callback"
    )
    use_scan: bool = parameter(
        default=True,
        accepts=["boolean"],
        kind="bool",
        doc="False dispatches each epoch by itself, with the same results.",
    )
    batch_size: int | None = parameter(
        default=None,
        accepts=[COUNT, None],
        kind="int",
        doc="Full batch when None; else shuffled mini-batches, the last, short one included.",
    )
    lr_scheduler: str | optax.Schedule | None = parameter(
        default=None,
        accepts=[callable, str, None],
        kind="str or optax.Schedule",
        doc="'exponential_decay', 'cosine_decay', 'warmup_cosine_decay', 'warmup_exponential_decay', "
        "'warmup_constant', 'polynomial', 'linear', 'piecewise_constant' or 'sgdr'. It counts updates and by "
        "default spans all of them.",
    )
    lr_scheduler_kwargs: Mapping[str, Any] | None = parameter(
        default=None, accepts=[dict, None], kind="dict", doc="Arguments of the optax schedule of that name."
    )
    patience: int | None = parameter(
        default=None,
        accepts=[COUNT, None],
        kind="int",
        doc="Stop after so many epochs without improvement; the check of `epsilon` alone when None.",
    )
    restore_best: bool = parameter(
        default=False, accepts=["boolean"], kind="bool", doc="Keep the parameters of the lowest monitored loss."
    )
    class_weight: Mapping[Any, float] | str | None = parameter(
        default=None,
        accepts=[dict, StrOptions({"balanced"}), None],
        kind="dict or 'balanced'",
        doc="Factors of the samples' losses by label.",
    )
    gradient_accumulation_steps: int | None = parameter(
        default=None,
        accepts=[COUNT, None],
        kind="int",
        doc="Average the gradients of so many steps before each update.",
    )
    ema_decay: float | None = parameter(
        default=None,
        accepts=[Interval(Real, 0, 1, closed="left"), None],
        kind="float",
        doc="Hold the exponential moving average of the parameters.",
    )
    freeze_params: Sequence[str] | None = parameter(
        default=None,
        accepts=["array-like", None],
        kind="list of str",
        doc="Parameter groups, such as 'prototypes', that stay as initialised.",
    )
    lookahead: Mapping[str, Any] | None = parameter(
        default=None,
        accepts=[dict, None],
        kind="dict",
        doc="`{'sync_period': 6, 'slow_step_size': 0.5}`; the slow weights are held.",
    )
    mixed_precision: str | None = parameter(
        default=None,
        accepts=[StrOptions(set(PRECISIONS)), None],
        kind="'bfloat16' or 'float16'",
        doc="Forward and backward in that precision; parameters and optimiser stay as they are.",
    )
    gradient_checkpointing: bool = parameter(
        default=False, accepts=["boolean"], kind="bool", doc="Recompute the forward pass in the backward pass."
    )
    devices: Sequence[Any] | None = parameter(
        default=None, accepts=["array-like", None], kind="list of jax.Device", doc="Share the samples out over these."
    )
    allow_nan: bool = parameter(
        default=False,
        accepts=["boolean"],
        kind="bool",
        doc="Take samples with missing values (NaN) and compare them over what was observed of them, scaled up: for "
        "the squared Euclidean, Euclidean, relevance and omega distances. Prototypes have all features.",
    )
    verbose: bool = parameter(default=False, accepts=["boolean"], kind="bool", doc="Show a progress bar.")
