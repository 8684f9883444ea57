"""Classifiers whose prototypes are not learned: class means, and all samples."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from prosemble.core.initializers import class_mean
from prosemble.core.part import COUNT, parameter
from prosemble.models.base import PrototypeModel
from prosemble.models.one_fit import all_at_once
from prosemble.objectives import Decision, Votes
from prosemble.training.data import Rows, merge_equal_rows


class NPC(PrototypeModel):
    """Nearest prototype classifier: the mean of each class is its prototype.

    With the squared Euclidean distance the class of the nearest mean is predicted, as scikit-learn's `NearestCentroid`
    does; what a trained model gains is measured from here. The prototypes are the means whatever `distance_fn` is.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import NPC
    >>> X, y = load_iris(return_X_y=True)
    >>> NPC().fit(X, y).prototypes_.shape
    (3, 4)
    """

    @all_at_once
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Take the mean of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the samples in the means; an integer is as good as so many rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the estimator then keeps its former state.
        """
        self._validate_params()
        distinct = merge_equal_rows(Rows(*self._read(X, y, sample_weight, known=None)))
        self._learn_from(distinct)
        X, y, weight = distinct.rows()
        means, indices = class_mean(X, y, [1] * self.n_classes_, np.random.default_rng(0), weight)
        self._hold_parameters({"prototypes": means.astype(X.dtype)}, indices)
        return self


class KNN(PrototypeModel):
    """k nearest neighbours: every sample is a prototype, and the nearest vote.

    The probability of a class is its share of the `n_neighbors` votes, and the class with most is predicted, the first
    of equals, as scikit-learn's `KNeighborsClassifier` does. The distance to a class is minus the logarithm of its
    share, and a large number where it has none. Nothing is learned, and memory and time of a prediction grow with the
    samples: this is what a model of few prototypes is to be compared with.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import KNN
    >>> X, y = load_iris(return_X_y=True)
    >>> KNN(n_neighbors=3).fit(X, y).predict_proba(X[:1]).round(3)
    array([[1., 0., 0.]])
    """

    n_neighbors: int = parameter(
        default=5, accepts=[COUNT], kind="int", doc="How many vote, at most the number of samples."
    )

    def _decision(self) -> Decision:
        samples = len(self.prototypes_)
        if self.n_neighbors > samples:
            raise ValueError(f"n_neighbors={self.n_neighbors} exceeds the {samples} samples; give 1 to {samples}.")
        return Votes(n_neighbors=int(self.n_neighbors))

    @all_at_once
    def fit(self, X: Any, y: Any) -> Self:
        """Remember the samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used, `n_neighbors` above the number of samples included; the
            estimator then keeps its former state.
        """
        self._validate_params()
        X, indices, _ = self._read(X, y, None, known=None)
        self._hold_parameters({"prototypes": X.copy()}, indices)
        self._decision()  # says what n_neighbors may be
        return self
