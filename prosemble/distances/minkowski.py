from __future__ import annotations

from typing import ClassVar

from jaxtyping import Array, Float

from prosemble.core.distance import lpnorm_distance_matrix, manhattan_distance_matrix, safe_sqrt
from prosemble.core.part import Number
from prosemble.distances.base import Distance, Params
from prosemble.distances.squared_euclidean import SquaredEuclidean


class Euclidean(Distance):
    """`||x - w||`."""

    shift_invariant: ClassVar[bool] = True

    allow_nan: bool = False

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return safe_sqrt(SquaredEuclidean(allow_nan=self.allow_nan)(params, X).T).T


class Manhattan(Distance):
    """`sum_j |x_j - w_j|`."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return manhattan_distance_matrix(X, params["prototypes"])


class Lp(Distance):
    """`(sum_j |x_j - w_j|^p)^(1/p)` for p >= 1."""

    p: Number = 2.0

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return lpnorm_distance_matrix(X, params["prototypes"], self.p)
