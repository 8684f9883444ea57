"""From a data frame to the features of a model, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from prosemble import _words as words
from prosemble.io.steps import kept, step_of
from prosemble.table.formats import plain_arrow
from prosemble.table.kinds import Column, judged
from prosemble.table.rows import Rows, TableWarning, read_rows
from prosemble.table.transform import column_transformer, features_of


class TableTransformer(TransformerMixin, BaseEstimator):
    """What of `TableClassifier` stands before its classifier: the kinds of the columns, and a `ColumnTransformer`.

    Parameters
    ----------
    columns, keep, drop, kinds, dates
        As of `TableClassifier`.
    missing : {'metric', 'impute'}, default='impute'
        Whether gaps in numbers are left to the metric, or filled.
    """

    def __init__(
        self,
        *,
        columns: str | Sequence[str] = "auto",
        keep: Sequence[str] = (),
        drop: Sequence[str] = (),
        kinds: Mapping[str, str] | None = None,
        missing: str = "impute",
        dates: str = "auto",
    ) -> None:
        self.columns = columns
        self.keep = keep
        self.drop = drop
        self.kinds = kinds
        self.missing = missing
        self.dates = dates

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        return tags

    def fit(self, X: Any, y: Any = None) -> Self:
        """Judge the columns and learn their scaling and categories."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> pd.DataFrame:
        """The same, and return the features; numbers are scaled by weighted rows."""
        columns, rows = self.read(X)
        return self.learn(columns, rows.frame, sample_weight)

    def read(self, X: Any) -> tuple[list[Column], Rows]:
        """Judge the columns, and return them with the rows as they read them."""
        frame = self.frame(X, reset=True)
        # Names are text here, of columns that are numbered, too.
        chosen = self.columns if isinstance(self.columns, str) else [str(name) for name in self.columns]
        keep, drop = ([str(name) for name in names] for names in (self.keep, self.drop))
        kinds = {str(name): kind for name, kind in (self.kinds or {}).items()}
        columns = judged(frame, columns=chosen, keep=keep, drop=drop, kinds=kinds, dates=self.dates)
        return columns, read_rows(columns, frame)

    def learn(self, columns: Sequence[Column], rows: pd.DataFrame, sample_weight: Any = None) -> pd.DataFrame:
        """Learn scaling and categories of rows that were read, of all or some of them, and return their features."""
        self.judged_ = [replace(column) for column in columns]
        for column in self.judged_:
            if column.used and rows[column.parts[0]].isna().all():
                column.used, column.done, column.why = False, "left out", "no value in the rows to train on"
            elif column.used and column.is_category:  # those of other rows are not learned
                column.values = sorted({value for value in rows[column.name] if value is not None})
        if not any(column.used for column in self.judged_):
            raise ValueError("No column is left to learn from: none has a value in the rows to train on.")
        numbers = [column for column in self.judged_ if column.used and not column.is_category]
        # Without gaps in training a median is there for those to come.
        self.gaps_left_ = self.missing == "metric" and any(column.gaps for column in numbers)
        for column in self.judged_:
            if column.used and column.gaps:
                gaps = words.count(column.gaps, "gap")
                if column.is_category:
                    column.done += f"; {gaps}, a value of {'its' if column.gaps == 1 else 'their'} own"
                elif self.gaps_left_:
                    column.done += f"; {gaps} left to the metric"
                else:
                    column.done += f"; {gaps} filled with the median, and a feature that says so"
        self.transformer_ = column_transformer(self.judged_, rows, impute=not self.gaps_left_)
        self.transformer_.set_output(transform="default")  # whatever the configuration says
        if sample_weight is None:
            features = self.transformer_.fit_transform(rows)
        else:
            weight = _check_sample_weight(sample_weight, rows)
            with config_context(enable_metadata_routing=True):  # to the scaler alone, which asks for it
                features = self.transformer_.fit_transform(rows, sample_weight=weight)
        self.features_ = features_of(self.transformer_, self.judged_)
        return pd.DataFrame(features, columns=self.features_.names, index=rows.index)

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the features of rows, and warn of what about them is not as it was in training.

        Raises
        ------
        ValueError
            If a column is missing.
        """
        check_is_fitted(self)
        rows = read_rows(self.judged_, self.frame(X))
        for note in rows.notes:
            warnings.warn(note, TableWarning, stacklevel=3)
        if rows.empty.any():
            where = words.rows(np.flatnonzero(rows.empty).tolist())
            warnings.warn(
                f"Nothing is known of {where}: predicted as a usual row would be.", TableWarning, stacklevel=3
            )
        return self.features(rows.frame)

    def features(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the features of rows that were read by the columns; one without any value has those of the means."""
        features = self.transformer_.transform(rows)
        features[np.isnan(features).all(axis=1)] = 0.0
        return pd.DataFrame(features, columns=self.features_.names, index=rows.index)

    @property
    def columns_(self) -> pd.DataFrame:
        """A line a column: name, kind, what was done, why."""
        check_is_fitted(self)
        lines = [(column.name, column.kind, column.done, column.why) for column in self.judged_]
        return pd.DataFrame(lines, columns=["name", "kind", "done", "why"])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features."""
        check_is_fitted(self)
        return np.asarray(self.features_.names, dtype=object)

    def in_units(self, features: np.ndarray) -> np.ndarray:
        """Return features in the units of the table: numbers, and shares of categories."""
        (step,) = step_of(kept(self.transformer_), len(self.features_.names))
        return step.inverse(np.asarray(features, np.float64))

    def exported_as(self) -> Any:
        """Return the transformer of scikit-learn that files and exports hold in the place of this one."""
        return self.transformer_

    def frame(self, X: Any, reset: bool = False) -> pd.DataFrame:
        """Return X as a pandas frame with names that are text."""
        if isinstance(X, pd.Series):
            raise ValueError("X must be a table of columns; got a Series. For one column give X.to_frame().")
        if isinstance(X, pd.DataFrame):
            frame = X.set_axis([str(name) for name in X.columns], axis=1)
        elif hasattr(X, "collect"):  # polars' lazy frames
            return self.frame(X.collect(), reset)
        elif hasattr(X, "to_arrow"):  # polars, of versions without the next, too
            frame = plain_arrow(X.to_arrow())
        elif hasattr(X, "__arrow_c_stream__") or isinstance(X, pa.Table):
            frame = plain_arrow(pa.table(X))
        else:
            array = validate_data(
                self, X, dtype=None, ensure_all_finite=False, reset=reset, ensure_min_samples=1 + reset
            )
            names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(array.shape[1])])
            return pd.DataFrame(array, columns=[str(name) for name in names]).infer_objects()
        if not frame.columns.is_unique:
            same = frame.columns[frame.columns.duplicated()][0]
            raise ValueError(f"Two columns are called {same!r}; rename one of them.")
        if not len(frame):
            raise ValueError(f"Found array with 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required.")
        if reset and len(frame) == 1:
            raise ValueError("X has n_samples=1; there is nothing to tell apart in one row.")
        if reset:
            self.feature_names_in_ = np.array(frame.columns, dtype=object)
            self.n_features_in_ = len(frame.columns)
        return frame
