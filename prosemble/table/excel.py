"""Tables in Excel files: the first sheet that holds one, below its titles."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from prosemble import _words as words
from prosemble.table import header as heading
from prosemble.table.delimited import Sheet

# Rows of a worksheet among which the names are looked for.
_HEAD = 50

Cells = list[list[Any]]


def read_excel(data: bytes, source: str, sheet: str | None, header: str) -> tuple[Sheet, str]:
    """Return the cells of a worksheet as text, and which one it was.

    Raises
    ------
    ImportError
        Without the extra `excel`.
    ValueError
        If the file is damaged, has no such sheet or none with a table, or formulas in it have no results.
    """
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{source}: Excel files need `pip install 'prosemble[excel]'`.") from error
    has_merged, has_formulas = _held(data)
    book = _opened(data, source, read_only=not has_merged, data_only=True)
    names = [page.title for page in book.worksheets]
    if sheet is not None and sheet not in names:
        raise ValueError(f"{source}: has no sheet {words.quoted(sheet)}. Sheets: {words.listed(names)}.")
    seen = sorted(book.worksheets, key=lambda page: page.sheet_state != "visible")
    found: list[tuple[Any, Cells, Sheet]] = []
    for page in seen if sheet is None else [book[sheet]]:
        cells = [list(row) for row in page.iter_rows(values_only=True)]
        filled_down = _fill_down(page, cells) if has_merged else 0
        table = _from_cells(cells, source, header)
        if table is not None:
            if filled_down:
                table.notes.append(f"filled down {words.count(filled_down, 'merged cell')}")
            found.append((page, cells, table))
            if len(table.names) > 1:  # and not a page of remarks
                break
    if not found:
        where = words.quoted(sheet) if sheet is not None else words.listed(names, 5)
        raise ValueError(f"{source}: holds no rows of a table in sheet {where}.")
    page, cells, table = max(found, key=lambda each: len(each[2].names) > 1)
    if has_formulas:
        _require_results(data, source, page.title, cells)
    others = [name for name in names if name != page.title]
    which = f"sheet {words.quoted(page.title)}"
    if others and sheet is None:
        which += f" (others, by {words.option('sheet', 'NAME')}: {words.listed(others, 5)})"
    return table, which


def _held(data: bytes) -> tuple[bool, bool]:
    """Return whether there are merged cells, and formulas, on any of the worksheets, as their XML tells."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        pages = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    except Exception:  # which the reader tells of
        return False, False
    return any(b"<mergeCell " in page for page in pages), any(b"<f>" in page or b"<f " in page for page in pages)


def _opened(data: bytes, source: str, **options: bool) -> Any:
    import openpyxl

    try:
        return openpyxl.load_workbook(io.BytesIO(data), **options)
    except Exception as error:  # it raises whatever the archive or the XML within it makes it
        raise ValueError(f"{source}: is damaged, or no whole Excel file.") from error


def _fill_down(page: Any, cells: Cells) -> int:
    """Put the value of merged cells into each of their rows, and return how many were merged so."""
    count = 0
    for block in page.merged_cells.ranges:
        if block.max_row > block.min_row:
            column = block.min_col - 1
            for row in range(block.min_row, block.max_row):
                cells[row][column] = cells[block.min_row - 1][column]
            count += 1
    return count


def _require_results(data: bytes, source: str, title: str, cells: Cells) -> None:
    """Raise an error where cells hold a formula that nobody has evaluated."""
    from openpyxl.utils import get_column_letter

    formulas = _opened(data, source, read_only=True)[title].iter_rows(values_only=True)
    without = [
        f"{get_column_letter(j + 1)}{i + 1}"
        for i, (row, values) in enumerate(zip(formulas, cells, strict=False))
        for j, (cell, value) in enumerate(zip(row, values, strict=False))
        if value is None and isinstance(cell, str) and cell.startswith("=")
    ]
    if without:
        raise ValueError(
            f"{source}: formulas in sheet {words.quoted(title)} have no results: {words.listed(without, 3)}; open the "
            "file in Excel and save it."
        )


def _text(value: Any) -> str:
    """Return a cell as it would stand in a text."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.isoformat(" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def _from_cells(cells: Cells, source: str, header: str) -> Sheet | None:
    """Return the table that a worksheet holds below its titles, None where it holds none."""
    rows = [[_text(value) for value in row] for row in cells]
    while rows and not heading.filled(rows[-1]):  # what was formatted, not what was filled
        rows.pop()
    used = max((j + 1 for row in rows for j, cell in enumerate(row) if cell.strip()), default=0)
    rows = [[*row, *[""] * used][:used] for row in rows]
    named = header != "none"
    at = heading.beginning(rows[:_HEAD], named)
    begins = at + named
    if begins >= len(rows):
        return None
    notes = [f"skipped {words.count(at, 'row')} above the table"] if at else []
    columns = [pa.array(column, pa.string()) for column in zip(*rows[begins:], strict=True)]
    if named:
        names = heading.checked_names(rows[at], columns, header, source, f"row {at + 1}")
        heading.require_one_head(columns, source, f"row {at + 2}")
    else:
        names = [f"column_{j + 1}" for j in range(used)]
    body = [[*row, *[None] * used][:used] for row in cells[begins : len(rows)]]
    return Sheet(names, columns, notes, [measured(column) for column in zip(*body, strict=True)])


def measured(values: Sequence[Any]) -> np.ndarray:
    """Return which values are numbers, and not text that reads like one."""
    return np.array([isinstance(value, int | float) for value in values])
