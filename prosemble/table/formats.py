"""Tables that are neither delimited text nor Excel: Parquet, Arrow, ARFF, JSON lines."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from prosemble.table import header as heading
from prosemble.table.delimited import Sheet
from prosemble.table.excel import measured

# The declaration of an attribute of ARFF whose type matches.
_DECLARED = r"(?im)^(\s*@attribute\s+(?:'[^']*'|\"[^\"]*\"|\S+)\s+){}"


def read_parquet(data: bytes, source: str) -> pd.DataFrame:
    from pyarrow import parquet

    try:
        return _plain(parquet.ParquetFile(io.BytesIO(data)).read(), source)
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


def read_arff(text: str, source: str) -> pd.DataFrame:
    """Read an ARFF file; nominal attributes are categories, all others what their values are."""
    import arff

    # Dates are read from their text, as in every other table.
    text = re.sub(_DECLARED.format("date\\b.*$"), r"\1string", text)
    # Cells that are no whole numbers would be cut to such.
    text = re.sub(_DECLARED.format("integer\\b"), r"\1numeric", text)
    try:
        content = arff.loads(text)
    except arff.BadAttributeName as error:
        raise ValueError(
            f"{source}: line {error.line} has the name of another attribute; rename one of them."
        ) from error
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
        places = [f"element {i + 1}" for i in range(len(records))]
    elif "\n" in text.strip() and _is_one_value(text):
        raise ValueError(
            f"{source}: is one JSON object; a table is a list of objects, one for each row, or one a line."
        )
    else:
        # Strings of JSON may hold all other characters that end a line elsewhere.
        lines = [(i + 1, line) for i, line in enumerate(text.split("\n")) if line.strip()]
        records = [_loaded(line, source, f"line {number}") for number, line in lines]
        places = [f"line {number}" for number, _ in lines]
    for place, record in zip(places, records, strict=True):
        if not isinstance(record, Mapping):
            raise ValueError(f"{source}: {place} is no JSON object, which a row is.")
    if len(records) == 1 and all(isinstance(value, dict | list) for value in records[0].values()):
        raise ValueError(f"{source}: holds columns, not rows; write one object for each row (orient='records').")
    names = list(dict.fromkeys(name for record in records for name in record))
    values = [[record.get(name) for record in records] for name in names]
    columns = [pa.array(map(_json_text, column), pa.string()) for column in values]
    return Sheet(
        heading.checked_names(names, columns, "first", source, ""), columns, measured=list(map(measured, values))
    )


def _loaded(text: str, source: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{source}: {place} is no JSON.") from error


def _is_one_value(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
