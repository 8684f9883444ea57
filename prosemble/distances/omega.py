from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import unit_trace
from prosemble.core.distance import centred_omega_distance_matrix
from prosemble.core.initializers import principal_directions
from prosemble.core.missing import observed_omega_distance_matrix
from prosemble.core.part import COUNT, NOT_NEGATIVE, Number, parameter
from prosemble.distances.base import Distance, Params, Quadratic, Start

# Features from which on a metric of full rank is one of the samples' rank, where that is lower.
_WIDE = 1000


class Omega(Distance):
    """||omega^T (x - w)||^2 with one matrix omega (d, r) of trace(omega omega^T) = 1 (Schneider et al. 2009).

    `latent_dim` is r; d when None, but of more than a thousand features the number of samples where these are fewer:
    what distances between them depend on has no more directions. A square omega starts as a multiple of the identity, a
    lower rank from the principal directions of the samples.

    `regularization` eta adds -eta / 2 log det(omega^T omega) to the mean loss, which keeps directions from vanishing
    (Schneider, Bunte, Stiekema, Hammer, Villmann & Biehl 2010). `excluded` (d, k), orthonormal columns, are directions
    that never count, such as those that tell a confounder: they are projected out of omega after each update (van Veen
    et al. 2024), and r is at most d - k.
    """

    shift_invariant: ClassVar[bool] = True
    alone: ClassVar[bool] = True

    latent_dim: int | None = parameter(
        default=None,
        accepts=[COUNT, None],
        kind="int",
        doc="Columns of omega, the rank of the metric. When None, the number of features, less those excluded; of more "
        "than a thousand features at most the number of samples, since distances depend on no more directions.",
    )
    regularization: Number | None = parameter(default=None, accepts=[NOT_NEGATIVE, None], kind="float")
    excluded: jax.Array | None = None
    allow_nan: bool = False

    def init(self, start: Start) -> dict[str, np.ndarray]:
        excluded = None if self.excluded is None else np.asarray(self.excluded)
        return {"omega": initial_omega(start, self.latent_dim, excluded)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        if self.allow_nan:
            return observed_omega_distance_matrix(X, params["prototypes"], params["omega"])
        return centred_omega_distance_matrix(X, params["prototypes"], params["omega"])

    def quadratic(self, params: Params) -> Quadratic:
        return Quadratic(np.asarray(params["omega"], np.float64))

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        return None if self.regularization is None else volume_penalty(params["omega"], self.regularization)

    def project(self, params: Params) -> Params:
        omega = params["omega"]
        if self.excluded is not None:
            directions = jnp.asarray(self.excluded, omega.dtype)
            omega -= directions @ (directions.T @ omega)
        return {**params, "omega": unit_trace(omega)}


def initial_omega(start: Start, latent_dim: int | None, excluded: np.ndarray | None = None) -> np.ndarray:
    """Return the matrix (d, r) that a metric of that rank starts from, orthogonal to what is excluded."""
    X, (n, d) = start.X, start.X.shape
    free = d
    if excluded is not None:
        count = excluded.shape[1] if excluded.ndim == 2 else 0
        fits = excluded.shape == (d, count) and 1 <= count < d
        if not fits or not np.allclose(excluded.T @ excluded, np.eye(count), atol=1e-4):
            raise ValueError(
                f"The excluded directions must be orthonormal columns of shape ({d}, k) with k < {d}; got an array of "
                f"shape {excluded.shape}."
            )
        free -= count
        X = X - (X @ excluded) @ excluded.T
    rank = latent_dim or (free if d <= _WIDE else min(free, n))
    if rank > free:
        among = f"{d} features" if excluded is None else f"{free} directions that are not excluded"
        raise ValueError(f"latent_dim={latent_dim} is more than the {among}; choose at most {free}.")
    if rank < free:
        omega = principal_directions(X, start.weight, rank)
    else:
        omega = np.eye(d) if excluded is None else np.linalg.svd(excluded)[0][:, d - free :]
    return omega / np.sqrt(rank)


def volume_penalty(omega: Float[Array, "*p d r"], regularization: Number) -> Float[Array, ""]:
    """Return -regularization / 2 times the log determinant of omega^T omega, of several the mean."""
    gram = jnp.swapaxes(omega, -1, -2) @ omega
    return -0.5 * regularization * jnp.linalg.slogdet(gram)[1].mean()
