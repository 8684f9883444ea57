"""What an exported program says is what the model says."""

import os
import sys
from importlib.util import find_spec

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from jax import export
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from prosemble import _writing
from prosemble.io import stablehlo, to_onnx, to_stablehlo
from prosemble.io.program import Program, program_of
from prosemble.model_selection import BoundedPowerTransformer
from prosemble.models import GLVQ, GMLVQ, KNN, NPC
from tests.io.fitted import EVERY_ESTIMATOR, fitted, samples
from tests.registry import KINDS

needs_onnx = pytest.mark.skipif(
    find_spec("jax2onnx") is None,
    reason="the extra onnx needs a newer JAX than the oldest that this library runs on",
)


def run(path, X):
    onnxruntime = pytest.importorskip("onnxruntime")
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"X": X})


def explained(model, X):
    """Return the confidences that the model tells."""
    return model.explain(X, as_frame=False, contributions=False)["confidence"]


def same(model, X, label, probabilities, confidence):
    np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=2e-6)
    np.testing.assert_allclose(confidence, explained(model, X), atol=2e-4)
    assert confidence.min() >= 0 and confidence.max() <= 1
    sure = confidence > 1e-3  # elsewhere rounding decides
    assert sure.mean() > 0.8
    np.testing.assert_array_equal(label[sure], model.predict(X)[sure])


@pytest.mark.parametrize("name", EVERY_ESTIMATOR)
def test_every_export_is_as_sure_as_the_explanation(name):
    X, _ = samples()
    for model in (fitted(name), fitted(name).quantize()):
        exported = np.asarray(program_of(model).predict(X).confidence)
        np.testing.assert_allclose(exported, explained(model, X), atol=2e-4)


@needs_onnx
@pytest.mark.parametrize("name", EVERY_ESTIMATOR)
def test_onnx_says_what_the_model_says(name, tmp_path, capfd):
    model, (X, _) = fitted(name), samples()
    to_onnx(model, tmp_path / "m.onnx")
    whole = run(tmp_path / "m.onnx", X)
    assert capfd.readouterr().err == ""  # the runtime complains of constants that nothing reads
    assert whole[0].shape == (150,) and whole[1].shape == (150, 3) and whole[2].shape == (150,)
    same(model, X, *whole)
    for few, of_all in zip(run(tmp_path / "m.onnx", X[:1]), whole, strict=True):  # any number of rows
        assert few[0] == pytest.approx(of_all[0], abs=1e-5)


@needs_onnx
@pytest.mark.parametrize("features", [pytest.param(3, marks=pytest.mark.breadth), 20])
def test_onnx_tells_apart_what_lies_far_away_and_votes_level(features, tmp_path):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=120)
    X = (rng.integers(3, size=(120, features)) + 1e4 * (y[:, None] == 2)).astype(np.float32)
    for model in (NPC(), GLVQ(max_iter=3, n_prototypes_per_class=4), KNN(n_neighbors=4)):
        to_onnx(model.fit(X, y), tmp_path / "m.onnx")
        label, probabilities, _ = run(tmp_path / "m.onnx", X)
        np.testing.assert_array_equal(label, model.predict(X))
        np.testing.assert_allclose(probabilities, model.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("name", [*KINDS, "KNN", "ImageGLVQ", "DKGRLVQ"])
def test_stablehlo_says_what_the_model_says(name, tmp_path):
    model, (X, _) = fitted(name), samples()
    to_stablehlo(model, tmp_path / "m")
    index, *numbers = export.deserialize(bytearray((tmp_path / "m").read_bytes())).call(X)
    same(model, X, model.classes_[index], *map(np.asarray, numbers))


def test_a_distance_of_the_users_own(tmp_path):
    X, y = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32), np.arange(30) % 3
    model = GLVQ(max_iter=2, distance_fn=lambda X, W: jnp.abs(X[:, None] - W).sum(axis=2)).fit(X, y)
    to_stablehlo(model, tmp_path / "m")  # for any number of rows
    nearest = export.deserialize((tmp_path / "m").read_bytes()).call(X[:7])[0]
    np.testing.assert_array_equal(np.asarray(nearest), model.predict(X[:7]))


@needs_onnx
@pytest.mark.parametrize(
    "labels",
    [[-3, 5, 7], np.uint64([1, 2**63 + 1, 2**64 - 1]), [False, True, True], ["a", "b", "ß\n"], [0.0, 1.0, 2.0]],
    ids=["int", "uint64", "bool", "str", "float"],
)
def test_labels_of_every_kind(labels, tmp_path):
    X, y = samples()
    y = np.array(labels)[np.unique(y, return_inverse=True)[1]]
    model = NPC().fit(X, y)
    to_onnx(model, tmp_path / "m.onnx")
    label = run(tmp_path / "m.onnx", X)[0]
    assert label.dtype == (object if y.dtype.kind == "U" else y.dtype)
    np.testing.assert_array_equal(label, model.predict(X))


# Units apart by orders of magnitude, far from the origin.
UNITS, ORIGIN = np.array([1000.0, 1.0, 0.001, 5.0]), np.array([1e4, 0.0, 0.01, -3.0])
SCALERS = {
    "standard": [StandardScaler()],
    "standard without the mean": [StandardScaler(with_mean=False)],
    "standard without the deviation": [StandardScaler(with_std=False)],
    "range": [MinMaxScaler((-1, 2))],
    "clipped range": [MinMaxScaler(clip=True)],
    "largest": [MaxAbsScaler()],
    "robust": [RobustScaler()],
    "robust without the centre": [RobustScaler(with_centering=False)],
    "robust without the scale": [RobustScaler(with_scaling=False)],
    "l1": [Normalizer("l1")],
    "l2": [Normalizer("l2")],
    "max": [Normalizer("max")],
    "powers": [StandardScaler(), PowerTransformer()],
    "powers alone": [StandardScaler(), PowerTransformer(standardize=False)],
    "powers between two bounds": [make_pipeline(StandardScaler(), BoundedPowerTransformer())],
    "powers of Box and Cox": [MinMaxScaler((1, 2), clip=True), PowerTransformer("box-cox")],
    "two, and nothing": [StandardScaler(), "passthrough", FunctionTransformer(), MinMaxScaler()],
}


@needs_onnx
@pytest.mark.parametrize("scaling", SCALERS)
def test_pipelines(scaling, tmp_path):
    X, y = samples()
    X = (X * UNITS + ORIGIN).astype(np.float32)
    pipeline = make_pipeline(*SCALERS[scaling], NPC()).fit(X, y)
    to_onnx(pipeline, tmp_path / "m.onnx")
    X = np.concatenate([X, X.max(axis=0)[None] * 2])  # beyond what the scaler has seen
    label, probabilities, _ = run(tmp_path / "m.onnx", X)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(X), atol=1e-4)
    assert (label == pipeline.predict(X)).mean() > 0.98


@needs_onnx
def test_searches(tmp_path):
    X, y = samples()
    search = GridSearchCV(make_pipeline(MaxAbsScaler(), KNN()), {"knn__n_neighbors": [1, 3]}, cv=2).fit(X, y)
    to_onnx(search, tmp_path / "m.onnx")
    assert (run(tmp_path / "m.onnx", X)[0] == search.predict(X)).mean() > 0.98


def test_what_is_within_pipelines_and_searches():
    X, y = samples()
    frame = pd.DataFrame(X, columns=list("abcd"))
    search = GridSearchCV(make_pipeline(MaxAbsScaler(), NPC()), {}, cv=2)
    for wrapped in (search, make_pipeline(StandardScaler(), search)):
        program = program_of(wrapped.fit(frame, y))
        assert program.feature_names == tuple("abcd")
        np.testing.assert_allclose(program.predict(X).probabilities, wrapped.predict_proba(frame), atol=1e-5)


@needs_onnx
def test_missing_values(tmp_path):
    X, y = samples()
    X = np.where(np.random.default_rng(0).uniform(size=X.shape) < 0.2, np.nan, X).astype(np.float32)
    X[np.isnan(X).all(axis=1)] = 0
    for model in (GLVQ(allow_nan=True, max_iter=2), GMLVQ(allow_nan=True, max_iter=2)):
        pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
        to_onnx(pipeline, tmp_path / "m.onnx")
        same(model, pipeline[0].transform(X), *run(tmp_path / "m.onnx", X))


def calls_python(X, W):
    shape = jax.ShapeDtypeStruct((X.shape[0], W.shape[0]), X.dtype)
    return jax.pure_callback(lambda X, W: np.abs(X[:, None] - W).sum(axis=2), shape, X, W, vmap_method="sequential")


@needs_onnx
def test_an_operation_that_onnx_does_not_have_is_named(tmp_path):
    X, y = samples()
    model = NPC(distance_fn=lambda X, W: jnp.abs(X[:, None] - W).sum(axis=2)).fit(X, y)
    to_onnx(model, tmp_path / "fine.onnx")
    same(model, X, *run(tmp_path / "fine.onnx", X))
    with pytest.raises(ValueError, match=r"NPC cannot be exported to ONNX. Its operations include pure_callback\."):
        to_onnx(NPC(distance_fn=calls_python).fit(X, y), tmp_path / "m")
    with pytest.raises(ValueError, match="cannot be exported as StableHLO.*callback"):
        to_stablehlo(NPC(distance_fn=calls_python).fit(X, y), tmp_path / "m")
    assert os.listdir(tmp_path) == ["fine.onnx"]


@needs_onnx
def test_a_file_that_says_something_else_is_not_written(tmp_path, monkeypatch):
    model = fitted("NPC")
    monkeypatch.setattr(Program, "predict", lambda self, X: program_of(model)(jnp.asarray(-X)))
    with pytest.raises(ValueError, match="The exported label is not that of the model"):
        to_onnx(model, tmp_path / "m")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("write", [to_onnx, to_stablehlo])
def test_what_is_no_classifier_of_prototypes_is_refused(write, tmp_path, monkeypatch):
    if write is to_onnx:
        pytest.importorskip("jax2onnx", reason="the extra onnx is not installed")
    X, y = samples()
    with pytest.raises(TypeError, match="model must be a classifier of prosemble, .* with one; got StandardScaler"):
        write(StandardScaler().fit(X), tmp_path / "m")
    with pytest.raises(TypeError, match="step 'binarizer' is a Binarizer.*Known: StandardScaler, MinMax"):
        write(make_pipeline(Binarizer(), NPC()).fit(X, y), tmp_path / "m")
    with pytest.raises(ValueError, match="not fitted"):
        write(KNN(), tmp_path / "m")

    class Contrary(NPC):
        def predict(self, X):
            return super().predict(-X)

    with pytest.raises(TypeError, match="Contrary has a predict of its own"):
        write(Contrary().fit(X, y), tmp_path / "m")
    with pytest.raises(FileNotFoundError):
        write(fitted("NPC"), tmp_path / "nowhere" / "m")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(_writing.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write(fitted("NPC"), tmp_path / "m")
    assert os.listdir(tmp_path) == []


def test_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'prosemble\[onnx\]'"):
        to_onnx(fitted("NPC"), tmp_path / "m")
    monkeypatch.setattr(stablehlo, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'prosemble\[stablehlo\]'"):
        to_stablehlo(fitted("NPC"), tmp_path / "m")
