"""Models of tables as programs: they read the table's numbers and categories, and say what the model says."""

import shutil
import subprocess
import warnings
from importlib.util import find_spec

import jax
import numpy as np
import pandas as pd
import pytest

from prosemble.inspection import report
from prosemble.io import to_c_header, to_onnx, to_stablehlo
from prosemble.io.program import program_of
from prosemble.models import GLVQ, GMLVQ, GRLVQ, LGMLVQ
from prosemble.table import TableClassifier
from prosemble.table.rows import read_rows
from prosemble.table.saved import coded

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

FEW = {"max_iter": 15, "lr": 0.1}
# Gaps left to the metric, and filled; categories, rare ones among them; dates.
MODELS = {
    "euclidean": TableClassifier(GLVQ(**FEW)),
    "relevance": TableClassifier(GRLVQ(**FEW)),
    "omega": TableClassifier(GMLVQ(**FEW)),
    "imputed": TableClassifier(GMLVQ(latent_dim=2, **FEW), missing="impute"),
    "local": TableClassifier(LGMLVQ(max_iter=3)),
}


@pytest.fixture(scope="module")
def visits():
    """A table to train on, its labels, and rows with all that may be new."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "age": rng.normal(50, 10, n),
            "crp": np.where(rng.uniform(size=n) < 0.2, np.nan, rng.exponential(5, n)),
            "ward": rng.choice(["north", "south", "west"], n),
            "sex": pd.Series(rng.choice(np.array(["f", "m", None], object), n), dtype=object),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D"),
            "town": ["a"] * 100 + ["b"] * 17 + ["c", "d", "e"],
        }
    )
    new = frame[:40].copy()
    new.loc[1, "ward"], new.loc[2, "ward"], new.loc[3, "town"], new.loc[4, "age"] = "east", None, "f", np.nan
    return frame, np.where((frame["age"] > 50) ^ (frame["ward"] == "north"), "flu", "cold"), new


@pytest.fixture(scope="module")
def fitted(visits):
    X, y, new = visits
    models = {}
    with warnings.catch_warnings(action="ignore"):
        for name, model in MODELS.items():
            model = model.fit(X, y)
            rows = read_rows(model.table_.judged_, new).frame
            models[name] = model, rows, model.predict_proba(new)
    return models


@pytest.mark.parametrize("name", MODELS)
def test_stablehlo(name, fitted, tmp_path):
    model, rows, expected = fitted[name]
    to_stablehlo(model, tmp_path / "m")
    program = jax.export.deserialize(bytearray((tmp_path / "m").read_bytes()))
    _, probabilities, _ = program.call(coded(rows, program_of(model).inputs).astype("float32"))
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)


@pytest.mark.skipif(find_spec("jax2onnx") is None, reason="the extra onnx needs a newer JAX")
@pytest.mark.parametrize("name", MODELS)
def test_onnx_takes_a_column_by_its_name(name, fitted, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    model, rows, expected = fitted[name]
    to_onnx(model, tmp_path / "m")
    session = onnxruntime.InferenceSession(tmp_path / "m", providers=["CPUExecutionProvider"])
    kinds = {each.name: each.type for each in session.get_inputs()}
    assert kinds["ward"] == "tensor(string)" and kinds["age"] == "tensor(float)" and "day: month" in kinds
    fed = {
        column: (rows[column].fillna("") if kind == "tensor(string)" else rows[column].astype("float32")).to_numpy()[
            :, None
        ]
        for column, kind in kinds.items()
    }
    label, probabilities, _ = session.run(None, fed)
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    np.testing.assert_array_equal(label, model.classes_[expected.argmax(axis=1)])


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_c(fitted, tmp_path):
    calls, headers, found = [], [], {}
    for name, (model, rows, _) in fitted.items():
        if name == "local":
            with pytest.raises(ValueError, match="measures by LocalOmega"):
                to_c_header(model, tmp_path / "local.h")
            continue
        to_c_header(model, tmp_path / f"{name}.h", name=name)
        X = coded(rows, program_of(model).inputs)
        cells = ",".join("{" + ",".join("NAN" if np.isnan(x) else f"{x!r}f" for x in row.tolist()) + "}" for row in X)
        headers.append(f'#include "{name}.h"\nstatic const float rows_{name}[][{X.shape[1]}] = {{{cells}}};')
        calls.append(f"for (int i = 0; i < {len(X)}; ++i) puts({name}_classes[{name}_predict(rows_{name}[i])]);")
    source = ["#include <math.h>", "#include <stdio.h>", *headers, "int main(void) {", *calls, "return 0; }"]
    (tmp_path / "main.c").write_text("\n".join(source))
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["cc", *strict, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    printed = subprocess.run([tmp_path / "main"], check=True, capture_output=True, text=True).stdout.split()
    for name, (model, rows, expected) in fitted.items():
        if name != "local":
            found, printed = np.array(printed[: len(rows)]), printed[len(rows) :]
            sure = np.abs(expected[:, 0] - 0.5) > 1e-3  # elsewhere rounding decides
            np.testing.assert_array_equal(found[sure], model.classes_[expected.argmax(axis=1)][sure], err_msg=name)
    assert " *   x[2]: ward (0 north, 1 south, 2 west)\n" in (tmp_path / "omega.h").read_text()


def test_quantised(fitted, visits, tmp_path):
    model, rows, expected = fitted["relevance"]
    small = model.quantize("int8")
    to_stablehlo(small, tmp_path / "m")
    program = jax.export.deserialize(bytearray((tmp_path / "m").read_bytes()))
    X = coded(rows, program_of(model).inputs).astype("float32")
    np.testing.assert_allclose(program.call(X)[1], expected, atol=0.05)
    small.save(tmp_path / "small")
    again = TableClassifier.load(tmp_path / "small")
    with warnings.catch_warnings(action="ignore"):
        np.testing.assert_allclose(again.predict_proba(visits[2]), small.predict_proba(visits[2]), rtol=1e-5)


def test_a_report(fitted, visits, tmp_path):
    X, y, _ = visits
    model, _, _ = fitted["relevance"]
    report(model, X, y, tmp_path / "report.html", n_splits=2, n_repeats=1)
    page = (tmp_path / "report.html").read_text()
    assert "ward=north" in page and "day: month" in page and "rare" in page
    middle = f"samples of cold: median {np.median(X['age'][y == 'cold']):.1f}"
    assert middle in page  # in the units of the table


def test_columns_called_as_values_within_the_file(visits, tmp_path):
    pytest.importorskip("jax2onnx", reason="the extra 'onnx' is not installed")
    import onnxruntime

    X, y, _ = visits
    names = {"age": "X", "crp": "index", "ward": "classes", "sex": "place 0", "town": "category 1"}
    model = TableClassifier(GLVQ(**FEW), keep=["index"]).fit(X.drop(columns="day").rename(columns=names), y)
    to_onnx(model, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    assert {each.name for each in session.get_inputs()} == set(names.values())
    model = TableClassifier(GLVQ(**FEW)).fit(X[["age", "ward"]].rename(columns={"ward": "label"}), y)
    with pytest.raises(ValueError, match="column 'label' is called as an output of the file is; rename it"):
        to_onnx(model, tmp_path / "n.onnx")
