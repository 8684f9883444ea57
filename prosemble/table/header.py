"""Where a table begins below its titles, and its names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prosemble import _words as words
from prosemble.table import cells

Row = Sequence[str]

#: What `header` may be: names are looked for, there are none, or the first row is names whatever it looks like.
HEADERS = ("auto", "none", "first")
# Rows in which a second line of names is looked for.
_SAMPLE = 200
_YEAR = re.compile(r"(19|20)\d\d")


def width_of(rows: Sequence[Row]) -> int:
    """Return how many cells most of the rows have."""
    counts = Counter(len(row) for row in rows if filled(row))
    return max(counts, key=lambda count: (counts[count], count)) if counts else 0


def filled(row: Row) -> list[str]:
    """Return the cells of a row that hold something."""
    return [cell.strip() for cell in row if cell.strip()]


def is_comment(row: Row, width: int) -> bool:
    """Whether a row is a remark: a name or a value may begin with a # too, but not a row of another width."""
    return bool(row) and row[0].lstrip().startswith("#") and (len(row) != width or width == 1)


def beginning(rows: Sequence[Row], named: bool = True) -> int:
    """Return the place of the first row that is neither blank nor a remark nor a title.

    A title has one cell that holds something, and below it is no row of values, of which it would be the name; or it
    stands above a row of names, with a number of cells of its own, or with some that are empty below a row of one or
    none. A row of names that is merely too short is no title: it makes the rows below it an error. Where the table is
    not `named`, every row of one cell is a title.
    """
    width = width_of(rows)
    names = _head(rows, width) if any(len(filled(row)) != width for row in rows) else None
    bare = any(len(filled(row)) <= 1 < width for row in rows[:names])
    for i, row in enumerate(rows):
        content = filled(row)
        alone = len(content) <= 1 < width and (width > 2 or len(row) < width)
        below = next((other for other in rows[i + 1 :] if len(other) == width and len(filled(other)) > 1), [])
        is_title = alone and not (named and len(row) < width and below and all(_are_values(filled(below))))
        incomplete = len(row) != width or (len(content) < width and bare)
        above_names = incomplete and names is not None and i < names
        if content and not (is_comment(row, width) or is_title or above_names):
            return i
    return len(rows)


def _head(rows: Sequence[Row], width: int) -> int | None:
    """Return the place of the first row that reads as names above numbers."""
    whole = [i for i, row in enumerate(rows) if len(row) == width]
    are_values = _are_values([cell for i in whole for cell in rows[i]]).reshape(len(whole), width)
    for k, i in enumerate(whole[:-1]):
        names = set(filled(rows[i]))
        words_alone = len(names) == width and not are_values[k].any() and not any(map(_is_gap, names))
        if words_alone and (are_values[k + 1 :].mean(axis=0) > 0.5).any():
            return i
    return None


def _is_gap(text: str) -> bool:
    return text in cells.GAPS or cells.stands_for_no_number(text)


def require_one_head(columns: Sequence[pa.Array], source: str, line: str) -> None:
    """Raise a `ValueError` where the first row is no row of values, but a second one of names, or of units.

    It is, if several columns are numbers but for a word in the first row.
    """
    if len(columns[0]) <= 3:
        return
    heads = [column[0].as_py() or "" for column in columns]
    are_numbers = np.array([cells.are_numbers(cells.tidied(column[1:_SAMPLE])).mean() > 0.9 for column in columns])
    if are_numbers.sum() < 2:
        return
    above = [head.strip() for head, is_number in zip(heads, are_numbers, strict=True) if is_number]
    if not _are_values(above).any() and not any(map(_is_gap, above)):
        shown = words.listed([words.short(head) for head in heads], 6)
        raise ValueError(f"{source}: {line} ({shown}) looks like a second line of names, or of units; take it out.")


def _are_values(texts: Sequence[str]) -> np.ndarray:
    """Return which of the texts are numbers or dates."""
    tidied = cells.tidied(list(texts))
    return cells.are_numbers(tidied) | cells.are_dates(tidied)


def checked_names(row: Row, columns: Sequence[pa.Array], header: str, source: str, line: str) -> list[str]:
    """Return the names of the columns, trimmed, those without one called by their place.

    Raises
    ------
    ValueError
        If they look like values, or two of them are equal.
    """
    names = [" ".join(name.split()) for name in row]
    if header == "auto" and _look_like_values(names, columns):
        raise ValueError(
            f"{source}: {line} ({words.listed([words.short(name) for name in names], 6)}) looks like values, "
            f"not names. Put a line of names above it, or say {words.option('header', 'none')} (they are then called "
            f"column_1, column_2, ...), or {words.option('header', 'first')} if these are the names."
        )
    names = [name or f"column_{j + 1}" for j, name in enumerate(names)]
    places: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        places.setdefault(name, []).append(j + 1)
    if same := {name: where for name, where in places.items() if len(where) > 1}:
        name, where = next(iter(same.items()))
        more = f" ({len(same) - 1:,} more names are there twice)" if len(same) > 1 else ""
        which = f"{words.listed(where[:-1])} and {where[-1]}"
        raise ValueError(
            f"{source}: columns {which} are both called {words.quoted(name)}{more}; rename all but one of them."
        )
    return names


def _look_like_values(names: Sequence[str], columns: Sequence[pa.Array]) -> bool:
    values = [name for name, is_value in zip(names, _are_values(names), strict=True) if is_value]
    if values and not _numbered(values):
        return True
    named = [(name, column) for name, column in zip(names, columns, strict=True) if name]
    among = [name for name, column in named if pc.index(column, pa.scalar(name)).as_py() >= 0]
    return len(among) > len(named) / 2


def _numbered(values: Sequence[str]) -> bool:
    """Whether names that are numbers count up from 0 or 1, as columns without names do, or are years."""
    if all(map(_YEAR.fullmatch, values)):
        return True
    if not all(value.isdecimal() for value in values):
        return False
    first = int(values[0])
    return first in (0, 1) and [int(value) for value in values] == list(range(first, first + len(values)))
