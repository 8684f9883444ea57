from __future__ import annotations

from typing import ClassVar

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.distance import (
    wasserstein2_distance_matrix,
    wasserstein2_omega_distance_matrix,
    wasserstein2_relevance_distance_matrix,
)
from prosemble.distances.base import Distance, Params, Quadratic, Start
from prosemble.distances.omega import Omega
from prosemble.distances.relevance import Relevance
from prosemble.distances.squared_euclidean import SquaredEuclidean


class Wasserstein(Distance):
    """Squared 2-Wasserstein distance of a point to N(w, diag(variance))."""

    shift_invariant: ClassVar[bool] = True

    def init(self, start: Start) -> dict[str, np.ndarray]:
        return {"log_variances": _initial_log_variances(start)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return wasserstein2_distance_matrix(X, params["prototypes"], params["log_variances"])

    def quadratic(self, params: Params) -> Quadratic:
        return _with_variances(SquaredEuclidean().quadratic(params), params)


class WassersteinRelevance(Distance):
    """The same with features weighted by relevances."""

    shift_invariant: ClassVar[bool] = True

    metric: Relevance = Relevance()

    def init(self, start: Start) -> dict[str, np.ndarray]:
        return {"log_variances": _initial_log_variances(start), **self.metric.init(start)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        relevances = jax.nn.softmax(params["log_relevances"])
        return wasserstein2_relevance_distance_matrix(X, params["prototypes"], params["log_variances"], relevances)

    def quadratic(self, params: Params) -> Quadratic:
        return _with_variances(self.metric.quadratic(params), params)

    def project(self, params: Params) -> Params:
        return self.metric.project(params)


class WassersteinOmega(Distance):
    """The same after the projection of point and Gaussian by omega."""

    shift_invariant: ClassVar[bool] = True
    alone: ClassVar[bool] = True

    metric: Omega = Omega()

    def init(self, start: Start) -> dict[str, np.ndarray]:
        return {"log_variances": _initial_log_variances(start), **self.metric.init(start)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return wasserstein2_omega_distance_matrix(X, params["prototypes"], params["log_variances"], params["omega"])

    def quadratic(self, params: Params) -> Quadratic:
        return _with_variances(self.metric.quadratic(params), params)

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        return self.metric.penalty(params)

    def project(self, params: Params) -> Params:
        return self.metric.project(params)


def _initial_log_variances(start: Start) -> np.ndarray:
    """Return the logarithm of a hundredth of the features' variances, equal for all prototypes."""
    mean = np.average(start.X, axis=0, weights=start.weight)
    variance = np.average((start.X - mean) ** 2, axis=0, weights=start.weight)
    return np.repeat(np.log(0.01 * variance + 1e-12)[None], len(start.prototypes), axis=0)


def _with_variances(form: Quadratic, params: Params) -> Quadratic:
    return form._replace(offset=np.exp(np.asarray(params["log_variances"], np.float64)) * form.weights)
