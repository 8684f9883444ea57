"""The classifier within a pipeline or a search, and the way from the user's data to it and back."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import OneToOneFeatureMixin
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import column_or_1d

from prosemble.distances import Encoded
from prosemble.io.steps import kept, step_of
from prosemble.io.wrapped import unwrapped
from prosemble.prediction.labels import class_indices


class Fitted:
    """A fitted classifier of prototypes, and the steps of a pipeline that come before it: what `unwrapped` finds."""

    def __init__(self, estimator: Any) -> None:
        model, named = unwrapped(estimator, "estimator")
        steps = [step for _, step in named if step not in (None, "passthrough")]
        self.model, self.steps, self.predictor = model, steps, model.predictor_
        self._before = make_pipeline(*steps) if steps else None
        # What a table's columns are laid out as is the data: no step leads back from a category's feature to its
        # column.
        self._laid_out = bool(steps) and _lays_out(steps[0])
        if self._laid_out:
            self.data_names = np.asarray(steps[0].get_feature_names_out(), dtype=object)
        else:
            self.data_names = names_of(estimator if hasattr(estimator, "feature_names_in_") else (steps or [model])[0])
        self.input_names = self.data_names if not steps else self._names_after()
        self.encoded = isinstance(self.predictor.distance, Encoded)

    def _names_after(self) -> np.ndarray:
        assert self._before is not None
        named = None if self._laid_out else self.data_names
        try:
            return np.asarray(self._before.get_feature_names_out(named), dtype=object)
        except (AttributeError, ValueError):  # a step that does not say what becomes of the names
            return names_of(self.model)

    @property
    def in_data_space(self) -> bool:
        """Whether the prototypes are points of the model's input, and not of an encoder's output."""
        metric = self.predictor.distance
        return not isinstance(metric, Encoded) or metric.siamese

    @property
    def prototype_names(self) -> np.ndarray:
        """The names of the coordinates of the prototypes."""
        return self.input_names if self.in_data_space else latent_names(self.model.prototypes_.shape[1])

    @property
    def class_indices(self) -> np.ndarray:
        """The class of each prototype, as an index of `classes_`."""
        return self.predictor.labels

    def inputs(self, X: Any) -> Any:
        """Return the samples as the model gets them."""
        return X if self._before is None else self._before.transform(X)

    def rows(self, X: Any) -> np.ndarray:
        """Return the samples as the model reads them, an array."""
        return self.model.check_rows(self.inputs(X))

    def labels(self, X: Any, y: Any) -> np.ndarray:
        """Return the class indices of the samples, or say what is wrong with the labels."""
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        return class_indices(y, self.predictor.classes, "y")

    @cached_property
    def prototypes_in_units(self) -> np.ndarray | None:
        """The prototypes in the units of the user's data, or None where these have no place for them.

        They have one where the steps, applied to the result, give the model's prototypes again: not where a step codes
        categories or bins, between which nothing lies, or where no data could have led to the prototype.
        """
        if not self.in_data_space:
            return None
        rows = self.model.prototypes_.astype(float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # powers of what has none
            for step in reversed(self.steps):
                try:
                    before = np.asarray(_inverse(step, rows), float)
                    leads_back = _undone_by_place(step) or _lays_out(step) or _leads_back(step, before, rows)
                except Exception:  # whatever a step raises, it cannot be undone
                    return None
                if not leads_back:
                    return None
                rows = before
        return rows

    @property
    def feature_by_feature(self) -> bool:
        """Whether each input of the model is one of the user's features, in whatever units."""
        steps = self.steps[1:] if self._laid_out else self.steps
        return all(isinstance(step, OneToOneFeatureMixin) or _undone_by_place(step) or _by_itself(step)
                   for step in steps)  # fmt: skip

    def original(self, rows: np.ndarray) -> np.ndarray:
        """Return inputs of the model in the units of the user's data; NaN in columns that the model never sees."""
        rows = np.asarray(rows, float)  # so that undoing a scaling loses nothing
        for step in reversed(self.steps):
            rows = _inverse(step, rows)
        return rows


def names_of(estimator: Any) -> np.ndarray:
    """Return the names of the features that an estimator was fitted on, x0, x1, ... where they had none."""
    named = getattr(estimator, "feature_names_in_", None)
    names = [f"x{i}" for i in range(estimator.n_features_in_)] if named is None else named
    return np.asarray(names, dtype=object)


def latent_names(count: int) -> np.ndarray:
    """Return names for the coordinates of an encoder's output."""
    return np.asarray([f"latent {i}" for i in range(count)], dtype=object)


def _fills(step: Any) -> bool:
    # Filling in missing values leaves all units as they are.
    is_imputer = isinstance(step, SimpleImputer | KNNImputer)
    return is_imputer and len(step.get_feature_names_out()) == step.n_features_in_


def _leads_back(step: Any, before: np.ndarray, rows: np.ndarray) -> bool:
    if isinstance(step, OneToOneFeatureMixin) and not isinstance(step, OrdinalEncoder):
        # A scaler of scikit-learn's; some cut off at a limit, or take the middle where values are equal.
        return bool((np.isfinite(before) | np.isnan(rows)).all())
    named = hasattr(step, "feature_names_in_")
    again = np.asarray(step.transform(pd.DataFrame(before, columns=step.feature_names_in_) if named else before), float)
    return again.shape == rows.shape and np.allclose(again, rows, 1e-3, 1e-3, equal_nan=True)


def _undone_by_place(step: Any) -> bool:
    return isinstance(step, SelectorMixin) or _fills(step)


def _by_itself(step: Any) -> bool:
    return isinstance(step, FunctionTransformer) and (step.func is None or step.feature_names_out == "one-to-one")


def _lays_out(step: Any) -> bool:
    """Whether a step makes features of the columns of a table."""
    return isinstance(step, ColumnTransformer) or hasattr(step, "exported_as")


def _inverse(step: Any, rows: np.ndarray) -> np.ndarray:
    if _fills(step):
        return rows
    if _lays_out(step):  # numbers in their units, and shares of categories
        for part in reversed(step_of(kept(step), rows.shape[1])):
            rows = part.inverse(rows)
        return rows
    if isinstance(step, SelectorMixin):
        chosen = step.get_support()
        spread = np.full((len(rows), len(chosen)), np.nan)
        spread[:, chosen] = rows
        return spread
    return np.asarray(step.inverse_transform(rows))
