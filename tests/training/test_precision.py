"""Mixed precision: what really runs in it, what stays in full, and how far the results may be apart."""

import re

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from prosemble.models import GLVQ
from tests.registry import MODELS, breadth_but
from tests.training.programs import programs

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

TYPES = {"bfloat16": "bf16", "float16": "f16"}
every_precision = pytest.mark.parametrize("precision", TYPES)
PRODUCT = re.compile(r"dot_general.*: \(tensor<[\dx]*x(\w+)>, tensor<[\dx]*x(\w+)>\)")


# One model for each way of measuring; mini-batches differ by what feeds them alone.
@pytest.mark.parametrize(
    "name",
    breadth_but(
        ("GLVQ", "GMLVQ", "GTLVQ"),
        ["GLVQ", "GRLVQ", "GMLVQ", "LGMLVQ", "GTLVQ", "DKGLVQ", "DKGMLVQ", "WGMLVQ", "RSLVQ"],
    ),
)
@every_precision
@pytest.mark.parametrize("batch_size", breadth_but([None], [None, 50]))
def test_products_run_in_the_precision_asked_for(name, precision, batch_size, iris, monkeypatch):
    settings = {"max_iter": 2, "batch_size": batch_size}

    def products(**more):
        text = programs(monkeypatch, lambda: MODELS[name](**settings, **more).fit(*iris))[0]
        return [kind for pair in PRODUCT.findall(text) for kind in pair]

    full, lowered = products(), products(mixed_precision=precision)
    assert len(lowered) == len(full) >= 4  # forward and backward
    assert set(full) == {"f32"} and set(lowered) == {TYPES[precision]}


@every_precision
def test_parameters_and_optimizer_stay_in_float32(precision, iris):
    model = GLVQ(mixed_precision=precision, max_iter=3, ema_decay=0.9).fit(*iris)
    kept = jax.tree.leaves((model._state.params, model._state.optimizer, model._state.average))
    assert {leaf.dtype for leaf in kept} == {np.dtype(np.float32), np.dtype(np.int32)}
    assert model.prototypes_.dtype == np.float32 and model.distances(iris[0]).dtype == np.float32


@every_precision
def test_distance_from_float32_on_digits(precision):
    # The distances that docs/options.md states.
    X, y = load_digits(return_X_y=True)
    settings = {"max_iter": 50, "lr": 0.2, "transfer_fn": "sigmoid_beta"}
    full, mixed = (GLVQ(mixed_precision=p, **settings).fit(X, y) for p in (None, precision))
    assert abs(full.score(X, y) - mixed.score(X, y)) < 0.01
    assert abs(full.loss_ - mixed.loss_) < 0.005
    assert np.abs(full.loss_history_ - mixed.loss_history_).max() < 0.005


def test_the_loss_scale_of_float16_comes_down_after_overflow_and_training_goes_on(iris):
    X, y = iris
    # Distances of 1e-4 have gradients of 1e4, which overflow when scaled by 2^15.
    X = X / 100
    settings = {"max_iter": 60, "lr": 1e-3, "transfer_fn": "sigmoid_beta"}
    full, mixed = (GLVQ(mixed_precision=p, **settings).fit(X, y) for p in (None, "float16"))
    assert mixed._state.loss_scale.scale < 2.0**15
    assert mixed.loss_history_[0] == mixed.loss_history_[1]  # the first step overflowed and was left out
    assert mixed.loss_history_[0] == pytest.approx(full.loss_history_[0], abs=1e-3)
    assert mixed.best_loss_ == mixed.loss_history_.min()
    assert np.isfinite(mixed.loss_history_).all() and mixed.loss_ == pytest.approx(full.loss_, abs=0.005)


def test_what_no_loss_scale_can_mend_is_an_error(iris):
    X, y = iris
    with pytest.raises(ValueError, match="Training diverged"):
        GLVQ(mixed_precision="float16").fit(X * 1e6, y)


def test_the_loss_scale_grows_where_nothing_overflows(iris):
    model = GLVQ(mixed_precision="float16", max_iter=410, epsilon=0.0, lr=1e-4).fit(*iris)
    assert model._state.loss_scale.scale == 2.0**17
