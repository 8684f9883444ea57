from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float

from prosemble.core.constraints import at_least
from prosemble.core.distance import centred_squared_euclidean_distance_matrix
from prosemble.core.initializers import median_distance
from prosemble.core.kernel import exponential_kernel_distance_squared, gaussian_kernel_distance
from prosemble.core.part import COUNT, POSITIVE, Number, parameter, parameter_of
from prosemble.distances.base import Curvature, Distance, Params, Start
from prosemble.distances.relevance import Relevance


class GaussianKernel(Distance):
    """2 (1 - exp(-||x - w_k||^2 / (2 sigma_k^2))), widths learned (Villmann, Haase & Kaden 2015).

    `sigma_init` is where the widths start, None for the median distance of samples and prototypes; none falls below
    `sigma_min`.
    """

    shift_invariant: ClassVar[bool] = True

    sigma_init: Number | None = parameter(default=None, accepts=[POSITIVE, None], kind="float")
    sigma_min: Number = parameter(
        default=1e-3, accepts=[POSITIVE], kind="float", doc="Width that no kernel falls below."
    )

    def init(self, start: Start) -> dict[str, np.ndarray]:
        return {"sigmas": _initial_widths(start, self.sigma_init, self.sigma_min)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        squared = centred_squared_euclidean_distance_matrix(X, params["prototypes"])
        return gaussian_kernel_distance(squared, params["sigmas"])

    def project(self, params: Params) -> Params:
        return {**params, "sigmas": at_least(params["sigmas"], self.sigma_min)}


class RelevanceKernel(Distance):
    """The Gaussian kernel distance of features weighted by relevances (Villmann, Haase & Kaden 2015)."""

    shift_invariant: ClassVar[bool] = True

    metric: Relevance = Relevance()
    sigma_init: Number | None = parameter_of(GaussianKernel, "sigma_init", default=None)
    sigma_min: Number = parameter_of(GaussianKernel, "sigma_min", default=1e-3)

    def init(self, start: Start) -> dict[str, np.ndarray]:
        d = start.X.shape[1]
        scaled = start._replace(X=start.X / np.sqrt(d), prototypes=start.prototypes / np.sqrt(d))
        return {"sigmas": _initial_widths(scaled, self.sigma_init, self.sigma_min), **self.metric.init(start)}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return gaussian_kernel_distance(self.metric(params, X), params["sigmas"])

    def curvature(self, params: Params) -> Curvature | None:
        return self.metric.curvature(params)  # a width bends it in all directions alike

    def project(self, params: Params) -> Params:
        return {**self.metric.project(params), "sigmas": at_least(params["sigmas"], self.sigma_min)}


class ExponentialKernel(Distance):
    """k(x, x) - 2 k(x, w) + k(w, w) with k(v, w) = exp(v^T L w), L = omega_hat omega_hat^T (Villmann et al. 2015).

    The kernel grows exponentially with the length of the samples: scale the features. `scale` is the standard
    deviation of the entries of omega_hat (d, r) at the start.
    """

    latent_dim: int | None = parameter(
        default=None, accepts=[COUNT, None], kind="int", doc="Columns of omega_hat; the number of features when None."
    )
    scale: Number = parameter(
        default=0.1,
        accepts=[POSITIVE],
        kind="float",
        doc="Standard deviation of the entries of omega_hat at the start.",
    )

    def init(self, start: Start) -> dict[str, np.ndarray]:
        d = start.X.shape[1]
        return {"omega_hat": float(self.scale) * start.rng.standard_normal((d, self.latent_dim or d))}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return exponential_kernel_distance_squared(X, params["prototypes"], params["omega_hat"])

    def curvature(self, params: Params) -> Curvature:
        # About a prototype the Hessian is twice exp(v.v) omega_hat (1 + v v^T) omega_hat^T, with v its image.
        omega_hat, W = (np.asarray(params[name], np.float64) for name in ("omega_hat", "prototypes"))
        v = W @ omega_hat
        squares = (v * v).sum(axis=1)
        stretch = 1.0 / (1.0 + np.sqrt(1.0 + squares))  # so that (1 + stretch v v^T)^2 = 1 + v v^T
        factors = omega_hat + stretch[:, None, None] * (v @ omega_hat.T)[:, :, None] * v[:, None, :]
        return Curvature(np.exp(np.minimum(squares, 40.0) / 2.0)[:, None, None] * factors, np.arange(len(W)))


def _initial_widths(start: Start, sigma_init: Number | None, sigma_min: Number) -> np.ndarray:
    width = median_distance(start.X, start.prototypes) if sigma_init is None else sigma_init
    return np.full(len(start.prototypes), max(float(width), float(sigma_min)))
