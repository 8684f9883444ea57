from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.products import inner
from prosemble.encoders.base import Encoder, Weights, glorot, layer_activation


class Identity(Encoder):
    """The samples themselves."""

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        return X


class Linear(Encoder):
    """X kernel, with a kernel (d, latent_dim)."""

    latent_dim: int

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"kernel": glorot(rng, n_features, self.latent_dim)}

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        return _linear(X, weights["kernel"])


class MLP(Encoder):
    """A multilayer perceptron: hidden layers with an activation, and a linear one of `latent_dim` outputs.

    The last has no bias: distances would not depend on it.
    """

    hidden_sizes: tuple[int, ...] = (10,)
    latent_dim: int = 2
    activation: Callable[[Array], Array] = jax.nn.sigmoid

    def __post_init__(self) -> None:
        # A name, too, as the models take it.
        object.__setattr__(self, "activation", layer_activation(self.activation))

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        sizes = (n_features, *self.hidden_sizes, self.latent_dim)
        kernels = {f"{layer}.kernel": glorot(rng, *size) for layer, size in enumerate(pairwise(sizes))}
        return kernels | {f"{layer}.bias": np.zeros(size) for layer, size in enumerate(self.hidden_sizes)}

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        layers = len(self.hidden_sizes)
        for layer in range(layers):
            X = self.activation(_linear(X, weights[f"{layer}.kernel"]) + weights[f"{layer}.bias"])
        return _linear(X, weights[f"{layers}.kernel"])


def _linear(X: Array, kernel: Array) -> Array:
    return inner(X, kernel).astype(X.dtype)
