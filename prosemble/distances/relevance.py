from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import softmax

from prosemble.core.constraints import log_weights
from prosemble.core.distance import centred_relevance_distance_matrix
from prosemble.core.missing import observed_relevance_distance_matrix
from prosemble.core.part import NOT_NEGATIVE, Number, parameter
from prosemble.distances.base import Distance, Params, Quadratic, Start


class Relevance(Distance):
    """sum_j relevances_j (x_j - w_j)^2, relevances positive with sum one (Hammer & Villmann 2002).

    Their logarithms are what is trained: a step changes each by a factor, however many features share the sum.

    `sparsity` times the sum of their roots is added to the mean loss: the L1 norm of the factors that features are
    scaled by, whose squares have sum one, which is least where a single feature counts (Tibshirani 1996).
    """

    shift_invariant: ClassVar[bool] = True

    sparsity: Number | None = parameter(default=None, accepts=[NOT_NEGATIVE, None], kind="float")
    allow_nan: bool = False

    def init(self, start: Start) -> dict[str, np.ndarray]:
        d = start.X.shape[1]
        return {"log_relevances": np.full(d, -np.log(d))}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        relevances = jax.nn.softmax(params["log_relevances"])
        if self.allow_nan:
            return observed_relevance_distance_matrix(X, params["prototypes"], relevances)
        return centred_relevance_distance_matrix(X, params["prototypes"], relevances)

    def quadratic(self, params: Params) -> Quadratic:
        return Quadratic(np.sqrt(softmax(np.asarray(params["log_relevances"], np.float64))))

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        if self.sparsity is None:
            return None
        return self.sparsity * jnp.exp(0.5 * jax.nn.log_softmax(params["log_relevances"])).sum()

    def project(self, params: Params) -> Params:
        return {**params, "log_relevances": log_weights(params["log_relevances"])}
