from __future__ import annotations

from numbers import Real
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float
from sklearn.utils._param_validation import Interval

from prosemble.core.distance import lpnorm_distance_matrix, manhattan_distance_matrix, safe_sqrt
from prosemble.core.part import Number, parameter
from prosemble.distances.base import Distance, Params, Quadratic
from prosemble.distances.squared_euclidean import SquaredEuclidean


class Euclidean(Distance):
    """`||x - w||`."""

    shift_invariant: ClassVar[bool] = True

    allow_nan: bool = False

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return safe_sqrt(SquaredEuclidean(allow_nan=self.allow_nan)(params, X).T).T

    def quadratic(self, params: Params) -> Quadratic:
        return SquaredEuclidean().quadratic(params)

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        return _shares_of_root(self.quadratic(params).contributions(X, params["prototypes"], k), 2.0)


class Manhattan(Distance):
    """`sum_j |x_j - w_j|`."""

    shift_invariant: ClassVar[bool] = True

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return manhattan_distance_matrix(X, params["prototypes"])

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        return np.abs(X - params["prototypes"][k])


class Lp(Distance):
    """`(sum_j |x_j - w_j|^p)^(1/p)` for p >= 1."""

    shift_invariant: ClassVar[bool] = True

    p: Number = parameter(default=2.0, accepts=[Interval(Real, 1, None, closed="left")], kind="float")

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return lpnorm_distance_matrix(X, params["prototypes"], self.p)

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        p = float(self.p)
        return _shares_of_root(np.abs(X - params["prototypes"][k]) ** p, p)


def _shares_of_root(terms: np.ndarray, p: float) -> np.ndarray:
    """Return the share of each term in (sum of terms)^(1/p); by Euler's theorem its gap times the derivative."""
    power = terms.sum(axis=1, keepdims=True)
    return terms * np.power(power, 1.0 / p - 1.0, out=np.zeros_like(power), where=power > 0)
