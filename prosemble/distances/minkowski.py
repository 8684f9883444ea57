from __future__ import annotations

from typing import ClassVar

from jaxtyping import Array, Float

from prosemble.core.distance import euclidean_distance_matrix, lpnorm_distance_matrix, manhattan_distance_matrix
from prosemble.core.part import Number
from prosemble.distances.base import Distance, Params


class Euclidean(Distance):
    """||x - w||."""

    shift_invariant: ClassVar[bool] = True

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return euclidean_distance_matrix(X, params["prototypes"])


class Manhattan(Distance):
    """sum_j |x_j - w_j|."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return manhattan_distance_matrix(X, params["prototypes"])


class Lp(Distance):
    """(sum_j |x_j - w_j|^p)^(1/p) for p >= 1."""

    p: Number = 2.0

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return lpnorm_distance_matrix(X, params["prototypes"], self.p)
