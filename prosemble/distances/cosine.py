from __future__ import annotations

import numpy as np
from jaxtyping import Array, Float
from sklearn.preprocessing import normalize

from prosemble.core.distance import cosine_distance_matrix
from prosemble.distances.base import Distance, Params


class Cosine(Distance):
    """One minus the cosine of the angle between sample and prototype."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return cosine_distance_matrix(X, params["prototypes"])

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        # The one is shared equally; it cancels where two prototypes are compared.
        return 1.0 / X.shape[1] - normalize(X) * normalize(params["prototypes"])[k]
