"""How good a way of training is: predictions for samples that were held out, again and again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing

from prosemble.inspection._fitted import Fitted
from prosemble.prediction.probabilities import logits


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """What models said of samples that they were not trained on; each repeat holds out every sample once.

    Parameters
    ----------
    truth : ndarray of int of shape (n_samples,)
        Class indices.
    predicted : ndarray of int of shape (n_repeats, n_samples)
    confidence : ndarray of shape (n_repeats, n_samples)
    log_odds : ndarray of shape (n_repeats, n_samples, n_classes)
        log p / (1 - p) of each class: the order of `predict_proba`, without its rounding to 0 and 1.
    fold : ndarray of int of shape (n_repeats, n_samples)
        In which fold the sample was held out.
    """

    truth: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    log_odds: np.ndarray
    fold: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Which predictions are right, (n_repeats, n_samples)."""
        return self.predicted == self.truth

    @property
    def accuracy(self) -> np.ndarray:
        """The accuracy of each fold of each repeat."""
        return np.array([self.right[r, test].mean() for r, test in self._folds()])

    @property
    def balanced_accuracy(self) -> np.ndarray:
        """The mean recall of the classes, of each fold of each repeat."""
        return np.array(
            [balanced_accuracy_score(self.truth[test], self.predicted[r, test]) for r, test in self._folds()]
        )

    @property
    def auc(self) -> np.ndarray:
        """The area under the curve of each class against the rest, (n_repeats, n_classes)."""
        classes = range(self.log_odds.shape[2])
        return np.array([[roc_auc_score(self.truth == c, scores[:, c]) for c in classes] for scores in self.log_odds])

    @property
    def confusion(self) -> np.ndarray:
        """How many samples of class i were predicted to be j, (n_repeats, n_classes, n_classes)."""
        classes = self.log_odds.shape[2]
        pairs = self.truth * classes + self.predicted
        counts = [np.bincount(row, minlength=classes**2).reshape(classes, classes) for row in pairs]
        return np.stack(counts)

    def _folds(self) -> list[tuple[int, np.ndarray]]:
        return [(r, row == k) for r, row in enumerate(self.fold) for k in range(row.max() + 1)]


def held_out(
    estimator: Any, X: Any, y: np.ndarray, *, n_splits: int = 5, n_repeats: int = 5, random_state: int = 0
) -> HeldOut:
    """Refit clones of a fitted estimator by repeated stratified cross-validation, steps of a pipeline included.

    Of a search, what it found is refitted, not the search.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier of this package, or a pipeline or search that ends with one.
    X : array-like of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Labels; each of the classes of the estimator has to be among them.
    n_splits, n_repeats, random_state : int
        Of scikit-learn's `RepeatedStratifiedKFold`.
    """
    classes = Fitted(estimator).model.classes_
    truth = np.searchsorted(classes, y)
    shape = (n_repeats, len(y))
    predicted, fold = np.empty(shape, int), np.empty(shape, int)
    confidence, log_odds = np.empty(shape), np.empty((*shape, len(classes)))
    splits = RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=random_state)
    untrained = unfitted(estimator)
    for i, (train, test) in enumerate(splits.split(np.zeros(len(y)), y)):
        try:
            learner = clone(untrained).fit(_safe_indexing(X, train), y[train])
        except ValueError as error:
            error.add_note(f"This was in the cross-validation, which trains on {len(train)} of the {len(y)} samples.")
            raise
        at = i // n_splits, test
        fold[at] = i % n_splits
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a table's, of categories that these rows alone have
            predicted[at], confidence[at], log_odds[at] = _said(Fitted(learner), _safe_indexing(X, test))
    return HeldOut(truth=truth, predicted=predicted, confidence=confidence, log_odds=log_odds, fold=fold)


def unfitted(estimator: Any) -> Any:
    """Return a clone that trains in the same way, without callbacks, of a search that of what it found."""
    if hasattr(estimator, "best_estimator_"):
        return unfitted(estimator.best_estimator_)
    if hasattr(estimator, "fitted_steps"):  # a table's
        return estimator.with_columns_as_judged().set_params(estimator=unfitted(estimator.fitted_steps()[1]))
    copy = clone(estimator)
    if isinstance(copy, Pipeline):
        return copy.set_params(**{copy.steps[-1][0]: unfitted(estimator.steps[-1][1])})
    quiet = {"callbacks": None, "verbose": False}
    return copy.set_params(**{name: value for name, value in quiet.items() if name in copy.get_params(deep=False)})


def _said(fitted: Fitted, X: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return predicted class indices, confidence and log odds (n_samples, n_classes)."""
    model, inputs = fitted.model, fitted.inputs(X)
    winner = np.searchsorted(model.classes_, model.predict(inputs))
    predictor = model.predictor_
    distances = predictor.class_distances(fitted.rows(X))
    confidence = predictor.confidence(distances)
    log_p = logits(distances.astype(np.float64), predictor.temperature, predictor.bounded, np)
    rest = [logsumexp(np.delete(log_p, c, axis=1), axis=1) for c in range(log_p.shape[1])]
    return winner, confidence, log_p - np.stack(rest, axis=1)
