"""Kinds of columns by their values, and what is said of them."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from prosemble.table.kinds import Column, judged
from prosemble.table.rows import read_rows

N = 40
RNG = np.random.default_rng(0)


def text(values):
    return pd.Series([values[i % len(values)] for i in range(N)], dtype=object)


KINDS = {
    "number": [
        RNG.normal(size=N),
        RNG.integers(0, 5, N),  # codes that are whole numbers stay numbers
        pd.Series(RNG.normal(size=N).round(3).astype(str)),
        pd.Series([f"{value:.2f}".replace(".", ",") for value in RNG.normal(size=N)]),
        pd.Series([*RNG.normal(size=N - 6).round(2).astype(str), "?", "n.d.", "<0.3", "", "NA", "#DIV/0!"]),
        pd.Series([*RNG.normal(size=N - 2).round(2).astype(str), "hemolysed", "lost"]),
        pd.Series([f"{value:.1f} mg/l" for value in RNG.uniform(1, 9, N)]),
        pd.Series([f"€ {value:,.2f}" for value in RNG.uniform(1000, 9000, N)]),
        pd.Series([f"{value}%" for value in RNG.integers(0, 100, N)]),
        pd.Series([Decimal(value).quantize(Decimal("0.01")) for value in RNG.normal(size=N)], dtype=object),
        pd.Series(pd.array([*range(5, 12), None] * 5, dtype="Int64")),
        pd.Series(RNG.uniform(1, 9, N)).astype(pd.ArrowDtype(pa.decimal128(12, 2))),
        pd.Series([timedelta(hours=float(h)) for h in RNG.uniform(1, 9, N)]),
        pd.Series(RNG.integers(10_000, 99_000, N) * 10),  # prices
        pd.Series(RNG.permutation(N) * 7 + 20.0),  # all different, but neither counting up nor large
    ],
    "category": [
        text(["north", "south", None]),
        text(["0012", "0047"]),
        text(["1", "2", "3", "ICU"]),
        pd.Series(pd.Categorical([1, 2] * (N // 2))),  # as it was declared
        text(["A1", "B2"]),
    ],
    "yes/no": [
        np.array([True, False] * (N // 2)),
        text(["yes", "no", ""]),
        text(["True", "False", None]),
        pd.Series(pd.array([True, False, None, True] * (N // 4), dtype="boolean")),
    ],
    "date": [
        pd.date_range("2024-01-01", periods=N),
        pd.Series([f"{1 + i % 28:02d}.03.2024" for i in range(N)]),
        pd.Series([f"{1 + i % 28}/12/2024 10:{i:02d}" for i in range(N)]),
        pd.Series([f"3/{1 + i % 28}/2024" for i in range(N)]),
        pd.Series([f"2024-03-{1 + i % 28:02d}T10:00:00Z" for i in range(N)]),
        pd.Series([f"{1 + i % 28} Mar 2024" for i in range(N)]),
        pd.Series([date(2024, 1, 1) + timedelta(i) for i in range(N)], dtype=object),
        pd.Series(pd.period_range("2024-01", periods=N, freq="M")),
    ],
    "identifier": [
        np.arange(N),
        np.arange(N)[::-1] + 1000.0,
        np.sort(RNG.choice(60, N, replace=False)),  # numbers of rows of which some were left out
        RNG.integers(15_000_000, 16_000_000, N),
        pd.Series([f"N{i}" for i in range(N)]),
        pd.Series([f"name {i % 30}" for i in range(N)]),
    ],
    "free text": [pd.Series([f"came with {i} days of fever and a cough" for i in range(N)])],
    "list": [pd.Series([["a", "b"], ["c"]] * (N // 2)), text(["[1, 2]", '["a"]'])],
}
CASES = [(kind, i) for kind, examples in KINDS.items() for i in range(len(examples))]


def judge(values, **options):
    frame = pd.DataFrame({"other": RNG.normal(size=len(values)), "it": values})
    return judged(frame, **options)[1]


@pytest.mark.parametrize(("kind", "i"), CASES)
def test_kinds_are_by_values(kind, i):
    column = judge(KINDS[kind][i])
    assert column.kind == kind, column
    assert column.used == (kind in ("number", "category", "yes/no", "date"))
    assert column.done == "left out" if not column.used else column.done
    assert Column.from_json(column.to_json()).to_json() == column.to_json()


def test_what_is_left_out_is_taken_where_somebody_says_so():
    for kind in ("identifier", "free text"):
        for values in KINDS[kind]:
            assert "keep=['it'] takes it all the same" in judge(values).why
            assert judge(values, keep=["it"]).used
    assert judge(pd.Series([f"c{i // 2}" for i in range(16)] + ["c"] * (N - 16)), keep=["it"]).least == 2


def test_odd_values_are_said_with_their_count():
    column = judge(KINDS["number"][4])
    assert column.why == "no number in '?' (1), 'NA' (1), '#DIV/0!' (1), '<0.3' (1) and 1 more"
    assert column.gaps == 6  # and an empty cell
    assert judge(np.append(np.inf, RNG.normal(size=N - 1))).why == "1 infinite value"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.ones(N), "one value only: 1"),
        (text(["a"]), "one value only: 'a'"),
        (np.full(N, np.nan), "no value at all"),
        (text([None]), "no value at all"),
        (pd.to_datetime(pd.Series(["2024-01-01"] * N)), "one value only: 2024-01-01"),
        (pd.Series([f"v{i}" for i in range(9)] * 3 + ["v0"] * (N - 27))[:9], "no value occurs in 2 rows"),
    ],
)
def test_what_nothing_is_learned_from(values, why):
    column = judge(values)
    assert not column.used and column.why.startswith(why)


def test_a_kind_that_somebody_says():
    codes = RNG.integers(0, 5, N)
    assert judge(codes, kinds={"it": "category"}).kind == "category"
    assert set(judge(codes, kinds={"it": "category"}).values) == set(map(str, codes))
    assert judge(text(["0012", "0047"]), kinds={"it": "number"}).high == 47
    assert judge(pd.Series([f"N{i}" for i in range(N)]), kinds={"it": "category"}).used
    assert judge(KINDS["date"][0], kinds={"it": "number"}).kind == "number"
    for kinds, message in [
        ({"it": "colour"}, r"kinds=\{'it': 'colour'\}: a column can be said to be one of number, category"),
        ({"what": "number"}, "No column 'what'. Columns: other, it"),
        ({"it": "number"}, "no cell is a number"),
        ({"it": "date"}, "its cells are no dates of one form"),
    ]:
        with pytest.raises(ValueError, match=message):
            judge(text(["a", "b"]), kinds=kinds)


def test_days_first_or_months_first():
    days = pd.Series([f"{day}/{month}/2024" for day, month in [(1, 2), (3, 4), (25, 12)]] * 5)
    assert judge(days).form == "%d/%m/%Y" and judge(days).why == "read as day/month/year"
    months = pd.Series([f"{month}/{day}/2024" for day, month in [(1, 2), (3, 4), (25, 12)]] * 5)
    assert judge(months).form == "%m/%d/%Y" and judge(months).why == "read as month/day/year"


def test_columns_are_chosen_and_left_out():
    frame = pd.DataFrame(RNG.normal(size=(N, 3)), columns=list("abc"))
    assert [column.used for column in judged(frame, columns=["a", "c"])] == [True, False, True]
    assert [column.why for column in judged(frame, drop=["b"])] == ["", "you said so", ""]
    with pytest.raises(ValueError, match=r"No column is left to learn from: a \(you said so\)"):
        judged(frame, drop=list("abc"))
    with pytest.raises(ValueError, match="No column 'x', 'y'. Columns: a, b, c"):
        judged(frame, drop=["x", "y"])


def test_what_holds_no_values():
    with pytest.raises(TypeError, match="Column 'it' holds complex numbers"):
        judge(np.ones(N) * 1j)
    with pytest.raises(TypeError, match="Column 'it' holds bytes"):
        judge(text([b"a", b"b"]))


def test_values_are_cut_where_they_are_long():
    column = judge(text(["x" * 500, "y" * 500]))
    assert len(column.done) < 200 and "…" in column.done
    assert len(judge(text([f"odd value number {i} of many" for i in range(30)] + ["1.5"] * 10)).why) < 300


def test_what_looks_like_a_date_and_is_none():
    seasons = text([f"{year}-{(year + 1) % 100:02d}" for year in range(2001, 2010)])
    assert judge(seasons).kind == "category"
    assert judge(text([f"{year}-99" for year in range(1234, 1240)])).kind == "category"
    assert judge(text(["2009-10", "2010-10", "2011-03"])).form == "ISO8601"
    assert judge(text(["2009-1-3", "2010-10-4", "2011-3-30"])).kind == "date"


def test_clocks_of_twelve_hours_and_years_of_two_digits():
    column = judge(text([f"{month}/30/2024 {hour}:05 PM" for month, hour in [(1, 3), (4, 11), (12, 12)]]))
    assert column.kind == "date" and column.clock
    assert judge(text(["01.02.45", "03.04.99", "25.12.02"])).why == "years of two digits are 1969 to 2068"


def test_a_unit_is_taken_off_where_it_is_whole():
    column = judge(text([f"{value} m" for value in (1.5, 2.5, 180.0)]))
    assert column.unit == "m" and (column.low, column.high) == (1.5, 180.0)
    new = pd.DataFrame({"other": np.zeros(5), "it": ["2 m", "1800 mm", "2.5", "3m", "m"]})
    rows = read_rows([column], new)
    np.testing.assert_array_equal(rows.frame["it"], [2, np.nan, 2.5, 3, np.nan])
    assert rows.notes[0] == "it: no number in '1800 mm' (1), 'm' (1): gaps"


def test_the_mark_of_decimals_is_that_of_the_training():
    column = judge(pd.Series([f"{value:.3f} kg".replace(".", ",") for value in RNG.uniform(1, 2, N)] + ["1,25 kg"] * N))
    assert column.decimal == ","
    rows = read_rows([column], pd.DataFrame({"it": ["1,234 kg", "1,500"]}))
    assert rows.frame["it"].tolist() == [1.234, 1.5]
    assert Column.from_json(column.to_json()).decimal == ","


def test_yes_and_no_are_the_same_in_any_case():
    column = judge(text(["Yes", "Yes", "no", "yes", "NO", "no"]))
    assert column.kind == "yes/no" and "2 values (Yes, no)" in column.done
    rows = read_rows([column], pd.DataFrame({"it": ["YES", "No", "yes", "maybe"]}))
    assert rows.frame["it"].tolist() == ["Yes", "no", "Yes", "maybe"] and "'maybe' (row 4)" in rows.notes[0]
    flags = judge(text(["true", "false"]))
    assert read_rows([flags], pd.DataFrame({"it": [True, False]})).frame["it"].tolist() == ["true", "false"]


def test_units_beside_numbers():
    for form in ("{:.1f}kg", "EUR {:.1f}", "$-{:.1f}", "-${:.1f}", "{:.1f}\u2009mg"):
        column = judge(pd.Series([form.format(value) for value in RNG.uniform(1, 9, N)]))
        assert column.kind == "number" and column.unit in ("kg", "EUR", "$", "mg"), form
    money = judge(pd.Series([("-$" if i % 2 else "$") + f"{i}.50" for i in range(N)]))
    assert (money.low, money.high) == (-39.5, 38.5)


def test_dates_of_iso_are_always_understood():
    days = pd.Series(pd.date_range("2024-01-30", periods=N, freq="11D"))
    for form in ("%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", None):
        column = judge(days if form is None else days.dt.strftime(form))
        for other in (days, days.dt.strftime("%Y-%m-%d"), days.dt.strftime("%Y-%m-%d %H:%M:%S"), days.astype(object)):
            rows = read_rows([column], pd.DataFrame({"it": other}))
            assert not rows.notes and not rows.frame.isna().any(axis=None), form
    typed = judge(days)
    assert not read_rows([typed], pd.DataFrame({"it": days.dt.strftime("%d.%m.%Y")})).notes


def test_a_date_is_that_of_the_clock_where_it_was():
    zoned = pd.Series(pd.date_range("2024-01-01", periods=N, freq="D", tz="Europe/Berlin"))
    for values in (
        zoned,
        zoned.astype(str),
        zoned.astype(object),
        text(["2024-01-01T00:30:00+02:00", "2024-01-02T23:00Z"]),
    ):
        assert judge(values).first == "2024-01-01"


def test_days_and_months_that_changed_places_are_said():
    column = judge(pd.Series([f"{1 + i % 12}/{1 + i % 28}/2024" for i in range(N)]))
    rows = read_rows([column], pd.DataFrame({"it": ["13/02/2024", "05/03/2024"]}))
    assert any("some dates are day/month/year; all were read as month/day/year" in note for note in rows.notes)


def test_categories_that_are_numbers_are_the_same_in_any_copy():
    values = text(["1.0", "2.0", None])
    for one, other in ((values, values.astype(float)), (values.astype(float), values)):
        column = judge(one, kinds={"it": "category"})
        assert not read_rows([column], pd.DataFrame({"it": other})).notes
    large = pd.Series([2**53, 2**53 + 1, 2**53 + 2] * 5)
    assert judge(large, kinds={"it": "category"}).values == [str(2**53 + i) for i in range(3)]
