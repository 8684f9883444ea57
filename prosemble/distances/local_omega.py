from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import unit_trace
from prosemble.core.distance import centred_lomega_distance_matrix
from prosemble.core.part import COUNT, NOT_NEGATIVE, Number, parameter
from prosemble.distances.base import Curvature, Distance, Params, Start
from prosemble.distances.omega import initial_omega, volume_penalty


class LocalOmega(Distance):
    """||omega_k^T (x - w_k)||^2 with a matrix omega_k (d, r) for each prototype (Schneider et al. 2009).

    Each starts with orthonormal columns, along those that the matrix of `Omega` starts with. None is put to a norm: how
    far a prototype reaches, compared with the others, is learned. Where `per_class`, the prototypes of one class share
    theirs, and the fixed parameter `omega_of` (p,) tells which. `regularization` is as in `Omega`, of the mean over the
    matrices as they are with trace(omega_k omega_k^T) = 1.
    """

    shift_invariant: ClassVar[bool] = True

    latent_dim: int | None = parameter(
        default=None,
        accepts=[COUNT, None],
        kind="int",
        doc="Columns of each omega, the rank of the metrics. When None, the number of features, of more than a "
        "thousand of them at most the number of samples.",
    )
    per_class: bool = parameter(
        default=False,
        accepts=["boolean"],
        kind="bool",
        doc="Whether the prototypes of a class share one matrix; then `omegas_` has one for each class.",
    )
    regularization: Number | None = parameter(default=None, accepts=[NOT_NEGATIVE, None], kind="float")

    @property
    def fixed(self) -> frozenset[str]:
        return frozenset({"omega_of"}) if self.per_class else frozenset()

    def init(self, start: Start) -> dict[str, np.ndarray]:
        omega = initial_omega(start, self.latent_dim)
        omega = omega * np.sqrt(omega.shape[1])
        if self.per_class:
            classes, omega_of = np.unique(start.labels, return_inverse=True)
            return {"omegas": np.repeat(omega[None], len(classes), axis=0), "omega_of": omega_of.astype(np.int32)}
        return {"omegas": np.repeat(omega[None], len(start.prototypes), axis=0)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        omegas = params["omegas"][params["omega_of"]] if self.per_class else params["omegas"]
        return centred_lomega_distance_matrix(X, params["prototypes"], omegas)

    def curvature(self, params: Params) -> Curvature:
        omegas = np.asarray(params["omegas"], np.float64)
        return Curvature(omegas, np.asarray(params["omega_of"]) if self.per_class else np.arange(len(omegas)))

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray:
        omega_of = params["omega_of"] if self.per_class else np.arange(len(params["prototypes"]))
        gap = X - params["prototypes"][k]
        image = np.empty_like(gap)
        for j in np.unique(omega_of[k]):
            rows, omega = omega_of[k] == j, params["omegas"][j]
            image[rows] = gap[rows] @ omega @ omega.T
        return gap * image

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        if self.regularization is None:
            return None
        return volume_penalty(unit_trace(params["omegas"]), self.regularization)
