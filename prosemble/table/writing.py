"""What may be written where, and tables in the format that a file's name says."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prosemble import _words as words
from prosemble.io import container
from prosemble.io.writing import replacing, writable

if TYPE_CHECKING:
    import pandas as pd

#: What the first column of a table of ours is called.
FIRST_COLUMN = "prediction"
_FORMATS = (".csv", ".parquet", ".pq", ".xlsx")
# What reports and exports of ours hold.
_OURS = (b'name="generator" content="prosemble', b" of prosemble: ", b"prosemble\x1a", b"prosemble_program")


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
    if container.is_model(path):
        return True
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".pq"):
            from pyarrow import parquet

            return parquet.read_schema(path).names[:1] == [FIRST_COLUMN]
        if suffix == ".xlsx":
            import openpyxl

            return openpyxl.load_workbook(path, read_only=True).worksheets[0]["A1"].value == FIRST_COLUMN
    except Exception:  # whatever it is, it is none of ours
        return False
    content = path.read_bytes()
    return content.startswith(FIRST_COLUMN.encode() + b",") or any(mark in content for mark in _OURS)


def write_table(frame: pd.DataFrame, output: Path | None) -> None:
    """Write a table in the format of the name, whole or not at all; as CSV to standard output where there is none."""
    if output is None:
        frame.to_csv(sys.stdout, index=False)
        return
    suffix = output.suffix.lower()
    with replacing(output) as temporary:
        if suffix in (".parquet", ".pq"):
            frame.to_parquet(temporary, index=False)
        elif suffix == ".xlsx":
            _write_excel(frame, output, temporary)
        else:
            frame.to_csv(temporary, index=False)


def _write_excel(frame: pd.DataFrame, output: Path, temporary: Path) -> None:
    try:
        import openpyxl  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"--output {words.short(output)}: Excel files need `pip install 'prosemble[excel]'`."
        ) from error
    with temporary.open("wb") as file:
        frame.to_excel(file, index=False, engine="openpyxl")
