from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import orthonormal_columns
from prosemble.core.distance import centred_tangent_distance_matrix
from prosemble.core.initializers import principal_directions
from prosemble.core.part import COUNT, parameter
from prosemble.distances.base import Curvature, Distance, Params, Start


class Tangent(Distance):
    """Squared distance to the affine subspace w_k + span(omega_k), s orthonormal columns (Saralajew & Villmann 2016).

    s is `subspace_dim`, but at most d - 1: along all directions nothing would be left of the distance. Each subspace
    starts from the principal directions of its class.
    """

    shift_invariant: ClassVar[bool] = True

    subspace_dim: int = parameter(
        default=2,
        accepts=[COUNT],
        kind="int",
        doc="Directions of each prototype along which differences do not count; at most n_features - 1 are used, since "
        "along all of them nothing would be left of the distance.",
    )

    def init(self, start: Start) -> dict[str, np.ndarray]:
        count = min(self.subspace_dim, start.X.shape[1] - 1)
        of_class = {}
        for label in np.unique(start.labels):
            own = start.y == label
            own = own if own.any() else np.ones_like(own)  # a class may be absent from the first batch of a stream
            of_class[label] = principal_directions(start.X, start.weight * own, count)
        return {"omegas": np.stack([of_class[label] for label in start.labels])}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return centred_tangent_distance_matrix(X, params["prototypes"], params["omegas"])

    def curvature(self, params: Params) -> Curvature:
        directions = np.asarray(params["omegas"], np.float64)
        return Curvature(directions, np.arange(len(directions)), directions_off=True)

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        gap = X - params["prototypes"][k]
        across = gap.copy()
        for j in np.unique(k):
            rows, along = k == j, params["omegas"][j]
            across[rows] -= gap[rows] @ along @ along.T
        return gap * across

    def project(self, params: Params) -> Params:
        return {**params, "omegas": orthonormal_columns(params["omegas"])}
