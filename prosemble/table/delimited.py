"""Delimited text: what separates the cells, where the table begins, and each row whole, or an error with its line."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from prosemble import _words as words
from prosemble.table import header as heading

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "blanks"}
# Characters and lines at the beginning of a text that tell how it is written.
_SAMPLE, _SAMPLE_LINES = 30_000, 200
# Longer texts are read by Arrow where nothing is unusual in them: line by line takes twenty times as long.
_LONG = 1_000_000
# What Arrow reads in another way: a blank between a separator and a quote, a line without cells, a line ended by \r.
_UNUSUAL = re.compile(r"[,;\t|][ \t]+[\"']|\n\r?\n|\r(?!\n)")
# In the place of the separator where there is none: the character of ASCII for it, which nobody writes.
_NONE = "\x1f"
# Characters of a cell, of which a quote that is never closed makes one of all that follows.
_LONGEST_CELL = 10_000_000


@dataclass(frozen=True)
class Dialect:
    """How cells are written beside each other; without a separator each line is one."""

    separator: str | None = None
    quote: str = '"'
    escape: str | None = None

    @property
    def words(self) -> str:
        if self.separator is None:
            return f"one cell a line ({words.option('separator', 'space')} if blanks stand between cells)"
        return f"{SEPARATORS.get(self.separator, repr(self.separator))} between cells"

    def rows(self, text: str, source: str, line: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the rows of the text, each with the line that it begins in; the text itself begins in that line."""
        csv.field_size_limit(_LONGEST_CELL)
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.separator or _NONE,
            quotechar=self.quote,
            escapechar=self.escape,
            skipinitialspace=True,
            strict=True,
        )
        begins = line
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise ValueError(
                    f"{source}: the quote in line {begins} is not closed, or has text behind its end."
                ) from error
            yield begins, row
            begins = line + reader.line_num


@dataclass
class Sheet:
    """The cells of a table as text, column by column, and what was noticed on the way.

    `measured` tells of each column which cells the file itself holds as numbers; None where all are text.
    """

    names: list[str]
    columns: list[pa.Array]
    notes: list[str] = field(default_factory=list)
    measured: list[np.ndarray] | None = None


def read_delimited(
    text: str, source: str, separator: str | None = None, header: str = "auto", decimal: str | None = None
) -> tuple[Sheet, Dialect]:
    """Read a text whose lines are rows; its separator is found where it is not given, and is not the mark of decimals.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than the header, a quote is not closed, or the names are none.
    """
    above = 0
    if start := re.match(r"sep=(.)\r?\n", text):  # how Excel is told, which takes the line for no row
        text, separator, above = text[start.end() :], separator or start[1], 1
    dialect = _sniffed(text, decimal) if separator is None else Dialect(separator)
    if separator == " " and dialect.quote not in text:  # which stand in any number, to align columns
        text = re.sub(r"(?m)^ +| +$", "", re.sub(r"[ \t]+", " ", text))
    head = list(itertools.islice(dialect.rows(text, source, above + 1), _SAMPLE_LINES))
    at = heading.beginning([row for _, row in head], named=header != "none")
    if at == len(head):
        raise ValueError(f"{source}: holds no rows.")
    named = header != "none"
    line, first = head[at]
    width = len(first) if named else heading.width_of([row for _, row in head[at:]])
    begins = head[at + 1][0] if named and at + 1 < len(head) else line + named
    body = _from_line(text, begins - above)
    columns = _by_arrow(body, first if named else None, width, dialect) if len(body) > _LONG else None
    notes = _skipped([row for _, row in head[:at]], dialect)
    if columns is None:
        columns, left_out = _by_line(
            dialect.rows(body, source, begins), first if named else None, width, dialect, source
        )
        notes += left_out
    if not named:
        return Sheet([f"column_{j + 1}" for j in range(width)], columns, notes), dialect
    names = heading.checked_names(first, columns, header, source, f"line {line}")
    heading.require_one_head(columns, source, f"line {line + 1}")
    return Sheet(names, columns, notes), dialect


def _sniffed(text: str, decimal: str | None) -> Dialect:
    """Return what the beginning of the text is most likely written in."""
    from clevercsv.detect import Detector

    lines = text[: 20 * _SAMPLE].splitlines(keepends=True)[:_SAMPLE_LINES]
    while len(lines) > 3 and sum(map(len, lines)) > _SAMPLE:
        lines.pop()
    # Blanks separate words of a text, too: a table whose cells they separate needs the option.
    found = Detector().detect("".join(lines), delimiters=[mark for mark in SEPARATORS if mark not in (" ", decimal)])
    if found is None or found.delimiter not in SEPARATORS:
        return Dialect()
    return Dialect(found.delimiter, "'" if found.quotechar == "'" else '"', found.escapechar or None)


def _from_line(text: str, line: int) -> str:
    stream = io.StringIO(text, newline="")
    for _ in range(line - 1):
        stream.readline()
    return stream.read()


def _skipped(rows: Sequence[list[str]], dialect: Dialect) -> list[str]:
    if not rows:
        return []
    titles = [words.quoted((dialect.separator or "").join(row)) for row in rows if heading.filled(row)]
    shown = f": {words.listed(titles, 3)}" if titles else ""
    return [f"skipped {words.count(len(rows), 'line')} above the table{shown}"]


def _by_arrow(body: str, names: list[str] | None, width: int, dialect: Dialect) -> list[pa.Array] | None:
    """Return the columns, or None where a row may be another than it seems: then each has to be looked at."""
    if dialect.separator is None or dialect.escape is not None or _UNUSUAL.search(body):
        return None
    if body.count(dialect.quote) % 2:  # one that is not closed, which Arrow lets the end of the text close
        return None
    places = [str(j) for j in range(width)]
    data = body.encode()
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(data),
            arrow_csv.ReadOptions(
                column_names=places, block_size=max(2**24, 64 * max(map(len, body[: 10**6].split("\n"))))
            ),
            arrow_csv.ParseOptions(
                delimiter=dialect.separator,
                quote_char=dialect.quote,
                newlines_in_values=dialect.quote in body,
                ignore_empty_lines=False,
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    first = columns[0].to_numpy(zero_copy_only=False)
    strange = np.char.startswith(first.astype(str), "#") if len(first) else np.array([])
    if strange.any() or (names is not None and (first == names[0]).any()):
        return None
    return columns


def _by_line(
    rows: Iterator[tuple[int, list[str]]], names: list[str] | None, width: int, dialect: Dialect, source: str
) -> tuple[list[pa.Array], list[str]]:
    """Return the columns and what was left out; a row of another width is an error."""
    kept: list[list[str]] = []
    remarks: list[int] = []
    headers: list[int] = []
    ragged, marks = "", False
    for line, row in rows:
        if row == names:
            headers.append(line)
        elif len(row) == width:
            kept.append(row)
            marks = marks or row[0].startswith("#")
        elif not heading.filled(row):  # a blank line is a row of which nothing is known
            kept.append([""] * width)
        elif heading.is_comment(row, width):
            remarks.append(line)
            ragged = ragged or _ragged(source, len(kept) + 1, line, row, names, width, dialect)
        else:
            raise ValueError(_ragged(source, len(kept) + 1, line, row, names, width, dialect))
    if marks and ragged:  # where values begin with a #, it makes no remark of a row
        raise ValueError(ragged)
    columns = [pa.array(column, pa.string()) for column in zip(*kept, strict=True)] or [
        pa.array([], pa.string())
    ] * width
    notes = [
        f"left out {words.count(len(lines), what)} ({words.listed(lines, 5)})"
        for lines, what in ((headers, "line that repeats the names"), (remarks, "line of remarks"))
        if lines
    ]
    return columns, notes


def _ragged(
    source: str, row: int, line: int, found: list[str], names: list[str] | None, width: int, dialect: Dialect
) -> str:
    than = f"the header {width}" if names is not None else f"the others {width}"
    hint = " (a decimal comma?)" if dialect.separator == "," and len(found) > width else ""
    hint = " (a separator at its end?)" if len(found) == width + 1 and not found[-1].strip() else hint
    return f"{source}: row {row} (line {line}) has {words.count(len(found), 'cell')}, {than}{hint}."
