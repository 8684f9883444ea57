"""Models of tables as files: whole, and as much of them as NumPy alone needs."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from prosemble.io import ModelFileError, container
from prosemble.models import GLVQ, GMLVQ, NPC
from prosemble.table import TableClassifier
from prosemble.table.rows import read_rows
from prosemble.table.saved import predictor
from tests.registry import ESTIMATORS, MODELS, breadth, settings

# What NumPy evaluates: nearest prototypes in a (local) quadratic form.
EVALUATED = ("SquaredEuclidean", "Relevance", "Omega", "LocalOmega")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 90
    frame = pd.DataFrame({"a": rng.normal(5, 2, n), "b": rng.normal(size=n), "ward": rng.choice(["n", "s", "w"], n)})
    y = np.where(frame["a"] > 5, "flu", np.where(frame["ward"] == "n", "cold", "none"))
    new = frame[:20].copy()
    new.loc[1, "ward"], new.loc[2, "ward"], new.loc[3, "b"] = "e", None, np.nan
    return frame, y, new


def quietly(call, *arguments):
    with warnings.catch_warnings(action="ignore"):
        return call(*arguments)


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_files_and_numpy_predict_as_the_model(name, table, tmp_path):
    X, y, new = table
    options = {"max_iter": 3, **settings(name, 5)} if name in MODELS else {}
    model = TableClassifier(ESTIMATORS[name](**options)).fit(X, y)
    expected = quietly(model.predict_proba, new)
    model.save(tmp_path / "m")
    again = TableClassifier.load(tmp_path / "m")
    np.testing.assert_array_equal(quietly(again.predict_proba, new), expected)
    pd.testing.assert_frame_equal(again.columns_, model.columns_)

    plain = predictor(tmp_path / "m", *container.read(tmp_path / "m"))
    metric, decides = type(model.estimator_._metric()).__name__, type(model.estimator_._decision()).__name__
    assert (plain is not None) == (metric in EVALUATED and decides == "Nearest")
    if plain is not None:
        labels, probabilities = plain.predict(read_rows(plain.columns, new).frame)
        np.testing.assert_allclose(probabilities, expected, atol=1e-4)
        level = np.sort(expected, axis=1)[:, -2:]
        sure = level[:, 1] - level[:, 0] > 1e-3  # elsewhere rounding decides
        np.testing.assert_array_equal(labels[sure], quietly(again.predict, new)[sure])


@pytest.mark.parametrize("name", ["GLVQ", "GRLVQ", "GMLVQ"])
def test_numpy_measures_by_what_is_known(name, table, tmp_path):
    X, y, _ = table
    X = X.assign(a=X["a"].where(X.index % 5 > 0), b=X["b"].where(X.index % 7 > 0))
    model = TableClassifier(ESTIMATORS[name](max_iter=10, lr=0.1)).fit(X, y)
    assert model.estimator_.allow_nan
    model.save(tmp_path / "m")
    plain = predictor(tmp_path / "m", *container.read(tmp_path / "m"))
    np.testing.assert_allclose(plain.predict(read_rows(plain.columns, X).frame)[1], model.predict_proba(X), atol=1e-4)


def test_a_prediction_from_a_file_imports_neither_jax_nor_scikit_learn(table, tmp_path):
    X, y, _ = table
    TableClassifier(GMLVQ(max_iter=3)).fit(X, y).save(tmp_path / "m")
    X.to_csv(tmp_path / "X.csv", index=False)
    program = """
import sys
from typer.testing import CliRunner
from prosemble.cli import app
for arguments in (["show", "m"], ["predict", "m", "X.csv"], ["--help"]):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    print(sorted({"jax", "sklearn", "optax", "matplotlib"} & set(sys.modules)), "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[] False", "[] True", "[] True"], done.stderr


def test_options_and_what_is_refitted(table, tmp_path):
    X, y, _ = table
    model = TableClassifier(GLVQ(max_iter=3), drop=["b"], kinds={"a": "number"}, dates="drop").fit(X, y)
    model.save(tmp_path / "m")
    again = TableClassifier.load(tmp_path / "m")
    assert (again.drop, again.kinds, again.dates) == (["b"], {"a": "number"}, "drop")
    np.testing.assert_array_equal(again.fit(X, y).predict(X), model.predict(X))


def first_layout(path, out):
    """Write a model with the table of a file of the first two formats."""
    header, tensors = container.read(path)
    columns = header["table"]["columns"]
    scaler = header["table"]["transformer"]["parts"][0][1]["steps"][-1][1]
    header["table"] = {
        "target": "dx",
        "numeric": [column["name"] for column in columns if column["kind"] == "number"],
        "categories": {column["name"]: column["values"] for column in columns if column["kind"] == "category"},
        "mean": scaler["mean_"],
        "scale": scaler["scale_"],
    }
    container.write(out, {**header, "format": 1}, tensors)


def test_files_of_the_first_layout_are_read(table, tmp_path):
    X, y, new = table
    model = TableClassifier(NPC()).fit(X, y)
    model.save(tmp_path / "m")
    first_layout(tmp_path / "m", tmp_path / "old")
    old = TableClassifier.load(tmp_path / "old")
    plain = predictor(tmp_path / "old", *container.read(tmp_path / "old"))
    assert old.table_.features_.names == ["a", "b", "ward=n", "ward=s", "ward=w"]
    np.testing.assert_allclose(plain.predict(read_rows(plain.columns, X).frame)[1], old.predict_proba(X), atol=1e-5)
    features = old.table_.transform(X).to_numpy()
    assert set(features[:, 2:].ravel()) == {0.0, 1.0}  # categories had no weight then


def test_damaged_tables_are_named(table, tmp_path):
    X, y, _ = table
    TableClassifier(NPC()).fit(X, y).save(tmp_path / "m")
    header, tensors = container.read(tmp_path / "m")
    whole = json.dumps(header["table"])
    for change in (
        {"columns": [{"name": "a"}]},
        {"columns": 3},
        {"columns": [{"nome": "a"}]},
        {"transformer": {"class": "SVC"}},
        {"transformer": {}},
        {"steps": [{"class": "StandardScaler"}]},
    ):
        container.write(tmp_path / "bad", {**header, "table": {**json.loads(whole), **change}}, tensors)
        with pytest.raises(ModelFileError, match="is damaged: its table cannot be read"):
            TableClassifier.load(tmp_path / "bad")
        with pytest.raises(ModelFileError, match="is damaged: its table cannot be read"):
            predictor(tmp_path / "bad", *container.read(tmp_path / "bad"))


def test_a_model_without_a_table(table, tmp_path):
    X, y, _ = table
    GLVQ(max_iter=2).fit(X[["a", "b"]], y).save(tmp_path / "m")
    with pytest.raises(ModelFileError, match="holds a model without a table: call GLVQ.load"):
        TableClassifier.load(tmp_path / "m")
    plain = predictor(tmp_path / "m", *container.read(tmp_path / "m"))
    assert (
        plain.predict(read_rows(plain.columns, X).frame)[0].tolist()
        == GLVQ.load(tmp_path / "m").predict(X[["a", "b"]]).tolist()
    )
