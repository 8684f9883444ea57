from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import unit_sum
from prosemble.core.distance import centred_relevance_distance_matrix
from prosemble.core.missing import observed_relevance_distance_matrix
from prosemble.distances.base import Distance, Params, Start


class Relevance(Distance):
    """sum_j relevances_j (x_j - w_j)^2, relevances not negative with sum one (Hammer & Villmann 2002)."""

    shift_invariant: ClassVar[bool] = True

    allow_nan: bool = False

    def init(self, start: Start) -> dict[str, np.ndarray]:
        d = start.X.shape[1]
        return {"relevances": np.full(d, 1.0 / d)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        if self.allow_nan:
            return observed_relevance_distance_matrix(X, params["prototypes"], params["relevances"])
        return centred_relevance_distance_matrix(X, params["prototypes"], params["relevances"])

    def project(self, params: Params) -> Params:
        return {**params, "relevances": unit_sum(params["relevances"])}
