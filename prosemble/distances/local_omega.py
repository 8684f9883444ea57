from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import unit_trace
from prosemble.core.distance import centred_lomega_distance_matrix
from prosemble.distances.base import Distance, Params, Start
from prosemble.distances.omega import initial_omega


class LocalOmega(Distance):
    """||omega_k^T (x - w_k)||^2 with a matrix omega_k (d, r) for each prototype (Schneider et al. 2009).

    Each has trace(omega_k omega_k^T) = 1 and starts as the matrix of `Omega` does.
    """

    shift_invariant: ClassVar[bool] = True

    latent_dim: int | None = None

    def init(self, start: Start) -> dict[str, np.ndarray]:
        omega = initial_omega(start, self.latent_dim)
        return {"omegas": np.repeat(omega[None], len(start.prototypes), axis=0)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return centred_lomega_distance_matrix(X, params["prototypes"], params["omegas"])

    def project(self, params: Params) -> Params:
        return {**params, "omegas": unit_trace(params["omegas"])}
