"""The fits of a search, those of one fold together; scikit-learn does everything else of the search."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any, Self

import joblib
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.models.together import fit_together


def fit_candidates(candidates: Sequence[Any], X: Any, y: Any, sample_weight: Any = None) -> list[Any]:
    """Fit estimators on the same rows, prototype models together, also behind the same steps of a pipeline.

    Returns
    -------
    list
        Each estimator fitted, or None where its own `fit` has to do it.
    """
    fitted: list[Any] = [None] * len(candidates)
    groups: dict[Any, list[int]] = defaultdict(list)
    for index, candidate in enumerate(candidates):
        model, earlier = _last(candidate), None
        if isinstance(candidate, Pipeline):
            if sample_weight is not None:
                continue
            earlier = joblib.hash([(name, step) for name, step in candidate.steps[:-1]])
        if isinstance(model, SupervisedPrototypeModel):
            groups[earlier].append(index)
    for earlier, indices in groups.items():
        rows, steps = X, []
        if earlier is not None and len(candidates[indices[0]].steps) > 1:
            try:
                preparation = candidates[indices[0]][:-1]
                rows = preparation.fit_transform(X, y)
                steps = preparation.steps
            except Exception:  # whatever a step raises, its own fit raises again
                continue
        models = fit_together([_last(candidates[index]) for index in indices], rows, y, sample_weight)
        for index, model in zip(indices, models, strict=True):
            if model is None:
                continue
            if earlier is not None:
                candidates[index].steps[: len(steps)] = steps
            fitted[index] = candidates[index]
    return fitted


def _last(candidate: Any) -> Any:
    return candidate.steps[-1][1] if isinstance(candidate, Pipeline) else candidate


class Ahead:
    """Stands in for an estimator while scikit-learn searches: its `fit` takes the next of what is ready."""

    def __init__(self, estimator: Any, ready: deque[Any]) -> None:
        self._estimator, self._ready = estimator, ready
        self._parameters: dict[str, Any] = {}

    def __sklearn_clone__(self) -> Ahead:
        return Ahead(self._estimator, self._ready)

    def set_params(self, **parameters: Any) -> Self:
        self._parameters = parameters
        return self

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        fitted = self._ready.popleft() if self._ready else None
        if fitted is None:
            candidate = clone(self._estimator).set_params(**self._parameters)
            fitted = candidate.fit(X, **params) if y is None else candidate.fit(X, y, **params)
        self._estimator = fitted
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._estimator, name)
