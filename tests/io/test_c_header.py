"""A header compiles without a warning, and what the compiled function says is what the model says."""

import shutil
import subprocess

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, PowerTransformer, RobustScaler, StandardScaler

from prosemble.distances import Euclidean
from prosemble.io import to_c_header
from prosemble.io.c_header import _tables
from prosemble.io.program import program_of
from prosemble.models import GMLVQ, GRLVQ, KNN, LGMLVQ, LVQ1, NPC, PrototypeClassifier
from tests.io.fitted import samples

FEW = {"max_iter": 3}
MODELS = {
    "plain": [LVQ1(max_iter=2)],
    "euclidean": [PrototypeClassifier(distance=Euclidean(), n_prototypes_per_class=2, **FEW)],
    "relevance": [GRLVQ(**FEW)],
    "omega": [GMLVQ(latent_dim=2, **FEW)],
    "scaled": [StandardScaler(), NPC()],
    "scaled_twice": [RobustScaler(), MinMaxScaler((-1, 3)), NPC()],
    "scaled_relevance": [MaxAbsScaler(), GRLVQ(**FEW)],
    "scaled_omega": [StandardScaler(), GMLVQ(**FEW)],
}
STRANGE = np.array(["it's", 'a "b"\\n*/', "ß??/"])


@pytest.fixture(scope="module")
def models():
    """Models, and the same in fewer bits, by names that C takes; features of unlike units, far from the origin."""
    X, y = samples()
    X, y = (
        X * np.array([1000.0, 1.0, 0.01, 5.0]) + np.array([1e4, 0.0, 0.1, -3.0]),
        np.unique(y, return_inverse=True)[1],
    )
    fitted = {}
    for name, steps in MODELS.items():
        model = fitted[name] = make_pipeline(*steps).fit(X, STRANGE[y])
        for dtype in ("int8", "float16"):
            fitted[f"{name}_{dtype}"] = make_pipeline(*model[:-1], model[-1].quantize(dtype))
    return X.astype(np.float32), fitted


def _scaled(pipeline, X):
    for scaler in pipeline[:-1]:
        X = scaler.transform(X)
    return X


def test_the_centre_in_the_file_is_that_of_the_tables():
    X, y = samples()
    X = X * 1e-3 + 1e3
    for model in (GRLVQ(**FEW), GMLVQ(**FEW), make_pipeline(StandardScaler(), GMLVQ(**FEW))):
        centre = _tables(program_of(model.fit(X, y))).centre
        np.testing.assert_allclose(centre, centre.astype(np.float32), rtol=1e-12)


@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")
def test_the_compiled_function_says_what_the_model_says(models, tmp_path):
    X, fitted = models
    calls = []
    for name, model in fitted.items():
        to_c_header(model, tmp_path / f"{name}.h", name=name)
        calls.append(f'printf("%d ", {name}_predict(x[i])); puts({name}_classes[{name}_predict(x[i])]);')
    rows = ",\n".join("{" + ",".join(float(value).hex() for value in row) + "}" for row in X)
    source = "\n".join(
        [
            *(f'#include "{name}.h"' for name in fitted),
            "#include <stdio.h>",
            f"static const float x[{len(X)}][4] = {{{rows}}};",
            f"int main(void) {{ for (int i = 0; i < {len(X)}; ++i) {{ {' '.join(calls)} }} return 0; }}",
        ]
    )
    (tmp_path / "main.c").write_text(source)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["cc", *strict, "main.c", "-o", "main"], cwd=tmp_path, check=True)
    output = subprocess.run([tmp_path / "main"], check=True, capture_output=True, text=True).stdout.splitlines()
    found = np.array([line.split(" ", 1) for line in output], object).reshape(len(X), len(fitted), 2)
    for column, (name, model) in enumerate(fitted.items()):
        expected = model.predict(X)
        plus, minus = np.sort(model[-1]._class_distances(_scaled(model, X)), axis=1)[:, :2].T
        sure = (minus - plus) / (minus + plus) > 1e-2  # elsewhere rounding decides
        assert sure.mean() > 0.9, name
        np.testing.assert_array_equal(found[sure, column, 1], expected[sure], err_msg=name)
        np.testing.assert_array_equal(
            STRANGE[np.argsort(STRANGE)][found[:, column, 0].astype(int)], found[:, column, 1]
        )


def test_tables_of_8_bits(models, tmp_path):
    for name, tables in {"plain_int8": 1, "omega_int8": 1, "plain_float16": 0}.items():
        to_c_header(models[1][name], tmp_path / "m.h")
        assert (tmp_path / "m.h").read_text().count("static const signed char ") == tables


def test_features_are_named_and_cannot_end_the_comment(tmp_path):
    pandas = pytest.importorskip("pandas", reason="column names need pandas, which is a core dependency")
    X, y = samples()
    to_c_header(NPC().fit(pandas.DataFrame(X, columns=["length", "*/", "a\nb", "ß"]), y), tmp_path / "m.h")
    text = (tmp_path / "m.h").read_text()
    assert " *   x[0]: length\n" in text and text.count("*/") == 1 and text.isascii()


def test_what_a_header_cannot_do_is_refused(tmp_path):
    X, y = samples()
    for model, reason in {
        KNN(): "KNN does not decide by its nearest prototype",
        LGMLVQ(**FEW): "LGMLVQ measures by LocalOmega; a C header can do so by SquaredEuclidean",
        make_pipeline(Normalizer(), NPC()): "scales each row by its length",
        make_pipeline(MinMaxScaler(clip=True), NPC()): "step that clips",
        make_pipeline(PowerTransformer(), NPC()): "step that takes powers",
    }.items():
        with pytest.raises(ValueError, match=reason):
            to_c_header(model.fit(X, y), tmp_path / "m.h")
    with pytest.raises(ValueError, match="name must be an identifier of C.*got 'a-b'"):
        to_c_header(NPC().fit(X, y), tmp_path / "m.h", name="a-b")
    assert list(tmp_path.iterdir()) == []
