"""The command line as a user has it: files in, files and words out."""

import os
import subprocess
import sys

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine
from typer.testing import CliRunner

from prosemble.cli import app
from prosemble.models import GLVQ
from prosemble.table import TableClassifier, printing

FAST = ["--set", "max_iter=40", "--set", "n_prototypes_per_class=1", "--no-baseline"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def mushrooms(tmp_path):
    """A table with numbers in odd units, text, booleans and an index column of another type."""
    rng = np.random.default_rng(0)
    n = 90
    edible = rng.permutation(np.repeat(["yes", "no"], n // 2))
    frame = pd.DataFrame(
        {
            "weight": np.where(edible == "yes", 5000.0, 5040.0) + rng.normal(size=n),
            "cap": rng.normal(size=n) / 1000,
            "colour": np.where(rng.uniform(size=n) < 0.5, "red", "brown"),
            "ring": rng.uniform(size=n) < 0.5,
            "edible": edible,
        }
    )
    frame.to_csv(tmp_path / "mushrooms.csv", index=False)
    frame.to_parquet(tmp_path / "mushrooms.parquet")
    return frame, tmp_path


def test_what_is_text_in_training_is_text_in_every_file(tmp_path):
    rng = np.random.default_rng(0)
    n = 20_000  # pandas would guess the kinds of the columns by parts of so long a file
    frame = pd.DataFrame(rng.normal(size=(n, 100)).round(2)).add_prefix("x")
    frame["ward"] = rng.choice(["007", "012"], n)
    frame["code"] = np.where(frame["ward"] == "007", "1", "02")
    frame.loc[frame.index[-20:], ["ward", "code"]] = "ICU"
    frame.to_csv(tmp_path / "long.csv", index=False)
    arguments = ["--target", "code", "-o", tmp_path / "m", "--model", "NPC"]
    result = run("fit", tmp_path / "long.csv", *arguments)
    assert result.exit_code == 0 and "a feature for each of 3 values (007, 012, ICU)" in result.output, result.output
    frame[:9].to_csv(tmp_path / "short.csv", index=False)
    for command in ("predict", "explain"):
        result = run(command, tmp_path / "m", tmp_path / "short.csv", "-o", tmp_path / "out.csv")
        assert result.exit_code == 0, result.output
    assert set(pd.read_csv(tmp_path / "out.csv", dtype=str)["prediction"]) <= {"1", "02", "ICU"}
    truth = frame[:40].assign(found=frame["code"]).drop(columns="code")
    truth.loc[:2, "found"] = "ICU"
    truth.to_csv(tmp_path / "truth.csv", index=False)
    arguments = ["--target", "found", "-o", tmp_path / "r.html", "--repeats", "1"]
    result = run("report", tmp_path / "m", tmp_path / "truth.csv", *arguments)
    assert result.exit_code == 0, result.output


def test_names_are_no_markup(tmp_path):
    frame = pd.DataFrame({"glucose [mg/dl]": [1.0, 2, 3, 4] * 5, "ca[/x]": [4.0, 3, 2, 1] * 5})
    frame["dx"] = ["tumor [stage i]", "d:smile:"] * 10
    frame.to_csv(tmp_path / "t.csv", index=False)
    result = run("fit", tmp_path / "t.csv", "--target", "dx", "-o", tmp_path / "m", "--model", "NPC")
    assert result.exit_code == 0, result.output
    for name in ("glucose [mg/dl]", "ca[/x]", "tumor [stage i]", "d:smile:"):
        assert name in result.output


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_fit_show_and_predict(suffix, mushrooms):
    frame, folder = mushrooms
    table, model = folder / f"mushrooms.{suffix}", folder / "m"
    result = run("fit", table, "--target", "edible", "-o", model, *FAST)
    assert result.exit_code == 0, result.output
    for expected in ("Recipe, ", "Accuracy  Balanced accuracy", "this model     1.000", "Confusion matrix",
                     "colour  category  a feature for each of 2 values (brown, red)", "Model written to"):  # fmt: skip
        assert expected in result.output, result.output

    result = run("show", model)
    assert result.exit_code == 0 and "a feature for each of 2 values (brown, red)" in result.output
    prototypes = TableClassifier.load(model).prototypes_frame_
    assert prototypes.loc["yes", "weight"] == pytest.approx(5000, abs=60)  # in the units of the table

    raw = frame.drop(columns="edible").assign(unused=1)[["ring", "colour", "cap", "weight", "unused"]]
    raw.to_csv(folder / "raw.csv", index=False)
    result = run("predict", model, folder / "raw.csv", "-o", folder / "out.csv")
    assert result.exit_code == 0, result.output
    out = pd.read_csv(folder / "out.csv")
    assert list(out.columns) == ["prediction", "probability_no", "probability_yes"]
    assert (out["prediction"] == frame["edible"]).all()
    np.testing.assert_allclose(out[["probability_no", "probability_yes"]].sum(axis=1), 1)
    printed = run("predict", model, folder / "raw.csv")
    assert printed.stdout.splitlines()[0] == "prediction,probability_no,probability_yes"
    assert printed.stderr.startswith(f"{folder / 'raw.csv'}: 90 rows")


def test_explain(mushrooms):
    frame, folder = mushrooms
    table, model = folder / "mushrooms.csv", folder / "m"
    assert run("fit", table, "--target", "edible", "-o", model, *FAST).exit_code == 0
    for suffix, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        result = run("explain", model, table, "-o", folder / f"why.{suffix}")
        assert result.exit_code == 0, result.output
        why = read(folder / f"why.{suffix}")
        assert (why["prediction"] == frame["edible"]).all() and (why["runner_up"] != frame["edible"]).all()
        features = ["weight", "cap", "colour", "ring"]
        assert list(why.columns[-4:]) == features
        np.testing.assert_allclose(why[features].sum(axis=1), why["d_minus"] - why["d_plus"], rtol=1e-4, atol=1e-4)
    assert run("explain", model, table).stdout.startswith("prediction,prototype,d_plus,runner_up,")
    assert "Example: prosemble explain model.prosemble" in run("explain", "--help").output
    odd = run("explain", model, spoiled(frame, folder, cap="much"))
    assert odd.exit_code == 0 and "Note: cap: no number in 'much' (90): gaps" in odd.stderr


def test_report(mushrooms):
    frame, folder = mushrooms
    table, model, page = folder / "mushrooms.csv", folder / "m", folder / "report.html"
    frame.assign(number=range(len(frame))).to_csv(table, index=False)
    said = ["--keep", "number", "--drop", "cap", "--as", "ring=category"]
    assert run("fit", table, "--target", "edible", "-o", model, *said, *FAST).exit_code == 0
    written = run("report", model, table, "-o", page, "--repeats", "1")
    assert written.exit_code == 0 and "samples of no" in page.read_text(), written.output
    assert run("fit", table, "--target", "edible", "-o", model, *FAST).exit_code == 0
    written = run("report", model, table, "-o", page, "--title", "Mushrooms", "--repeats", "1")
    assert written.exit_code == 0, written.output
    seen = page.read_text()
    assert "<h1>Mushrooms</h1>" in seen and "colour=brown" in seen and "TableTransformer()" in seen
    middle = f"median {frame.loc[frame['edible'] == 'no', 'weight'].median():.1f}"
    assert f"samples of no: {middle}" in seen  # in the units of the table
    assert "Example: prosemble report model.prosemble" in run("report", "--help").output
    for arguments, message in [
        (("--target", "poison"), "no column 'poison'"),
        (("--target", "colour"), "'colour' holds 'red', 'brown', which the model does not know; it knows 'no', 'yes'."),
        (("-o", folder / "no" / "r.html"), "no folder"),
    ]:
        refused = run("report", model, table, *arguments)
        assert refused.exit_code == 2 and message in refused.stderr and len(refused.stderr.strip().splitlines()) == 1


def test_the_recipe_beats_the_defaults_and_is_told(tmp_path):
    result = run("fit", "wine", "--target", "target", "-o", tmp_path / "m")
    assert result.exit_code == 0 and "Recipe, " in result.output and "lr_scheduler='cosine_decay'" in result.output
    assert float(result.output.split("this model ")[1].split()[0]) > 0.9
    assert (tmp_path / "m").exists()


def test_a_search_writes_what_it_chose(mushrooms, tmp_path):
    _, folder = mushrooms
    table = folder / "mushrooms.csv"
    options = ["--time-budget", 0, "--max-prototypes", 2, "-o", tmp_path / "m"]
    result = run("search", table, "--target", "edible", *options)
    assert result.exit_code == 0 and "Chosen: " in result.output and "GMLVQ, 1 a class" in result.output
    shown = run("show", tmp_path / "m").output
    assert result.output.split("Chosen: ")[1].split("(")[0] + "(" in shown
    assert run("predict", tmp_path / "m", table, "-o", tmp_path / "out.csv").exit_code == 0
    refused = run("search", table, "--target", "edible", "--max-prototypes", 2, "-o", folder / "no" / "m")
    assert refused.exit_code == 2 and "no folder" in refused.stderr


def test_any_model_and_parameter(tmp_path):
    result = run("fit", "iris", "--target", "target", "-o", tmp_path / "m", "--model", "GLVQ21",
                 "--set", "max_iter=3", "--set",
                 "n_prototypes_per_class={'setosa': 1, 'versicolor': 2, 'virginica': 1}",
                 "--set", "optimizer=sgd")  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Recipe" not in result.output
    model = TableClassifier.load(tmp_path / "m").estimator_
    assert (model.max_iter, model.optimizer, len(model.prototypes_)) == (3, "sgd", 4)


@pytest.mark.parametrize("name", ["LVQ1", "MedianLVQ", "NPC", "KNN"])
def test_models_without_gradients(name, tmp_path):
    assert run("fit", "iris", "--target", "target", "-o", tmp_path / "m", "--model", name).exit_code == 0
    shown = run("show", tmp_path / "m")
    assert shown.exit_code == 0 and name in shown.output and ("Epochs" in shown.output) == (name[-3:] not in "NPC KNN")
    assert ("and 12 more prototypes" in shown.output) == (name == "KNN")
    assert run("predict", tmp_path / "m", "iris").exit_code == 0


def test_a_model_saved_from_python_is_used_on_its_own_features(tmp_path):
    X, y = load_wine(return_X_y=True, as_frame=True)
    model = GLVQ(max_iter=3).fit(X, y)
    model.save(tmp_path / "m")
    X.to_csv(tmp_path / "X.csv", index=False)
    assert run("predict", tmp_path / "m", tmp_path / "X.csv", "-o", tmp_path / "out.csv").exit_code == 0
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "out.csv")["prediction"], model.predict(X))
    # Its scaling, if it was behind one, is not in the file.
    assert "saved without a table's scaling" in run("predict", tmp_path / "m", tmp_path / "X.csv").stderr
    assert "Prototypes, as the model was given its features" in run("show", tmp_path / "m").stdout


def spoiled(frame, folder, **changes):
    frame.assign(**changes).to_csv(folder / "bad.csv", index=False)
    return folder / "bad.csv"


def wrong_inputs(frame, folder):
    good = folder / "mushrooms.csv"
    (folder / "empty.csv").write_text("")
    headings, dated = folder / "headings.csv", folder / "dated.parquet"
    headings.write_text("weight,edible\n")
    frame.assign(edible=pd.to_datetime(np.where(frame["ring"], "2026-01-01", "2026-01-02"))).to_parquet(dated)
    return [
        (["nowhere.csv", "--target", "y"], "nowhere.csv: no such file"),
        ([folder / "empty.csv", "--target", "y"], "empty.csv: holds no rows"),
        ([good, "--target", "poison"], "no column 'poison'. Columns: weight, cap, colour, ring, edible"),
        ([good, "--target", "edible", "--model", "SVM"], "Unknown model 'SVM'. Accepted: CBC, CELVQ"),
        ([good, "--target", "edible", "--set", "speed=1"], "--set speed=1: give NAME=VALUE"),
        ([good, "--target", "edible", "--model", "GLVQ", "--set", "lr=-1"], "'lr' parameter"),
        ([good, "--target", "edible", "-o", folder / "no" / "m"], "no folder"),
        ([good, "--target", "weight"], "different numbers in 90 rows; this learns classes"),
        ([good, "--target", "edible", "--drop", "price"], "no column 'price'"),
        ([good, "--target", "edible", "--drop", "edible"], "--drop edible: it is the target"),
        ([good, "--target", "edible", "--as", "ring"], "--as ring: give COLUMN=KIND"),
        ([good, "--target", "edible", "--as", "ring=colour"], "--as ring=colour: a column can be said to be one of"),
        ([good, "--target", "edible", "--separator", "ab"], "--separator ab: give one character"),
        ([dated, "--target", "edible"], "Column 'edible' holds dates, not labels"),
        ([headings, "--target", "edible"], "headings.csv: holds no rows"),
    ]  # fmt: skip


def test_what_the_user_can_mend_is_one_line_and_exit_code_2(mushrooms, monkeypatch):
    frame, folder = mushrooms
    monkeypatch.chdir(folder)
    for arguments, message in wrong_inputs(frame, folder):
        result = run("fit", *arguments)
        lines = result.stderr.strip().splitlines()
        assert result.exit_code == 2 and len(lines) == 1 and message in lines[0], (arguments, result.output)
        assert not list(folder.glob("model*"))


def test_words_of_a_command_that_are_wrong_are_one_line(tmp_path):
    for arguments, message in [
        (["fit", "iris"], "Missing option '--target'. See python -m prosemble fit --help."),
        (["fit", "iris", "--target"], "requires an argument"),
        (["cook", "iris"], "No such command 'cook'"),
        (["fit", "iris", "--target", "target", "--test-size", "2"], "Invalid value for '--test-size'"),
    ]:
        done = subprocess.run(
            [sys.executable, "-m", "prosemble", *arguments], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_rows_that_are_not_as_in_training_are_predicted_and_said(mushrooms):
    frame, folder = mushrooms
    assert run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST).exit_code == 0
    for change, message in [
        (
            {"colour": np.where(frame.index == 2, "blue", frame["colour"])},
            "colour: training did not see 'blue' (row 3)",
        ),
        ({"cap": "much"}, "cap: no number in 'much' (90): gaps"),
        ({"cap": frame["cap"].where(frame.index != 1)}, "cap: 1 gap in 90 rows, where training had none"),
        ({"weight": frame["weight"] / 1000}, "weight: 90 values of 90"),
    ]:
        result = run("predict", folder / "m", spoiled(frame, folder, **change), "-o", folder / "out.csv")
        assert result.exit_code == 0 and f"Note: {message}" in result.stderr, result.stderr
        assert len(pd.read_csv(folder / "out.csv")) == 90
    short = frame.drop(columns=["cap", "ring"])
    short.to_csv(folder / "short.csv", index=False)
    result = run("predict", folder / "m", folder / "short.csv", "-o", folder / "none.csv")
    assert result.exit_code == 2 and "no column 'cap', 'ring'. Columns: weight, colour, edible" in result.stderr
    assert not (folder / "none.csv").exists()
    assert run("predict", folder / "mushrooms.csv", folder / "mushrooms.csv").exit_code == 2
    assert run("show", folder / "nothing").exit_code == 2


def test_nothing_of_the_users_is_lost(mushrooms):
    frame, folder = mushrooms
    table, model = folder / "mushrooms.csv", folder / "m"
    notes, link = folder / "notes.txt", folder / "link.csv"
    notes.write_text("my notes")
    link.symlink_to(table)
    assert run("fit", table, "--target", "edible", "-o", model, *FAST).exit_code == 0
    before = {path: path.read_bytes() for path in (table, notes, model)}
    fit = ["fit", table, "--target", "edible", *FAST, "-o"]
    export = ["export", model, "--format", "c", "-o"]
    for arguments, message in [
        ([*fit, table], "is the same file as"),
        ([*fit, link], "is the same file as"),
        ([*fit, notes], "is a file that prosemble did not write; give another name, or --force"),
        (["search", table, "--target", "edible", "-o", link], "is the same file as"),
        (["predict", model, table, "-o", table], "is the same file as"),
        (["predict", model, table, "-o", model], "is the same file as"),
        (["predict", model, table, "-o", folder / "new"], "a table is written as .csv, .parquet, .pq, .xlsx"),
        (["predict", model, table, "-o", notes], "a table is written as"),
        (["explain", model, table, "-o", link], "is the same file as"),
        (["report", model, table, "-o", table], "is the same file as"),
        (["report", model, table, "-o", notes], "is a file that prosemble did not write"),
        ([*export, model], "is the same file as"),
        ([*export, table], "is a file that prosemble did not write"),
    ]:
        result = run(*arguments)
        assert result.exit_code == 2 and message in result.stderr, (arguments, result.stderr)
        assert {path: path.read_bytes() for path in before} == before
    # What is ours is replaced, and what is not where somebody says so.
    for output in ("out.csv", "out.parquet", "out.xlsx"):
        if output.endswith("xlsx"):
            pytest.importorskip("openpyxl", reason="the extra excel is not installed")
        for command in ("predict", "predict", "explain"):
            assert run(command, model, table, "-o", folder / output).exit_code == 0
    for arguments in ([*fit, model], [*export, folder / "m.h"], [*export, folder / "m.h"], [*fit, notes, "--force"]):
        assert run(*arguments).exit_code == 0, arguments


def test_tables_are_written_in_the_format_of_the_name(mushrooms):
    pytest.importorskip("openpyxl", reason="the extra excel is not installed")
    frame, folder = mushrooms
    run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST)
    for name, read in {"a.csv": pd.read_csv, "a.parquet": pd.read_parquet, "a.xlsx": pd.read_excel}.items():
        assert run("predict", folder / "m", folder / "mushrooms.csv", "-o", folder / name).exit_code == 0
        assert read(folder / name)["prediction"].tolist() == frame["edible"].tolist()


def test_standard_input_and_output(mushrooms):
    frame, folder = mushrooms
    run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST)
    text = (folder / "mushrooms.csv").read_text()
    result = CliRunner().invoke(app, ["predict", str(folder / "m"), "-"], input=text)
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 91
    assert result.stderr.startswith("standard input: 90 rows")


def test_rare_classes_are_named(mushrooms):
    frame, folder = mushrooms
    edible = frame["edible"].where(frame.index > 0, "maybe")
    result = run("fit", spoiled(frame, folder, edible=edible), "--target", "edible", "-o", folder / "m", *FAST)
    assert result.exit_code == 0 and "Class of one row, trained on and not tested: 'maybe' (row 1)." in result.output
    assert "maybe" in TableClassifier.load(folder / "m").classes_


def test_rows_of_which_nothing_is_known_are_left_out_of_the_training(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=40), "sex": rng.choice(["f", "m"], 40), "dx": ["a", "b"] * 20})
    frame.loc[[4, 9], ["x", "sex"]] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    fitted = run("fit", tmp_path / "t.csv", "--target", "dx", "-o", tmp_path / "m", *FAST)
    assert fitted.exit_code == 0 and "Left out 2 rows of which nothing is known: rows 5, 10." in fitted.output
    assert "Trained on 28 rows, tested on 10" in fitted.output


def test_a_column_that_is_the_answer_in_other_words_is_named(tmp_path):
    rng = np.random.default_rng(0)
    dx = rng.choice(["ill", "well"], 120)
    frame = pd.DataFrame(
        {"x": rng.normal(size=120), "sex": rng.choice(["f", "m"], 120), "died": (dx == "ill").astype(object), "dx": dx}
    )
    frame.loc[3, "sex"] = None
    frame.loc[5, "died"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", tmp_path / "t.csv", "--target", "dx", "-o", tmp_path / "m", *FAST]
    told = run(*fit).output
    assert "'died' tells the label by itself" in told and "--drop died" in told and "'sex' tells" not in told
    assert "tells the label" not in run(*fit, "--drop", "died").output
    frame.loc[7, "died"] = not frame.loc[7, "died"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert "tells the label" not in run(*fit).output


def test_a_class_that_is_never_predicted_is_named(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "dx": ["ill"] * 12 + ["well"] * 188})
    frame.to_csv(tmp_path / "t.csv", index=False)
    settings = ["--set", "max_iter=300", "--set", "lr=0.1", "--set", "transfer_fn=sigmoid_beta"]
    result = run("fit", tmp_path / "t.csv", "--target", "dx", "-o", tmp_path / "m", "--model", "GLVQ", *settings)
    never = "Never predicted, on no row of the table: 'ill'." in result.output
    labels = TableClassifier.load(tmp_path / "m").predict(frame)
    assert result.exit_code == 0 and never == ("ill" not in labels)
    assert "most frequent class     0.940              0.500" in result.output


def test_many_classes_and_columns_are_legible(capsys):
    classes = [f"class {i:04d}" for i in range(3000)]
    counts = {(i, (i + i % 7) % 3000): 1 + i % 3 for i in range(3000)}
    printing.confusion(classes, counts)
    printing.columns([(f"gene {j}", "number", "standardised", "1 gap" if j == 2500 else "") for j in range(3000)])
    printing.prototypes(classes, {f"gene {j}": [0.5] * 3000 for j in range(3000)}, "in the units of the table")
    printed = capsys.readouterr().out
    assert "Most frequent mistakes:" in printed and "more pairs of classes" in printed
    assert "gene 2500" in printed and "and 2,960 more columns (2,960 of kind number)" in printed
    assert "and 2,900 more prototypes" in printed and len(printed.splitlines()) < 2000
    assert max(map(len, printed.splitlines())) < 200
    printing.confusion(list("abcdefghijklmnopqrstuvwxyz"), {(0, 1): 3, (2, 2): 5})
    assert "Most frequent mistakes:" in capsys.readouterr().out


def test_of_many_columns_those_are_printed_in_which_the_prototypes_differ(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(80, 70)).round(3)).add_prefix("gene ").assign(dx=["a", "b"] * 40)
    frame["gene 68"] += 3.0 * (frame["dx"] == "b")
    frame["gene 3"] = 0.001 * frame["gene 3"] + 0.1  # alike, in whatever unit
    frame.to_csv(tmp_path / "t.csv", index=False)
    fitted = run("fit", tmp_path / "t.csv", "--target", "dx", "-o", tmp_path / "m", "--model", "GLVQ", *FAST)
    shown = run("show", tmp_path / "m").output
    for printed in (fitted.output, shown):
        printed = printed.split("Prototypes")[1]
        assert "│ gene 68 " in printed and printed.count("│ gene ") == printing.FEATURES
        assert "and 10 columns in which the prototypes differ less" in printed


@pytest.mark.parametrize("quantize", [[], ["--quantize", "int8"]])
def test_export(quantize, mushrooms):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    frame, folder = mushrooms
    run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST)
    result = run("export", folder / "m", "--format", "onnx", "-o", folder / "m.onnx", *quantize)
    assert result.exit_code == 0, result.output
    assert (
        "rows of 4 columns, in this order: weight, cap, colour (0 brown, 1 red), ring (0 False, 1 True)"
        in result.output
    )
    columns = frame[["weight", "cap", "colour", "ring"]].astype({"weight": "float32", "cap": "float32", "ring": str})
    fed = {
        name: column.to_numpy(column.dtype if column.dtype.kind == "f" else object)[:, None]
        for name, column in columns.items()
    }
    label, probabilities, _ = onnxruntime.InferenceSession(folder / "m.onnx").run(None, fed)
    model = TableClassifier.load(folder / "m")
    np.testing.assert_array_equal(label, model.predict(frame))
    np.testing.assert_allclose(probabilities, model.predict_proba(frame), atol=1e-2 if quantize else 1e-3)


def test_export_of_every_format_and_its_errors(tmp_path):
    GLVQ(max_iter=2).fit(*load_wine(return_X_y=True)).save(tmp_path / "m")
    for form in ("stablehlo", "c"):
        result = run("export", tmp_path / "m", "--format", form, "-o", tmp_path / form)
        assert result.exit_code == 0 and f"{(tmp_path / form).stat().st_size:,} bytes" in result.output
    for arguments, message in {
        ("m", "--format", "pmml", "-o", "out"): "--format pmml: give one of onnx, stablehlo, c.",
        ("m", "--format", "c", "-o", "nowhere/out"): "no folder",
        (
            "m",
            "--format",
            "c",
            "-o",
            "out",
            "--quantize",
            "int4",
        ): "dtype must be one of 'int8', 'float16'",
        ("none", "--format", "c", "-o", "out"): "No model file at",
    }.items():
        paths = [tmp_path / each if each in {"m", "none", "out", "nowhere/out"} else each for each in arguments]
        result = run("export", *paths)
        assert result.exit_code == 2 and message in result.stderr and result.stderr.count("\n") == 1
    assert "prosemble export model.prosemble --format onnx -o model.onnx" in run("export", "--help").output


@pytest.mark.parametrize("name", ["LVQMLN", "PLVQ", "SiameseGLVQ", "CBC"])
def test_prototypes_of_an_encoders_space_are_shown_as_such(name, tmp_path):
    result = run("fit", "iris", "--target", "target", "-o", tmp_path / "m", "--model", name, "--set", "max_iter=3")
    assert result.exit_code == 0, result.output
    latent = name in ("LVQMLN", "PLVQ")
    for output in (result.output, run("show", tmp_path / "m").output):
        assert ("Prototypes, as coordinates of what" in output) == ("latent 0" in output) == latent
        assert ("in the units of the table" in output) != latent


def test_gaps_in_every_column_are_trained_with(mushrooms):
    frame, folder = mushrooms
    gaps = spoiled(
        frame,
        folder,
        weight=frame["weight"].where(frame.index % 9 != 4),
        colour=frame["colour"].where(frame.index % 7 > 0),
    )
    result = run("fit", gaps, "--target", "edible", "-o", folder / "m", *FAST)
    assert result.exit_code == 0, result.output
    assert "10 gaps left to the metric" in result.output and "13 gaps, a value of their own" in result.output
    assert not TableClassifier.load(folder / "m").prototypes_frame_.isna().any(axis=None)
    for command in ("predict", "explain"):
        result = run(command, folder / "m", gaps)
        assert result.exit_code == 0 and len(result.stdout.splitlines()) == len(frame) + 1, result.output


def test_columns_are_left_out_or_taken(mushrooms):
    frame, folder = mushrooms
    named = spoiled(frame, folder, finder=[f"person {i}" for i in range(len(frame))])
    arguments = ["fit", named, "--target", "edible", "-o", folder / "m", *FAST]
    result = run(*arguments, "--drop", "ring")
    why = "identifying, 90 different values in 90 rows, such as 'person 0'"
    assert f"left out: {why}; --keep finder takes it all the same" in result.output
    used = [column.name for column in TableClassifier.load(folder / "m").table_.judged_ if column.used]
    assert result.exit_code == 0 and used == ["weight", "cap", "colour"]
    assert run("predict", folder / "m", folder / "mushrooms.csv").exit_code == 0
    taken = run(*arguments, "--keep", "finder", "--as", "ring=category")
    assert taken.exit_code == 0 and "a feature for each of 90 values" in taken.output


@pytest.mark.breadth
def test_programs_are_kept_and_bounded(mushrooms, monkeypatch, tmp_path):
    from prosemble import compile_cache

    _, folder = mushrooms
    fit = [sys.executable, "-m", "prosemble", "fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m"]
    environment = {name: value for name, value in os.environ.items() if name != compile_cache.VARIABLE}
    can = jax.__version_info__ >= (0, 6, 2)
    for switch, kept in (({}, can), ({compile_cache.VARIABLE: "0"}, False)):
        home = tmp_path / f"home {kept}"
        subprocess.run(
            [*fit, *FAST], env={**environment, "HOME": str(home), "XDG_CACHE_HOME": "", **switch}, check=True
        )
        assert (home / ".cache" / "prosemble").exists() == kept


def test_the_kept_programs_are_bounded(monkeypatch, tmp_path):
    from prosemble import compile_cache

    mine, program, newer = (tmp_path / name for name in ("model.prosemble", "jit_step-cache", "jit_other-cache"))
    for age, path in enumerate((newer, program, mine)):
        path.write_bytes(b"x" * 10)
        os.utime(path, (1000 - age, 1000 - age))
    monkeypatch.setattr(compile_cache, "MOST_BYTES", 15)
    compile_cache._forget_oldest(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([mine, newer])


def test_files_that_only_speak_of_us_are_not_replaced(mushrooms, tmp_path):
    _, folder = mushrooms
    assert run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST).exit_code == 0
    theirs = {
        "notes.txt": "/* notes */\n/* A GLVQ of prosemble: see */",
        "page.html": '<!DOCTYPE html><html><head></head><body><meta name="generator" content="prosemble 1"></body>',
        "table.csv": "prediction,truth\nyes,no\n",
        "blob.bin": b"\x00" * 100 + b"prosemble\x1a",
    }
    for name, content in theirs.items():
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        output = folder / "out.csv"
        output.unlink(missing_ok=True)
        path.rename(output)
        before = output.read_bytes()
        result = run("predict", folder / "m", folder / "mushrooms.csv", "-o", output)
        assert result.exit_code == 2 and "that prosemble did not write" in result.output, name
        assert output.read_bytes() == before
    for command in ("predict", "explain"):  # ours may be
        for suffix in (".csv", ".parquet"):
            for _ in range(2):
                output = folder / f"{command}{suffix}"
                assert run(command, folder / "m", folder / "mushrooms.csv", "-o", output).exit_code == 0


def test_categories_are_spelled_as_in_the_table(tmp_path):
    rng = np.random.default_rng(0)
    dose, flag = rng.choice(["250.00", "500.00", "62.50"], 60), rng.choice(["true", "false"], 60)
    frame = pd.DataFrame({"dose": dose, "flag": flag, "y": np.where((dose == "250.00") ^ (flag == "true"), "a", "b")})
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", tmp_path / "t.csv", "--target", "y", "--as", "dose=category", "-o", tmp_path / "m"]
    result = run(*fit, "--model", "GMLVQ", "--no-baseline")
    assert result.exit_code == 0 and "3 values (250.00, 500.00, 62.50)" in result.output, result.output
    frame.assign(dose=np.where(frame.index == 3, "?", dose), flag=np.char.upper(flag)).to_csv(tmp_path / "new.csv")
    result = run("predict", tmp_path / "m", tmp_path / "new.csv")
    assert result.exit_code == 0 and "training did not see" not in result.output


def test_gaps_that_a_model_without_a_table_cannot_take(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    X.iloc[[3, 5], 1] = np.nan
    X.iloc[7] = np.nan
    X.to_csv(tmp_path / "t.csv", index=False)
    GLVQ(max_iter=2).fit(X.fillna(0.0), ["x", "y"] * 20).save(tmp_path / "m")
    for command in ("predict", "explain"):
        result = run(command, tmp_path / "m", tmp_path / "t.csv", "-o", tmp_path / "out.csv")
        assert result.exit_code == 2 and "no number in rows 4, 6 of b; the model takes none" in result.output
    GLVQ(max_iter=2, allow_nan=True).fit(X[8:], ["x", "y"] * 16).save(tmp_path / "m")
    result = run("predict", tmp_path / "m", tmp_path / "t.csv", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0 and pd.read_csv(tmp_path / "out.csv")["prediction"].isna().sum() == 1


def test_rows_of_nothing(mushrooms):
    frame, folder = mushrooms
    assert run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST).exit_code == 0
    nothing = frame.astype(object)
    nothing.loc[:, nothing.columns != "edible"] = None
    nothing.to_csv(folder / "n.csv", index=False)
    for command in ("explain", "report"):
        output = folder / ("out.csv" if command == "explain" else "out.html")
        result = run(command, folder / "m", folder / "n.csv", "-o", output)
        assert result.exit_code == 2 and "nothing is known of any row" in result.output, result.output
    result = run("predict", folder / "m", folder / "n.csv")
    assert result.exit_code == 0 and "\n,," in result.output


def test_what_is_written_where_nobody_reads(tmp_path):
    """Standard output closed at the other end, or from the beginning, or in an encoding of few letters."""
    (tmp_path / "t.csv").write_text(
        "a,dx\n" + "".join(f"{i % 7}.{i},{'grüße' if i % 7 > 3 else 'kalt'}\n" for i in range(60))
    )
    fit = f"{sys.executable} -m prosemble fit t.csv --target dx --model NPC --no-baseline"
    predict = f"{sys.executable} -m prosemble predict model.prosemble t.csv"
    for command in (f"{fit} | head -1", f"{predict} | head -1", f"{predict} >&-", f"PYTHONIOENCODING=ascii {predict}"):
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and "Traceback" not in done.stderr, command
    assert "gr\\xfc\\xdfe" in done.stdout
    assert subprocess.run(["bash", "-c", f"{predict} > /dev/full"], cwd=tmp_path, capture_output=True).returncode == 1


def test_labels_in_excel_files_are_text(tmp_path):
    pytest.importorskip("openpyxl")
    frame = pd.DataFrame({"a": range(0, 80, 2), "b": np.arange(40) % 7 * 0.5, "dx": ["=1+1", "plain"] * 20})
    frame.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", tmp_path / "t.csv", "--target", "dx", "--model", "NPC", "--no-baseline", "-o", tmp_path / "m"]
    assert run(*fit).exit_code == 0
    result = run("predict", tmp_path / "m", tmp_path / "t.csv", "-o", tmp_path / "p.xlsx")
    assert result.exit_code == 0 and set(pd.read_excel(tmp_path / "p.xlsx")["prediction"]) <= {"=1+1", "plain"}
    frame.replace("=1+1", "a\x0bb").to_csv(tmp_path / "t.csv", index=False)
    assert run(*fit, "--force").exit_code == 0
    result = run("predict", tmp_path / "m", tmp_path / "t.csv", "-o", tmp_path / "q.xlsx")
    assert result.exit_code == 2 and "has a character that Excel files cannot hold; write .csv" in result.output
    assert not (tmp_path / "q.xlsx").exists()


@pytest.mark.parametrize(
    "labels",
    [
        [True, False],
        pytest.param([1.0, 2.0], marks=pytest.mark.breadth),
        pytest.param([2**53, 2**53 + 1, 2**53 + 2], marks=pytest.mark.breadth),
        pytest.param([1.5, 2.25], marks=pytest.mark.breadth),
    ],
    ids=str,
)
def test_labels_are_the_same_in_copies_of_a_table(labels, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60) + np.arange(60) % 2 * 3, "dx": np.tile(labels, 60 // len(labels))})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.assign(dx=frame["dx"].astype(str).str.upper()).to_csv(tmp_path / "t.csv", index=False)
    for table, copy in (("t.csv", "t.parquet"), ("t.parquet", "t.csv")):
        fit = ["fit", tmp_path / table, "--target", "dx", "--model", "NPC", "--no-baseline", "-o", tmp_path / "m"]
        result = run(*fit)
        assert result.exit_code == 0, result.output
        assert len(TableClassifier.load(tmp_path / "m").classes_) == len(labels)
        result = run("report", tmp_path / "m", tmp_path / copy, "-o", tmp_path / "r.html")
        assert result.exit_code == 0, result.output


def test_settings_of_the_recipe_are_looked_at_first(mushrooms):
    _, folder = mushrooms
    result = run("fit", folder / "mushrooms.csv", "--target", "edible", "--set", "max_iter=abc")
    assert result.exit_code == 2 and "'max_iter'" in result.output and "must be an int" in result.output


def test_labels_that_read_like_gaps_are_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,dx\n" + "1,NA\n2,EU\n" * 20)
    result = run("fit", tmp_path / "t.csv", "--target", "dx")
    assert result.exit_code == 2 and "one label only: 'EU' ('NA' is none)" in result.output


def test_text_that_steers_a_terminal_or_runs_in_a_spreadsheet(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.array(["=1+1", "-2"])[np.arange(40) % 2]
    frame = pd.DataFrame(
        {"a\x1b[31m": rng.normal(size=40) + 3 * (labels == "-2"), "b": rng.normal(size=40), "y": labels}
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    GLVQ(max_iter=5).fit(frame[["a\x1b[31m", "b"]], labels).save(tmp_path / "m")
    shown = CliRunner().invoke(app, ["show", str(tmp_path / "m")])
    assert shown.exit_code == 0 and "\x1b" not in shown.stdout and "\\x1b[31m" in shown.stdout
    for more, first in (([], "'=1+1"), (["--raw"], "=1+1")):
        command = ["predict", str(tmp_path / "m"), str(tmp_path / "t.csv"), "-o", str(tmp_path / "p.csv"), *more]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0 and ("apostrophe" in result.stderr) == (not more)
        written = pd.read_csv(tmp_path / "p.csv", dtype=str)
        assert set(written.prediction) == {first, "-2"}
