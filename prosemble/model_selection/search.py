"""Cross-validated search over candidates and folds that are trained together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

import joblib
import numpy as np
from sklearn import get_config
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import ParameterGrid, ParameterSampler, check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing, indexable

from prosemble.core.part import COUNT
from prosemble.model_selection.batch import FittedAlready, fit_candidates

Grid = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class BatchedSearchCV(BaseSearchCV):
    """Cross-validated search whose fits are trained together, to the results of scikit-learn's own searches.

    Candidates that share a program (the same model, options and number of prototypes; numbers such as `lr`, `beta` or
    `margin` differ) are trained as one `vmap`, on all folds where these are small and else fold by fold, those of a
    pipeline behind steps that are fitted once. What cannot be trained together is fitted one by one: another estimator,
    callbacks, `devices`, parameters of `fit` other than `sample_weight`, and, in a pipeline, that one too.

    Parameters
    ----------
    estimator : estimator
        A model of prosemble, or a pipeline that ends with one.
    param_grid : dict or list of dict, optional
        As of `sklearn.model_selection.GridSearchCV`: every combination is a candidate.
    param_distributions : dict or list of dict, optional
        As of `sklearn.model_selection.RandomizedSearchCV`: `n_iter` candidates are drawn. One of the two is given.
    n_iter : int, default=10
        Candidates to draw from the distributions.
    random_state : int, RandomState instance or None, default=None
        Of these draws.
    scoring, refit, cv, verbose, return_train_score, error_score
        As of `sklearn.model_selection.GridSearchCV`.

    Attributes
    ----------
    cv_results_ : dict of ndarray
        As of `sklearn.model_selection.GridSearchCV`. Where fits were trained together, `mean_fit_time` is an equal
        share of the time of all.
    best_estimator_, best_score_, best_params_, best_index_, scorer_, n_splits_, refit_time_, multimetric_, classes_,
    n_features_in_, feature_names_in_
        As of `sklearn.model_selection.GridSearchCV`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.model_selection import BatchedSearchCV
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> search = BatchedSearchCV(GLVQ(transfer_fn="sigmoid_beta", lr=0.1), {"beta": [2.0, 5.0, 10.0]}).fit(X, y)
    >>> sorted(search.best_params_)
    ['beta']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearchCV._parameter_constraints,
        "param_grid": [dict, list, None],
        "param_distributions": [dict, list, None],
        "n_iter": [COUNT],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        param_grid: Grid | None = None,
        *,
        param_distributions: Grid | None = None,
        n_iter: int = 10,
        random_state: Any = None,
        scoring: Any = None,
        refit: bool | str | Callable[..., int] = True,
        cv: Any = None,
        verbose: int = 0,
        return_train_score: bool = False,
        error_score: Any = np.nan,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            refit=refit,
            cv=cv,
            verbose=verbose,
            return_train_score=return_train_score,
            error_score=error_score,
        )
        self.param_grid = param_grid
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and where `refit` fit the best candidate to all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        **params
            As of `sklearn.model_selection.GridSearchCV.fit`, `sample_weight` among them.

        Returns
        -------
        self
        """
        self._validate_params()
        search = copy(self)
        groups = params.pop("groups", None)
        X, y, _, _ = indexable(X, y, groups, params.get("sample_weight"))
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        search.cv = list(splitter.split(X, y, groups))
        search._of_fit = X, y, {name: value for name, value in params.items() if value is not None}
        search.estimator = FittedAlready(self.estimator, deque())
        with joblib.parallel_config("sequential"):
            BaseSearchCV.fit(search, X, y, **params)
        learned = {name: value for name, value in vars(search).items() if name.endswith("_")}
        if self.scoring is None:
            learned["scorer_"] = check_scoring(self.estimator)
        self.__dict__.update(learned)
        return self

    def _run_search(self, evaluate_candidates: Callable[..., Any], **context: Any) -> None:
        if (self.param_grid is None) == (self.param_distributions is None):
            raise ValueError(
                "BatchedSearchCV takes one of param_grid and param_distributions; got "
                f"{'neither' if self.param_grid is None else 'both'}."
            )
        chosen = list(
            ParameterGrid(self.param_grid)
            if self.param_distributions is None
            else ParameterSampler(self.param_distributions, self.n_iter, random_state=self.random_state)
        )
        stand_in = self.estimator
        candidates = [clone(stand_in._estimator).set_params(**clone(each, safe=False)) for each in chosen]
        begin = time.perf_counter()
        by_fold = self._fitted(candidates)
        # In the order in which scikit-learn asks for them.
        stand_in._ready.extend(fold[index] for index in range(len(candidates)) for fold in by_fold)
        took = (time.perf_counter() - begin) / max(1, len(stand_in._ready))
        results = evaluate_candidates(chosen)
        results["mean_fit_time"] += took

    def _fitted(self, candidates: Sequence[Any]) -> list[list[Any]]:
        """Return what each candidate learns on each fold, None where it has to be fitted by itself."""
        X, y, params = self._of_fit
        # Which of them metadata routing gives to whom is scikit-learn's to know.
        routed = params and get_config()["enable_metadata_routing"]
        if y is None or routed or set(params) - {"sample_weight"}:
            return [[None] * len(candidates) for _ in self.cv]
        parts = X, y, params.get("sample_weight")
        folds = (tuple(None if part is None else _safe_indexing(part, train) for part in parts) for train, _ in self.cv)
        return fit_candidates(candidates, folds, len(self.cv))
