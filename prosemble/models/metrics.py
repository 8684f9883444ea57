"""What learning a metric adds to a model: its parameters, its part and what is derived from it.

Each is combined with an objective's class: `class GMLVQ(MatrixMetric, GLVQ)`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import softmax
from sklearn.base import ClassNamePrefixFeaturesOutMixin, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils._param_validation import StrOptions

from prosemble.core.part import NOT_NEGATIVE, POSITIVE, parameter, parameter_of
from prosemble.distances import (
    Distance,
    ExponentialKernel,
    FromSimilarity,
    GaussianKernel,
    LocalOmega,
    Omega,
    Relevance,
    Tangent,
    Wasserstein,
)
from prosemble.models import _settings
from prosemble.models.one_fit import of_one_fit
from prosemble.models.prototype_base import SupervisedPrototypeModel

# Bytes that a matrix of all pairs of features may have.
_LARGE = 2**30


class LearnedMetric(SupervisedPrototypeModel):
    """A model whose metric is its own, so that `distance_fn` is refused."""

    _inert: ClassVar[tuple[str, ...]] = ("distance_fn",)


class Representation(TransformerMixin, SupervisedPrototypeModel):
    """A model that measures in one representation of the data."""

    @of_one_fit
    def transform(self, X: Any) -> np.ndarray:
        """Return the samples in the representation in which the model measures, (n_samples, n_features_out).

        With `allow_nan`, what depends on a missing value is missing.
        """
        return self._represent(self.check_rows(X))

    def _represent(self, X: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []  # the arithmetic is JAX's, float32 unless it is told otherwise
        return tags


class RelevanceMetric(OneToOneFeatureMixin, Representation, LearnedMetric):
    """A weight for each feature."""

    _attribute_docs = """
        relevances_ : ndarray of shape (n_features,)
            The weights of the features in the distance, positive, with sum one.
        log_relevances_ : ndarray of shape (n_features,)
            Their logarithms, which are what is trained.
        feature_importances_ : ndarray of shape (n_features,)
            The same as `relevances_`, by the name that scikit-learn's selection of features looks for."""

    def _distance(self) -> Distance:
        return Relevance()

    def _represent(self, X: np.ndarray) -> np.ndarray:
        return X * np.sqrt(self.relevances_)

    @property
    def relevances_(self) -> np.ndarray:
        return softmax(self._parameters()["log_relevances"])

    @property
    def feature_importances_(self) -> np.ndarray:
        return self.relevances_


class Regularization(LearnedMetric):
    """Directions are kept from vanishing from a matrix."""

    regularization: float = parameter(
        default=0.0,
        accepts=[NOT_NEGATIVE],
        kind="float",
        doc="eta in -eta / 2 log det(omega^T omega), which is added to the mean loss and keeps directions from "
        "vanishing (Schneider et al. 2010); of several matrices the mean.",
    )

    def _eta(self) -> float | None:
        return float(self.regularization) if self.regularization else None


class OmegaMetric(Regularization):
    """One matrix for all prototypes."""

    _attribute_docs = """
        omega_ : ndarray of shape (n_features, rank)
            The projection in which distances are Euclidean; `trace(lambda_)` is one.
        lambda_ : ndarray of shape (n_features, n_features)
            `omega_ omega_^T`; its diagonal tells how much each feature counts."""

    @property
    def lambda_(self) -> np.ndarray:
        return _squared(self._parameters()["omega"], "omega_")


class MatrixMetric(ClassNamePrefixFeaturesOutMixin, Representation, OmegaMetric):
    """One matrix for all prototypes, of the features themselves."""

    _attribute_docs = """
        feature_importances_ : ndarray of shape (n_features,)
            The diagonal of `lambda_`, with sum one: how much each feature counts."""

    latent_dim: int | None = parameter_of(Omega, "latent_dim", default=None)
    excluded_directions: Any = parameter(
        default=None,
        accepts=["array-like", None],
        kind="array-like of shape (n_features, k)",
        doc="Directions that are never to count, such as the `relevant_directions` of a model that tells a confounder "
        "(van Veen et al. 2024).",
    )

    def _distance(self) -> Distance:
        return self._omega()

    @property
    def feature_importances_(self) -> np.ndarray:
        return _counting(self._parameters()["omega"][None])

    def takes_gaps(self) -> bool:
        bare = copy(self)
        bare.excluded_directions = None  # which are checked against rows, and change nothing here
        return super(MatrixMetric, bare).takes_gaps()

    def _omega(self) -> Omega:
        return Omega(latent_dim=self.latent_dim, regularization=self._eta(), excluded=self._excluded())

    def _excluded(self) -> Any:
        if self.excluded_directions is None:
            return None
        directions = check_array(self.excluded_directions, dtype=np.float64, input_name="excluded_directions")
        d, (rows, count) = self.n_features_in_, directions.shape
        rank = np.linalg.matrix_rank(directions)
        # Of dependent columns the decomposition below would make a direction that nobody named.
        if rows != d or count >= d or rank < count:
            raise ValueError(
                f"excluded_directions must be linearly independent columns of shape ({d}, k) with k < {d}; got an "
                f"array of shape {directions.shape} and rank {rank}."
            )
        return jnp.asarray(np.linalg.qr(directions)[0], jax.dtypes.canonicalize_dtype(np.float64))

    def relevant_directions(self, count: int = 1) -> np.ndarray:
        """Return the orthonormal directions (n_features, count) that count most: leading eigenvectors of `lambda_`."""
        return np.linalg.svd(self._parameters()["omega"], full_matrices=count > self._n_features_out)[0][:, :count]

    def _represent(self, X: np.ndarray) -> np.ndarray:
        return X @ self._parameters()["omega"]

    @property
    def _n_features_out(self) -> int:
        return self._parameters()["omega"].shape[1]


class LocalMatrixMetric(Regularization):
    """A matrix for each prototype, or for each class."""

    latent_dim: int | None = parameter_of(LocalOmega, "latent_dim", default=None)
    per_class: bool = parameter_of(LocalOmega, "per_class", default=False)

    _attribute_docs = """
        omegas_ : ndarray of shape (n_prototypes, n_features, latent_dim)
            The projection of each prototype's metric; with `per_class` of each class's.
        lambdas_ : ndarray of shape (n_prototypes, n_features, n_features)
            `omegas_[k] omegas_[k]^T`, which start at the identity and are put to no norm.
        feature_importances_ : ndarray of shape (n_features,)
            The mean of their diagonals, with sum one: how much each feature counts."""

    def _distance(self) -> Distance:
        return LocalOmega(latent_dim=self.latent_dim, per_class=self.per_class, regularization=self._eta())

    @property
    def lambdas_(self) -> np.ndarray:
        return _squared(self._parameters()["omegas"], "omegas_")

    @property
    def feature_importances_(self) -> np.ndarray:
        return _counting(self._parameters()["omegas"])


def _squared(factor: np.ndarray, name: str) -> np.ndarray:
    """Return factor factor^T, of one matrix or of several, where that fits into memory with ease."""
    size = factor[..., 0].size * factor.shape[-2] * factor.itemsize
    if size > _LARGE:
        raise ValueError(
            f"It would take {size / 1e9:.1f} GB to write out all pairs of the {factor.shape[-2]} features; {name} of "
            f"shape {factor.shape} is its factor, and feature_importances_ its diagonal."
        )
    return factor @ np.swapaxes(factor, -1, -2)


def _counting(omegas: np.ndarray) -> np.ndarray:
    """Return how much each feature counts in the distances by some matrices (k, n_features, rank)."""
    of_features = (omegas**2).sum(axis=(0, 2))
    return of_features / of_features.sum()


class TangentMetric(LearnedMetric):
    """A subspace for each prototype along which nothing counts."""

    subspace_dim: int = parameter_of(Tangent, "subspace_dim", default=2)

    _attribute_docs = """
        omegas_ : ndarray of shape (n_prototypes, n_features, subspace_dim)
            Orthonormal columns that span the directions."""

    def _distance(self) -> Distance:
        return Tangent(subspace_dim=self.subspace_dim)


class Similarity(SupervisedPrototypeModel):
    """A user's similarity may take the place of a distance and its width."""

    sigma: float = parameter(
        default=1.0,
        accepts=[POSITIVE],
        kind="float",
        doc="A component at distance d is detected by exp(-d / (2 sigma^2)).",
    )
    similarity_fn: Callable[..., Any] | None = parameter(
        default=None,
        accepts=[callable, None],
        kind="callable",
        doc="`(X, W) -> (n, p)` of JAX arrays, detections in [0, 1], in the place of `distance_fn` and `sigma`.",
    )

    _measured_by: ClassVar[tuple[str, ...]] = ("similarity_fn",)

    def _refuse_inert(self) -> None:
        super()._refuse_inert()
        if self.similarity_fn is not None:
            _settings.refuse(self, ["distance_fn", "sigma"], "a similarity_fn")

    def _distance(self) -> Distance:
        return super()._distance() if self.similarity_fn is None else FromSimilarity(function=self.similarity_fn)

    def _width(self) -> float | None:
        return float(self.sigma) if self.similarity_fn is None else None


class GaussianKernelMetric(LearnedMetric):
    """A Gaussian kernel of its own width for each prototype."""

    sigma_init: float | str = parameter(
        default="median",
        accepts=[POSITIVE, StrOptions({"median"})],
        kind="float or 'median'",
        doc="Width of the kernels at the start; the median distance of samples and prototypes with 'median'.",
    )
    sigma_min: float = parameter_of(GaussianKernel, "sigma_min", default=1e-3)

    _attribute_docs = """
        sigmas_ : ndarray of shape (n_prototypes,)
            The widths of the kernels."""

    def _distance(self) -> Distance:
        return GaussianKernel(**self._widths())

    def _widths(self) -> dict[str, Any]:
        start = None if self.sigma_init == "median" else float(self.sigma_init)
        return {"sigma_init": start, "sigma_min": float(self.sigma_min)}


class ExponentialKernelMetric(LearnedMetric):
    """An exponential kernel with a learned matrix."""

    latent_dim: int | None = parameter_of(ExponentialKernel, "latent_dim", default=None)
    omega_hat_scale: float = parameter_of(ExponentialKernel, "scale", default=0.1)

    _attribute_docs = """
        omega_hat_ : ndarray of shape (n_features, latent_dim)
            The matrix of the kernel exp(v^T omega_hat omega_hat^T w).
        lambda_hat_ : ndarray of shape (n_features, n_features)
            `omega_hat_ omega_hat_^T`."""

    @property
    def lambda_hat_(self) -> np.ndarray:
        return _squared(self._parameters()["omega_hat"], "omega_hat_")

    def _distance(self) -> Distance:
        return ExponentialKernel(latent_dim=self.latent_dim, scale=float(self.omega_hat_scale))


class GaussianPrototypes(LearnedMetric):
    """Prototypes that are Gaussians with a variance for each feature."""

    _attribute_docs = """
        prototype_means_ : ndarray of shape (n_prototypes, n_features)
            The same as `prototypes_`.
        prototype_variances_ : ndarray of shape (n_prototypes, n_features)
            The variances of the Gaussians."""

    def _distance(self) -> Distance:
        return Wasserstein()

    @property
    def prototype_means_(self) -> np.ndarray:
        return self.prototypes_

    @property
    def prototype_variances_(self) -> np.ndarray:
        return np.exp(self._parameters()["log_variances"])
