"""Tables with named columns in, models that know the columns out: what the command line works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn import datasets
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from prosemble.inspection._fitted import Fitted
from prosemble.io import files

BUNDLED = ("breast_cancer", "digits", "iris", "wine")


def read_table(table: str | Path, text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV or Parquet file, or a data set bundled with scikit-learn by its name.

    The label column of a bundled data set is called `target` and holds the names of the classes. Columns of `text` are
    read as such from a CSV file, also where all that it has of them looks like numbers.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or name, or it is no table.
    """
    path = Path(table)
    if str(table) in BUNDLED and not path.exists():
        bunch = getattr(datasets, f"load_{table}")(as_frame=True)
        return bunch.data.assign(target=np.asarray(bunch.target_names)[bunch.target])
    if not path.is_file():
        raise FileNotFoundError(f"{table}: no such file, and not one of the bundled tables {', '.join(BUNDLED)}.")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            frame = pd.read_parquet(path)
        else:
            # Not in parts, each of which would be numbers or text by itself.
            frame = pd.read_csv(path, skipinitialspace=True, low_memory=False, dtype=dict.fromkeys(text, str))
    except Exception as error:  # the readers raise whatever their parsers do
        raise ValueError(f"{table}: cannot be read as a table: {error}") from error
    if frame.empty:
        raise ValueError(f"{table}: holds no rows.")
    return frame.rename(columns=str)


def require_columns(frame: pd.DataFrame, columns: Iterable[str], source: str) -> None:
    """Raise a `ValueError` that names the columns which the frame lacks and those it has."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        has = ", ".join(map(str, frame.columns))
        raise ValueError(f"{source}: no column {', '.join(map(repr, missing))}. Columns: {has}.")


def _require_values(frame: pd.DataFrame, source: str, gaps: Iterable[str] = (), may_take_gaps: bool = False) -> None:
    """Raise a `ValueError` that says where the first missing or infinite value is; columns of `gaps` may miss some."""
    gaps = set(gaps)
    for column in frame.columns:
        values = frame[column]
        bad = values.isna().to_numpy() & (column not in gaps)
        if types.is_numeric_dtype(values.dtype):
            bad = bad | np.isinf(values.to_numpy(float, na_value=np.nan))
        if bad.any():
            raise ValueError(
                f"{source}: column {column!r} has a missing or infinite value in row {int(bad.argmax()) + 1} "
                f"({int(bad.sum())} of {len(bad)} rows); fill or drop such rows first."
                + (" Models with allow_nan=True take rows that miss numbers." if may_take_gaps else "")
            )


def _require_kind(frame: pd.DataFrame, column: str, source: str) -> None:
    """Raise a `ValueError` where a column holds neither numbers nor text, such as dates."""
    if not (_is_number(frame[column]) or _is_text(frame[column])):
        kind = frame[column].dtype
        raise ValueError(f"{source}: column {column!r} is of type {kind}; convert it to numbers or text.")


@dataclass
class TableModel:
    """A fitted estimator together with the columns, categories and scaling of the table it learned from.

    Numeric columns are standardised, text columns one-hot encoded; `save` writes all of it into the model's file,
    so that `predict` is right on raw rows.

    Parameters
    ----------
    estimator : estimator of prosemble.models
    target : str
        The label column.
    numeric : list of str
        The columns that hold numbers.
    categories : dict of list of str
        The categories of each text column.
    scaler : StandardScaler, optional
        Of the numeric columns; `fit` learns it.
    scaled : bool, default=True
        Whether columns and scaling are the table's; else those of an estimator that was saved by itself.
    """

    estimator: Any
    target: str
    numeric: list[str]
    categories: dict[str, list[str]]
    scaler: StandardScaler | None = None
    scaled: bool = True

    @classmethod
    def for_table(cls, estimator: Any, target: str, frame: pd.DataFrame, source: str = "table") -> Self:
        """Return an unfitted model for tables of the columns and categories of this one.

        Raises
        ------
        ValueError
            If the frame cannot be learned from: `source` and the place are named.
        """
        require_columns(frame, [target], source)
        features = frame.drop(columns=target)
        _require_kind(frame, target, source)
        numbers = [column for column in features.columns if _is_number(features[column])]
        gaps = numbers if _takes_gaps(estimator) else ()
        _require_values(frame, source, gaps, may_take_gaps=hasattr(estimator, "allow_nan"))
        if frame[target].nunique() < 2:
            raise ValueError(f"{source}: column {target!r} holds one label only: {frame[target].iloc[:1].tolist()}.")
        if features.shape[1] == 0:
            raise ValueError(f"{source}: no column beside the target {target!r}.")
        text = [column for column in features.columns if column not in numbers]
        for column in text:
            _require_kind(features, column, source)
        categories = {column: sorted(features[column].astype(str).unique().tolist()) for column in text}
        return cls(estimator, target, numbers, categories)

    def fit(self, frame: pd.DataFrame, source: str = "table") -> Self:
        """Learn scaling and prototypes from a frame that has the target column."""
        self.estimator.fit(*self.scale(frame, source))
        return self

    def scale(self, frame: pd.DataFrame, source: str = "table") -> tuple[pd.DataFrame, np.ndarray]:
        """Learn the scaling and return the estimator's features and labels."""
        require_columns(frame, [self.target, *self.columns], source)
        self.scaler = StandardScaler().fit(self._numbers(frame)) if self.numeric else None
        return self._features(frame, source), frame[self.target].to_numpy()

    def text(self, target: str | None = None) -> list[str]:
        """Return the columns of a table that are read as text, that of the labels among them where these are."""
        labels = self.estimator.classes_.dtype.kind
        return [*self.categories, *([self.target if target is None else target] if labels in "OUS" else [])]

    @property
    def columns(self) -> list[str]:
        """The columns of a table that the model reads."""
        return [*self.numeric, *self.categories]

    @property
    def feature_names(self) -> list[str]:
        """The names of the features: numeric columns, then `column=category`."""
        return self.numeric + [f"{column}={value}" for column, values in self.categories.items() for value in values]

    def _numbers(self, frame: pd.DataFrame) -> np.ndarray:
        return frame[self.numeric].to_numpy(float)

    def _features(self, frame: pd.DataFrame, source: str) -> pd.DataFrame:
        parts = []
        if self.numeric:
            numbers = self._numbers(frame)
            parts.append(numbers if self.scaler is None else self.scaler.transform(numbers))
        if self.categories:
            text = frame[list(self.categories)].astype(str)
            for column, values in self.categories.items():
                unseen = ~text[column].isin(values).to_numpy()
                if unseen.any():
                    row = int(unseen.argmax())
                    raise ValueError(
                        f"{source}: column {column!r} has the category {text[column].iloc[row]!r} in row {row + 1}, "
                        f"which training did not see. Known: {', '.join(values)}."
                    )
            encoder = OneHotEncoder(categories=list(self.categories.values()), sparse_output=False)
            parts.append(encoder.fit_transform(text))
        return pd.DataFrame(np.hstack(parts), columns=self.feature_names)

    def read_features(self, frame: pd.DataFrame, source: str = "table") -> pd.DataFrame:
        """Return the estimator's features of raw rows; other columns than the model's are passed over."""
        require_columns(frame, self.columns, source)
        _require_values(frame[self.columns], source, self.numeric if _takes_gaps(self.estimator) else ())
        for column in self.numeric:
            if not _is_number(frame[column]):
                raise ValueError(f"{source}: column {column!r} must hold numbers; it is {frame[column].dtype}.")
        return self._features(frame, source)

    def predict(self, frame: pd.DataFrame, source: str = "table") -> pd.DataFrame:
        """Return a frame with the predicted label and the probability of each class."""
        X = self._estimator_features(frame, source)
        result = pd.DataFrame({"prediction": self.estimator.predict(X)}, index=frame.index)
        names = [f"probability_{label}" for label in self.estimator.classes_]
        result[names] = self.estimator.predict_proba(X)
        return result

    def explain(self, frame: pd.DataFrame, source: str = "table") -> pd.DataFrame:
        """Return the estimator's `explain` of raw rows; features are the numeric columns and categories."""
        return self.estimator.explain(self._estimator_features(frame, source)).set_index(frame.index)

    def _estimator_features(self, frame: pd.DataFrame, source: str) -> Any:
        features = self.read_features(frame, source)
        # An estimator that was fitted to an array has no names to compare with.
        return features if hasattr(self.estimator, "feature_names_in_") else features.to_numpy()

    def labelled(
        self, frame: pd.DataFrame, source: str = "table", target: str | None = None
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the features of raw rows in their own units, for `pipeline`, and their labels."""
        target = self.target if target is None else target
        require_columns(frame, [target], source)
        _require_values(frame[[target]], source)
        features = replace(self, scaler=None).read_features(frame, source)
        return features.set_index(frame.index), frame[target].to_numpy()

    def pipeline(self) -> Pipeline:
        """Return scaling and estimator as a fitted pipeline of scikit-learn over the features in their own units."""
        scaler = NumberScaler(len(self.numeric) if self.scaler is not None else 0)
        scaler.mean_, scaler.scale_ = np.zeros(len(self.feature_names)), np.ones(len(self.feature_names))
        if self.scaler is not None:
            scaler.mean_[: len(self.numeric)], scaler.scale_[: len(self.numeric)] = (
                self.scaler.mean_,
                self.scaler.scale_,
            )
        scaler.n_features_in_ = len(self.feature_names)
        scaler.feature_names_in_ = np.array(self.feature_names, dtype=object)
        if hasattr(self.estimator, "feature_names_in_"):
            scaler.set_output(transform="pandas")
        return make_pipeline(scaler, self.estimator)

    @property
    def units(self) -> str:
        """What the numbers of `prototypes` are, in words."""
        if not Fitted(self.pipeline()).in_data_space:
            return "as coordinates of what the model's encoder makes of a row"
        return "in the units of the table" if self.scaled else "as the model was given its features"

    def prototypes(self) -> pd.DataFrame:
        """Return the prototypes, in these `units`, one row each, with their labels in the index."""
        fitted = Fitted(self.pipeline())
        values = np.array(self.estimator.prototypes_, float)
        if fitted.in_data_space:
            values = fitted.original(values)
        index = pd.Index(self.estimator.prototype_labels_, name=self.target)
        return pd.DataFrame(values, columns=fitted.prototype_names, index=index)

    def save(self, path: str | Path) -> None:
        """Write estimator, columns and scaling to one file."""
        scaling = {}
        if self.scaler is not None:
            scaling = {"mean": self.scaler.mean_.tolist(), "scale": self.scaler.scale_.tolist()}
        table = {"target": self.target, "numeric": self.numeric, "categories": self.categories, **scaling}
        files.save(self.estimator, path, table=table)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a model of `save`, or of an estimator's own `save`, whose features are then taken as they are.

        Raises
        ------
        prosemble.io.ModelFileError
            If the file is not a usable model file.
        """
        header, _ = files.read(path)
        estimator = files.load(path)
        table = header["table"]
        if table is None:
            names = getattr(estimator, "feature_names_in_", range(estimator.n_features_in_))
            return cls(estimator, "target", [str(name) for name in names], {}, scaled=False)
        try:
            scaler = _restored_scaler(table["mean"], table["scale"]) if table["numeric"] else None
            return cls(estimator, table["target"], table["numeric"], table["categories"], scaler)
        except (KeyError, TypeError) as error:
            raise files.ModelFileError(f"{path} is damaged: its table cannot be read ({error!r}).") from error


class NumberScaler(StandardScaler):
    """Standardises the first `count` columns; the others, one-hot encoded, stay as they are."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        super().fit(X, y, sample_weight)
        self.mean_[self.count :], self.scale_[self.count :] = 0.0, 1.0
        return self


def _takes_gaps(estimator: Any) -> bool:
    return getattr(estimator, "allow_nan", False)


def _is_number(values: pd.Series) -> bool:
    return types.is_numeric_dtype(values.dtype) and not types.is_complex_dtype(values.dtype)


def _is_text(values: pd.Series) -> bool:
    dtype = values.dtype
    return types.is_object_dtype(dtype) or types.is_string_dtype(dtype) or isinstance(dtype, pd.CategoricalDtype)


def _restored_scaler(mean: list[float], scale: list[float]) -> StandardScaler:
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_ = np.array(mean), np.array(scale)
    scaler.n_features_in_ = len(mean)
    return scaler
