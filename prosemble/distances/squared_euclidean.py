from __future__ import annotations

from jaxtyping import Array, Float

from prosemble.core.distance import squared_euclidean_distance_matrix
from prosemble.distances.base import Distance, Params


class SquaredEuclidean(Distance):
    """||x - w||^2."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return squared_euclidean_distance_matrix(X, params["prototypes"])
