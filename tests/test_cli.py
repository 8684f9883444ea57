"""The command line as a user has it: files in, files and words out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_wine
from typer.testing import CliRunner

from prosemble.cli import app
from prosemble.models import GLVQ, NPC
from prosemble.table import TableModel

FAST = ["--set", "max_iter=40", "--set", "n_prototypes_per_class=1"]


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
    assert result.exit_code == 0 and "one-hot encoded: ward (3)" in result.output, result.output
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
    for expected in ("Recipe: GLVQ(", "Accuracy           1.000", "Balanced accuracy", "Confusion matrix",
                     "Text columns, one-hot encoded: colour (2)", "colour=red", "Model written to"):  # fmt: skip
        assert expected in result.output

    result = run("show", model)
    assert result.exit_code == 0 and "Text column 'colour', one-hot encoded: brown, red" in result.output
    prototypes = TableModel.load(model).prototypes()
    assert prototypes.loc["yes", "weight"] == pytest.approx(5000, abs=60)  # in the units of the table

    raw = frame.drop(columns="edible").assign(unused=1)[["ring", "colour", "cap", "weight", "unused"]]
    raw.to_csv(folder / "raw.csv", index=False)
    result = run("predict", model, folder / "raw.csv", "-o", folder / "out.csv")
    assert result.exit_code == 0, result.output
    out = pd.read_csv(folder / "out.csv")
    assert list(out.columns) == ["prediction", "probability_no", "probability_yes"]
    assert (out["prediction"] == frame["edible"]).all()
    np.testing.assert_allclose(out[["probability_no", "probability_yes"]].sum(axis=1), 1)
    assert (
        run("predict", model, folder / "raw.csv").output.splitlines()[0] == "prediction,probability_no,probability_yes"
    )


def test_explain(mushrooms):
    frame, folder = mushrooms
    table, model = folder / "mushrooms.csv", folder / "m"
    assert run("fit", table, "--target", "edible", "-o", model, *FAST).exit_code == 0
    for suffix, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        result = run("explain", model, table, "-o", folder / f"why.{suffix}")
        assert result.exit_code == 0, result.output
        why = read(folder / f"why.{suffix}")
        assert (why["prediction"] == frame["edible"]).all() and (why["runner_up"] != frame["edible"]).all()
        features = ["weight", "cap", "ring", "colour=brown", "colour=red"]
        assert list(why.columns[-5:]) == features
        np.testing.assert_allclose(why[features].sum(axis=1), why["d_minus"] - why["d_plus"], rtol=1e-4, atol=1e-4)
    assert run("explain", model, table).output.startswith("prediction,prototype,d_plus,runner_up,")
    assert "Example: prosemble explain model.prosemble" in run("explain", "--help").output
    refused = run("explain", model, spoiled(frame, folder, cap="much"))
    assert refused.exit_code == 2 and "column 'cap' must hold numbers" in refused.stderr


def test_report(mushrooms):
    frame, folder = mushrooms
    table, model, page = folder / "mushrooms.csv", folder / "m", folder / "report.html"
    assert run("fit", table, "--target", "edible", "-o", model, *FAST).exit_code == 0
    written = run("report", model, table, "-o", page, "--title", "Mushrooms", "--repeats", "1")
    assert written.exit_code == 0, written.output
    seen = page.read_text()
    assert "<h1>Mushrooms</h1>" in seen and "colour=brown" in seen and "NumberScaler(count=3)" in seen
    middle = f"median {frame.loc[frame['edible'] == 'no', 'weight'].median():.1f}"
    assert f"samples of no: {middle}" in seen  # in the units of the table
    assert "Example: prosemble report model.prosemble" in run("report", "--help").output
    for arguments, message in [
        (("--target", "poison"), "no column 'poison'"),
        (("--target", "colour"), "known are ['no', 'yes']"),
        (("-o", folder / "no" / "r.html"), "no folder"),
    ]:
        refused = run("report", model, table, *arguments)
        assert refused.exit_code == 2 and message in refused.stderr and len(refused.stderr.strip().splitlines()) == 1


def test_scaling_of_numbers_leaves_categories(mushrooms):
    frame, _ = mushrooms
    learner = TableModel.for_table(NPC(), "edible", frame).fit(frame)
    X, y = learner.labelled(frame)
    pipeline = learner.pipeline()
    np.testing.assert_array_equal(pipeline.predict(X), learner.predict(frame)["prediction"])
    again = clone(pipeline).fit(X, y)  # learns the scaling as the table's model does
    np.testing.assert_allclose(again[-1].prototypes_, learner.estimator.prototypes_, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(again[0].inverse_transform(again[0].transform(X)), X)


def test_the_recipe_beats_the_defaults_and_is_told(tmp_path):
    result = run("fit", "wine", "--target", "target", "-o", tmp_path / "m")
    assert result.exit_code == 0 and "Recipe: GLVQ(" in result.output and "transfer_fn='sigmoid_beta'" in result.output
    assert float(result.output.split("Accuracy ")[1].split()[0]) > 0.9
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
    model = TableModel.load(tmp_path / "m").estimator
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
    weight = frame["weight"].where(frame.index != 4)
    good = folder / "mushrooms.csv"
    (folder / "empty.csv").write_text("")
    headings, dated = folder / "headings.csv", folder / "dated.parquet"
    headings.write_text("weight,edible\n")
    frame.assign(edible=pd.to_datetime(np.where(frame["ring"], "2026-01-01", "2026-01-02"))).to_parquet(dated)
    return [
        (["nowhere.csv", "--target", "y"], "nowhere.csv: no such file"),
        ([folder / "empty.csv", "--target", "y"], "cannot be read as a table"),
        ([good, "--target", "poison"], "no column 'poison'. Columns: weight, cap, colour, ring, edible"),
        (
            [spoiled(frame, folder, weight=weight), "--target", "edible"],
            "bad.csv: column 'weight' has a missing or infinite value in row 5",
        ),
        ([good, "--target", "edible", "--model", "SVM"], "Unknown model 'SVM'. Accepted: CBC, CELVQ"),
        ([good, "--target", "edible", "--set", "speed=1"], "--set speed=1: give NAME=VALUE"),
        ([good, "--target", "edible", "--set", "lr=-1"], "'lr' parameter"),
        ([good, "--target", "edible", "-o", folder / "no" / "m"], "no folder"),
        ([good, "--target", "weight"], "class"),
        ([dated, "--target", "edible"], "column 'edible' is of type datetime64"),
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


def test_bad_rows_at_predict(mushrooms):
    frame, folder = mushrooms
    assert run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST).exit_code == 0
    for change, message in [
        ({"colour": np.where(frame.index == 2, "blue", frame["colour"])}, "category 'blue' in row 3"),
        ({"cap": "much"}, "column 'cap' must hold numbers"),
        (
            {"cap": np.where(frame.index == 1, np.nan, frame["cap"])},
            "column 'cap' has a missing or infinite value in row 2",
        ),
    ]:
        result = run("predict", folder / "m", spoiled(frame, folder, **change), "-o", folder / "out.csv")
        assert result.exit_code == 2 and message in result.stderr and len(result.stderr.splitlines()) == 1
        assert not (folder / "out.csv").exists()
    assert run("predict", folder / "mushrooms.csv", folder / "mushrooms.csv").exit_code == 2
    assert run("show", folder / "nothing").exit_code == 2


@pytest.mark.parametrize("quantize", [[], ["--quantize", "int8"]])
def test_export(quantize, mushrooms):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    frame, folder = mushrooms
    run("fit", folder / "mushrooms.csv", "--target", "edible", "-o", folder / "m", *FAST)
    result = run("export", folder / "m", "--format", "onnx", "-o", folder / "m.onnx", *quantize)
    assert result.exit_code == 0, result.output
    assert "rows of 5 numbers, in this order: weight, cap, ring, colour=brown, colour=red" in result.output
    X = frame[["weight", "cap", "ring"]].assign(brown=frame.colour == "brown", red=frame.colour == "red")
    label, probabilities, _ = onnxruntime.InferenceSession(folder / "m.onnx").run(None, {"X": X.to_numpy("float32")})
    expected = TableModel.load(folder / "m").predict(frame)
    np.testing.assert_array_equal(label, expected["prediction"])
    np.testing.assert_allclose(probabilities, expected.filter(like="probability"), atol=1e-2 if quantize else 1e-4)


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


def test_gaps_pass_where_the_model_takes_them(mushrooms):
    frame, folder = mushrooms
    gaps = spoiled(frame, folder, weight=frame["weight"].where(frame.index % 9 != 4))
    arguments = ["fit", gaps, "--target", "edible", "-o", folder / "m", *FAST, "--set", "allow_nan=True"]
    result = run(*arguments)
    assert result.exit_code == 0 and "Accuracy           1.000" not in result.output, result.output
    assert not TableModel.load(folder / "m").prototypes().isna().any(axis=None)
    for command in ("predict", "explain"):
        result = run(command, folder / "m", gaps)
        assert result.exit_code == 0 and len(result.stdout.splitlines()) == len(frame) + 1, result.output
    text = spoiled(frame, folder, colour=frame["colour"].where(frame.index != 4))
    refused = run("predict", folder / "m", text)
    assert refused.exit_code == 2 and "column 'colour' has a missing or infinite value in row 5" in refused.stderr


def test_a_column_is_left_out(mushrooms):
    frame, folder = mushrooms
    named = spoiled(frame, folder, finder=[f"person {i}" for i in range(len(frame))])
    arguments = ["fit", named, "--target", "edible", "-o", folder / "m", *FAST]
    assert "most rows have a 'finder' of their own" in run(*arguments).output
    result = run(*arguments, "--drop", "finder", "--drop", "ring")
    assert result.exit_code == 0 and "finder" not in result.output
    assert TableModel.load(folder / "m").columns == ["weight", "cap", "colour"]
    assert run("predict", folder / "m", folder / "mushrooms.csv").exit_code == 0
    refused = run(*arguments, "--drop", "price")
    assert refused.exit_code == 2 and "no column 'price'" in refused.stderr
