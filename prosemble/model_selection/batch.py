"""The fits of a search, trained together; scikit-learn does everything else of the search."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import joblib
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.models.together import Problem, fit_all_together


def fit_candidates(candidates: Sequence[Any], folds: Iterable[Sequence[Any]], n_folds: int) -> list[list[Any]]:
    """Fit estimators on each fold's X, y and sample_weight, prototype models together, also at the end of pipelines.

    Returns
    -------
    list of list
        Of each fold, each estimator fitted, or None where its own `fit` has to do it.
    """
    fitted: list[list[Any]] = []
    groups: list[tuple[list[Any], dict[int, Any]]] = []

    def problems() -> Iterator[Problem]:
        for X, y, sample_weight in folds:
            fitted.append([None] * len(candidates))
            for group, rows in _prepared([clone(each) for each in candidates], X, y, sample_weight):
                groups.append((fitted[-1], group))
                yield [_last(each) for each in group.values()], *rows

    results = fit_all_together(problems(), n_folds)
    for (fold, group), models in zip(groups, results, strict=True):
        for (index, candidate), model in zip(group.items(), models, strict=True):
            fold[index] = None if model is None else candidate
    return fitted


def _prepared(candidates: Sequence[Any], X: Any, y: Any, sample_weight: Any) -> Iterator[tuple[dict[int, Any], Any]]:
    """Yield those that end with a prototype model, by place, and its X, y and weights: all behind the same steps."""
    groups: dict[Any, dict[int, Any]] = defaultdict(dict)
    for index, candidate in enumerate(candidates):
        if isinstance(candidate, Pipeline) and sample_weight is not None:
            continue
        if isinstance(_last(candidate), SupervisedPrototypeModel):
            groups[_before_model(candidate)][index] = candidate
    for group in groups.values():
        try:
            rows = _begun(list(group.values()), X, y, sample_weight)
        except Exception:  # whatever a step raises, its own fit raises again
            continue
        yield group, rows


def _before_model(candidate: Any) -> Any:
    """Return what is equal for candidates whose models see the same rows."""
    if isinstance(candidate, Pipeline):
        before: Any = [(name, step) for name, step in candidate.steps[:-1]]
    elif hasattr(candidate, "begin_fit"):
        # The model decides whether gaps are left to it.
        own = candidate.estimator
        before = {**candidate.get_params(deep=False), "estimator": (type(own), own.takes_gaps())}
    else:
        return None
    try:
        return joblib.hash(before)
    except Exception:  # a step that holds what cannot be pickled, such as a lambda, is like no other
        return object()


def _begun(group: Sequence[Any], X: Any, y: Any, sample_weight: Any) -> Any:
    """Do all that candidates do alike before their models are trained, and return X, y and weights for these."""
    first = group[0]
    if isinstance(first, Pipeline) and len(first.steps) > 1:
        preparation = first[:-1]
        rows = preparation.fit_transform(X, y)
        for candidate in group:
            candidate.steps[:-1] = preparation.steps
        return rows, y, sample_weight
    if hasattr(first, "begin_fit"):
        rows = first.begin_fit(X, y, sample_weight)
        for candidate in group[1:]:
            candidate.begin_like(first)
        return rows
    return X, y, sample_weight


def _last(candidate: Any) -> Any:
    if isinstance(candidate, Pipeline):
        return candidate.steps[-1][1]
    # Of a table's classifier that has begun, what it trains; before, what that will be a clone of.
    return getattr(candidate, "estimator_", candidate.estimator) if hasattr(candidate, "begin_fit") else candidate


class FittedAlready:
    """Stands in for an estimator while scikit-learn searches: its `fit` makes it the next of what is ready."""

    def __init__(self, estimator: Any, ready: deque[Any]) -> None:
        self._estimator, self._ready = estimator, ready
        self._parameters: dict[str, Any] = {}

    def __sklearn_clone__(self) -> FittedAlready:
        return FittedAlready(self._estimator, self._ready)

    def set_params(self, **parameters: Any) -> Self:
        self._parameters = parameters
        return self

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        fitted = self._ready.popleft() if self._ready else None
        if fitted is None:
            candidate = clone(self._estimator).set_params(**self._parameters)
            fitted = candidate.fit(X, **params) if y is None else candidate.fit(X, y, **params)
        # Scorers are handed this object: they may ask for its class or its steps, clone it and fit the clone. What
        # scikit-learn has noted on it stays.
        del self._estimator, self._ready, self._parameters
        self.__class__ = type(fitted)
        self.__dict__.update(vars(fitted))
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)
