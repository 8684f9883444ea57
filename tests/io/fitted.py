"""Every estimator as it is after some training, without the time that training takes."""

from functools import cache
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import load_iris

from prosemble.models import SupervisedPrototypeModel
from tests.registry import ESTIMATORS, breadth

EVERY_ESTIMATOR = [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS]


@cache
def samples():
    """Return standardised rows, other ones than any model has learned from, and the names of the classes of iris."""
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0) + 0.2 * np.random.default_rng(0).standard_normal(X.shape)
    return X.astype(np.float32), np.array(["setosa", "versicolor", "virginica"])[y]


@cache
def fitted(name):
    """Return a fitted model whose parameters are where a training might have left them."""
    X, y = samples()
    model = ESTIMATORS[name]()
    options = {"n_prototypes_per_class": 2, "input_shape": (2, 2, 1)} if name != "CBC" else {"n_components": 5}
    model.set_params(**{key: value for key, value in options.items() if key in model.get_params()})
    with mock.patch.object(SupervisedPrototypeModel, "_train", _move):
        return model.fit(X, y)


def _move(self, rows, validation, until):
    rng = np.random.default_rng(2)

    def moved(array):
        return array + 0.1 * rng.standard_normal(array.shape).astype(array.dtype) if array.dtype.kind == "f" else array

    params = {
        group: {part: moved(array) for part, array in value.items()} if isinstance(value, dict) else moved(value)
        for group, value in self._parameters().items()
    }
    params = jax.tree.map(np.asarray, self._trainable().project(jax.tree.map(jnp.asarray, params)))
    self._hold_parameters(params, np.searchsorted(self.classes_, self.prototype_labels_))
    self.n_iter_ = 1
