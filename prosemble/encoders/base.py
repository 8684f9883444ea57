"""The interface of an encoder."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core._names import lookup
from prosemble.core.blocks import by_blocks
from prosemble.core.part import Part
from prosemble.core.programs import compiled

Weights = dict[str, Array]

#: What follows a layer, by name.
LAYER_ACTIVATIONS = {
    "elu": jax.nn.elu,
    "gelu": jax.nn.gelu,
    "identity": jax.nn.identity,
    "leaky_relu": jax.nn.leaky_relu,
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jax.nn.tanh,
}


class Encoder(Part):
    """A function of samples with weights of its own, into a space in which they are compared.

    A row of the result depends on the same row of X alone.
    """

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return the weights, by name, as they start."""
        return {}

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        """Return the latent vectors of the samples."""
        raise NotImplementedError


@compiled
def _apply(encoder: Encoder, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
    return encoder(weights, X)


def encode(encoder: Encoder, weights: dict[str, Any], X: np.ndarray) -> np.ndarray:
    """Return the latent vectors (n, r) of any number of samples in bounded memory."""
    return by_blocks(lambda block: _apply(encoder, weights, block), X)


def layer_activation(name_or_callable: Any) -> Any:
    """Return the function of that name, or the callable itself."""
    if callable(name_or_callable):
        return name_or_callable
    return lookup(LAYER_ACTIVATIONS, name_or_callable, "activation")


def glorot(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return uniform draws of variance 2 / (inputs + outputs) (Glorot & Bengio 2010); the last axes are in and out."""
    field = int(np.prod(shape[:-2]))
    limit = np.sqrt(6.0 / (field * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape)
