"""Models of tables as files, whole or as much of them as a prediction needs.

The entry `table` of a file's header holds `columns` and `transformer`, what `options` they were judged by, the `steps`
between them and the model, the `prototypes` as they are shown, and, of the command line, `target` and `reading`: the
column of the labels, and how the table was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from prosemble.io import container
from prosemble.io.plain import Plain, plain
from prosemble.io.steps import Input, Step, chain, inputs_of, width
from prosemble.table.kinds import Column

_OPTIONS = ("columns", "keep", "drop", "kinds", "missing", "dates")


def save(
    classifier: Any, path: str | Path, target: str | None = None, reading: Mapping[str, Any] | None = None
) -> None:
    """Write a fitted `TableClassifier`."""
    from prosemble.io import files
    from prosemble.io.steps import kept
    from prosemble.io.wrapped import unwrapped
    from prosemble.models.storing import stored

    model, steps = unwrapped(classifier.estimator_, "estimator")
    contents = [kept(step, name) for name, step in steps]
    table = {
        "target": target,
        "reading": dict(reading or {}),
        "options": {name: _plain(getattr(classifier, name)) for name in _OPTIONS},
        "columns": [column.to_json() for column in classifier.table_.judged_],
        "transformer": kept(classifier.transformer_, "transformer"),
        "gaps_left": classifier.table_.gaps_left_,
        "named": hasattr(classifier, "feature_names_in_"),
        "steps": [content for content in contents if content["class"] != "FunctionTransformer"],
        "nearest": _plain(classifier._nearest),
        "prototypes": shown(classifier),
    }
    files.save(stored(model, table), path)


def shown(classifier: Any) -> dict[str, Any]:
    """Return the prototypes as they are printed: their labels, columns by name, and what these are in."""
    from prosemble.io.wrapped import unwrapped
    from prosemble.table.printing import FEATURES
    from prosemble.table.prototypes import are_in_the_table, most_apart

    model, _ = unwrapped(classifier.estimator_, "estimator")
    labels = _plain(model.prototype_labels_.tolist())
    if are_in_the_table(classifier):
        frame = classifier.prototypes_frame_.drop(columns="nearest_rows", errors="ignore")
        columns = {str(name): [_cell(value) for value in values] for name, values in frame.items()}
        apart = [str(name) for name in most_apart(classifier, FEATURES)] if len(columns) > FEATURES else None
        return {"labels": labels, "features": columns, "units": "in the units of the table", "apart": apart}
    latent = {f"latent {j}": values.tolist() for j, values in enumerate(model.prototypes_.T.astype(float))}
    return {"labels": labels, "features": latent, "units": "as coordinates of what the model's encoder makes of a row"}


def _cell(value: Any) -> Any:
    return str(value.date()) if isinstance(value, pd.Timestamp) else _plain(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | np.ndarray | pd.Index) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def load(path: str | Path, cls: Any) -> Any:
    """Read a file of `save`."""
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline

    from prosemble.io import files
    from prosemble.io.steps import restored
    from prosemble.table.transform import features_of
    from prosemble.table.transformer import TableTransformer

    header, _ = container.read(path)
    model = files.load(path)
    table = table_of(path, header)
    if table is None:
        raise container.ModelFileError(f"{path} holds a model without a table: call {type(model).__name__}.load.")
    try:
        _steps(table, model.n_features_in_)
        estimator = make_pipeline(*map(restored, table["steps"]), model) if table["steps"] else model
        options: dict[str, Any] = {
            name: value or () if isinstance(value, list) else value for name, value in table["options"].items()
        }
        classifier = cls(clone(estimator), **options)
        transformer = TableTransformer(**{**options, "missing": "metric" if table["gaps_left"] else "impute"})
        transformer.set_output(transform="default")
        transformer.judged_ = columns_of(table)
        transformer.transformer_ = restored(table["transformer"]).set_output(transform="default")
        transformer.features_ = features_of(transformer.transformer_, transformer.judged_)
        transformer.gaps_left_ = table["gaps_left"]
        names = [column.name for column in transformer.judged_]
        for holder in (transformer, classifier):
            holder.n_features_in_ = len(names)
            if table["named"]:
                holder.feature_names_in_ = np.array(names, dtype=object)
        classifier.table_, classifier.estimator_, classifier.classes_ = transformer, estimator, model.classes_
        classifier._nearest = table["nearest"]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise container.ModelFileError(f"{path} is damaged: its table cannot be read ({error!r}).") from error
    return classifier


def table_of(path: str | Path, header: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a header says of a table, None of a model without one."""
    table = header.get("table")
    if table is None or "columns" in table:
        return table
    try:
        return _of_first_layout(table)
    except (KeyError, TypeError) as error:
        raise container.ModelFileError(f"{path} is damaged: its table cannot be read ({error!r}).") from error


def _of_first_layout(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what files of the first two formats say of a table, in the words of the third."""
    numbers, categories = table["numeric"], table["categories"]
    columns = [Column(name, "number", "standardised").to_json() for name in numbers]
    columns += [Column(name, "category", values=list(values)).to_json() for name, values in categories.items()]
    parts: list[Any] = []
    if numbers:
        scaler = {"class": "StandardScaler", "with_mean": True, "with_std": True}
        scaler |= {"mean_": table["mean"], "scale_": table["scale"]}
        parts.append(
            ["numbers", {"class": "Pipeline", "steps": [["standardscaler", scaler]]}, list(range(len(numbers)))]
        )
    for place, values in enumerate(categories.values(), start=len(numbers)):
        encoder = {"class": "OneHotEncoder", "handle_unknown": "ignore", "categories": [list(values)], "rare": [[]]}
        parts.append([f"column {place}", encoder, [place]])
    return {
        "target": table["target"],
        "reading": {},
        "options": {},
        "columns": columns,
        "transformer": {"class": "ColumnTransformer", "names": [*numbers, *categories], "parts": parts},
        "gaps_left": False,
        "named": True,
        "steps": [],
        "nearest": None,
        "prototypes": None,
    }


def columns_of(table: Mapping[str, Any]) -> list[Column]:
    """Return the columns of a table that a header tells of."""
    return [Column.from_json(content) for content in table["columns"]]


def columns_without_table(header: Mapping[str, Any]) -> list[Column]:
    """Return the columns of a model that was fitted to numbers: by their names, or numbered from 0."""
    fitted = header["fitted"]
    return [Column(str(name), "number") for name in fitted["feature_names_in"] or range(fitted["n_features_in"])]


class Predictor(NamedTuple):
    """As much of a file as predicts, without JAX and scikit-learn."""

    columns: list[Column]
    inputs: list[Input]
    steps: tuple[Step, ...]
    model: Plain

    def predict(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the label of each row, and the probabilities of the classes."""
        X = coded(rows, self.inputs)
        for step in self.steps:
            X = step(X)
        return self.model.predict(X)

    @property
    def classes(self) -> np.ndarray:
        return self.model.classes


def predictor(path: str | Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> Predictor | None:
    """Return what predicts as the model of a file does, None where NumPy alone cannot."""
    model = plain(header, tensors)
    if model is None:
        return None
    table = table_of(path, header)
    try:
        if table is None:
            columns = columns_without_table(header)
            return Predictor(columns, [Input(column.name) for column in columns], (), model)
        inputs, steps = _steps(table, header["fitted"]["n_features_in"])
        return Predictor(columns_of(table), inputs, steps, model)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise container.ModelFileError(f"{path} is damaged: its table cannot be read ({error!r}).") from error


def _steps(table: Mapping[str, Any], n_features: int) -> tuple[list[Input], tuple[Step, ...]]:
    """Return what a file's steps read, and do, to make so many features."""
    contents = [table["transformer"], *table["steps"]]
    inputs = inputs_of(contents, [])
    steps = chain(contents, len(inputs))
    if width(steps, len(inputs)) != n_features:
        raise ValueError(f"{width(steps, len(inputs))} features of {n_features}")
    if [each.name for each in inputs] != [part for column in columns_of(table) if column.used for part in column.parts]:
        raise ValueError("other columns than the transformer's")
    return inputs, steps


def coded(rows: pd.DataFrame, inputs: Sequence[Input]) -> np.ndarray:
    """Return rows as numbers: categories by their places among those of an input, NaN where there is none."""
    X = np.empty((len(rows), len(inputs)))
    for j, (name, categories) in enumerate(inputs):
        if categories is None:
            X[:, j] = rows[name]
        else:
            X[:, j] = np.where(rows[name].isna(), np.nan, pd.Index(categories).get_indexer(pd.Index(rows[name])))
    return X
