from __future__ import annotations

from jaxtyping import Array, Float

from prosemble.core.distance import cosine_distance_matrix
from prosemble.distances.base import Distance, Params


class Cosine(Distance):
    """One minus the cosine of the angle between sample and prototype."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return cosine_distance_matrix(X, params["prototypes"])
