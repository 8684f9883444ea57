"""What may be written where, and tables in the format that a file's name says."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from prosemble import _words as words
from prosemble._writing import replacing, writable
from prosemble.io import container
from prosemble.table import printing

_FORMATS = (".csv", ".parquet", ".pq", ".xlsx")
# What a formula begins with.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Bytes at the beginning of a file in which a binary one tells what it is.
_BEGINNING = 64


def checked_output(output: Path, inputs: Iterable[str | Path], force: bool, table: bool = False) -> Path:
    """Return where to write, or say why nothing is to be written there, before any work is done.

    Raises
    ------
    ValueError
        If it is one of the inputs, or for a `table` has the name of another format.
    FileExistsError
        If there is a file that is not of this library's making, and `force` does not say to replace it.
    """
    place = writable(output, "--output")
    for path in inputs:
        if str(path) != "-" and Path(path).exists() and place.exists() and os.path.samefile(path, place):
            raise ValueError(f"--output {output} is the same file as {path}, which is read; give another name.")
    if table and output.suffix.lower() not in _FORMATS:
        raise ValueError(f"--output {output}: a table is written as {', '.join(_FORMATS)}; give such a name.")
    if not force and place.exists() and place.stat().st_size and not _is_ours(place):
        raise FileExistsError(
            f"--output {output} is a file that prosemble did not write; give another name, or --force to replace it."
        )
    return place


def _is_ours(path: Path) -> bool:
    """Whether a file has the form of a model, a table, a report or an export of this library's making."""
    if container.is_model(path):
        return True
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".pq"):
            from pyarrow import parquet

            return _are_ours(parquet.read_schema(path).names)
        if suffix == ".xlsx":
            import openpyxl

            page = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True).worksheets[0]
            return _are_ours(next(page.iter_rows(max_row=1, values_only=True)))
    except Exception:  # whatever it is, it is none of ours
        return False
    content = path.read_bytes()
    first, beginning = content.partition(b"\n")[0], content[:_BEGINNING]
    if b"\0" in beginning or b"\x1a" in beginning:
        return b"prosemble\x1a" in beginning or b"prosemble_program" in content  # of ONNX and StableHLO
    if first.startswith(b"<!"):
        return b'<meta name="generator" content="prosemble' in content.partition(b"</head>")[0]
    if first.startswith(b"/* A "):
        return b" of prosemble: " in first
    return _are_ours(first.decode("utf-8", "replace").strip().split(","))


def _are_ours(columns: Sequence[Any]) -> bool:
    """Whether a table begins with the columns of `explain` or `predict`."""
    first, second = [*map(str, columns[:2]), "", ""][:2]
    return first == "prediction" and (second == "prototype" or second.startswith("probability_"))


def write_table(frame: pd.DataFrame, output: Path | None, raw: bool = False) -> None:
    """Write a table in the format of the name, whole or not at all; as CSV to standard output where there is none.

    In CSV, text that a spreadsheet would run as a formula begins with an apostrophe, but where it is to be `raw`.
    """
    suffix = ".csv" if output is None else output.suffix.lower()
    if suffix == ".csv" and not raw:
        frame = _harmless(frame)
    if output is None:
        frame.to_csv(sys.stdout, index=False)
        return
    with replacing(output) as temporary:
        if suffix in (".parquet", ".pq"):
            frame.to_parquet(temporary, index=False)
        elif suffix == ".xlsx":
            _write_excel(frame, output, temporary)
        else:
            frame.to_csv(temporary, index=False)


def _harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before each text that is a formula to a spreadsheet, and say so."""
    count = 0

    def harmless(value: Any) -> Any:
        nonlocal count
        if not isinstance(value, str) or not value.startswith(_FORMULA) or _is_number(value):
            return value
        count += 1
        return f"'{value}"

    text = {name: frame[name].map(harmless) for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])}
    frame = frame.assign(**text).rename(columns=harmless)
    if count:
        printing.note(
            f"an apostrophe stands before {words.count(count, 'text')} that a spreadsheet would run as a formula; "
            "--raw leaves them as they are"
        )
    return frame


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write_excel(frame: pd.DataFrame, output: Path, temporary: Path) -> None:
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"--output {words.short(output)}: Excel files need `pip install 'prosemble[excel]'`."
        ) from error
    from openpyxl.utils.exceptions import IllegalCharacterError

    with temporary.open("wb") as file, pd.ExcelWriter(file, engine="openpyxl") as writer:
        try:
            frame.to_excel(writer, index=False)
        except IllegalCharacterError as error:
            raise ValueError(
                f"--output {words.short(output)}: a label has a character that Excel files cannot hold; write .csv."
            ) from error
        for row in writer.book.worksheets[0].iter_rows():
            for cell in row:
                if cell.data_type == "f":  # text that begins with an equals sign is no formula
                    cell.data_type = "s"
