"""What the command line does with a model that is there: predict, explain, report, export."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prosemble import _words as words
from prosemble.io import container
from prosemble.table import printing
from prosemble.table.kinds import Column, require
from prosemble.table.labels import labels_of, same_kind
from prosemble.table.reading import Reading, read
from prosemble.table.rows import Rows, read_rows
from prosemble.table.saved import columns_of, columns_without_table, predictor, table_of


class _Opened:
    """A model file, as much of it as is needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header, self.tensors = container.read(path)
        self.table = table_of(path, self.header)
        self.plain = predictor(path, self.header, self.tensors)

    @cached_property
    def model(self) -> Any:
        """The classifier over tables, or one without."""
        if self.table is not None:
            from prosemble.table.classifier import TableClassifier

            return TableClassifier.load(self.path)
        from prosemble.io import files

        return files.load(self.path)

    @property
    def columns(self) -> list[Column]:
        if self.table is not None:
            return columns_of(self.table)
        return columns_without_table(self.header)

    @property
    def classes(self) -> np.ndarray:
        return self.model.classes_ if self.plain is None else self.plain.classes

    def read(self, table: str, options: Mapping[str, Any]) -> tuple[Reading, Rows]:
        """Read a table like that of the training, and its rows by the columns of the model."""
        if self.table is None:
            printing.note(f"{self.path} was saved without a table's scaling; rows are taken as they are")
        like = None if self.table is None else self.table["reading"]
        reading = read(table, **options, like=like)
        printing.beside(reading.how)
        reading.frame = reading.spelled(column.name for column in self.columns if column.used and column.is_category)
        rows = read_rows(self.columns, reading.frame, table)
        for note in rows.notes:
            printing.note(note)
        if self.table is None and not self.header["parameters"].get("allow_nan"):
            _require_numbers(rows, table)
        return reading, rows

    def features(self, rows: pd.DataFrame) -> Any:
        """Return what the model within gets of such rows."""
        if self.table is None:
            # A model that was fitted to an array has no names to compare with.
            return rows if self.header["fitted"]["feature_names_in"] else rows.to_numpy()
        return self.model.table_.features(rows)

    def predict(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return labels and probabilities."""
        if not len(rows):
            return self.classes[:0], np.empty((0, len(self.classes)))
        if self.plain is not None:
            return self.plain.predict(rows)
        model = self.model if self.table is None else self.model.estimator_
        features = self.features(rows)
        return model.predict(features), model.predict_proba(features)


def _require_numbers(rows: Rows, table: str) -> None:
    """Raise an error that names the gaps of rows of which some is known, for a model that cannot take them."""
    missing = rows.frame.isna().to_numpy() & ~rows.empty[:, None]
    if missing.any():
        columns = [words.short(name) for name in rows.frame.columns[missing.any(axis=0)]]
        where = words.rows(np.flatnonzero(missing.any(axis=1)).tolist())
        raise ValueError(
            f"{table}: no number in {where} of {words.listed(columns)}; the model takes none that are missing. Leave "
            "these rows out, or train one with `prosemble fit`."
        )


def predictions(model: Path, table: str, reading: Mapping[str, Any]) -> pd.DataFrame:
    """Return a line for each row of a table: the predicted label, and the probability of each class."""
    opened = _Opened(model)
    _, rows = opened.read(table, reading)
    labels, probabilities = opened.predict(rows.frame[~rows.empty])
    names = [f"probability_{label}" for label in opened.classes.tolist()]
    lines = pd.concat([pd.DataFrame({"prediction": labels}), pd.DataFrame(probabilities, columns=names)], axis=1)
    return _for_each(rows, lines)


def explanations(model: Path, table: str, reading: Mapping[str, Any]) -> pd.DataFrame:
    """Return why each row of a table is predicted as it is."""
    opened = _Opened(model)
    _, rows = opened.read(table, reading)
    if rows.empty.all():
        raise ValueError(f"{table}: nothing is known of any row.")
    features = opened.features(rows.frame[~rows.empty])
    why = opened.model.explain(features) if opened.table is None else opened.model.explained(features)
    return _for_each(rows, why)


def _for_each(rows: Rows, lines: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each row that was read, of gaps where nothing is known of it."""
    known = np.flatnonzero(~rows.empty)
    if len(known) == len(rows.empty):
        return lines
    without = words.rows(np.flatnonzero(rows.empty).tolist())
    printing.note(f"nothing is known of {without}: a line without a prediction")
    return lines.astype(object).set_axis(known).reindex(range(len(rows.empty)))


def report(
    model: Path, table: str, reading: Mapping[str, Any], target: str | None, output: Path, **options: Any
) -> None:
    """Write a report about a model on the rows of a table that have a label."""
    from prosemble.inspection import report as write_report

    opened = _Opened(model)
    asked = target or (opened.table or {}).get("target") or "target"
    table_read, rows = opened.read(table, reading)
    require(table_read.frame, [asked], table)
    labels = labels_of(table_read, asked, as_category=True)
    for note in labels.notes:
        printing.say(note)
    known = labels.rows[~rows.empty[labels.rows]]
    y = same_kind(labels.values, opened.classes)[~rows.empty[labels.rows]]
    classes = dict.fromkeys(opened.classes.tolist())
    if new := [label for label in dict.fromkeys(y.tolist()) if label not in classes]:
        found, trained = (words.listed(list(map(words.quoted, each)), 5) for each in (new, classes))
        raise ValueError(
            f"{table}: {words.quoted(asked)} holds {found}, which the model does not know; it knows {trained}."
        )
    y = np.array(y.tolist())
    if not len(known):
        raise ValueError(f"{table}: nothing is known of any row with a label.")
    names = [column.name for column in opened.columns if column.used]
    X = table_read.frame[names].set_axis(range(1, len(table_read.frame) + 1)).iloc[known]
    if opened.table is None:
        X = opened.features(rows.frame.iloc[known])
    write_report(opened.model, X, y, output, **options)


def export(model: Path, function: str, output: Path, quantize: str | None) -> None:
    """Write a model as a program, and say what rows it takes."""
    from prosemble import io
    from prosemble.io.program import program_of

    opened = _Opened(model)
    exported = opened.model
    if quantize is not None:
        exported = exported.quantize(quantize)
    getattr(io, function)(exported, output)
    printing.say(f"Written to {output} ({output.stat().st_size:,} bytes).")
    inputs = program_of(exported).inputs
    printing.say(
        f"It takes rows of {len(inputs)} columns, in this order: {words.listed([_input(each) for each in inputs], 100)}"
    )


def _input(column: Any) -> str:
    if column.categories is None:
        return words.short(column.name)
    places = [f"{place} {words.short(value)}" for place, value in enumerate(column.categories)]
    return f"{words.short(column.name)} ({words.listed(places, 10)})"
