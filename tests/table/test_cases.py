"""Small tables that people had and that went wrong, each through the command line as a process."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
TRAIN = "train.csv"
# The recipe is another test's.
QUICK = ("--no-baseline", "--model", "GLVQ", "--set", "lr=0.1", "--set", "max_iter=100")


def run(*arguments, folder):
    command = [sys.executable, "-m", "prosemble", *map(str, arguments)]
    environment = {
        "HOME": str(folder.parent),
        "PATH": "/usr/bin:/bin",
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Return a function that trains on a case, once, and returns the model's path and what was printed."""
    folder, done = tmp_path_factory.mktemp("cases"), {}

    def fit(name, target="dx", *options):
        key = (name, *options)
        if key not in done:
            model = folder / f"{len(done)}.prosemble"
            trained = ["--target", target, "-o", model, *QUICK, *options]
            result = run("fit", CASES / name, *trained, folder=folder)
            assert result.returncode == 0, result.stderr
            done[key] = model, result.stdout
        return done[key]

    return fit


def predicted(model, name, *options):
    """Return the predictions of a case and what was said on standard error."""
    result = run("predict", model, CASES / name, *options, folder=model.parent)
    assert result.returncode == 0, result.stderr
    return [row["prediction"] for row in csv.DictReader(io.StringIO(result.stdout))], result.stderr


def refused(arguments, folder, *parts):
    """Hold that a command is refused in one line with these parts, and that nothing is written."""
    before = sorted(folder.iterdir())
    result = run(*arguments, folder=folder)
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 2 and len([line for line in lines if line.startswith("Error: ")]) == 1, result
    assert "Traceback" not in result.stderr and all(part in lines[-1] for part in parts), lines
    assert sorted(folder.iterdir()) == before


def test_what_is_right_stays_so(fitted):
    model, told = fitted(TRAIN)
    assert predicted(model, "new_right.csv")[0] == ["flu", "cold", "flu"]
    assert "commas between cells" in told


@pytest.mark.parametrize("name", ["new_unquoted_decimal_commas.csv", "new_an_extra_cell.csv"])
def test_rows_of_another_width_are_refused(name, fitted):
    model, _ = fitted(TRAIN)
    parts = "row 1 (line 2) has 3 cells, the header 2 (a decimal comma?)", name
    refused(["predict", model, CASES / name, "-o", "out.csv"], model.parent, *parts)


@pytest.mark.parametrize(
    ("name", "target", "how"),
    [
        ("semicolons_decimal_commas.csv", "dx", "semicolons between cells, decimal commas"),
        pytest.param("tabs.tsv", "dx", "tabs between cells", marks=pytest.mark.breadth),
        pytest.param("latin1.csv", "Gruppe", "Windows-1252", marks=pytest.mark.breadth),
        ("title_above_the_header.csv", "dx", "skipped 2 lines above the table: 'Ward 3; exported 2024-05-01'"),
    ],
)
def test_dialects_are_read_and_said(name, target, how, fitted):
    model, told = fitted(name, target)
    assert how in told.splitlines()[0]
    flu = "Grippe (fiebrig, ü)" if target == "Gruppe" else "flu"
    found, _ = predicted(model, name)
    assert found.count(flu) == 12 and len(found) == 24


def test_cells_that_are_no_numbers_are_gaps(fitted):
    for name, odd in {"question_marks.csv": "'?'", "below_detection.csv": "'<0.3'"}.items():
        _, told = fitted(name)
        (line,) = [line for line in told.splitlines() if line.split()[:2] == ["crp", "number"]]
        count = (CASES / name).read_text().count(odd.strip("'"))
        assert f"no number in {odd} ({count})" in line and f"{count} gaps left to the metric" in line


def test_what_says_who_a_row_is_is_left_out(fitted):
    for name, column in {"row_numbers_of_a_sorted_table.csv": "column_1", "surnames.csv": "surname"}.items():
        _, told = fitted(name)
        (line,) = [line for line in told.splitlines() if line.split()[:1] == [column]]
        assert "left out: identifying" in line and f"--keep {column}" in line
    _, told = fitted("surnames.csv", "dx", "--keep", "surname")
    assert "a feature for each of 24 values" in told


def test_a_row_number_predicts_nothing(fitted):
    _, told = fitted("row_numbers_of_a_sorted_table.csv")
    (line,) = [line for line in told.splitlines() if line.startswith("this model")]
    assert float(line.split()[2]) < 0.9


def test_dates_become_numbers_and_new_days_are_predicted(fitted, tmp_path):
    model, told = fitted("dates.csv")
    assert "day  date    numbers: days since 2024-01-01, month, weekday" in told
    (tmp_path / "new.csv").write_text("day,crp\n2024-02-20,27.1\n2024-02-21,2.0\n")
    assert predicted(model, tmp_path / "new.csv")[0] == ["flu", "cold"]


@pytest.mark.parametrize(
    ("name", "column", "done"),
    [
        ("gaps.csv", "crp", "gaps left to the metric"),
        ("gaps.csv", "sex", "gaps, a value of their own"),
        pytest.param("true_false_with_gaps.csv", "fever", "a value of", marks=pytest.mark.breadth),
    ],
)
def test_gaps_are_trained_with_and_said(name, column, done, fitted):
    model, told = fitted(name)
    (line,) = [line for line in told.splitlines() if line.split()[:1] == [column] and line.startswith("  ")]
    assert done in line
    assert len(predicted(model, name)[0]) == 24


def test_rows_without_a_label_are_left_out_by_number(fitted):
    _, told = fitted("gaps_in_the_target.csv")
    rows = (CASES / "gaps_in_the_target.csv").read_text().splitlines()[1:]
    gaps = [str(i + 1) for i, row in enumerate(rows) if row.endswith(",")]
    assert f"Left out {len(gaps)} rows without a label in 'dx': rows {', '.join(gaps)}." in told


def test_an_unseen_category_is_predicted_and_named(fitted):
    model, _ = fitted("categories.csv")
    found, said = predicted(model, "new_unseen_category.csv")
    assert len(found) == 3 and set(found) <= {"cold", "flu"}
    assert "Note: ward: training did not see 'east' (row 2)" in said


def test_a_line_for_each_line(fitted):
    model, _ = fitted("one_column_train.csv")
    found, said = predicted(model, "one_column_new_blank_line.csv")
    assert found == ["flu", "", "cold"] and "nothing is known of row 2" in said


def test_names_that_are_no_names_are_refused(tmp_path):
    fit = ["fit", "--target", "dx"]
    refused([*fit, CASES / "two_columns_of_one_name.csv"], tmp_path, "columns 1 and 2 are both called 'age'")
    refused([*fit, CASES / "no_header.csv"], tmp_path, "line 1 (33, 2.9, cold)", "looks like values", "--header none")


def test_a_table_without_names_is_read_where_somebody_says_so(fitted):
    model, told = fitted("no_header.csv", "column_3", "--header", "none")
    assert "column_2  number" in told
    assert len(predicted(model, "no_header.csv")[0]) == 24  # read as the one before


def test_labels_stay_as_they_stand(fitted):
    model, _ = fitted("labels_with_leading_zeros.csv")
    assert predicted(model, "new_right.csv")[0] == ["0047", "0012", "0047"]


def test_a_number_to_predict_is_refused(tmp_path):
    refused(
        ["fit", CASES / "a_number_to_predict.csv", "--target", "crp"],
        tmp_path,
        "Column 'crp' holds 24 different numbers in 24 rows; this learns classes",
        "--as crp=category",
    )
