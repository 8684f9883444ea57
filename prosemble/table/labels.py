"""The column that is to be predicted: its labels as they stand in the table, and the rows that have one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from prosemble import _words as words
from prosemble.table import cells
from prosemble.table.reading import Reading
from prosemble.table.values import CATEGORIES, LISTS, MOMENTS, NUMBERS, values_of

# A column of more different fractions, or of more different whole numbers that do not count up from 0 or 1, is measured
# and not named.
_FRACTIONS, _WHOLE_NUMBERS = 10, 20
# A column that tells the labels has each of its values in so many rows, on average: in fewer, chance would tell them.
_ROWS_OF_A_VALUE = 10
# Rows that are looked at first.
_SAMPLE = 2000
# More different values than this share of the rows are no classes.
_MOST_CLASSES, _FEW = 0.5, 10


class Labels(NamedTuple):
    """The labels of the rows that have one, the places of these rows, and what there is to say of the others."""

    values: np.ndarray
    rows: np.ndarray
    notes: list[str]


def labels_of(reading: Reading, target: str, as_category: bool = False) -> Labels:
    """Return the labels of a table.

    Whole numbers are numbers; all other text stays as it stands in the table, `0012` and `1.50` too.

    Raises
    ------
    ValueError
        If the column holds no classes: many different numbers, a value of its own in most rows, lists, dates, or one
        label only.
    """
    values = _as_they_stand(reading, target)
    there = ~pd.isna(values)
    values, rows = values[there], np.flatnonzero(there)
    marked = _marks_of_gaps(reading, target)
    if not len(values):
        raise ValueError(f"Column {words.quoted(target)} holds no label{marked}.")
    values = np.array(values.tolist())
    classes, counts = np.unique(values, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"Column {words.quoted(target)} holds one label only: {words.quoted(classes[0])}{marked}.")
    if not as_category:
        _require_classes(target, values, classes)
    notes = []
    if len(rows) < len(there):
        gaps = np.flatnonzero(~there).tolist()
        without = f"{words.count(len(gaps), 'row')} without a label in {words.quoted(target)}{marked}"
        notes.append(f"Left out {without}: {words.rows(gaps)}.")
    if (counts == 1).any():
        single = [
            f"{words.quoted(label)} ({words.rows(rows[values == label].tolist())})"
            for label in classes[counts == 1][: words.MOST]
        ]
        more = int((counts == 1).sum()) - len(single)
        which = ", ".join(single) + (f" and {more:,} more" if more > 0 else "")
        has = "Class" if len(single) == 1 else "Classes"
        notes.append(f"{has} of one row, trained on and not tested: {which}.")
    return Labels(values, rows, notes)


def _marks_of_gaps(reading: Reading, target: str) -> str:
    """Return in words which cells were taken for gaps that are not empty."""
    if target not in reading.text:
        return ""
    text = reading.text[target]
    marks = cells.counted(text.filter(pc.and_(pc.is_valid(text), pc.is_null(cells.tidied(text)))))
    return f" ({words.listed([words.quoted(mark) for mark in marks], 4)} is none)" if marks else ""


def _as_they_stand(reading: Reading, target: str) -> np.ndarray:
    if target in reading.text:
        text = cells.tidied(reading.text[target])
        if pc.all(pc.match_substring_regex(text, r"^(0|-?[1-9]\d{0,17})$")).as_py():
            numbers = text.to_pandas().to_numpy(object)
            return np.array([None if pd.isna(value) else int(value) for value in numbers], dtype=object)
        return text.to_numpy(zero_copy_only=False).astype(object)
    series = reading.frame[target]
    held = values_of(series)
    if held.what in (LISTS, MOMENTS):
        kind = {LISTS: "lists", MOMENTS: "dates"}[held.what]
        raise ValueError(f"Column {words.quoted(target)} holds {kind}, not labels.")
    if types.is_integer_dtype(series.dtype):
        return np.array([None if gap else int(value) for value, gap in zip(series, series.isna(), strict=True)], object)
    if held.what == NUMBERS:
        numbers = held.values
        if not types.is_float_dtype(series.dtype) or (np.nan_to_num(numbers) % 1 == 0).all():
            return np.array([None if np.isnan(value) else int(value) for value in numbers], dtype=object)
        return np.array([None if np.isnan(value) else f"{value:.15g}" for value in numbers], dtype=object)
    if types.is_bool_dtype(series.dtype):
        return series.astype(object).to_numpy()
    text = held.values.to_numpy(zero_copy_only=False).astype(object)
    if held.what == CATEGORIES and types.is_integer_dtype(series.cat.categories.dtype):
        return np.array([None if value is None else int(value) for value in text], dtype=object)
    return text


def _require_classes(target: str, values: np.ndarray, classes: np.ndarray) -> None:
    n = len(values)
    numbers = _numbers(classes)
    if numbers is not None and len(classes) > _FRACTIONS:
        whole = (numbers % 1 == 0).all()
        counted = whole and numbers.min() in (0, 1) and numbers.max() - numbers.min() + 1 == len(classes)
        many = len(classes) > (_WHOLE_NUMBERS if whole else _FRACTIONS)
        if len(classes) > _MOST_CLASSES * n or (many and not counted):
            raise ValueError(
                f"Column {words.quoted(target)} holds {len(classes):,} different numbers in {words.count(n, 'row')}; "
                f"this learns classes. Put the numbers into a few groups in a column of its own, or say "
                f"{words.as_kind(target, 'category')} if each of them is a class."
            )
    elif len(classes) > _FEW and len(classes) > _MOST_CLASSES * n:
        raise ValueError(
            f"Column {words.quoted(target)} holds {len(classes):,} different values in {words.count(n, 'row')}; "
            f"a class needs several rows. Choose another column, or say "
            f"{words.as_kind(target, 'category')} all the same."
        )


def _numbers(classes: np.ndarray) -> np.ndarray | None:
    """Return the labels as numbers, None where one of them is none."""
    if classes.dtype.kind in "iuf":
        return classes.astype(np.float64)
    if classes.dtype.kind not in "OU":
        return None
    text = pa.array(classes.astype(str).tolist(), pa.string())
    read = cells.numbers(text, ".")
    return None if read.odd.any() or cells.have_codes(text) else read.values


def same_kind(labels: np.ndarray, classes: np.ndarray) -> Any:
    """Return labels of another table as a model spells them: `1` for `1.0`, `True` for `TRUE`."""
    known = {_alike(label): label for label in classes.tolist()}
    exact = set(classes.tolist()) if labels.dtype.kind == classes.dtype.kind else set()
    return np.array([label if label in exact else known.get(_alike(label), label) for label in labels.tolist()], object)


def _alike(label: Any) -> str:
    """Return what two spellings of one label have in common."""
    text = str(label)
    return text.lower() if text.lower() in ("true", "false") else cells.alike(text)


def tell_the_labels(frame: pd.DataFrame, labels: np.ndarray) -> list[Any]:
    """Return the columns each of whose values occurs with one label only: the answer in other words, as a rule."""
    codes = np.unique(labels, return_inverse=True)[1]
    return [name for name, column in frame.items() if all(_tells(column, codes, end) for end in (_SAMPLE, len(codes)))]


def _tells(column: pd.Series, codes: np.ndarray, end: int) -> bool:
    values = pd.factorize(column[:end])[0]
    there = values >= 0
    pairs = np.unique(np.stack([values[there], codes[:end][there]]), axis=1)
    return len(np.unique(pairs[1])) > 1 and values.max() + 1 == pairs.shape[1] <= there.sum() / _ROWS_OF_A_VALUE
