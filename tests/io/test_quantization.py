"""What is left of a model in fewer bits."""

import pickle
from importlib.util import find_spec

import jax
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from prosemble.io import files, to_onnx
from prosemble.models import GLVQ, GMLVQ, NPC
from prosemble.prediction import quantization
from tests.io.fitted import EVERY_ESTIMATOR, fitted, samples


@pytest.mark.parametrize("name", EVERY_ESTIMATOR)
def test_every_estimator_in_8_bits(name, tmp_path):
    model, (X, y) = fitted(name), samples()
    before = jax.tree.map(np.copy, model._parameters())
    proba = model.predict_proba(X)
    small = model.quantize("int8", X, y)
    report = small.quantization_
    assert type(small) is type(model) and report["dtype"] == "int8"
    assert report["accuracy_before"] == model.score(X, y) and report["accuracy_after"] == small.score(X, y)
    assert report["accuracy_after"] > report["accuracy_before"] - 0.1
    assert report["bytes_before"] == sum(leaf.nbytes for leaf in jax.tree.leaves(before))
    # No number is further away than half a step, of which 255 span those that share it.
    jax.tree.map(np.testing.assert_array_equal, model._parameters(), before)
    np.testing.assert_array_equal(model.predict_proba(X), proba)
    after = small._parameters()
    for group, value in before.items():
        for part, array in (value if isinstance(value, dict) else {"": value}).items():
            new = after[group][part] if part else after[group]
            assert new.shape == array.shape
            if array.dtype.kind == "f":
                shared = quantization.shape_of_scale(group, array.shape)
                axes = tuple(axis for axis, size in enumerate(shared) if size == 1)
                step = np.ptp(array, axis=axes, keepdims=True) / 255
                assert (np.abs(new - array) <= 0.501 * step + 1e-6 * np.abs(array).max()).all()

    small.save(tmp_path / "m")
    loaded = type(model).load(tmp_path / "m")
    assert loaded.quantization_ == report
    np.testing.assert_array_equal(loaded.predict_proba(X), small.predict_proba(X))
    assert jax.tree.map(lambda leaf: leaf.dtype, loaded._stored()) == jax.tree.map(
        lambda leaf: leaf.dtype, small._stored()
    )


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    model = GMLVQ(max_iter=10, n_prototypes_per_class=3).fit(X / 16, y)
    return model, X / 16, y


@pytest.mark.parametrize(("dtype", "ratio"), [("int8", 0.4), ("float16", 0.51)])
def test_files_are_smaller_and_say_the_same(dtype, ratio, digits, tmp_path):
    model, X, y = digits
    small = model.quantize(dtype, X, y)
    report = small.quantization_
    assert report["bytes_after"] < ratio * report["bytes_before"]
    assert abs(report["accuracy_after"] - report["accuracy_before"]) < 0.01
    model.save(tmp_path / "large")
    small.save(tmp_path / "small")
    size = (tmp_path / "small").stat().st_size
    assert size < (tmp_path / "large").stat().st_size / 4  # nor is there a state of training in it
    assert size < report["bytes_after"] + 6000  # of header
    for again in (GMLVQ.load(tmp_path / "small"), pickle.loads(pickle.dumps(small))):
        np.testing.assert_array_equal(again.predict(X), small.predict(X))
        np.testing.assert_array_equal(again.lambda_, small.lambda_)


@pytest.mark.skipif(find_spec("jax2onnx") is None, reason="the extra onnx is not installed")
@pytest.mark.parametrize("dtype", ["int8", "float16"])
def test_exported_files_are_smaller_and_say_the_same(dtype, digits, tmp_path):
    import onnxruntime

    model, X, _ = digits
    small, X = model.quantize(dtype), X.astype(np.float32)
    to_onnx(model, tmp_path / "large")
    to_onnx(small, tmp_path / "small")
    assert (tmp_path / "small").stat().st_size < (tmp_path / "large").stat().st_size * 0.8
    label, probabilities, _ = onnxruntime.InferenceSession(tmp_path / "small").run(None, {"X": X})
    np.testing.assert_allclose(probabilities, small.predict_proba(X), atol=1e-5)
    assert (label == small.predict(X)).mean() > 0.999


def test_float16_says_what_it_cannot_hold():
    X, y = samples()
    model = NPC().fit(X * 1e5, y)
    with pytest.raises(ValueError, match=r"dtype='float16' cannot hold prototypes, whose largest number is 1\d+"):
        model.quantize("float16")
    assert (model.quantize("int8").predict(X * 1e5) == model.predict(X * 1e5)).mean() > 0.97
    with pytest.raises(ValueError, match="cannot hold prototypes, whose largest number is .*e-0[89]"):
        NPC().fit(X * 1e-9, y).quantize("float16")


def test_training_starts_anew_or_not_at_all():
    X, y = samples()
    model = GLVQ(max_iter=2).fit(X, y)
    small = model.quantize()
    with pytest.raises(ValueError, match="partial_fit cannot go on from a GLVQ that is quantised to int8"):
        small.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"fit\(resume=True\) cannot go on"):
        small.fit(X, y, resume=True)
    assert small.quantization_["dtype"] == "int8"
    for again, never in (
        (small.fit(X, y), model),
        # Trained together, sums may be rounded in another way than in a fit of its own.
        (model.quantize().fit_many(X, y, seeds=[42, 42]), clone(model).fit_many(X, y, seeds=[42, 42])),
    ):
        assert not hasattr(again, "quantization_")
        np.testing.assert_array_equal(again.prototypes_, never.prototypes_)
        np.testing.assert_array_equal(again.predict_proba(X), never.predict_proba(X))
        np.testing.assert_allclose(again.prototypes_, model.prototypes_, rtol=1e-6, atol=1e-6)
        again.partial_fit(X, y)


def test_a_quantised_model_is_an_estimator():
    X, y = samples()
    small = fitted("LVQMLN").quantize()
    assert clone(small).get_params() == small.get_params() and not hasattr(clone(small), "quantization_")
    assert small.transform(X).shape == (150, 2) and small.prototypes_.dtype == np.float32
    with pytest.raises(AttributeError, match="'LVQMLN' object has no attribute 'nothing'"):
        _ = small.nothing


def test_bad_input():
    X, y = samples()
    model = NPC().fit(X, y)
    with pytest.raises(ValueError, match="dtype must be one of 'int8', 'float16'; got 'int4'"):
        model.quantize("int4")
    with pytest.raises(ValueError, match="X and y must be given together"):
        model.quantize(X=X)
    with pytest.raises(ValueError, match="is quantised already"):
        model.quantize().quantize()
    with pytest.raises(ValueError, match="not fitted"):
        NPC().quantize()


def test_older_readers_are_told(tmp_path):
    fitted("NPC").save(tmp_path / "whole")
    fitted("NPC").quantize().save(tmp_path / "small")
    assert [files.read(tmp_path / name)[0]["format"] for name in ("whole", "small")] == [1, 2]
