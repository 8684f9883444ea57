from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.distance import centred_squared_euclidean_distance_matrix
from prosemble.core.missing import observed_squared_euclidean_distance_matrix
from prosemble.distances.base import Distance, Params, Quadratic


class SquaredEuclidean(Distance):
    """`||x - w||^2`."""

    shift_invariant: ClassVar[bool] = True

    allow_nan: bool = False

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        if self.allow_nan:
            return observed_squared_euclidean_distance_matrix(X, params["prototypes"])
        return centred_squared_euclidean_distance_matrix(X, params["prototypes"])

    def quadratic(self, params: Params) -> Quadratic:
        return Quadratic(np.ones(params["prototypes"].shape[1]), learned=False)
