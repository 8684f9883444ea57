"""Every dissimilarity against its definition, and how the Euclidean one keeps its digits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from prosemble.core import local_projection
from prosemble.core.distance import (
    cosine_distance_matrix,
    lpnorm_distance_matrix,
    squared_euclidean_distance_matrix,
)
from tests.precision import float64
from tests.registry import DISTANCES

n, p, d, r = 7, 5, 4, 3


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    X, W = rng.standard_normal((n, d)), rng.standard_normal((p, d))
    bases = np.linalg.qr(rng.standard_normal((p, d, r)))[0]
    relevances = rng.uniform(size=d)
    extra = {
        "p": 3.0, "sigma": 1.3, "omega": rng.standard_normal((d, r)) / 3, "omegas": rng.standard_normal((p, d, r)),
        "bases": bases, "log_variances": rng.standard_normal((p, d)), "relevances": relevances / relevances.sum(),
        "sigmas": rng.uniform(0.5, 2.0, size=p),
    }  # fmt: skip
    return X, W, extra


def as_jax(values, dtype=np.float32):
    return [jnp.asarray(v, dtype) if isinstance(v, np.ndarray) else v for v in values]


@pytest.mark.parametrize("name", DISTANCES)
def test_value_and_gradient(name, problem):
    X, W, extra = problem
    case = DISTANCES[name]
    arguments = [extra[key] for key in case.arguments]
    expected = case.reference(X, W, *arguments)
    np.testing.assert_allclose(case.function(*as_jax([X, W, *arguments])), expected, rtol=2e-5, atol=2e-5)

    with float64():
        X64, W64, *rest = as_jax([X, W, *arguments], np.float64)
        weights = jnp.cos(jnp.arange(n * p, dtype=jnp.float64)).reshape(n, p)
        gradient = jax.grad(lambda W: (weights * case.function(X64, W, *rest)).sum())(W64)
        step = 1e-6 * np.random.default_rng(1).standard_normal((p, d))
        rise = case.reference(X, W + step, *arguments) - case.reference(X, W - step, *arguments)
        assert (gradient * step).sum() * 2 == pytest.approx((np.asarray(weights) * rise).sum(), rel=1e-5)


@pytest.mark.parametrize("name", DISTANCES)
def test_finite_on_top_of_a_prototype(name, problem):
    X, W, extra = problem
    case = DISTANCES[name]
    W, *arguments = as_jax([W, *[extra[key] for key in case.arguments]])
    gradient = jax.grad(lambda W: case.function(jax.lax.stop_gradient(W), W, *arguments).sum())(W)
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["manhattan", "lpnorm", "euclidean", "squared_euclidean"])
@pytest.mark.parametrize("dtype", [jnp.uint8, jnp.int16])
def test_integers_neither_wrap_around_nor_overflow(name, dtype):
    X, W = np.array([[200.0, 100.0], [0.0, 7.0]]), np.array([[255.0, 1.0], [3.0, 90.0]])
    case = DISTANCES[name]
    arguments = [3.0] if case.arguments else []
    expected = case.reference(X, W, *arguments)
    np.testing.assert_allclose(case.function(*as_jax([X, W], dtype), *arguments), expected, rtol=1e-5, atol=1e-5)


def test_the_cosine_of_integers_does_not_overflow():
    rows = jnp.array([[200, 100]], jnp.uint8)
    assert float(cosine_distance_matrix(rows, rows)[0, 0]) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", ["euclidean", "lpnorm"])
def test_what_is_no_number_has_no_distance(name):
    arguments = [3.0] if DISTANCES[name].arguments else []
    assert jnp.isnan(DISTANCES[name].function(jnp.array([[jnp.nan, 1.0]]), jnp.zeros((1, 2)), *arguments)).all()


def test_a_high_power_does_not_overflow():
    got = lpnorm_distance_matrix(jnp.array([[30.0, 20.0]]), jnp.zeros((1, 2)), 60.0)
    assert float(got[0, 0]) == pytest.approx(30.0)
    assert np.isposinf(lpnorm_distance_matrix(jnp.array([[jnp.inf, 0.0]]), jnp.zeros((1, 2)), 3.0)).all()


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e4])
def test_squared_euclidean_keeps_its_digits_far_from_the_origin(offset):
    rng = np.random.default_rng(0)
    X = (offset + rng.standard_normal((50, 8))).astype(np.float32)
    W = (offset + rng.standard_normal((6, 8))).astype(np.float32)
    expected = cdist(X.astype(np.float64), W.astype(np.float64), "sqeuclidean")
    np.testing.assert_allclose(squared_euclidean_distance_matrix(jnp.asarray(X), jnp.asarray(W)), expected, rtol=2e-6)


@pytest.mark.parametrize("name", DISTANCES)
def test_no_array_of_samples_times_prototypes_times_features(name, problem):
    X, W, extra = problem
    case = DISTANCES[name]
    X, W, *arguments = as_jax([np.repeat(X, 20, axis=0), W, *[extra[key] for key in case.arguments]])
    program = jax.jit(jax.grad(lambda W: case.function(X, W, *arguments).sum())).lower(W).compile().as_text()
    rows = len(X)
    assert f"[{rows},{p},{d}]" not in program and f"[{p},{rows},{d}]" not in program


@pytest.mark.parametrize("entries", [0, 1, 2, 7], ids="{} entries in a row of the gradient".format)
def test_local_projections_have_one_gradient_by_winners_or_by_all(entries):
    rng = np.random.default_rng(0)
    rows, prototypes = 300, 7
    X, W, omegas = (
        jnp.asarray(rng.standard_normal(size), jnp.float32) for size in ((rows, 5), (prototypes, 5), (prototypes, 5, 4))
    )
    places = rng.permuted(np.tile(np.arange(prototypes), (rows, 1)), axis=1)[:, :entries]
    gradient = np.zeros((rows, prototypes), np.float32)
    np.put_along_axis(gradient, places, rng.standard_normal(places.shape).astype(np.float32), axis=1)

    def gradients(function, arguments):
        return jax.vjp(function, *arguments)[1](jnp.asarray(gradient))

    def of_metric(function):
        return lambda W, omegas: function(X, W, omegas)

    plainly, quickly = local_projection._prototype_by_prototype, local_projection._for_winners
    for expected, got in zip(
        gradients(of_metric(plainly), (W, omegas)), gradients(of_metric(quickly), (W, omegas)), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-3)
    for expected, got in zip(gradients(plainly, (X, W, omegas)), gradients(quickly, (X, W, omegas)), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-3)
