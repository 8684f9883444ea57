"""Gradients of every loss where derivatives are at risk: against finite differences in float64, finite in float32."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from prosemble.core import losses
from prosemble.core.distance import squared_euclidean_distance_matrix
from prosemble.core.pooling import stratified_min_pooling
from prosemble.distances import Start
from prosemble.training.data import Rows
from tests.precision import float64
from tests.registry import LOSSES, MODELS, breadth

C = np.array([0, 0, 1, 2])
Y = np.array([0, 0, 1, 2, 0, 1, 2, 1])


def situations():
    # Multiples of 4 over 4 prototypes: the centre and with it every distance is exact, and so are the ties.
    W = 4.0 * np.array([[1, 0, 2], [-1, 2, 0], [3, 3, -1], [-2, 1, 3]])
    X = 4.0 * np.random.default_rng(0).integers(-4, 5, size=(8, 3)) + 1.0
    plain = X, W

    def changed(rows=None, prototypes=None):
        X, W = plain[0].copy(), plain[1].copy()
        for index, row in (rows or {}).items():
            X[index] = row
        for index, row in (prototypes or {}).items():
            W[index] = row
        return X, W

    def constant(X, W):
        X[:, 1] = W[:, 1] = 4.0
        return X, W

    return {
        "plain": plain,
        "two own prototypes equally near": changed(rows={0: (W[0] + W[1]) / 2}),
        "two equal prototypes": changed(prototypes={1: W[0]}),
        "two other prototypes equally near": changed(rows={1: (W[2] + W[3]) / 2}),
        "on top of an own prototype": changed(rows={0: W[0]}),
        "on top of another prototype": changed(rows={0: W[2]}),
        "a prototype that no sample wins": changed(prototypes={1: [400, 400, 400]}),
        "a constant feature": constant(*changed()),
        "features of scale 1e6": (1e6 * X, 1e6 * W),
        "features of scale 1e-6": (1e-6 * X, 1e-6 * W),
    }


SITUATIONS = situations()


START = Start(*SITUATIONS["plain"][:1], Y, np.ones(8), SITUATIONS["plain"][1], C, np.random.default_rng(0))


def of_matrix(function):
    return lambda W, X: function(squared_euclidean_distance_matrix(X, W), jnp.asarray(Y), jnp.asarray(C))


def of_model(cls):
    model = cls()
    model.classes_, model.n_classes_ = np.arange(3), 3
    trainable = model._trainable()
    initial = trainable.init(START)  # once: it draws from a generator

    def loss(W, X):
        weight = jnp.ones(len(X), X.dtype)
        others = {n: jnp.asarray(v, X.dtype if v.dtype.kind == "f" else v.dtype) for n, v in initial.items()}
        # Shifted about the origin, as the loop does; about a sample, so that all stays exact.
        params, rows = {"prototypes": W - X[2], **others}, Rows(X - X[2], jnp.asarray(Y), weight)
        return trainable.loss(params, rows, weight.sum(), jnp.asarray(C), jnp.int32(0))

    return loss


def margin_of_class_minima(D, y, c):
    return losses.margin_loss(-stratified_min_pooling(D, c, 3), jax.nn.one_hot(y, 3))


FUNCTIONS = {name: of_matrix(case.function) for name, case in LOSSES.items()}
FUNCTIONS["margin"] = of_matrix(margin_of_class_minima)
FUNCTIONS["neural_gas"] = of_matrix(lambda D, y, c: losses.neural_gas_energy(D, 1.5))
# The exponential kernel is cut off on features of this size; tests/core/test_distance.py has its gradient.
# The layers of encoders are JAX's own, and flat or kinked on features of these sizes.
FUNCTIONS |= {
    name: of_model(cls)
    for name, cls in MODELS.items()
    if not name.startswith("DKGMLVQ") and not hasattr(cls, "activation")
}


# Prototypes that are equally near by the Euclidean distance are not so in a learned metric, and where ranks count
# (neural gas), they jump there and have no derivative.
WITHOUT_TIES = {"neural_gas", *MODELS} - {"GLVQ", "GLVQ1", "GLVQ21", "RSLVQ", "SLVQ", "CELVQ", "DKGLVQ", "WGLVQ"}
# Held for all; each of the others takes a program of its own, and is held for one loss.
USUAL = ("plain", "on top of an own prototype")
DIFFERENTIABLE = [
    pytest.param(
        name, situation, marks=breadth(name) if situation in USUAL or name == "glvq" else [pytest.mark.breadth]
    )
    for name in FUNCTIONS
    for situation in SITUATIONS
    if not (name in WITHOUT_TIES and situation.startswith("two "))
]


@pytest.mark.parametrize(("name", "situation"), DIFFERENTIABLE)
def test_gradient_against_finite_differences(name, situation):
    X, W = SITUATIONS[situation]
    function = FUNCTIONS[name]
    with float64():
        gradient = np.asarray(jax.grad(function)(jnp.asarray(W), jnp.asarray(X)))
        for seed in range(3):
            direction = np.random.default_rng(seed).standard_normal(W.shape)
            step = 1e-5 * np.abs(W).max() * direction
            rise = function(jnp.asarray(W + step), jnp.asarray(X)) - function(jnp.asarray(W - step), jnp.asarray(X))
            size = np.abs(gradient * step).sum()
            assert (2 * gradient * step).sum() == pytest.approx(float(rise), abs=1e-4 * size + 1e-13)


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in FUNCTIONS])
def test_finite_in_float32(name):
    everywhere = {**SITUATIONS, "all at one point": (np.full((8, 3), 4.0), np.full((4, 3), 4.0))}
    run = jax.jit(jax.value_and_grad(FUNCTIONS[name]))
    for situation, (X, W) in everywhere.items():
        value, gradient = run(jnp.asarray(W, jnp.float32), jnp.asarray(X, jnp.float32))
        assert jnp.isfinite(value) and jnp.isfinite(gradient).all(), situation
