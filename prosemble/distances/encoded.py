from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Array, Float

from prosemble.distances.base import Distance, Params, Start, evaluate
from prosemble.distances.squared_euclidean import SquaredEuclidean
from prosemble.encoders import Encoder, encode


class Encoded(Distance):
    """A distance of what an encoder makes of samples and prototypes; the encoder's weights are learned with it.

    Where `siamese`, prototypes are points of the data's space and pass through the same encoder as the samples;
    otherwise they live in the latent space, where the first ones are what the encoder makes of theirs. Without
    `both_path_gradients` the encoder learns from what it makes of the samples alone.
    """

    encoder: Encoder
    distance: Distance = SquaredEuclidean()
    siamese: bool = False
    both_path_gradients: bool = True

    @property
    def fixed(self) -> frozenset[str]:
        return self.distance.fixed

    @property
    def latent(self) -> bool:
        return not self.siamese

    def init(self, start: Start) -> dict[str, Any]:
        backbone = self.encoder.init(start.X.shape[1], start.rng)
        backbone = {name: value.astype(start.X.dtype) for name, value in backbone.items()}
        X, prototypes = (encode(self.encoder, backbone, rows) for rows in (start.X, start.prototypes))
        latent = self.distance.init(start._replace(X=X, prototypes=prototypes))
        return {**({} if self.siamese else {"prototypes": prototypes}), "backbone": backbone, **latent}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        weights, prototypes = params["backbone"], params["prototypes"]
        if self.siamese:
            prototypes = self.encoder(
                weights if self.both_path_gradients else jax.lax.stop_gradient(weights), prototypes
            )
        return evaluate(self.distance, {**params, "prototypes": prototypes}, self.encoder(weights, X))

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        return self.distance.penalty(params)

    def project(self, params: Params) -> Params:
        return self.distance.project(params)
