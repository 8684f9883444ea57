"""Transfer functions of (x, beta): they shape mu before the mean is taken over the samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float

from prosemble.core._names import lookup
from prosemble.core.part import Number

#: A transfer function, of x and beta.
Activation = Callable[[Any, Any], Any]


def identity(x: Float[Array, "..."], beta: Number = 0.0) -> Float[Array, "..."]:
    """Return `x`; `beta` has no effect."""
    return x


def sigmoid_beta(x: Float[Array, "..."], beta: Number = 10.0) -> Float[Array, "..."]:
    """Return 1 / (1 + exp(-beta x)), which weights samples near the decision border (Sato & Yamada 1995)."""
    return jax.nn.sigmoid(beta * x)


def swish_beta(x: Float[Array, "..."], beta: Number = 10.0) -> Float[Array, "..."]:
    """Return x / (1 + exp(-beta x)) (Villmann, Ravichandran, Villmann, Nebel & Kaden 2019)."""
    return x * jax.nn.sigmoid(beta * x)


#: The transfer functions by name.
ACTIVATIONS: dict[str, Activation] = {
    "identity": identity,
    "sigmoid_beta": sigmoid_beta,
    "swish_beta": swish_beta,
}


def get_activation(name_or_callable: str | Activation) -> Activation:
    """Return the transfer function of that name, or the callable itself.

    Raises
    ------
    ValueError
        If no transfer function has that name; the message lists the known.
    """
    if callable(name_or_callable):
        return name_or_callable
    return lookup(ACTIVATIONS, name_or_callable, "activation")
