"""What a column of a data frame holds, whatever its type is called: numbers, moments, text or lists."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandas.api import types

from prosemble import _words as words
from prosemble.table import cells

#: Kinds that a column's type alone decides, and text, whose values have to be looked at.
NUMBERS, MOMENTS, TEXT, YES_NO, CATEGORIES, LISTS = "number", "date", "text", "yes/no", "category", "list"


# The largest whole number up to which each is a float.
_EXACT = 2**53


class Values(NamedTuple):
    """The values of a column: floats, datetime64, or an Arrow array of strings; of lists nothing but their number.

    `marks` counts the words that stand for a gap, such as `?`.
    """

    what: str
    values: Any
    marks: dict[str, int] = {}  # noqa: RUF012 (a default of a named tuple)


def values_of(series: pd.Series) -> Values:
    """Return the values of a column of any type.

    Raises
    ------
    TypeError
        If they are complex numbers or bytes.
    """
    dtype = series.dtype
    if types.is_bool_dtype(dtype):
        return Values(YES_NO, _text(series))
    if types.is_complex_dtype(dtype):
        raise TypeError(
            f"Column {words.quoted(series.name)} holds complex numbers; give their parts as columns of their own."
        )
    if types.is_integer_dtype(dtype) and (series.abs() > _EXACT).any():  # more digits than floats have
        return _of_text(pa.array(_strings(series), pa.string()))
    if types.is_numeric_dtype(dtype):
        return Values(NUMBERS, series.to_numpy(np.float64, na_value=np.nan))
    if isinstance(dtype, pd.CategoricalDtype):
        return Values(CATEGORIES, _text(series.astype(object)))
    if isinstance(dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    if types.is_datetime64_any_dtype(series.dtype):
        return Values(MOMENTS, _moments(series))
    if types.is_timedelta64_dtype(dtype):
        return Values(NUMBERS, series.to_numpy("timedelta64[us]").astype(np.float64) / 86_400e6)
    if isinstance(dtype, pd.ArrowDtype):
        return _of_arrow(series, dtype.pyarrow_dtype)
    if types.is_object_dtype(dtype):
        return _of_objects(series)
    return _of_text(pa.array(series, pa.string(), from_pandas=True))


def _of_arrow(series: pd.Series, kind: pa.DataType) -> Values:
    if pa.types.is_decimal(kind):
        return Values(NUMBERS, series.astype("float64").to_numpy())
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Values(MOMENTS, _moments(pd.to_datetime(series)))
    if pa.types.is_nested(kind):
        return Values(LISTS, np.empty(len(series)))
    if pa.types.is_dictionary(kind):
        return Values(CATEGORIES, _text(series.astype(object)))
    return _of_objects(series.astype(object))


def _of_objects(series: pd.Series) -> Values:
    kind = types.infer_dtype(series, skipna=True)
    if kind in ("integer", "floating", "mixed-integer-float", "decimal"):
        return Values(NUMBERS, pd.to_numeric(series.where(series.notna(), np.nan)).to_numpy(np.float64))
    if kind == "boolean":
        return Values(YES_NO, _text(series))
    if kind in ("datetime", "datetime64", "date"):
        local = series.map(lambda value: value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value)
        return Values(MOMENTS, _moments(pd.to_datetime(local)))
    if kind == "bytes":
        raise TypeError(
            f"Column {words.quoted(series.name)} holds bytes; decode them to text, or {words.drop(str(series.name))}."
        )
    held = series[series.notna()] if kind == "mixed" else series[:0]
    if len(held) and held.map(lambda value: isinstance(value, list | tuple | dict | set | np.ndarray)).mean() > 0.5:
        return Values(LISTS, np.empty(len(series)))
    return _of_text(pa.array(_strings(series), pa.string()))


def _of_text(text: pa.Array) -> Values:
    text = cells.tidied(text, [""])
    tidy = cells.tidied(text)
    marks = cells.counted(text.filter(pc.is_null(tidy))) if tidy.null_count > text.null_count else {}
    return Values(TEXT, tidy, marks)


def _text(series: pd.Series) -> pa.Array:
    return cells.tidied(_strings(series))


def _strings(series: pd.Series) -> list[str | None]:
    return [None if gap else str(value) for value, gap in zip(series, series.isna(), strict=True)]


def _moments(series: pd.Series) -> np.ndarray:
    if series.dt.tz is not None:  # by the clock where it was
        series = series.dt.tz_localize(None)
    return series.to_numpy("datetime64[us]")
