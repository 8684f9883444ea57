from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.products import inner
from prosemble.encoders.base import Encoder, Weights, glorot


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
        return inner(X, weights["kernel"]).astype(X.dtype)


class MLP(Encoder):
    """A multilayer perceptron: hidden layers with an activation, and a linear one of `latent_dim` outputs."""

    hidden_sizes: tuple[int, ...] = (10,)
    latent_dim: int = 2
    activation: Callable[[Array], Array] = jax.nn.sigmoid

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        sizes = (n_features, *self.hidden_sizes, self.latent_dim)
        weights: dict[str, np.ndarray] = {}
        for layer, (before, after) in enumerate(pairwise(sizes)):
            weights |= {f"{layer}.kernel": glorot(rng, before, after), f"{layer}.bias": np.zeros(after)}
        return weights

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        for layer in range(len(self.hidden_sizes)):
            X = self.activation(_affine(weights, layer, X))
        return _affine(weights, len(self.hidden_sizes), X)


def _affine(weights: Weights, layer: int, X: Array) -> Array:
    return inner(X, weights[f"{layer}.kernel"]).astype(X.dtype) + weights[f"{layer}.bias"]
