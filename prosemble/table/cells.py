"""What the cells of a text column mean: gaps, numbers, dates.

Everything here works on whole columns, as Arrow arrays of strings without surrounding blanks, in which gaps are null.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Cells that hold nothing, whatever the column holds otherwise.
GAPS = ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A")
# What people write in a column of numbers where there is none. Elsewhere these may be values of their own.
_NO_NUMBER = re.compile(
    r"[-\u2013\u2014.*x?]+|n\.?\s*[dabms]\.?|k\.\s*a\.|none|nil|missing|unknown|not \w+|pending"
    r"|#\w+[!?/]?\w*|[<>≤≥].*|[-+]?inf(inity)?",
    re.IGNORECASE,
)

_BLANK = r" \x{a0}\x{2009}\x{202f}"
# Every character between the groups of thousands that is not a mark of decimals somewhere else.
_GROUPED = rf"(\d)[{_BLANK}'\x{{2019}}](\d{{3}})\b"
_EXPONENT = r"([eE][-+]?\d+)?$"
_MARKS = {".": ",", ",": "."}
# A number with this mark of decimals; the other mark may stand between thousands.
_NUMBER = {
    mark: rf"^[-+]?((\d+|\d{{1,3}}(\{other}\d{{3}})+)(\{mark}\d*)?|\{mark}\d+){_EXPONENT}"
    for mark, other in _MARKS.items()
}
# A number that can have no other mark of decimals than this one: `1.234` may be a thousand and more, `1.5` is not.
_CERTAIN = {
    mark: rf"^[-+]?(\d*\{mark}(\d{{1,2}}|\d{{4,}})|0\{mark}\d+|\d{{4,}}\{mark}\d+|\d{{1,3}}(\{other}\d{{3}})+\{mark}\d+"
    rf"|\d*\{mark}\d+[eE][-+]?\d+|\d{{1,3}}(\{other}\d{{3}}){{2,}})$"
    for mark, other in _MARKS.items()
}
# Digits that number something: no quantity is written 0012.
_CODE = r"^[-+]?0\d+$"
# A sign or a code of money before a number; one of money, of percent, or a unit behind it.
_WITH_UNIT = (
    rf"^(?P<before>-?[€$£¥]|[A-Z]{{3}}[{_BLANK}]|)[{_BLANK}]*(?P<number>[-+]?[\d.,]*\d)"
    rf"(?P<after>[{_BLANK}]*[€$£¥%°]?|[{_BLANK}]*[\p{{L}}µ%°][\p{{L}}\d%°/²³.]{{0,7}})$"
)

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
# The forms of a date, and the ways in which each can be read, the more usual one first.
_DAYS = {
    r"^\d{1,2}\.\d{1,2}\.\d{4}\b": ("%d.%m.%Y",),
    r"^\d{1,2}\.\d{1,2}\.\d{2}\b": ("%d.%m.%y",),
    r"^\d{1,2}/\d{1,2}/\d{4}\b": ("%d/%m/%Y", "%m/%d/%Y"),
    r"^\d{1,2}/\d{1,2}/\d{2}\b": ("%d/%m/%y", "%m/%d/%y"),
    r"^\d{1,2}-\d{1,2}-\d{4}\b": ("%d-%m-%Y", "%m-%d-%Y"),
    r"^\d{4}-\d{1,2}-\d{1,2}\b": ("%Y-%m-%d",),
    r"^\d{4}/\d{1,2}/\d{1,2}\b": ("%Y/%m/%d",),
    r"^\d{4}\.\d{1,2}\.\d{1,2}\b": ("%Y.%m.%d",),
    r"^\d{1,2} \p{L}{3} \d{4}\b": ("%d %b %Y",),
    r"^\d{1,2}-\p{L}{3}-\d{4}\b": ("%d-%b-%Y",),
    r"^\d{1,2} \p{L}{4,} \d{4}\b": ("%d %B %Y",),
    r"^\p{L}{3} \d{1,2}, \d{4}\b": ("%b %d, %Y",),
    r"^\p{L}{4,} \d{1,2}, \d{4}\b": ("%B %d, %Y",),
}
_ISO = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[-+]\d{2}:?\d{2})?)?)?$"
ISO = "ISO8601"
# Cells that are looked at to find the form of a column's dates, and the mark of decimals.
_SAMPLE, _PART = 1000, 10_000

Cells: TypeAlias = pa.Array


def tidied(values: Any, gaps: Sequence[str] = GAPS) -> Cells:
    """Return the values as strings without surrounding blanks, null where they hold one of the gaps."""
    cells = values if isinstance(values, pa.Array) else pa.array(values, pa.string(), from_pandas=True)
    cells = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    return pc.if_else(pc.is_in(cells, pa.array(list(gaps), pa.string())), pa.scalar(None, pa.string()), cells)


class Numbers(NamedTuple):
    """A column read as numbers, NaN where a cell holds none, and which cells hold something else than a number."""

    values: np.ndarray
    odd: np.ndarray


def numbers(cells: Cells, decimal: str, unit: str = "") -> Numbers:
    """Read numbers with this mark of decimals; a cell that can only be read with the other mark is read with it."""
    bare = _without_unit(cells, unit)
    other = _MARKS[decimal]
    values = _plain(bare) if decimal == "." else None
    if values is not None:  # most columns of most tables
        return Numbers(values, np.zeros(len(cells), bool))
    values = np.full(len(cells), np.nan)
    for mark, pattern in ((other, _CERTAIN[other]), (decimal, _NUMBER[decimal])):
        fits = pc.match_substring_regex(bare, pattern)
        text = pc.replace_substring(pc.if_else(fits, bare, pa.scalar(None, pa.string())), _MARKS[mark], "")
        read = pc.cast(pc.replace_substring(text, ",", "."), pa.float64()).to_numpy(zero_copy_only=False)
        values = np.where(np.isnan(read), values, read)
    values[~np.isfinite(values)] = np.nan
    return Numbers(values, np.isnan(values) & pc.is_valid(cells).to_numpy(zero_copy_only=False))


def _plain(cells: Cells) -> np.ndarray | None:
    """Return the numbers of cells that are all written as a computer does, None where some are not."""
    try:
        values = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    return None if np.isinf(values).any() else values


def _without_unit(cells: Cells, unit: str) -> Cells:
    """Return the cells with an ASCII minus, without blanks between thousands, and without that unit beside a number."""
    if unit:
        behind = pc.replace_substring_regex(cells, rf"([\d.,])[{_BLANK}]*{re.escape(unit)}$", r"\1")
        before = pc.replace_substring_regex(behind, rf"^(-?){re.escape(unit)}[{_BLANK}]*([\d.,+-])", r"\1\2")
        cells = pc.utf8_trim_whitespace(before)
    if pc.any(pc.match_substring_regex(cells, r"[^\x00-\x7f]|\d[ ']\d")).as_py():
        cells = pc.replace_substring(cells, "\N{MINUS SIGN}", "-")
        for _ in range(3):  # matches do not overlap
            cells = pc.replace_substring_regex(cells, _GROUPED, r"\1\2")
    return cells


def unit_of(cells: Cells) -> str:
    """Return the sign of money or percent, or the unit, that each number has; none where they differ."""
    parts = pc.drop_null(pc.extract_regex(cells, _WITH_UNIT))
    before, after = (pc.utf8_trim_whitespace(pc.struct_field(parts, side)) for side in ("before", "after"))
    before = pc.utf8_ltrim(before, "-")
    units = pc.unique(pc.binary_join_element_wise(before, after, "")).to_pylist()
    return units[0] if len(units) == 1 else ""


def decimal_of(cells: Cells, unit: str = "") -> str:
    """Return the mark of decimals that most of the cells can only have."""
    certain = certain_decimals(_without_unit(cells, unit))
    return "," if certain[","] > certain["."] else "."


def certain_decimals(cells: Cells) -> dict[str, int]:
    """Return how many cells can only be numbers with a point, and how many with a comma, for their decimals.

    Of a long column a part is looked at, if it tells.
    """
    for some in (_part(cells), cells):
        bare = _number_within(some)
        counts = {mark: pc.sum(pc.match_substring_regex(bare, _CERTAIN[mark])).as_py() or 0 for mark in _MARKS}
        if any(counts.values()) or len(some) == len(cells):
            break
    return counts


def most_of(cells: Cells, mark: str) -> int:
    """Return how often a character occurs in the cell that has most of it."""
    return pc.max(pc.count_substring(cells, mark)).as_py() or 0


def _part(cells: Cells) -> Cells:
    """Return cells from all over a long column."""
    there = pc.drop_null(cells)
    return there.take(pa.array(np.linspace(0, len(there) - 1, _PART).astype(int))) if len(there) > _PART else cells


def are_whole_with_groups(cells: Cells, mark: str) -> bool:
    """Whether all cells are whole numbers with this mark between thousands, some of them too small to have one."""
    whole = pc.all(pc.match_substring_regex(cells, rf"^[-+]?\d{{1,3}}(\{mark}\d{{3}})*$")).as_py()
    return bool(whole and pc.any(pc.match_substring_regex(cells, r"^[-+]?\d{1,3}$")).as_py())


def mostly_numbers(cells: Cells, decimal: str) -> bool:
    """Whether at least half of what the cells hold is numbers with this mark of decimals, with units or without."""
    some = _part(cells)
    fits = pc.sum(pc.match_substring_regex(_number_within(some), _NUMBER[decimal])).as_py() or 0
    return 2 * fits >= len(some) - some.null_count > 0


def with_points(cells: Cells) -> Cells:
    """Return numbers that have a decimal comma with a point, without marks between thousands; the rest as it is."""
    bare = _with_point(cells)
    rest = pc.and_(pc.is_null(bare), pc.is_valid(cells))
    parts = pc.extract_regex(cells.filter(rest), _WITH_UNIT)
    before, number, after = (pc.struct_field(parts, part) for part in ("before", "number", "after"))
    with_unit = pc.binary_join_element_wise(before, _with_point(number), after, "")
    return pc.coalesce(pc.replace_with_mask(bare, rest, with_unit), cells)


def _with_point(cells: Cells) -> Cells:
    """Return numbers that have a decimal comma with a point, null for all other cells."""
    fits = pc.match_substring_regex(cells, _NUMBER[","])
    bare = pc.if_else(fits, cells, pa.scalar(None, pa.string()))
    return pc.replace_substring(pc.replace_substring(bare, ".", ""), ",", ".")


def _number_within(cells: Cells) -> Cells:
    """Return the number of cells that hold one and a unit, all other cells as they are."""
    return pc.coalesce(pc.struct_field(pc.extract_regex(cells, _WITH_UNIT), "number"), cells)


def are_numbers(cells: Cells) -> np.ndarray:
    """Return which cells are numbers, whatever their mark of decimals."""
    return np.logical_or.reduce([_fits(cells, pattern) for pattern in _NUMBER.values()])


def alike(value: str) -> str:
    """Return what two spellings of a number have in common, `1` and `1.0`; codes such as 0012 and words stay."""
    return f"{float(value):.15g}" if re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d+)?", value) else value


def are_dates(cells: Cells) -> np.ndarray:
    """Return which cells have the form of a date."""
    return np.logical_or.reduce([_fits(cells, pattern) for pattern in (_ISO, *_DAYS)])


def _fits(cells: Cells, pattern: str) -> np.ndarray:
    return pc.fill_null(pc.match_substring_regex(cells, pattern), False).to_numpy(zero_copy_only=False)


def have_digits(cells: Cells) -> bool:
    """Whether there is a digit among the cells: without one they are neither numbers nor dates."""
    return bool(pc.any(pc.match_substring_regex(cells, "[0-9]")).as_py())


def have_codes(cells: Cells) -> bool:
    """Whether a number among the cells begins with a zero that counts nothing, as in 0012."""
    return bool(pc.any(pc.match_substring_regex(cells, _CODE)).as_py())


def counted(cells: Cells) -> dict[str, int]:
    """Return how often each value occurs, the most frequent first."""
    pairs = pc.value_counts(pc.drop_null(cells)).to_pylist()
    return {
        pair["values"]: pair["counts"] for pair in sorted(pairs, key=lambda pair: (-pair["counts"], pair["values"]))
    }


def stands_for_no_number(value: str) -> bool:
    """Whether a cell among numbers says that there is none: `n.d.`, `-`, `<0.3`, `#DIV/0!`."""
    return _NO_NUMBER.fullmatch(value) is not None


def date_format(cells: Cells) -> str | None:
    """Return the format that nearly all cells are dates of, for `dates`, or None."""
    some = pc.drop_null(cells)[:_SAMPLE]
    if not len(some):
        return None
    if share(some, _ISO) >= 0.95 and _readable(some, ISO) >= 0.95 and not _are_seasons(some):
        return ISO
    for pattern, days in _DAYS.items():
        if share(some, pattern) >= 0.95:
            # Where day and month are told apart by no cell of the sample, one further down may do so.
            found = {day + clock: _readable(cells, day + clock) for day in days for clock in _CLOCKS}
            best = max(found, key=lambda form: found[form])
            return best if found[best] >= 0.95 else None
    return None


def other_order(form: str) -> str | None:
    """Return the form in which day and month have changed places, where there is one."""
    for days in _DAYS.values():
        for day in days:
            if len(days) == 2 and form.startswith(day):
                return days[1 - days.index(day)] + form[len(day) :]
    return None


def _are_seasons(cells: Cells) -> bool:
    """Whether all cells name a year and the next one, as 2010-11 does, and not a month."""
    parts = pc.extract_regex(cells, r"^\d{2}(?P<year>\d{2})-(?P<next>\d{2})$")
    year, following = (pc.cast(pc.struct_field(parts, part), pa.int64()) for part in ("year", "next"))
    return year.null_count == 0 and pc.all(pc.equal(pc.add(year, 1), following)).as_py()


def share(cells: Cells, pattern: str) -> float:
    return pc.mean(pc.cast(pc.match_substring_regex(cells, pattern), pa.float64())).as_py()


def _readable(cells: Cells, form: str) -> float:
    some = pc.drop_null(cells)
    return float(np.mean(~np.isnat(dates(some, form)))) if len(some) else 0.0


def dates(cells: Cells, form: str) -> np.ndarray:
    """Return the cells as moments, datetime64 in microseconds; not a time where a cell is none of that format.

    A moment is that of the clock where it was written, whatever the zone.
    """
    if form == ISO:  # of which pandas takes bare numbers for, too
        local = pc.replace_substring_regex(cells, r"(:\d{2}(\.\d+)?)\s?(Z|[-+]\d{2}:?\d{2})$", r"\1")
        cells = pc.if_else(pc.match_substring_regex(cells, _ISO), local, pa.scalar(None, pa.string()))
    moments = pd.to_datetime(cells.to_pylist(), format=form, errors="coerce")
    return moments.to_numpy().astype("datetime64[us]")
