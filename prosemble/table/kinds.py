"""What kind of column each is, by its values: what a model learns from it, or why it learns nothing from it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from prosemble import _words as words
from prosemble.table import cells
from prosemble.table.values import CATEGORIES, LISTS, MOMENTS, NUMBERS, TEXT, YES_NO, Values, values_of

IDENTIFIER, FREE_TEXT = "identifier", "free text"
CATEGORICAL = (CATEGORIES, YES_NO)
#: What a person may say that a column is.
SAID = ("number", "category", "yes/no", "date")
# Fewer rows than these have values of their own by chance.
_FEW = 10
# Text says who a row is, and not what it is like, from so many values on and so many values a row.
_UNIQUE = ((10, 0.5), (50, 0.25))
# The share of rows, and digits, from which whole numbers of about one size are keys.
_KEYS, _KEY = 0.9, 100_000
_NAMED_AS_KEY = re.compile(r"(^|_)(id|nr|no|num|number|key|index|idx|uuid|guid)(_|$)")
_YES_NO = [
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"ja", "nein"},
    {"j", "n"},
    {"oui", "non"},
    {"si", "no"},
]
# Among numbers, the share of other words that are odd values and not values of their own, and how many numbers there
# have to be for it.
_ODD_WORDS, _MANY_NUMBERS = 0.2, 10
_WORDS_OF_TEXT = 4
# Values of a column that are written out.
_LISTED = 4


@dataclass
class Column:
    """A column of a table: its kind, what was done with it, and how it is read again.

    Parameters
    ----------
    name, kind, done, why : str
    used : bool
        Whether the model learns from it.
    unit, decimal : str
        What stands beside each number of a text, and its mark of decimals.
    form : str, optional
        Of dates that are text, as `cells.dates` takes it.
    first : str, optional
        The day from which the days of dates are counted.
    clock : bool
        Whether dates have hours that differ.
    values : list of str
        The categories, rare ones too.
    low, high : float
        The range of the numbers.
    gaps, rows : int
        Rows of the training without a value, and all.
    least : int
        In how many rows a category has to occur to have a feature of its own.
    """

    name: str
    kind: str = ""
    done: str = ""
    why: str = ""
    used: bool = True
    unit: str = ""
    decimal: str = "."
    form: str | None = None
    first: str | None = None
    clock: bool = False
    values: list[str] = field(default_factory=list)
    low: float = np.nan
    high: float = np.nan
    gaps: int = 0
    rows: int = 0
    least: int = 1

    @property
    def is_category(self) -> bool:
        return self.kind in CATEGORICAL

    @property
    def parts(self) -> list[str]:
        """The names of what it becomes: of a date several numbers."""
        if self.kind != MOMENTS:
            return [self.name]
        parts = [f"days since {self.first}", "month", "weekday", *(["hour"] if self.clock else [])]
        return [f"{self.name}: {part}" for part in parts]

    def to_json(self) -> dict[str, Any]:
        """Return what is not the default, in values of JSON."""
        plain = Column("")
        return {name: value for name, value in asdict(self).items() if _differs(value, getattr(plain, name))}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        return cls(**content)


def _differs(value: Any, default: Any) -> bool:
    both_nan = isinstance(value, float) and isinstance(default, float) and np.isnan(value) and np.isnan(default)
    return value != default and not both_nan


def judged(
    frame: pd.DataFrame,
    *,
    columns: str | Sequence[str] = "auto",
    keep: Collection[str] = (),
    drop: Collection[str] = (),
    kinds: Mapping[str, str | Column] | None = None,
    dates: str = "auto",
) -> list[Column]:
    """Return a `Column` for each of the frame's, in their order.

    Instead of a kind, a column of the same name may be given, as another table was judged.

    Raises
    ------
    ValueError
        If a name is none of the frame's, a kind is none, or nothing is left to learn from.
    """
    kinds = dict(kinds or {})
    for name, kind in kinds.items():
        if not isinstance(kind, Column) and kind not in SAID:
            raise ValueError(f"{words.as_kind(name, kind)}: a column can be said to be one of {', '.join(SAID)}.")
    chosen = None if isinstance(columns, str) else set(columns)
    for names in (kinds, keep, drop, chosen or ()):
        require(frame, names)
    result = []
    for name in frame.columns:
        if name in drop:
            result.append(_left_out(name, "", "you said so"))
        elif chosen is not None and name not in chosen:
            result.append(_left_out(name, "", "not one of the columns that you named"))
        else:
            held = values_of(frame[name])
            column = _of_kind(name, held, kinds[name]) if name in kinds else _judged(name, held)
            column.rows = len(frame)
            result.append(_decided(column, held, name in keep or name in kinds, dates))
    if not any(column.used for column in result):
        reasons = words.listed([f"{words.short(column.name)} ({column.why})" for column in result], 5)
        raise ValueError(f"No column is left to learn from: {reasons}.")
    return result


def require(frame: pd.DataFrame, names: Collection[str], source: str = "") -> None:
    """Raise a `ValueError` that names the columns which the frame lacks, and those it has."""
    missing = [words.quoted(name) for name in names if name not in frame.columns]
    if missing:
        has = words.listed([words.short(name) for name in frame.columns])
        raise ValueError(f"{source}{': n' if source else 'N'}o column {words.listed(missing)}. Columns: {has}.")


def _left_out(name: str, kind: str, why: str) -> Column:
    return Column(name, kind, "left out", why, used=False)


def _judged(name: str, held: Values) -> Column:
    if held.what in (NUMBERS, MOMENTS, YES_NO, CATEGORIES, LISTS):
        return Column(name, held.what, why="lists" if held.what == LISTS else "")
    text = held.values
    if text.null_count == len(text):
        return Column(name, CATEGORIES)
    if cells.have_digits(text):
        if number := _as_number(name, held):
            return number
        if form := cells.date_format(text):
            return Column(name, MOMENTS, form=form)
    return _as_words(name, text)


def _as_number(name: str, held: Values) -> Column | None:
    """Return a column of numbers, if that is what the text is; a few other words among them are gaps."""
    text = held.values
    if cells.have_codes(text):
        return None
    for unit in dict.fromkeys(["", cells.unit_of(text)]):
        decimal = cells.decimal_of(text, unit)
        read = cells.numbers(text, decimal, unit)
        odd = cells.counted(text.filter(pa.array(read.odd)))
        found = len(text) - text.null_count - sum(odd.values())
        strange = sum(count for word, count in odd.items() if not cells.stands_for_no_number(word))
        distinct = len(np.unique(read.values[~np.isnan(read.values)]))
        few = strange <= _ODD_WORDS * found and distinct >= max(_MANY_NUMBERS, 2 * len(odd))
        if found and (few if strange else sum(odd.values()) <= 2 * found):
            return Column(name, NUMBERS, unit=unit, decimal=decimal, why=_numbers_but_for({**held.marks, **odd}, unit))
    return None


def _numbers_but_for(odd: Mapping[str, int], unit: str) -> str:
    shown = words.listed([f"{words.quoted(word)} ({count:,})" for word, count in odd.items()], 4)
    return "; ".join(filter(None, [f"in {unit}" if unit else "", f"no number in {shown}" if odd else ""]))


def _as_words(name: str, text: pa.Array) -> Column:
    found = pc.drop_null(text)
    counts = cells.counted(text)
    if {value.lower() for value in counts} in _YES_NO:
        return Column(name, YES_NO)
    if cells.share(found, r"^[\[{].*[\]}]$") > 0.5:
        return Column(name, LISTS, why="lists")
    unique = len(counts) / len(found)
    length = float(np.mean([value.count(" ") + 1 for value in found[:1000].to_pylist()]))
    if any(len(counts) >= values and unique >= share for values, share in _UNIQUE):
        why = f"{words.count(len(counts), 'different value')} in {words.count(len(found), 'row')}"
        if cells.have_codes(text):
            why += ", codes with leading zeros among them"
        elif cells.have_digits(found[:1]):
            why += f", such as {words.quoted(found[0].as_py())}"
        return Column(name, FREE_TEXT if length >= _WORDS_OF_TEXT else IDENTIFIER, why=why)
    if cells.have_codes(text):
        return Column(name, CATEGORIES, why="codes with leading zeros")
    return Column(name, CATEGORIES)


def _of_kind(name: str, held: Values, kind: str | Column) -> Column:
    """Return a column of the kind that somebody said it is."""
    if isinstance(kind, Column):
        return Column(name, kind.kind, why=kind.why, unit=kind.unit, decimal=kind.decimal, form=kind.form)
    column = Column(name, kind, why="you said so")
    if kind == MOMENTS and held.what == TEXT:
        column.form = cells.date_format(held.values)
        if column.form is None:
            raise ValueError(f"{words.as_kind(name, kind)}: its cells are no dates of one form, such as 2024-12-31.")
    if kind == NUMBERS and held.what not in (NUMBERS, YES_NO, MOMENTS):
        if held.what == LISTS:
            raise ValueError(f"{words.as_kind(name, kind)}: it holds lists.")
        column.unit = cells.unit_of(held.values)
        column.decimal = cells.decimal_of(held.values, column.unit)
        if np.isnan(cells.numbers(held.values, column.decimal, column.unit).values).all():
            raise ValueError(f"{words.as_kind(name, kind)}: no cell is a number.")
    return column


def _decided(column: Column, held: Values, wanted: bool, dates: str) -> Column:
    """Return the column with what is done with it."""
    if column.kind in (IDENTIFIER, FREE_TEXT, LISTS):
        if not wanted or column.kind == LISTS:
            again = "" if column.kind == LISTS else f"; {words.keep(column.name)} takes it all the same"
            as_what = "identifying, " if column.kind == IDENTIFIER else ""
            return _left_out(column.name, column.kind, as_what + column.why + again)
        column = Column(column.name, CATEGORIES, why=f"{column.why}, but you said so", rows=column.rows)
    if column.kind == MOMENTS:
        return _of_dates(column, held, dates)
    return _of_categories(column, held, wanted) if column.is_category else _of_numbers(column, held, wanted)


def _of_numbers(column: Column, held: Values, wanted: bool) -> Column:
    values = numbers_in(column, held)
    there = values[~np.isnan(values)]
    column.gaps = len(values) - len(there)
    if not len(there):
        return _left_out(column.name, column.kind, "no value at all")
    column.low, column.high = float(there.min()), float(there.max())
    if column.low == column.high:
        return _left_out(column.name, column.kind, f"one value only: {there[0]:g}")
    key = _key(column.name, values)
    if key and not wanted:
        return _left_out(
            column.name, IDENTIFIER, f"identifying, {key}; {words.keep(column.name)} takes it all the same"
        )
    column.done = "standardised"
    if held.what == NUMBERS and (infinite := int(np.isinf(held.values).sum())):
        column.why = f"{words.count(infinite, 'infinite value')}"
    return column


def _key(name: str, values: np.ndarray) -> str:
    """Return why whole numbers say which row one is, if they do."""
    there = values[~np.isnan(values)]
    n = len(there)
    if n < _FEW or (there != np.floor(there)).any():
        return ""
    ordered = np.unique(there)
    span = ordered[-1] - ordered[0] + 1
    if len(ordered) == n:
        steps = np.diff(there)
        if span == n or (span <= 2 * n and ((steps > 0).all() or (steps < 0).all())):
            return "numbers of rows"
    own = f"{words.count(len(ordered), 'different number')} in {words.count(n, 'row')}"
    spelled = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    named = _NAMED_AS_KEY.search(re.sub(r"\W+", "_", spelled)) is not None
    of_one_size = ordered[0] >= _KEY and ordered[-1] <= 20 * ordered[0] and (there % 10 == 0).mean() < 0.5
    return own if len(ordered) >= _KEYS * n and (named or of_one_size) else ""


def _of_categories(column: Column, held: Values, wanted: bool) -> Column:
    text = categories_in(column, held)
    counts = cells.counted(text)
    column.gaps = text.null_count
    column.values = list(counts)
    if not counts:
        return _left_out(column.name, column.kind, "no value at all")
    if len(counts) == 1 and not column.gaps:
        return _left_out(column.name, column.kind, f"one value only: {words.quoted(column.values[0])}")
    column.least = _rare_below(len(text))
    rare = [value for value, count in counts.items() if count < column.least]
    if len(rare) == len(counts) and column.gaps < column.least:
        if not wanted:
            again = f"; {words.keep(column.name)} takes it all the same"
            return _left_out(column.name, column.kind, f"no value occurs in {column.least} rows{again}")
        column.least, rare = 1, []
    column.done = f"a feature for each of {words.count(len(counts) - len(rare), 'value')}"
    if len(counts) <= _LISTED and not rare:
        column.done += f" ({', '.join(map(words.short, sorted(counts)))})"
    if rare:
        column.done += f" and one for {words.count(len(rare), 'rare one')}"
    return column


def _rare_below(n: int) -> int:
    """Return in how many of so many rows a category has to occur to have a column of its own."""
    return min(10, max(2, n // 100))


def _of_dates(column: Column, held: Values, dates: str) -> Column:
    moments = moments_in(column, held)
    there = moments[~np.isnat(moments)]
    column.gaps = len(moments) - len(there)
    if dates == "drop":
        return _left_out(column.name, column.kind, "dates are left out, as you said")
    if not len(there):
        return _left_out(column.name, column.kind, "no value at all")
    days = there.astype("datetime64[D]")
    column.first = str(days.min())
    column.clock = len(np.unique(there - days)) > 1
    if there.min() == there.max():
        return _left_out(column.name, column.kind, f"one value only: {there[0]}")
    column.done = "numbers: " + ", ".join(part.split(": ", 1)[1] for part in column.parts)
    odd = int((np.isnat(moments)).sum()) - (held.values.null_count if held.what == TEXT else column.gaps)
    form = order_of(column.form or "")
    said = [
        f"read as {form}" if form else "",
        "years of two digits are 1969 to 2068" if "%y" in (column.form or "") else "",
        f"{words.count(odd, 'cell')} {'is no date' if odd == 1 else 'are no dates'}" if odd else "",
    ]
    column.why = "; ".join(filter(None, [column.why, *said]))
    return column


def order_of(form: str) -> str:
    """Return in words how days and months that could change places are read."""
    orders = {"%d/": "day/month/year", "%m/": "month/day/year", "%d-%m": "day-month-year", "%m-%d": "month-day-year"}
    return next((order for mark, order in orders.items() if form.startswith(mark)), "")


def numbers_in(column: Column, held: Values) -> np.ndarray:
    """Return the numbers of a column, NaN where it has none."""
    if held.what == NUMBERS:
        return np.where(np.isfinite(held.values), held.values, np.nan)
    if held.what == MOMENTS:
        return np.where(np.isnat(held.values), np.nan, held.values.astype("datetime64[s]").astype(np.float64) / 86_400)
    if held.what == YES_NO:
        return pc.cast(pc.equal(held.values, "True"), pa.float64()).to_numpy(zero_copy_only=False)
    if held.what == LISTS:
        return np.full(len(held.values), np.nan)
    return cells.numbers(held.values, column.decimal, column.unit).values


def moments_in(column: Column, held: Values) -> np.ndarray:
    """Return the dates of a column, not a time where it has none."""
    if held.what == MOMENTS:
        return held.values
    moments = np.full(len(held.values), np.datetime64("NaT", "us"))
    if held.what == TEXT:
        # A date of ISO 8601 is one whatever the others of the training were, which may have been no text.
        for form in dict.fromkeys([column.form or cells.date_format(held.values), cells.ISO]):
            if form and np.isnat(moments).any():
                moments = np.where(np.isnat(moments), cells.dates(held.values, form), moments)
    return moments


def categories_in(column: Column, held: Values) -> pa.Array:
    """Return the categories of a column, null where it has none; spelled as in training where they are the same."""
    text = pc.dictionary_encode(_text_of(held))
    known = column.values or list(cells.counted(text.dictionary_decode()))
    spelled = {_alike(value, column.kind): value for value in reversed(known)}
    exact = set() if column.kind == YES_NO else set(known)
    words_ = text.dictionary.to_pylist()
    meant = [word if word in exact else spelled.get(_alike(word, column.kind), word) for word in words_]
    return pa.array(meant, pa.string()).take(text.indices)


def _alike(value: str, kind: str) -> str:
    """Return what two spellings of one category have in common."""
    return value.lower() if kind == YES_NO else cells.alike(value)


def _text_of(held: Values) -> pa.Array:
    """Return the values of a column as text, whatever they are."""
    if held.what == NUMBERS:
        return pa.array([None if np.isnan(value) else f"{value:.15g}" for value in held.values], pa.string())
    if held.what == MOMENTS:
        return cells.tidied([None if np.isnat(value) else str(value) for value in held.values])
    return pa.nulls(len(held.values), pa.string()) if held.what == LISTS else held.values
