"""The interface of a distance."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from prosemble.core.cancellation import nearest_to_origin
from prosemble.core.part import Part, of_shape

#: An array, or a dict of arrays by name, for each group of parameters.
Params = dict[str, Any]


class Start(NamedTuple):
    """What the parameters of a metric may start from, NumPy arrays: weighted samples and the first prototypes."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    prototypes: np.ndarray
    labels: np.ndarray
    rng: np.random.Generator


class Quadratic(NamedTuple):
    """||factor^T (x - w_k)||^2 + sum of offset_k: the factor (d, r), or (d,) for a diagonal; offsets (p, d), if any.

    Where it is not `learned`, it says nothing of the features that displays should show.
    """

    factor: np.ndarray
    offset: np.ndarray | None = None
    learned: bool = True

    def project(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows (n, d) where the form is a squared Euclidean distance, (n, r)."""
        return rows * self.factor if self.factor.ndim == 1 else rows @ self.factor

    def restore(self, change: np.ndarray, cutoff: float) -> np.ndarray:
        """Return the smallest changes of the features (n, d) that are these (n, r) in the projection.

        Directions whose part in the factor is below the cutoff, relative to the largest, are taken not to count.
        """
        if self.factor.ndim == 1:
            return np.divide(change, self.factor, out=np.zeros_like(change), where=self.factor > 0)
        return change @ np.linalg.pinv(self.factor, cutoff)

    @property
    def weights(self) -> np.ndarray:
        """What a squared difference of each feature alone counts, (d,): the diagonal of factor factor^T."""
        squares = self.factor**2
        return squares if squares.ndim == 1 else squares.sum(axis=1)

    def contributions(self, X: np.ndarray, W: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Return what each feature adds to the form of x_i and w_k[i], (n, d); nothing where x_i is not observed."""
        observed = ~np.isnan(X)
        gap = np.where(observed, X - W[k], 0.0)
        image = gap * self.weights if self.factor.ndim == 1 else gap @ self.factor @ self.factor.T
        seen = np.where(observed, self.weights, 0.0).sum(axis=1, keepdims=True)  # as in `prosemble.core.missing`
        scale = np.divide(self.weights.sum(), seen, out=np.zeros_like(seen), where=seen > 0)
        terms = gap * image * scale
        return terms if self.offset is None else terms + self.offset[k]


class Curvature(NamedTuple):
    """The matrices of the forms that a distance is, up to a factor, near its prototypes: what was learned of features.

    `factors` are (k, d, r), or (k, d) where all is diagonal, and factor factor^T is the matrix; where they are
    `directions_off`, with orthonormal columns, it is what is left of the identity without it. `of` (p,) tells which one
    each prototype has.
    """

    factors: np.ndarray
    of: np.ndarray
    directions_off: bool = False

    def diagonals(self) -> np.ndarray:
        """Return how much each feature counts alone, (k, d)."""
        squares = self.factors**2
        if squares.ndim == 2:
            return squares
        return 1.0 - squares.sum(axis=2) if self.directions_off else squares.sum(axis=2)

    def matrices(self) -> np.ndarray:
        """Return them, (k, d, d)."""
        if self.factors.ndim == 2:
            return self.factors[:, :, None] ** 2 * np.eye(self.factors.shape[1])
        squares = self.factors @ self.factors.transpose(0, 2, 1)
        return np.eye(squares.shape[1]) - squares if self.directions_off else squares


class Distance(Part):
    """A dissimilarity of samples and prototypes. Rows of the result depend on the same row of X alone.

    Where `shift_invariant`, whoever calls first shifts samples and prototypes together about the origin, where the
    expanded form of a distance is accurate: once before a training, not at every evaluation.

    A distance with a form for missing values (NaN) has a field `allow_nan: bool = False`.
    """

    shift_invariant: ClassVar[bool] = False
    #: Whether several models are trained as fast one after the other as together: their products are large already.
    alone: ClassVar[bool] = False
    #: What errors call it, where the user has given something else.
    given_as: ClassVar[str | None] = None

    @property
    def fixed(self) -> frozenset[str]:
        """The names of those of its parameters that are not learned."""
        return frozenset()

    def init(self, start: Start) -> dict[str, Any]:
        """Return the parameters of this distance beside the prototypes, by name, as they start."""
        return {}

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Return the dissimilarities of X to `params["prototypes"]`, measured with the other parameters."""
        raise NotImplementedError

    @property
    def latent(self) -> bool:
        """Whether the prototypes are points of another space than the samples."""
        return False

    def quadratic(self, params: Params) -> Quadratic | None:
        """Return the form, the same for all prototypes but for an offset, that this distance grows with, if any.

        The nearest of some prototypes is then the one whose cell, bounded by planes, a sample lies in.
        """
        return None

    def curvature(self, params: Params) -> Curvature | None:
        """Return the forms that this distance is near its prototypes, where it has learned how features count."""
        form = self.quadratic(params)
        if form is None or not form.learned:
            return None
        return Curvature(form.factor[None], np.zeros(len(params["prototypes"]), int))

    def contributions(self, params: Params, X: np.ndarray, k: np.ndarray) -> np.ndarray | None:
        """Return what each feature (n, d) adds to the distance of x_i to prototype k[i]: it is their sum.

        None where the distance is no sum over the features. The parameters are those of a fitted model, in NumPy.
        """
        form = self.quadratic(params)
        return None if form is None else form.contributions(X, params["prototypes"], k)

    def penalty(self, params: Params) -> Float[Array, ""] | None:
        """Return what is added to the mean loss for the values of the parameters, if anything."""
        return None

    def project(self, params: Params) -> Params:
        """Return the parameters with those of this distance put back on their constraints."""
        return params


def about_origin(params: Params, centre: Float[Array, " d"]) -> Params:
    """Return the parameters with the prototypes shifted by minus the centre."""
    return {**params, "prototypes": params["prototypes"] - centre}


def measured(distance: Distance, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
    """Return the dissimilarities of samples, shifted as the distance wants them."""
    shape = X.shape[0], params["prototypes"].shape[0]
    return of_shape(shape, "(n, p)", distance.given_as or type(distance).__name__, distance(params, X))


def evaluate(distance: Distance, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
    """Return the dissimilarities of samples that may lie anywhere."""
    if distance.shift_invariant:
        # The result does not depend on the centre, so no gradient flows through it.
        centre = jax.lax.stop_gradient(nearest_to_origin(params["prototypes"]))
        params, X = about_origin(params, centre), X - centre
    return measured(distance, params, X)
