"""Tables in every dialect: read right, or refused in one line."""

import bz2
import gzip
import io
import json
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet
from sklearn import datasets

from prosemble.table import cells, read_table
from prosemble.table.bundled import TABLES, bundled
from prosemble.table.delimited import read_delimited
from prosemble.table.reading import read

ROWS = [(33, 2.9, "cold"), (61, 26.5, "flu"), (29, 2.625, "cold"), (56, 23.7, "flu"), (28, 0.8, "cold")] * 4
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


def lines(separator=",", decimal=".", quote=False, names=("age", "crp", "dx"), rows=ROWS):
    """Return the lines of a table."""

    def cell(value):
        text = str(value).replace(".", decimal) if isinstance(value, float) else str(value)
        return f'"{text}"' if quote or separator in text else text

    return [separator.join(map(cell, row)) for row in [names, *rows]]


@pytest.fixture
def written(tmp_path):
    """Return a function that writes lines, or bytes, and returns the path."""

    def write(content, name="table.csv", encoding="utf-8", newline="\n"):
        path = tmp_path / name
        if not isinstance(content, bytes):
            content = (newline.join(content) + newline).encode(encoding)
        path.write_bytes(content)
        return path

    return write


def hold(path, **options):
    frame, how = read_table(path, **options)
    assert frame.columns.tolist() == ["age", "crp", "dx"] and frame["age"].dtype == np.int64
    pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS, columns=["age", "crp", "dx"]), check_dtype=False)
    assert "\n" not in how and how.startswith(str(path))
    return how


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("quote", [False, True])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_separators_decimals_and_quotes(separator, decimal, quote, written):
    how = hold(written(lines(SEPARATORS[separator], decimal, quote)))
    assert ("decimal commas" in how) == (decimal == ",")
    assert {"comma": "commas", "pipe": "vertical bars"}.get(separator, f"{separator}s") in how


@pytest.mark.parametrize("separator", SEPARATORS.values())
@pytest.mark.parametrize(
    "above",
    [
        ["Ward 3, list of patients; exported 2024-05-01", "by: me", ""],
        ["# exported by x; y", "# unit: mg/l, see there"],
        ["sep=SEP"],
        ["", ""],
    ],
)
def test_what_stands_above_a_table(separator, above, written):
    above = [line.replace("SEP", separator) for line in above]
    how = hold(written(above + lines(separator)))
    assert above[0].startswith("sep=") or f"skipped {len(above)} lines above the table" in how


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_and_ends_of_lines(encoding, newline, written):
    rows = [(age, crp, "Erkältung" if dx == "cold" else "Grippe (müde)") for age, crp, dx in ROWS]
    frame, how = read_table(written(lines(rows=rows), encoding=encoding, newline=newline))
    assert set(frame["dx"]) == {"Erkältung", "Grippe (müde)"} and frame.columns[0] == "age"
    assert {"utf-8": "UTF-8", "cp1252": "Windows-1252"}.get(
        encoding, encoding[:6].upper().replace("UTF-8-", "UTF-8")
    ) in how


def test_an_encoding_that_is_not_found_out_is_asked_for(written):
    path = written(lines(rows=[(33, 2.9, "грипп"), (61, 26.5, "простуда")]), encoding="cp1251")
    with pytest.raises(ValueError, match=r"table.csv: is in an encoding that is not found out; say which"):
        read_table(path)
    assert read_table(path, encoding="cp1251")[0]["dx"].tolist() == ["грипп", "простуда"]
    with pytest.raises(ValueError, match="is not in utf-8: line 2"):
        read_table(path, encoding="utf-8")
    with pytest.raises(ValueError, match="encoding='utf8000': no such encoding"):
        read_table(path, encoding="utf8000")


@pytest.mark.parametrize("kind", ["gz", "bz2", "zip", "zst"])
def test_compressed_files(kind, written):
    data = "\n".join(lines()).encode()
    if kind == "zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner/table.csv", data)
        packed = buffer.getvalue()
    elif kind == "zst":
        packed = pa.compress(data, "zstd", asbytes=True)
    else:
        packed = gzip.compress(data) if kind == "gz" else bz2.compress(data)
    path = written(packed, "table.dat")  # whatever its name is
    hold(path)
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(ValueError, match="is compressed and damaged"):
        read_table(path)


def test_an_archive_of_several_files_is_refused(written):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "y")
    with pytest.raises(ValueError, match=r"holds 2 files, not one: a.csv, b.csv"):
        read_table(written(buffer.getvalue(), "both.zip"))


def arrow():
    age, crp, dx = zip(*ROWS, strict=True)
    return pa.table({"age": age, "crp": crp, "dx": dx})


def test_parquet_arrow_and_feather(tmp_path, written):
    parquet.write_table(arrow(), tmp_path / "t.parquet")
    feather.write_feather(arrow(), tmp_path / "t.feather")
    with ipc.new_file(tmp_path / "t.arrow", arrow().schema) as file:
        file.write_table(arrow())
    with ipc.new_stream(tmp_path / "t.arrows", arrow().schema) as file:
        file.write_table(arrow())
    for name in ("t.parquet", "t.feather", "t.arrow", "t.arrows"):
        hold(tmp_path / name)
        half = written((tmp_path / name).read_bytes()[:300], "half")
        with pytest.raises(ValueError, match="half: is damaged, or no whole"):
            read_table(half)
    with pytest.raises(ValueError, match="separator=';' cannot act on a Parquet file"):
        read_table(tmp_path / "t.parquet", separator=";")


def test_kinds_of_parquet(tmp_path):
    table = pa.table(
        {
            " money ": pa.array([Decimal("1.00"), Decimal("2.00")]),
            "day": pa.array([0, 1], pa.date32()),
            "ward": pa.array(["a", "b"]).dictionary_encode(),
            "tags": [["a"], ["b", "c"]],
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    frame, _ = read_table(tmp_path / "t.parquet")
    assert frame["money"].tolist() == [1.0, 2.0] and frame["money"].dtype == float
    assert frame["day"].tolist() == [pd.Timestamp("1970-01-01"), pd.Timestamp("1970-01-02")]
    assert isinstance(frame["ward"].dtype, pd.CategoricalDtype) and len(frame["tags"][1]) == 2


def test_excel(tmp_path):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    frame = pd.DataFrame(ROWS, columns=["age", "crp", "dx"])
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        pd.DataFrame().to_excel(book, sheet_name="Cover", index=False)
        frame.to_excel(book, sheet_name="Patients", index=False, startrow=2)
        frame[:2].to_excel(book, sheet_name="Others", index=False)
        book.sheets["Patients"]["A1"] = "Ward 3"
    how = hold(tmp_path / "book.xlsx")
    assert "sheet 'Patients' (others, by sheet='NAME': Cover, Others)" in how
    assert len(read_table(tmp_path / "book.xlsx", sheet="Others")[0]) == 2
    with pytest.raises(ValueError, match="has no sheet 'Patient'. Sheets: Cover, Patients, Others"):
        read_table(tmp_path / "book.xlsx", sheet="Patient")


def test_arff(written):
    text = """% a remark
@RELATION visits
@ATTRIBUTE 'the age' NUMERIC
@attribute ward {1, 2, 'not said'}
@attribute name string
@attribute day date "yyyy-MM-dd"
@DATA
33, 1, 'O\\'Hara, J', "2024-01-01"
?, 'not said', ?, ?
"""
    frame, how = read_table(written(text.encode(), "visits.arff"))
    assert frame.columns.tolist() == ["the age", "ward", "name", "day"] and "ARFF" in how
    assert frame["the age"].tolist()[0] == 33 and np.isnan(frame["the age"][1])
    assert frame["ward"].cat.categories.tolist() == ["1", "2", "not said"]  # as declared, not by values
    assert frame["name"][0] == "O'Hara, J" and frame["day"][0] == "2024-01-01"
    with pytest.raises(ValueError, match=r"bad.arff: line 3 is none that an ARFF file can have"):
        read_table(written(b"@relation x\n\n@attribute a nothing\n@data\n1\n", "bad.arff"))


def test_json(written):
    records = [{"age": age, "crp": crp, "dx": dx} for age, crp, dx in ROWS]
    hold(written([json.dumps(record) for record in records], "t.jsonl"))
    hold(written(json.dumps(records).encode(), "t.json"))
    frame, _ = read_table(written(['{"a": 1, "code": "007"}', '{"a": null, "tags": ["x"]}'], "t.ndjson"))
    assert np.isnan(frame["a"][1]) and frame["code"][0] == "007" and frame["tags"][1] == '["x"]'
    with pytest.raises(ValueError, match=r"t.jsonl: line 2 is no JSON"):
        read_table(written(['{"a": 1}', '{"a": '], "t.jsonl"))
    with pytest.raises(ValueError, match=r"t.jsonl: line 2 is no JSON object"):
        read_table(written(['{"a": 1}', "[1]"], "t.jsonl"))


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines()).encode())))
    frame, how = read_table("-")
    assert len(frame) == len(ROWS) and how.startswith("standard input: ")


@pytest.mark.parametrize("name", TABLES)
def test_bundled_tables_are_those_of_scikit_learn(name):
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    expected = bunch.data.assign(target=np.asarray(bunch.target_names)[bunch.target])
    pd.testing.assert_frame_equal(bundled(name), expected, check_dtype=False)
    assert read_table(name)[1].endswith("bundled with scikit-learn.")


def test_numbers_as_people_write_them(written):
    columns = {
        "thousands": ["1,234.5", "12,000.25", "7.5", "1,000,000"],
        "grouped": ["1 234", "12'000", "7", "1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000"],
        "minus": ["\N{MINUS SIGN}1", "-2", "+3", "4e-1"],
        "code": ["0012", "0047", "12", "0001"],
        "gaps": ["1", "", "NA", "?"],
    }
    rows = list(zip(*columns.values(), strict=True))
    frame, _ = read_table(written(lines(";", names=tuple(columns), rows=rows)))
    assert frame["thousands"].tolist() == [1234.5, 12000.25, 7.5, 1e6]
    assert frame["grouped"].tolist() == [1234, 12000, 7, 1e6] and frame["minus"].tolist() == [-1, -2, 3, 0.4]
    assert frame["code"].tolist() == columns["code"]
    assert frame["gaps"].isna().tolist() == [False, True, True, True]


def test_a_mark_that_could_be_either_is_as_in_the_rest_of_the_table(written):
    rows = [("1.234", "2,5", "a"), ("2.500", "3,25", "b")]
    frame, how = read_table(written(lines(";", names=("x", "y", "z"), rows=rows)))
    assert frame["y"].tolist() == [2.5, 3.25] and "decimal commas" in how
    assert frame["x"].tolist() == [1234, 2500] and "1.234 in 'x' is 1234 (else say decimal='.')" in how
    rows = [("1,234", "2,5"), ("2,500", "3,25")]
    assert read_table(written(lines(";", names=("x", "y"), rows=rows)))[0]["x"].tolist() == [1.234, 2.5]
    assert read_table(written(lines("\t", names=("x", "y"), rows=[("1,234", "2.5")])))[0]["x"].tolist() == [1234]
    assert read_table(written(lines("\t", names=("x",), rows=[("1,234",)])), decimal=",")[0]["x"].tolist() == [1.234]


def test_a_later_table_is_read_like_the_first(written):
    first = read(written(lines(";", ",")))
    assert first.remembered == {"decimals": ["crp"]}
    later = written(["age;crp", "39;1,234", "40;2,500"], "later.csv")
    assert read(later, like=first.remembered).frame["crp"].tolist() == [1.234, 2.5]
    pointed = written(["age,crp", "39,27.5"], "pointed.csv")
    assert read(pointed, like=first.remembered).frame["crp"].tolist() == [27.5]
    unnamed = read(written(lines()[1:]), header="none")
    assert unnamed.remembered == {"header": "none"} and unnamed.frame.columns[2] == "column_3"
    assert read(written(["1,2,a"], "one.csv"), like=unnamed.remembered).frame.shape == (1, 3)


def test_rows_that_are_blank_remarks_or_names_again(written):
    content = lines()
    content[3:3] = ["", "# a remark, of mine", "age,crp,dx"]
    frame, how = read_table(written(content))
    assert len(frame) == len(ROWS) + 1 and frame.iloc[2].isna().all()  # a blank line is a row
    assert "left out 1 line that repeats the names (6); left out 1 line of remarks (5)" in how


def test_a_quote_may_hold_separators_and_lines(written):
    rows = [(1, 'fever, chills\nand "more"', "a"), (2, "none", "b")] * 3
    text = "n,note,dx\n" + "".join(f'{n}, "{note.replace(chr(34), 2 * chr(34))}",{dx}\n' for n, note, dx in rows)
    frame, _ = read_table(written(text.encode()))
    assert frame["note"][0] == rows[0][1] and len(frame) == 6


def test_long_texts_are_read_as_short_ones(written):
    rng = np.random.default_rng(0)
    rows = [(i, round(float(x), 3), "a b" if x > 0 else 'say "b", c') for i, x in enumerate(rng.normal(size=60_000))]
    text = "age,crp,dx\n" + "".join(f'{a},{b},"{c.replace(chr(34), 2 * chr(34))}"\n' for a, b, c in rows)
    assert len(text) > 1_000_000
    (long, _), (short, _) = read_delimited(text, "long"), read_delimited(text[:400_000].rsplit("\n", 1)[0], "short")
    for one, other in zip(long.columns, short.columns, strict=True):
        assert one[: len(other)].equals(other)
    with pytest.raises(ValueError, match=r"long: row 60001 \(line 60002\) has 2 cells, the header 3"):
        read_delimited(text + "1,2\n", "long")
    with_blank, _ = read_delimited(text + "\n", "long")
    assert len(with_blank.columns[0]) == 60_001


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (["a,b", "1,2", "1,2,3"], r"row 2 \(line 3\) has 3 cells, the header 2 \(a decimal comma\?\)"),
        (["a;b;c", "1;2;3", "1;2"], r"row 2 \(line 3\) has 2 cells, the header 3\."),
        (["crp", "27,5", "1,9"], r"row 1 \(line 2\) has 2 cells, the header 1 \(a decimal comma\?\)"),
        (["a,b", '1,"2', "3,4"], "the quote in line 2 is not closed"),
        (["a,b", '1,"2" x', "3,4"], "the quote in line 2 is not closed, or has text behind its end"),
        (["a,b,a", "1,2,3"], "columns 1 and 3 are both called 'a'"),
        (["a, a ", "1,2"], "columns 1 and 2 are both called 'a'"),
        (["2,3,flu", "1,2,cold"], r"line 1 \(2, 3, flu\) looks like values, not names"),
        (["p,x,s", "e,x,s", "p,x,y"], r"line 1 \(p, x, s\) looks like values"),
        (["a,b"], "holds no rows"),
        ([""], "holds no rows"),
        (["<html><body>"], "is HTML or XML; export the table as CSV"),
    ],
)
def test_what_is_refused(content, message, written):
    with pytest.raises(ValueError, match=message):
        read_table(written(content))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old Excel file"),
        (b"%PDF-1.4", "is a PDF file"),
        (b"PK\x03\x04broken", "is compressed and damaged"),
        (b"a,b\n1,\x00\xff\x002\n" * 9, "is no table"),
    ],
)
def test_what_is_no_table(data, message, written):
    with pytest.raises(ValueError, match=message):
        read_table(written(data))


def test_names_that_are_numbers_may_be_names(written):
    for names in [(0, 1, 2), (1, 2, 3), (2019, 2020, 2021)]:
        assert read_table(written(lines(names=names, rows=[(5.5, 6.5, 7.5)] * 3)))[0].columns.tolist() == list(
            map(str, names)
        )
    path = written(lines(names=(7, 9, "dx"), rows=[(5.5, 6.5, "a")] * 3))
    with pytest.raises(ValueError, match="header='first' if these are the names"):
        read_table(path)
    assert read_table(path, header="first")[0].columns.tolist() == ["7", "9", "dx"]


def test_options_are_checked(written, tmp_path):
    path = written(lines())
    for options, message in [
        ({"separator": "ab"}, "separator='ab': give one character"),
        ({"decimal": "'"}, 'decimal="\'": give . or ,'),
        ({"decimal": ",", "separator": ","}, "is what separates the cells"),
        ({"header": "no"}, "header='no': give one of auto, none, first"),
        ({"sheet": "A"}, "sheet='A' cannot act on delimited text"),
    ]:
        with pytest.raises(ValueError, match=message):
            read_table(path, **options)
    with pytest.raises(FileNotFoundError, match=r"nowhere.csv: no such file, and not one of the bundled tables"):
        read_table("nowhere.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_table(tmp_path)


def test_what_reads_as_a_number_is_one():
    parts = ["", "-", "+", "1", "12", "1,234", "1.234", "0012", ".5", "5.", ",5", "E5", "e-3", "E11", "1E5", "9" * 400]
    texts = pa.array(sorted({a + b for a in parts for b in parts}), pa.string())
    for mark in ".,":
        read = cells.numbers(cells.tidied(texts), mark)  # raises nothing
        found = dict(zip(texts.to_pylist(), read.values.tolist(), strict=True))
        assert found["12"] == 12 and all(np.isnan(found[word]) for word in ("-", "+", "E11", "e-3", ""))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"code": ["E11", "E10", "-"], "age": ["1", "2", "-"]}, ["E11", "E10", "-"]),
        ({"code": ["J45.0", "E1", "N1"], "age": ["1", "2", "3"]}, ["J45.0", "E1", "N1"]),
    ],
)
def test_codes_with_an_e_are_text(written, columns, expected):
    frame, _ = read_table(written(lines(names=tuple(columns), rows=list(zip(*columns.values(), strict=True)))))
    assert frame["code"].tolist() == expected
    frame, _ = read_table(written(lines(names=("E1", "E2", "N1"), rows=[(1, 2, 3), (4, 5, 6)])))
    assert frame.columns.tolist() == ["E1", "E2", "N1"]


def test_thousands_under_a_decimal_comma(written):
    rows = [("1.234", "a"), ("12.500", "b")]
    for options in ({"decimal": ","}, {"decimal": ",", "separator": ";"}):
        assert read_table(written(lines(";", names=("x", "y"), rows=rows)), **options)[0]["x"].tolist() == [1234, 12500]
    # By the separator that was found, and said.
    frame, how = read_table(written(["x;y", "1,234;a", "2,345;b"]))
    assert frame["x"].tolist() == [1.234, 2.345] and "1,234 in 'x' is 1.234" in how
    # Beside a unit, too.
    reading = read(written(["x;y", "1,5 kg;1,5", "1.002,5 kg;2,5"]))
    assert reading.frame["x"].tolist() == ["1.5 kg", "1002.5 kg"]
    # A later table is read by what it says itself, then by what is remembered.
    like = reading.remembered
    assert read(written(["x;y", "1,234 kg;1"]), like=like).frame["x"].tolist() == ["1.234 kg"]
    assert read(written(["x;y", "1,234 kg;1.5"]), like=like).frame["x"].tolist() == ["1,234 kg"]


def test_numbers_of_a_file_that_has_them_are_not_text(tmp_path, written):
    records = [{"x": 1.234, "y": "2,5", "z": "1.234,5"}, {"x": 2.5, "y": "3,25", "z": 1000.125}]
    frame, _ = read_table(written([json.dumps(record) for record in records], "t.jsonl"))
    assert frame.to_dict("list") == {"x": [1.234, 2.5], "y": [2.5, 3.25], "z": [1234.5, 1000.125]}
    pd.DataFrame(records).to_excel(tmp_path / "t.xlsx", index=False)
    for options in ({}, {"decimal": ","}):
        again, _ = read_table(tmp_path / "t.xlsx", **options)
        pd.testing.assert_frame_equal(again, frame)


def test_the_sheet_with_a_table_is_found(tmp_path):
    cover, table = pd.DataFrame([["Report of 2024"], ["by the ward"]]), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        cover.to_excel(book, sheet_name="Cover", index=False, header=False)
        cover[:1].to_excel(book, sheet_name="Title", index=False, header=False)
        table.to_excel(book, sheet_name="Data", index=False)
    frame, how = read_table(tmp_path / "t.xlsx")
    assert frame.equals(table) and "sheet 'Data' (others, by sheet='NAME': Cover, Title)" in how
    with pytest.raises(ValueError, match="holds no rows of a table in sheet 'Title'"):
        read_table(tmp_path / "t.xlsx", sheet="Title")
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        cover[:1].to_excel(book, sheet_name="Title", index=False, header=False)
    with pytest.raises(ValueError, match="holds no rows of a table in sheet Title"):
        read_table(tmp_path / "t.xlsx")


def test_damaged_archives(written):
    text = "\n".join(lines()).encode()
    for packed in (gzip.compress(text), bz2.compress(text)):
        for damaged in (packed[:-9], packed[:20] + b"\xff" * 9 + packed[29:]):
            with pytest.raises(ValueError, match="is compressed and damaged, or not whole"):
                read_table(written(damaged))
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            archive.writestr("t.csv", text)
        data = bytearray(file.getvalue())
        data[45:60] = b"\xff" * 15
        with pytest.raises(ValueError, match="is compressed and damaged, or not whole"):
            read_table(written(bytes(data)))


def test_lines_of_blanks_and_remarks(written):
    table = lines()
    blank = [*table[:3], "   ", *table[3:5], "", ",,,,"]
    assert read_table(written(blank))[0]["age"].isna().tolist() == [False, False, True, False, False, True, True]
    remarks = [*table[:3], "# checked, twice", *table[3:]]
    assert "left out 1 line of remarks (4)" in hold(written(remarks))
    marked = ["no,name,dx", "#1,a,b", "#2,c,d", "#3,e,f,g"]
    with pytest.raises(ValueError, match="row 3 \\(line 4\\) has 4 cells, the header 3"):
        read_table(written(marked))


def test_beginnings_that_other_files_have(written):
    assert read_table(written(["PAR1,PAR2", "1,2", "3,4"]))[0].columns.tolist() == ["PAR1", "PAR2"]
    assert read_table(written(["[a],[b]", "1,2", "3,4"]))[0].columns.tolist() == ["[a]", "[b]"]
    records = [{"a": 1, "b": "one\u2028line"}, {"a": 2, "b": "x"}]
    assert read_table(written(["[ " + json.dumps(records)[1:]]))[0]["a"].tolist() == [1, 2]
    frame, _ = read_table(written([json.dumps(record, ensure_ascii=False) for record in records]))
    assert frame["b"].tolist() == ["one\u2028line", "x"]


def test_a_slip_in_the_encoding_is_named(written):
    table = "name,dx\nMüller,flu\nJörg,cold\nGünter,cold\n".encode()
    with pytest.raises(ValueError, match="line 4 has bytes that are not UTF-8, as all others are"):
        read_table(written(table.replace("ü".encode(), b"\xfc").replace(b"M\xfc", "Mü".encode())))
    assert "Windows-1252" in read_table(written(table.decode().encode("cp1252")))[1]


def test_a_wide_table_of_words_is_read_soon(written):
    words = [",".join(f"w{i * j % 7}" for i in range(1500)) for j in range(60)]
    title = ["A title of the table"]
    frame, how = read_table(written([*title, ",".join(f"c{i}" for i in range(1500)), *words]))
    assert frame.shape == (60, 1500) and "skipped 1 line above the table" in how


def test_a_quote_that_is_never_closed_is_refused_in_long_texts_too(written):
    table = ["age,crp,n", *["1,2.5,note"] * 120_000]
    table[100_000] = '7,1.5,"open'
    with pytest.raises(ValueError, match="the quote in line 100001 is not closed"):
        read_table(written(table))


def test_whole_numbers_with_points_between_thousands(written):
    frame, how = read_table(written(["n;dx", "1.234;a", "834;b", "2.100;a"]))
    assert frame["n"].tolist() == [1234, 834, 2100] and "1.234 in 'n' is 1234" in how
    frame, how = read_table(written(["n;dx", "1.234;a", "2.100;a"]))
    assert frame["n"].tolist() == [1.234, 2.1] and "1.234 in 'n' is 1.234 (else say decimal=',')" in how
    assert read_table(written(["n,dx", "1.234.567,a", "834.210,b"]))[0]["n"].tolist() == [1234567, 834210]


def test_what_is_remembered_gives_way_to_what_the_cells_say(written):
    like = read(written(["age;crp", "33;2,9", "61;26,5"]), decimal=",", separator=";").remembered
    assert read(written(["age;crp", "33;2.125", "61;26.12"]), like=like).frame["crp"].tolist() == [2.125, 26.12]
    assert read(written(["age;crp", "33;2,125"]), like=like).frame["crp"].tolist() == [2.125]
    assert read(written(["age,crp", "33,2.1"]), like=like).frame["crp"].tolist() == [2.1]


def test_names_below_titles_of_several_cells(written, tmp_path):
    table = ["Report 2024;;", "Ward;3 West;", "", "age;crp;dx", "33;2,9;cold", "61;26,5;flu", "29;2,6;cold"]
    frame, how = read_table(written(table))
    assert frame.columns.tolist() == ["age", "crp", "dx"] and len(frame) == 3 and "skipped 3 lines" in how
    unnamed = [",name,age", "a,bob,adult", "b,eve,30", "c,joe,31", "d,ann,32"]  # names that are not complete
    assert read_table(written(unnamed))[0].columns.tolist() == ["column_1", "name", "age"]
    for second in ("age,crp,dx", "years,mg/l,name"):
        with pytest.raises(ValueError, match="line 2 .* looks like a second line of names, or of units; take it out"):
            read_table(written(["person,lab,dx" if "age" in second else "age,crp,dx", second, *lines()[1:]]))
    assert len(read_table(written(["age,crp,dx", "n.d.,?,cold", *lines()[1:]]))[0]) == len(ROWS) + 1


def test_other_forms_of_json(written):
    for content, message in [
        ('{\n"data": [{"a": 1}]\n}', "is one JSON object; a table is a list of objects"),
        ('{"a": {"0": 1}, "b": {"0": 2}}', "holds columns, not rows"),
        ('[["age", "dx"], [1, "a"]]', "element 1 is no JSON object, which a row is"),
    ]:
        with pytest.raises(ValueError, match=message):
            read_table(written([content]))


def test_numbers_of_arff_are_not_cut(written):
    table = ["@relation r", "@attribute i INTEGER", "@attribute 'j k' integer", "@data", "1.5,2", "2,3"]
    assert read_table(written(table))[0].to_dict("list") == {"i": [1.5, 2.0], "j k": [2.0, 3.0]}
    with pytest.raises(ValueError, match="line 3 has the name of another attribute"):
        read_table(written(["@relation r", "@attribute i real", "@attribute i real", "@data", "1,2"]))


def test_columns_of_one_name_in_a_parquet_file(tmp_path):
    parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="columns 1 and 2 are both called 'a'"):
        read_table(tmp_path / "t.parquet")


def test_documents_and_packers(written):
    import lzma

    assert hold(written(lzma.compress("\n".join(lines()).encode()), "t.csv.xz")).count("xz") > 1
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<office/>")
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(ValueError, match="is a document of another program; save the table as .xlsx or .csv"):
        read_table(written(file.getvalue(), "t.ods"))


def test_cells_between_blanks(written):
    table = [" age  crp dx ", "33  2.9 cold", " 61 26.5  flu "]
    _, how = read_table(written(table))
    assert "one cell a line (separator='space' if blanks stand between cells)" in how
    frame, _ = read_table(written(table), separator="space")
    assert frame.to_dict("list") == {"age": [33, 61], "crp": [2.9, 26.5], "dx": ["cold", "flu"]}
    with pytest.raises(ValueError, match=r"has 3 cells, the header 2 \(a separator at its end"):
        read_table(written(["a,b", "1,2,", "3,4,"]), separator=",")


def test_what_excel_files_hold_besides_values(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    page = book.active
    for row in [["Group A", None, None], ["ward", "age", "dx"], ["north", 1, "a"], [None, 2, "b"], ["south", 3, "a"]]:
        page.append(row)
    page.merge_cells("A1:C1")
    page.merge_cells("A3:A4")
    hidden = book.create_sheet("lists", 0)
    hidden.sheet_state = "hidden"
    for row in [["code", "name"], [1, "x"]]:
        hidden.append(row)
    book.save(tmp_path / "t.xlsx")
    frame, how = read_table(tmp_path / "t.xlsx")
    assert frame["ward"].tolist() == ["north", "north", "south"] and "filled down 1 merged cell" in how
    page["B5"] = "=B4*2"
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(ValueError, match="formulas in sheet 'Sheet' have no results: B5; open the file in Excel"):
        read_table(tmp_path / "t.xlsx")


def test_the_first_word_of_a_guessed_encoding_is_shown(written):
    assert (
        "Windows-1252 ('ch\xf8ipka'; else say encoding='NAME')"
        in read_table(written(["a,dx", "1,ch\u0159ipka"], encoding="cp1250"))[1]
    )
