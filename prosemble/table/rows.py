"""Rows of a table as its columns read them, and what about them is not as it was in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from prosemble import _words as words
from prosemble.table import cells
from prosemble.table.kinds import Column, categories_in, moments_in, numbers_in, order_of, require
from prosemble.table.values import MOMENTS, TEXT, Values, values_of

# Values that lie outside of what training saw by more than its range are of other units where most of a column does.
_MOST = 0.5
# By more than so many times its range, a single value is one that was not written as the others.
_FAR = 3.0
# Standard deviations beyond the gaps of the training from which more of them are said.
_CHANCE = 3.0


class TableWarning(UserWarning):
    """What about the rows of a table is not as in training: they are predicted all the same."""


class Rows(NamedTuple):
    """Rows as a ColumnTransformer takes them: floats, and objects for categories, None where there is none.

    `empty` tells which rows have no value in any column; `notes` say in words what differs from training.
    """

    frame: pd.DataFrame
    empty: np.ndarray
    notes: list[str]


def read_rows(columns: Sequence[Column], frame: pd.DataFrame, source: str = "") -> Rows:
    """Return the rows of a frame by the columns of a model; other columns are passed over.

    Raises
    ------
    ValueError
        If the frame lacks one of the columns: all that are missing are named.
    """
    used = [column for column in columns if column.used]
    require(frame, [column.name for column in used], source)
    made: dict[str, pd.Series] = {}
    empty = np.ones(len(frame), bool)
    notes: list[str] = []
    for column in used:
        held = values_of(frame[column.name])
        values, missing = _read(column, held)
        # As objects, since pandas would make text of a type of its own, and of None something else.
        kind = object if column.is_category else np.float64
        made |= {name: pd.Series(part, frame.index, kind) for name, part in values.items()}
        empty &= missing
        notes += _differences(column, held, next(iter(values.values())), missing)
    return Rows(pd.DataFrame(made, index=frame.index), empty, notes)


def _read(column: Column, held: Values) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the values of a column, of a date the numbers that it becomes, and which rows have none."""
    if column.is_category:
        text = categories_in(column, held)
        return {column.name: text.to_numpy(zero_copy_only=False)}, pc.is_null(text).to_numpy(zero_copy_only=False)
    if column.kind == MOMENTS:
        moments = moments_in(column, held)
        parts = _parts(moments, np.datetime64(str(column.first)), column.clock)
        return dict(zip(column.parts, parts, strict=True)), np.isnat(moments)
    numbers = numbers_in(column, held)
    return {column.name: numbers}, np.isnan(numbers)


def _parts(moments: np.ndarray, first: np.datetime64, clock: bool) -> list[np.ndarray]:
    """Return days since the first, the month from 1, the weekday from Monday as 1, and the hour with its fraction."""
    days = moments.astype("datetime64[D]")
    gap = np.isnat(moments)
    since = (days - first).astype(np.float64)
    month = (moments.astype("datetime64[M]").astype(np.int64) % 12 + 1).astype(np.float64)
    weekday = ((days.astype(np.int64) + 3) % 7 + 1).astype(np.float64)  # 1970 began on a Thursday
    hour = (moments - days).astype(np.float64) / 3600e6
    return [np.where(gap, np.nan, part) for part in (since, month, weekday, *([hour] if clock else []))]


def _differences(column: Column, held: Values, values: np.ndarray, missing: np.ndarray) -> list[str]:
    """Return what about a column is not as it was in training."""
    name, n = words.short(column.name), len(missing)
    notes = []
    told = 0
    if column.is_category:
        unseen = ~missing & ~pd.Series(values).isin(column.values).to_numpy()
        if new := cells.counted(pa.array(values[unseen], pa.string())):
            shown = words.listed([words.quoted(value) for value in new], 5)
            which = words.rows(np.flatnonzero(unseen).tolist(), 5)
            notes.append(
                f"{name}: training did not see {shown} ({which}), which "
                f"{'counts' if len(new) == 1 else 'count'} as none of the known values"
            )
    else:
        odd = cells.counted(held.values.filter(pa.array(missing))) if held.what == TEXT else {}
        if odd:
            told = sum(odd.values())
            shown = words.listed([f"{words.quoted(value)} ({count:,})" for value, count in odd.items()], 4)
            notes.append(f"{name}: no {column.kind} in {shown}: gaps")
        swapped = cells.other_order(column.form) if column.form and odd else None
        if swapped and (~np.isnat(cells.dates(pa.array(list(odd)), swapped))).any():
            notes.append(
                f"{name}: some dates are {order_of(swapped)}; all were read as {order_of(column.form or '')}, as those "
                "of the training, and are wrong if this table is written otherwise"
            )
        if column.kind != MOMENTS and (away := _away(column, values)):
            notes.append(away)
    before = column.gaps / column.rows if column.rows else 0.0
    gaps = int(missing.sum())
    # Beyond what chance makes of as many rows; odd values are told already.
    if gaps - told > n * before + _CHANCE * np.sqrt(n * before * (1.0 - before)) + bool(before):
        where = "where training had none" if not before else f"where training had them in {before:.0%}"
        notes.append(f"{name}: {words.count(gaps, 'gap')} in {words.count(n, 'row')}, {where}")
    return notes


def _away(column: Column, values: np.ndarray) -> str:
    """Return what there is to say of values far outside of what training saw."""
    name, saw = words.short(column.name), f"far from what training saw ({column.low:g} to {column.high:g})"
    beyond = np.nan_to_num(np.maximum(column.low - values, values - column.high) / (column.high - column.low))
    there, outside = np.count_nonzero(~np.isnan(values)), np.flatnonzero(beyond > 1.0)
    if len(outside) > _MOST * there:
        count = words.count(len(outside), "value")
        return f"{name}: {count} of {there:,} ({values[outside[0]]:g}) {saw}; in other units?"
    far = np.flatnonzero(beyond > _FAR)
    return f"{name}: {values[far[0]]:g} {saw}: {words.rows(far.tolist(), 5)}" if len(far) else ""
