from __future__ import annotations

from collections.abc import Callable
from math import ceil, prod

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.products import inner
from prosemble.encoders.base import Encoder, Weights, glorot, layer_activation


class CNN(Encoder):
    """A convolutional network for images that are given as rows of height x width x channels numbers.

    Each stage convolves, halves height and width by a stride of two and applies the activation; a linear layer makes
    `latent_dim` numbers of what the last one leaves.
    """

    input_shape: tuple[int, int, int] = (28, 28, 1)
    channels: tuple[int, ...] = (16, 32)
    kernel_sizes: tuple[int, ...] = (3, 3)
    latent_dim: int = 32
    activation: Callable[[Array], Array] = jax.nn.relu

    def __post_init__(self) -> None:
        # A name, too, as the models take it.
        object.__setattr__(self, "activation", layer_activation(self.activation))

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        if prod(self.input_shape) != n_features:
            raise ValueError(
                f"input_shape={self.input_shape} is that of images of {prod(self.input_shape)} numbers, but X has "
                f"{n_features} features; give the height, width and channels of yours."
            )
        if len(self.channels) != len(self.kernel_sizes):
            raise ValueError(
                f"channels={self.channels} and kernel_sizes={self.kernel_sizes} must have one entry a stage each."
            )
        height, width, depth = self.input_shape
        weights: dict[str, np.ndarray] = {}
        for stage, (outputs, size) in enumerate(zip(self.channels, self.kernel_sizes, strict=True)):
            weights |= {f"{stage}.kernel": glorot(rng, size, size, depth, outputs), f"{stage}.bias": np.zeros(outputs)}
            height, width, depth = ceil(height / 2), ceil(width / 2), outputs
        return weights | {"latent.kernel": glorot(rng, height * width * depth, self.latent_dim)}

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        images = X.reshape(-1, *self.input_shape)
        for stage in range(len(self.channels)):
            convolved = jax.lax.conv_general_dilated(
                images,
                weights[f"{stage}.kernel"],
                window_strides=(2, 2),
                padding="SAME",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
                precision=jax.lax.Precision.HIGHEST,
            )
            images = self.activation(convolved + weights[f"{stage}.bias"])
        return inner(images.reshape(X.shape[0], -1), weights["latent.kernel"]).astype(X.dtype)
