"""The docstring of a model, put together from those of all that it derives from."""

from __future__ import annotations

from inspect import cleandoc

#: Of the models that are trained by gradients.
TRAINING_PARAMETERS = """\
max_iter : int, default=100
    Most epochs.
lr : float, default=0.01
    Learning rate.
epsilon : float, default=1e-6
    Stop when the monitored loss changes by less; with `patience`, the smallest improvement that counts.
optimizer : str or optax.GradientTransformation, default='adam'
    Name of an optax optimiser that needs a learning rate only, 'lbfgs', or a transformation of your own (which
    brings its learning rate; programs are kept by its identity, so make it once).
transfer_fn : str or callable, optional
    'identity', 'sigmoid_beta', 'swish_beta' or `(mu, beta) -> mu'`; identity when None.
beta : float, default=10.0
    Steepness of the transfer function.
margin : float, default=0.0
    Added to mu before the transfer.
callbacks : list of prosemble.core.callbacks.Callback, optional
use_scan : bool, default=True
    False dispatches each epoch by itself, with the same results.
batch_size : int, optional
    Full batch when None; else shuffled mini-batches, the last, short one included.
lr_scheduler : str or optax.Schedule, optional
    'exponential_decay', 'cosine_decay', 'warmup_cosine_decay', 'warmup_exponential_decay', 'warmup_constant',
    'polynomial', 'linear', 'piecewise_constant' or 'sgdr'. It counts updates and by default spans all of them.
lr_scheduler_kwargs : dict, optional
    Arguments of the optax schedule of that name.
patience : int, optional
    Stop after so many epochs without improvement; the check of `epsilon` alone when None.
restore_best : bool, default=False
    Keep the parameters of the lowest monitored loss.
class_weight : dict or 'balanced', optional
    Factors of the samples' losses by label.
gradient_accumulation_steps : int, optional
    Average the gradients of so many steps before each update.
ema_decay : float, optional
    Hold the exponential moving average of the parameters.
freeze_params : list of str, optional
    Parameter groups, such as 'prototypes', that stay as initialised.
lookahead : dict, optional
    `{'sync_period': 6, 'slow_step_size': 0.5}`; the slow weights are held.
mixed_precision : 'bfloat16' or 'float16', optional
    Forward and backward in that precision; parameters and optimiser stay as they are.
gradient_checkpointing : bool, default=False
    Recompute the forward pass in the backward pass.
devices : list of jax.Device, optional
    Share the samples out over these.
allow_nan : bool, default=False
    Take samples with missing values (NaN) and compare them over what was observed of them, scaled up: for the squared
    Euclidean, Euclidean, relevance and omega distances. Prototypes have all features.
verbose : bool, default=False
    Show a progress bar."""

TRAINING_ATTRIBUTES = """\
loss_ : float
    The last training loss.
loss_history_ : ndarray of shape (n_epochs,)
val_loss_history_ : ndarray of shape (n_epochs,)
    Empty without validation data; NaN for epochs of a resumed training that had none.
best_loss_ : float
    The lowest monitored loss.
n_iter_ : int"""


def documented(cls: type) -> str:
    """Return the docstring of an estimator with the parameters and attributes of all that it derives from.

    A class that others derive from names its own in `_parameter_docs` and `_attribute_docs`.
    """
    own = cleandoc(cls.__doc__ or "")
    parameters, attributes = (
        [cleandoc(base.__dict__[name]) for base in cls.__mro__ if name in base.__dict__]
        for name in ("_parameter_docs", "_attribute_docs")
    )
    heading = [] if "Parameters\n----------" in own else ["\nParameters\n----------"]
    return "\n".join([own, *heading, *parameters, "", "Attributes\n----------", *reversed(attributes)]) + "\n"
