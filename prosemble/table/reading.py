"""Tables as people have them, read right or refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sys
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from prosemble import _words as words
from prosemble.table import cells, formats
from prosemble.table.bundled import TABLES, bundled
from prosemble.table.delimited import Sheet, read_delimited
from prosemble.table.excel import read_excel
from prosemble.table.header import HEADERS

#: What is read from standard input.
STANDARD_INPUT = "-"
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_ZIP, _WORKBOOK = b"PK\x03\x04", "xl/workbook.xml"  # which is what an Excel file is
# What other documents in archives hold.
_DOCUMENTS = ("content.xml", "word/document.xml", "Index/Document.iwa")
# What the packers raise where bytes are missing or wrong.
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    pa.ArrowException,
)
# By the first bytes: what cannot be read, and what to do about it.
_REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old Excel file (.xls); save it as .xlsx or .csv",
    b"%PDF": "a PDF file; export the table as CSV",
    b"<": "HTML or XML; export the table as CSV",
    b"\x89HDF": "an HDF5 file; export the table as Parquet or CSV",
    b"$FL2": "an SPSS file; export the table as CSV",
}
_NAMED_SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " "}
# Characters in which a separator occurs.
_FIRST = 10_000
# Letters of which so many are none of English: Western languages have fewer, others have another encoding.
_FOREIGN = 0.3


@dataclass
class Reading:
    """A table and how it was read.

    Parameters
    ----------
    frame : DataFrame
        Columns of numbers where all that they hold is numbers, else what was read: a `?` is still there to be told.
    how : str
        One line.
    remembered : dict
        What a later table of the same origin is read by: `separator`, `encoding`, `header`, `sheet` where somebody gave
        them, and `decimals`, the columns whose numbers have a decimal comma.
    text : dict of pyarrow.Array by column
        The cells as they stood in a text, without surrounding blanks, null where they are empty.
    """

    frame: pd.DataFrame
    how: str
    remembered: dict[str, Any] = field(default_factory=dict)
    text: dict[str, pa.Array] = field(default_factory=dict)

    def spelled(self, names: Iterable[str]) -> pd.DataFrame:
        """Return the table with the cells of some columns as they stood in a text, though they be numbers."""
        return self.frame.assign(**{name: self.text[name].to_pandas() for name in names if name in self.text})


def read_table(
    path: str | Path,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: str = "auto",
    sheet: str | None = None,
) -> tuple[pd.DataFrame, str]:
    """Read a table from a file: CSV in any dialect, Parquet, Arrow, Excel, ARFF or JSON lines, compressed or not.

    How a text is written is found out: its encoding, what separates cells, the mark of decimals, lines above the table.
    Columns that hold nothing but numbers become numbers, all others stay text, with `None` where a cell holds nothing
    (or `?`, `NA`, `null`). Codes such as `0012` are text.

    Parameters
    ----------
    path : str or Path
        A file; `-` for standard input; or `iris`, `wine`, `breast_cancer`, `digits`, the tables of scikit-learn.
    separator : str, optional
        What stands between cells: a character, or comma, semicolon, tab, pipe, space.
    decimal : {'.', ','}, optional
        The mark of decimals in numbers.
    encoding : str, optional
        Of a text, as Python names it, such as 'cp1251'. UTF-8, UTF-16 and Windows-1252 are found out.
    header : {'auto', 'none', 'first'}, default='auto'
        'none' calls the columns column_1, column_2, ...; 'first' takes the first row for names though they look like
        values, which 'auto' refuses.
    sheet : str, optional
        Of an Excel file; the first that is not empty when None.

    Returns
    -------
    frame : DataFrame
    how : str
        In one line, how it was read.

    Raises
    ------
    FileNotFoundError
        If there is no such file or table.
    ValueError
        If the file is no table: the message names the line or column, and what to do.
    ImportError
        If an Excel file is to be read without the extra `excel`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from prosemble.table import read_table
    >>> path = Path(mkdtemp()) / "patients.csv"
    >>> _ = path.write_text("age;crp;dx\\n33;2,9;cold\\n61;26,5;flu\\n")
    >>> frame, how = read_table(path)
    >>> frame["crp"].tolist()
    [2.9, 26.5]
    >>> how.split(": ", 1)[1]
    '2 rows, 3 columns; semicolons between cells, decimal commas, UTF-8.'
    """
    reading = read(path, separator=separator, decimal=decimal, encoding=encoding, header=header, sheet=sheet)
    for name in reading.text:
        column = reading.frame[name]
        if pd.api.types.is_string_dtype(column.dtype):
            reading.frame[name] = _column(cells.tidied(column))
    return reading.frame, reading.how


def read(
    path: str | Path,
    *,
    separator: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: str = "auto",
    sheet: str | None = None,
    like: Mapping[str, Any] | None = None,
) -> Reading:
    """Read a table as `read_table` does; what is not given is as `like` remembers it of an earlier one."""
    separator = _NAMED_SEPARATORS.get(separator, separator) if separator is not None else None
    given = {"separator": separator, "decimal": decimal, "encoding": encoding, "header": header, "sheet": sheet}
    _check(given)
    like = dict(like or {})
    asked = {name: value for name, value in given.items() if value not in (None, "auto")}
    remembered = {name: like[name] for name in given if name in like and name not in asked}
    # What the cells say by themselves goes before what is remembered of others.
    options: dict[str, Any] = {**given, **remembered, "decimal": decimal}
    options |= {"remembered decimal": remembered.get("decimal"), "decimals": like.get("decimals", [])}
    if str(path) in TABLES and not Path(path).exists():
        frame = bundled(str(path))
        n, d = frame.shape
        return Reading(
            frame, f"{path}: {words.count(n, 'row')}, {words.count(d, 'column')}; bundled with scikit-learn."
        )
    source = "standard input" if str(path) == STANDARD_INPUT else str(path)
    data, packed = _unpacked(_bytes(path), source)
    kind, text, written = _recognised(data, source, options["encoding"])
    _, acting = _KINDS[kind]
    if unused := [name for name in asked if name not in acting]:
        raise ValueError(
            f"{source}: {words.option(unused[0], given[unused[0]])} cannot act on {_KINDS[kind][0]}; leave it out."
        )
    if kind == "text":
        if "separator" in remembered and remembered["separator"] not in text[:_FIRST]:
            options["separator"] = None
        page, dialect = read_delimited(text, source, options["separator"], options["header"], options["decimal"])
        options["separator"] = dialect.separator
        reading = _typed(page, options, [dialect.words], written)
    elif kind == "json":
        reading = _typed(formats.read_json(text, source), options, ["JSON"], written)
    elif kind == "arff":
        reading = Reading(formats.read_arff(text, source), f"ARFF, {written}")
    elif kind == "excel":
        page, which = read_excel(data, source, options["sheet"], options["header"])
        reading = _typed(page, options, ["Excel", which])
    else:
        frame = formats.read_parquet(data, source) if kind == "parquet" else formats.read_arrow(data, source)
        reading = Reading(frame, "Parquet" if kind == "parquet" else "Arrow")
    if not len(reading.frame):
        raise ValueError(f"{source}: holds no rows.")
    reading.remembered |= asked
    n, d = reading.frame.shape
    how = ", ".join(filter(None, [packed, reading.how]))
    reading.how = f"{source}: {words.count(n, 'row')}, {words.count(d, 'column')}; {how}."
    return reading


# What each kind of file is called, and which options act on it.
_KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "text": ("delimited text", frozenset({"separator", "decimal", "encoding", "header"})),
    "excel": ("an Excel file", frozenset({"decimal", "header", "sheet"})),
    "json": ("JSON", frozenset({"decimal", "encoding"})),
    "arff": ("an ARFF file", frozenset({"encoding"})),
    "parquet": ("a Parquet file", frozenset()),
    "arrow": ("an Arrow file", frozenset()),
}


def _check(given: Mapping[str, Any]) -> None:
    separator, decimal, encoding, header = (given[name] for name in ("separator", "decimal", "encoding", "header"))
    if separator is not None and (len(separator) != 1 or separator in "\"'\r\n" or separator.isalnum()):
        raise ValueError(
            f"{words.option('separator', separator)}: give one character, or {words.listed(list(_NAMED_SEPARATORS))}."
        )
    if decimal not in (None, ".", ","):
        raise ValueError(f"{words.option('decimal', decimal)}: give . or , (a point or a comma).")
    if decimal is not None and decimal == separator:
        raise ValueError(f"{words.option('decimal', decimal)} is what separates the cells; give another separator.")
    if header not in HEADERS:
        raise ValueError(f"{words.option('header', header)}: give one of {', '.join(HEADERS)}.")
    if encoding is not None:
        try:
            "".encode(encoding)
        except LookupError as error:
            raise ValueError(
                f"{words.option('encoding', encoding)}: no such encoding; well-known ones are utf-8, cp1252, cp1251, "
                "latin1, utf-16, gb18030, shift_jis."
            ) from error


def _bytes(path: str | Path) -> bytes:
    if str(path) == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    place = Path(path)
    if place.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; give one file of it.")
    if not place.is_file() and not place.is_fifo():
        raise FileNotFoundError(f"{path}: no such file, and not one of the bundled tables {', '.join(TABLES)}.")
    return place.read_bytes()


def _unpacked(data: bytes, source: str) -> tuple[bytes, str]:
    """Return what was compressed, and by what."""
    packer = next((name for magic, name in _COMPRESSED.items() if data.startswith(magic)), "")
    try:
        if packer == "gzip":
            return gzip.decompress(data), packer
        if packer == "bzip2":
            return bz2.decompress(data), packer
        if packer == "xz":
            return lzma.decompress(data), packer
        if packer == "zstd":
            return pa.input_stream(io.BytesIO(data), compression="zstd").read(), packer
        archive = zipfile.ZipFile(io.BytesIO(data)) if data.startswith(_ZIP) else None
        members = [] if archive is None else archive.namelist()
        files = [name for name in members if not name.endswith("/") and "__MACOSX" not in name]
        if archive is not None and len(files) == 1:
            return archive.read(files[0]), f"zip ({words.short(files[0])})"
    except _DAMAGED as error:
        raise ValueError(f"{source}: is compressed and damaged, or not whole.") from error
    if any(name in members for name in _DOCUMENTS):
        raise ValueError(f"{source}: is a document of another program; save the table as .xlsx or .csv.")
    if members and _WORKBOOK not in members:
        raise ValueError(f"{source}: holds {len(files)} files, not one: {words.listed(files)}.")
    return data, ""


def _recognised(data: bytes, source: str, encoding: str | None) -> tuple[str, str, str]:
    """Return the kind of file that the bytes are, whatever its name is, and of a text it and its encoding."""
    if data.startswith(b"PAR1") and not data[4:8].decode("latin1").isprintable():  # it may begin the name of a column
        return "parquet", "", ""
    if data.startswith((b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")):
        return "arrow", "", ""
    if data.startswith(_ZIP):
        return "excel", "", ""
    for magic, what in _REFUSED.items():
        if data.lstrip().startswith(magic):
            raise ValueError(f"{source}: is {what}.")
    text, written = _decoded(data, source, encoding)
    lines = (line.strip() for line in text[:20_000].splitlines())
    first = next((line for line in lines if line and not line.startswith("%")), "")
    if first.lower().startswith("@relation"):
        return "arff", text, written
    if re.match(r"\{|\[\s*(\{|\[|$)", first):
        return "json", text, written
    return "text", text, written


def _decoded(data: bytes, source: str, encoding: str | None) -> tuple[str, str]:
    """Return a text and the name of its encoding."""
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise ValueError(f"{source}: is not in {encoding}: line {line} has other bytes.") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        form = "utf-16"
    elif b"\0" in data[:1000]:  # every other byte of what is mostly ASCII
        form = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    else:
        form = "utf-8-sig"
    try:
        text = data.decode(form)
        if "\0" in text:
            raise ValueError(f"{source}: is no table: it holds bytes that no text does.")
        return text, "UTF-8" if form == "utf-8-sig" else "UTF-16"
    except UnicodeDecodeError as error:
        if form != "utf-8-sig":
            raise ValueError(f"{source}: is no table: it is neither text nor a file that is known.") from error
    _require_no_slip(data, source)
    text = _western(data, source)
    word = re.search(r"\w*[^\x00-\x7f]\w*", text)
    example = f" ({words.quoted(word[0])}; else say {words.option('encoding', 'NAME')})" if word else ""
    return text, f"Windows-1252{example}"


def _require_no_slip(data: bytes, source: str) -> None:
    """Raise an error that names the line of a text in UTF-8 which has a few other bytes."""
    text = data.decode("utf-8", "replace")
    slips = text.count("\ufffd")
    if len(re.findall(r"[^\x00-\x7f]", text)) > 2 * slips:
        line = text[: text.index("\ufffd")].count("\n") + 1
        raise ValueError(
            f"{source}: line {line} has bytes that are not UTF-8, as all others are; mend it, or give the encoding, "
            f"such as {words.option('encoding', 'cp1252')}."
        )


def _western(data: bytes, source: str) -> str:
    """Return what is not UTF-8 as what browsers take it for, unless it reads like no Western language."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    letters = [letter for letter in text[:100_000] if letter.isalpha()]
    if not text or sum(letter > "\x7f" for letter in letters) > _FOREIGN * len(letters):
        raise ValueError(
            f"{source}: is in an encoding that is not found out; "
            f"say which, such as {words.option('encoding', 'cp1251')}."
        )
    return text


def _typed(sheet: Sheet, options: Mapping[str, Any], how: list[str], encoding: str = "") -> Reading:
    """Return the cells as numbers where a column holds nothing else, with points for decimals in all other columns."""
    text = {name: cells.tidied(column, [""]) for name, column in zip(sheet.names, sheet.columns, strict=True)}
    # Numbers that the file holds as such are no matter of how they are written.
    measured = {} if sheet.measured is None else dict(zip(sheet.names, map(pa.array, sheet.measured), strict=True))
    commas, notes = _with_commas(text, measured, options)
    pointed = dict(text)
    for name in commas:
        pointed[name] = cells.with_points(text[name])
        if name in measured:
            pointed[name] = pc.if_else(measured[name], text[name], pointed[name])
    frame = pd.DataFrame({name: _column(column) for name, column in pointed.items()})
    said = ", ".join(filter(None, [*how, "decimal commas" if commas else "", encoding]))
    return Reading(frame, "; ".join([said, *sheet.notes, *notes]), {"decimals": commas} if commas else {}, text)


def _with_commas(
    text: Mapping[str, pa.Array], measured: Mapping[str, pa.Array], options: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """Return the columns whose numbers have a decimal comma, and how numbers were read that can have either mark.

    What only one mark explains decides of a column, then the same of all columns, then what is remembered of a table.
    """
    commas, points = ({name: cells.most_of(column, mark) for name, column in text.items()} for mark in ",.")
    with_comma = {name for name, most in commas.items() if most}
    # Excel writes semicolons where the comma is the mark of decimals.
    continental = options["separator"] == ";"
    if not (with_comma or continental or max(points.values()) > 1 or options["decimal"] == ","):
        return [], []
    marked = {name: cells.tidied(column) for name, column in text.items() if commas[name] or points[name]}
    for name in marked.keys() & measured.keys():
        marked[name] = pc.if_else(measured[name], pa.scalar(None, pa.string()), marked[name])
    certain = {name: cells.certain_decimals(column) for name, column in marked.items()}
    of_all = {mark: sum(counts[mark] for counts in certain.values()) for mark in ".,"}
    chosen, notes = [], []
    for name, column in marked.items():
        point, comma = certain[name]["."], certain[name][","]
        if options["decimal"] is not None:
            is_comma = options["decimal"] == ","
        elif point != comma:
            is_comma = comma > point
        elif of_all["."] != of_all[","]:
            is_comma = of_all[","] > of_all["."] and (name in with_comma or of_all["."] == 0)
        elif options["remembered decimal"]:
            is_comma = options["remembered decimal"] == ","
        elif options["decimals"]:
            is_comma = name in options["decimals"]
        else:
            is_comma = continental and (name in with_comma or cells.are_whole_with_groups(column, "."))
        if cells.mostly_numbers(column, "," if is_comma else "."):
            chosen += [name] * is_comma
            if point == comma == 0 and options["decimal"] is None:
                example = column.filter(pc.match_substring_regex(column, "[.,]"))[0].as_py()
                meant = cells.numbers(pa.array([example]), "," if is_comma else ".", cells.unit_of(column)).values[0]
                notes.append(f"{words.short(example)} in {words.quoted(name)} is {meant:g}")
    other = words.option("decimal", "." if chosen else ",")
    return chosen, [f"{words.listed(notes, 3)} (else say {other})"] if notes else []


def _column(text: pa.Array) -> Any:
    """Return a column as numbers, or as its text where that says more: other words, marks of gaps, codes."""
    tidy = cells.tidied(text)
    read = cells.numbers(tidy, ".")
    is_number = tidy.null_count < len(tidy) and not read.odd.any() and not cells.have_codes(tidy)
    if not is_number or text.null_count < tidy.null_count:
        return text.to_pandas()
    values = read.values
    whole = not tidy.null_count and not pc.any(pc.match_substring_regex(tidy, "[.,eE]")).as_py()
    return values.astype(np.int64) if whole and (np.abs(values) < 2**53).all() else values
