from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import unit_trace
from prosemble.core.distance import centred_omega_distance_matrix
from prosemble.core.initializers import principal_directions
from prosemble.distances.base import Distance, Params, Start


class Omega(Distance):
    """||omega^T (x - w)||^2 with one matrix omega (d, r) of trace(omega omega^T) = 1 (Schneider et al. 2009).

    `latent_dim` is r; d when None. A square omega starts as a multiple of the identity, a lower rank from the principal
    directions of the samples.
    """

    shift_invariant: ClassVar[bool] = True

    latent_dim: int | None = None

    def init(self, start: Start) -> dict[str, np.ndarray]:
        omega = initial_omega(start, self.latent_dim)
        return {"omega": omega}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return centred_omega_distance_matrix(X, params["prototypes"], params["omega"])

    def project(self, params: Params) -> Params:
        return {**params, "omega": unit_trace(params["omega"])}


def initial_omega(start: Start, latent_dim: int | None) -> np.ndarray:
    """Return the matrix (d, r) that a metric of that rank starts from."""
    d = start.X.shape[1]
    rank = latent_dim or d
    if rank > d:
        raise ValueError(f"latent_dim={latent_dim} is more than the {d} features; choose at most {d}.")
    omega = np.eye(d) if rank == d else principal_directions(start.X, start.weight, rank)
    return omega / np.sqrt(rank)
