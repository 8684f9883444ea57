"""Distances are right to float accuracy of themselves, however far samples and prototypes lie apart."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from prosemble import distances as parts
from prosemble.distances import evaluate
from tests.registry import DISTANCES

FAR = 1e4


def scattered(features, where):
    """Return rows and prototypes of which one cluster, or one cell, is far away from the rest."""
    rng = np.random.default_rng(features)
    centres = rng.uniform(-2, 2, (6, features))
    if where == "a cluster":
        centres[-2:] += FAR
    if where == "a cell":
        centres[0, 0] = 999999
    W = centres
    X = np.repeat(centres, 30, axis=0) + rng.standard_normal((180, features)) * 0.7
    return X.astype(np.float32), W.astype(np.float32)


def arguments(name, W):
    p, d = W.shape
    rng = np.random.default_rng(0)
    omega = rng.standard_normal((d, min(d, 3)))
    omegas = np.linalg.qr(rng.standard_normal((p, d, min(d - 1, 2))))[0]
    made = {
        "p": 3.0, "sigma": 40.0, "omega": omega / np.linalg.norm(omega), "omegas": omegas, "bases": omegas,
        "log_variances": rng.standard_normal((p, d)) - 9, "relevances": np.full(d, 1 / d),
        "sigmas": rng.uniform(20.0, 40.0, size=p),
    }  # fmt: skip
    if name == "exponential_kernel":  # of which exponents are to stay below their limit
        made["omega"] /= np.abs(W).max()
    return [made[argument] for argument in DISTANCES[name].arguments]


@pytest.mark.parametrize("where", ["a cluster", pytest.param("a cell", marks=pytest.mark.breadth)])
@pytest.mark.parametrize("features", [2, 30])
@pytest.mark.parametrize("name", list(DISTANCES))
def test_each_is_what_float64_says(name, features, where):
    X, W = scattered(features, where)
    case = DISTANCES[name]
    extra = [value if np.isscalar(value) else value.astype(np.float32) for value in arguments(name, W)]
    expected = case.reference(*(np.float64(each) for each in (X, W)), *map(np.float64, extra))
    got = jax.jit(case.function)(X, W, *extra)
    # What is left beside a subspace is known as far as its directions are, and float64 rounds its exponentials too.
    slack = {"tangent": 1e-6 * DISTANCES["squared_euclidean"].reference(X, W), "exponential_kernel": 1e-15}
    assert (np.abs(got - expected) <= 2e-4 * expected + slack.get(name, 0.0)).all()


def test_what_is_said_of_a_row_does_not_depend_on_its_neighbours():
    X, W = scattered(30, "a cluster")
    X[::5] = W[0] + 1e-3  # so near that they are computed anew
    function = jax.jit(DISTANCES["squared_euclidean"].function)
    order = np.random.default_rng(0).permutation(len(X))
    np.testing.assert_array_equal(function(X[order], W), np.asarray(function(X, W))[order])


@pytest.mark.parametrize("part", [parts.SquaredEuclidean, parts.Euclidean, parts.Relevance])
def test_with_gaps_too(part):
    X, W = scattered(30, "a cluster")
    X[::7, 4] = np.nan
    rng = np.random.default_rng(0)
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    relevances = rng.uniform(0.1, 1, 30).astype(np.float32)
    params = {"prototypes": jnp.asarray(W), "log_relevances": jnp.log(relevances / relevances.sum())}
    got = np.asarray(evaluate(part(allow_nan=True), params, jnp.asarray(X)))
    form = np.exp(params["log_relevances"].astype(float)) if part is parts.Relevance else np.ones(30)
    gap = X[:, None].astype(float) - W
    squares = np.nansum(form * gap**2, axis=2) * form.sum() / (form * ~np.isnan(X)).sum(axis=1)[:, None]
    np.testing.assert_allclose(got, np.sqrt(squares) if part is parts.Euclidean else squares, rtol=1e-4)
