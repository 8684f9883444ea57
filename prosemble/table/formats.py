"""Tables that are no delimited text: Parquet, Arrow, Excel, ARFF, JSON lines."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from prosemble import _words as words
from prosemble.table import header as heading
from prosemble.table.delimited import Sheet

# Rows of a worksheet among which the names are looked for.
_HEAD = 50


def read_parquet(data: bytes, source: str) -> pd.DataFrame:
    from pyarrow import parquet

    try:
        return _plain(parquet.read_table(io.BytesIO(data)), source)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{source}: is damaged, or no whole Parquet file.") from error


def read_arrow(data: bytes, source: str) -> pd.DataFrame:
    from pyarrow import feather, ipc

    try:
        if data.startswith(b"FEA1"):
            return _plain(feather.read_table(io.BytesIO(data)), source)
        opened = ipc.open_file if data.startswith(b"ARROW1") else ipc.open_stream
        return _plain(opened(io.BytesIO(data)).read_all(), source)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{source}: is damaged, or no whole Arrow file.") from error


def plain_arrow(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a pandas frame, decimals as numbers and days as moments."""
    columns = {}
    for index, field in enumerate(table.schema):
        column = table.column(index)
        if pa.types.is_decimal(field.type):
            column = column.cast(pa.float64())
        elif pa.types.is_date(field.type):
            column = column.cast(pa.timestamp("s"))
        elif pa.types.is_dictionary(field.type) and not pa.types.is_string(field.type.value_type):
            column = column.cast(pa.dictionary(field.type.index_type, pa.string()))
        elif pa.types.is_interval(field.type):  # of which pandas has no type
            column = pa.array([None if each is None else str(each) for each in column.to_pylist()], pa.string())
        columns[index] = column
    return (
        table.from_arrays(list(columns.values()), table.column_names)
        .replace_schema_metadata(table.schema.metadata)
        .to_pandas()
    )


def _plain(table: pa.Table, source: str) -> pd.DataFrame:
    names = heading.checked_names(
        table.column_names, [pa.array([], pa.string())] * table.num_columns, "first", source, ""
    )
    return plain_arrow(table.rename_columns(names))


def read_excel(data: bytes, source: str, sheet: str | None, header: str) -> tuple[Sheet, str]:
    """Return the cells of a worksheet as text, and which one it was."""
    try:
        import openpyxl
    except ImportError as error:
        raise ImportError(f"{source}: Excel files need `pip install 'prosemble[excel]'`.") from error
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # it raises whatever the archive or the XML within it makes it
        raise ValueError(f"{source}: is damaged, or no whole Excel file.") from error
    names = [page.title for page in book.worksheets]
    if sheet is not None and sheet not in names:
        raise ValueError(f"{source}: has no sheet {words.quoted(sheet)}. Sheets: {words.listed(names)}.")
    found: list[tuple[str, Sheet]] = []
    for page in book.worksheets if sheet is None else [book[sheet]]:
        table = _from_rows(list(page.iter_rows(values_only=True)), source, header)
        if table is not None:
            found.append((page.title, table))
            if len(table.names) > 1:  # and not a page of remarks
                break
    if not found:
        where = words.quoted(sheet) if sheet is not None else words.listed(names, 5)
        raise ValueError(f"{source}: holds no rows of a table in sheet {where}.")
    title, table = max(found, key=lambda each: len(each[1].names) > 1)
    others = [name for name in names if name != title]
    which = f"sheet {words.quoted(title)}"
    if others and sheet is None:
        which += f" (others, by {words.option('sheet', 'NAME')}: {words.listed(others, 5)})"
    return table, which


def _text(value: Any) -> str:
    """Return a cell as it would stand in a text."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.isoformat(" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def _from_rows(values: list[tuple[Any, ...]], source: str, header: str) -> Sheet | None:
    """Return the table that a worksheet holds below its titles, None where it holds none."""
    rows = [[_text(value) for value in row] for row in values]
    while rows and not heading.filled(rows[-1]):  # what was formatted, not what was filled
        rows.pop()
    used = max((j + 1 for row in rows for j, cell in enumerate(row) if cell.strip()), default=0)
    rows = [[*row, *[""] * used][:used] for row in rows]
    named = header != "none"
    at = heading.beginning(rows[:_HEAD], named)
    if at + named >= len(rows):
        return None
    notes = [f"skipped {words.count(at, 'row')} above the table"] if at else []
    begins = at + named
    columns = [pa.array(column, pa.string()) for column in zip(*rows[begins:], strict=True)]
    names = (
        heading.checked_names(rows[at], columns, header, source, f"row {at + 1}")
        if named
        else [f"column_{j + 1}" for j in range(used)]
    )
    cells = [[*row, *[None] * used][:used] for row in values[begins : len(rows)]]
    return Sheet(names, columns, notes, [_measured(column) for column in zip(*cells, strict=True)])


def _measured(values: Sequence[Any]) -> np.ndarray:
    return np.array([isinstance(value, int | float) for value in values])


def read_arff(text: str, source: str) -> pd.DataFrame:
    """Read an ARFF file; nominal attributes are categories, all others what their values are."""
    import arff

    # Dates are read from their text, as in every other table.
    text = re.sub(r"(?im)^(\s*@attribute\s+(?:'[^']*'|\"[^\"]*\"|\S+)\s+)date\b.*$", r"\1string", text)
    try:
        content = arff.loads(text)
    except arff.ArffException as error:
        raise ValueError(f"{source}: line {error.line} is none that an ARFF file can have.") from error
    rows = content["data"]
    if rows and isinstance(rows[0], dict):
        raise ValueError(f"{source}: is a sparse ARFF file; save it as a dense one or as CSV.")
    columns: dict[str, Any] = {}
    names = heading.checked_names(
        [name for name, _ in content["attributes"]], [pa.array([], pa.string())] * len(content["attributes"]),
        "first", source, "",
    )  # fmt: skip
    for j, (name, (_, kind)) in enumerate(zip(names, content["attributes"], strict=True)):
        values = [row[j] for row in rows]
        columns[name] = pd.Categorical(values, kind) if isinstance(kind, list) else pd.Series(values)
    return pd.DataFrame(columns)


def read_json(text: str, source: str) -> Sheet:
    """Read objects, one a line, or a list of them; a name that one of them lacks is a gap."""
    if text.lstrip().startswith("["):
        records = _loaded(text, source, "the list")
        if not isinstance(records, list):
            raise ValueError(f"{source}: is no list of objects.")
        places = [f"object {i + 1}" for i in range(len(records))]
    else:
        # Strings of JSON may hold all other characters that end a line elsewhere.
        lines = [(i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip()]
        records = [_loaded(line, source, f"line {number}") for number, line in lines]
        places = [f"line {number}" for number, _ in lines]
    for place, record in zip(places, records, strict=True):
        if not isinstance(record, Mapping):
            raise ValueError(f"{source}: {place} is no JSON object.")
    names = list(dict.fromkeys(name for record in records for name in record))
    values = [[record.get(name) for record in records] for name in names]
    columns = [pa.array(map(_json_text, column), pa.string()) for column in values]
    return Sheet(
        heading.checked_names(names, columns, "first", source, ""), columns, measured=list(map(_measured, values))
    )


def _loaded(text: str, source: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source}: {place} is no JSON.") from error


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
