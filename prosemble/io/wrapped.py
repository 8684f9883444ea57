"""The classifier within a pipeline or a search."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def unwrapped(estimator: Any, name: str) -> tuple[Any, list[tuple[str, Any]]]:
    """Return the fitted classifier that pipelines, searches and tables end with, and the steps before it by name.

    Parameters
    ----------
    estimator : estimator
        A classifier of this package, or a pipeline or search that ends with one.
    name : str
        The parameter that it was given as, for errors.

    Raises
    ------
    TypeError
        If it is another estimator.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    """
    model, steps = estimator, []
    while not hasattr(type(model), "predictor_"):
        if isinstance(model, Pipeline):
            *before, (_, model) = model.steps
            steps += before
        elif hasattr(model, "fitted_steps"):  # a wrapper that says so itself
            before, model = model.fitted_steps()
            steps += before
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        else:
            if hasattr(model, "fit"):
                check_is_fitted(model)
            unfitted = " with refit=False, which fits none" if getattr(model, "refit", True) is False else ""
            raise TypeError(
                f"{name} must be a classifier of prosemble, or a Pipeline or a search that ends with one; got "
                f"{type(model).__name__}{unfitted}."
            )
    check_is_fitted(model)
    return model, steps
