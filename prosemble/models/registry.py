"""The list of public estimators, which the command line, the files, the tests and the documentation read."""

from __future__ import annotations

from sklearn.base import BaseEstimator


def all_estimators() -> list[tuple[str, type[BaseEstimator]]]:
    """Return the (name, class) pairs of every public estimator, in the order of their names."""
    from prosemble import models

    public = {name: getattr(models, name) for name in models.__all__ if name != "SupervisedPrototypeModel"}
    return sorted((n, c) for n, c in public.items() if isinstance(c, type) and issubclass(c, BaseEstimator))
