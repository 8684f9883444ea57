"""Samples far from the origin train as they do near it, and what float32 cannot hold is refused."""

from importlib.util import find_spec

import numpy as np
import pytest

from prosemble.io import to_onnx
from prosemble.models import GLVQ, GMLVQ
from tests.registry import ESTIMATORS, MODELS, breadth, settings

INVARIANT = [
    name
    for name, cls in ESTIMATORS.items()
    if not hasattr(cls, "hidden_sizes") and not hasattr(cls, "input_shape") and not name.startswith("DKGMLVQ")
]


def made(name, **options):
    if name in MODELS:
        options |= {"max_iter": 15, **settings(name, 4)}
    return ESTIMATORS[name](**options)


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in INVARIANT])
@pytest.mark.parametrize("offset", [1e6, pytest.param(1.7e9, marks=pytest.mark.breadth)])
def test_a_shift_changes_nothing(name, offset, iris):
    X, y = iris[0].astype(np.float64), iris[1]
    X = np.round(X * 256) / 256  # which both can hold
    near, far = made(name).fit(X, y), made(name).fit(X + offset, y)
    # What is subtracted is a round number, which need not be the offset; each sum is rounded in its own way.
    np.testing.assert_allclose(far.prototypes_ - offset, near.prototypes_, atol=2e-3 if name in MODELS else 1e-5)
    np.testing.assert_allclose(far.predict_proba(X + offset), near.predict_proba(X), atol=5e-3)
    assert (far.predict(X + offset) == near.predict(X)).mean() > 0.98


def test_all_that_goes_on_from_it_does_so_too(iris, tmp_path):
    X, y = iris[0].astype(np.float64) + 1e6, iris[1]
    start = X[[0, 60, 120]]
    model = GMLVQ(max_iter=5, patience=50).fit(X, y, validation_data=(X, y), initial_prototypes=start)
    assert abs(model.prototypes_ - start).max() < 1 and model.prototypes_.dtype == np.float64
    model.save(tmp_path / "m")
    loaded = GMLVQ.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.distances(X), model.distances(X))
    for each in (model, loaded):
        each.fit(X, y, resume=True).partial_fit(X, y)
    np.testing.assert_array_equal(loaded.prototypes_, model.prototypes_)
    plain = GMLVQ(max_iter=5).fit(iris[0], y, initial_prototypes=iris[0][[0, 60, 120]])
    plain.fit(iris[0], y, resume=True).partial_fit(iris[0], y)
    np.testing.assert_allclose(model.prototypes_ - 1e6, plain.prototypes_, atol=1e-4)
    why = model.explain(X[:9])
    np.testing.assert_allclose(why.iloc[:, 7:].sum(axis=1), why.d_minus - why.d_plus, rtol=1e-4)
    other = model.counterfactual(X[:9])
    assert (model.predict(other) != model.predict(X[:9])).all() and np.abs(other - X[:9]).max() < 9


def test_what_32_bits_cannot_hold_is_refused(iris):
    X, y = iris
    for scale, why in ((1e-20, "too close together"), (1e20, "too far apart")):
        with pytest.raises(ValueError, match=f"{why} for float32.* span up to"):
            GLVQ().fit(X * np.float64(scale), y)
    far = GLVQ(max_iter=3).fit(X.astype(np.float64) + 1.7e9, y)
    with pytest.raises(ValueError, match="cannot be quantised"):
        far.quantize()


@pytest.mark.skipif(find_spec("jax2onnx") is None, reason="the extra onnx is not installed")
def test_an_export_of_32_bits_is_refused_far_from_the_origin(iris, tmp_path):
    far = GLVQ(max_iter=3).fit(iris[0].astype(np.float64) + 1.7e9, iris[1])
    with pytest.raises(ValueError, match="which the numbers of 32 bits of an export hardly tell apart"):
        to_onnx(far, tmp_path / "m.onnx")


def test_a_training_that_moves_nothing_says_so(iris):
    X, y = iris
    for model, rows in ((GLVQ(max_iter=2000), X * 1e10), (GLVQ(lr=1e-12), X)):
        with pytest.warns(UserWarning, match="Training has moved nothing in"):
            model.fit(rows, y)


def test_a_training_that_ends_worse_than_it_began_says_so(iris):
    X, y = iris
    for scale in (1e-8, 1e-3):
        with pytest.warns(UserWarning, match=r"ended with a loss of .*, more than the -0\.\d+ that it began with"):
            GLVQ().fit(X * scale, y)
