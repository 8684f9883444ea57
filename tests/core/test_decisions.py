"""Pooling, competitions and similarities against plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity, rbf_kernel

from prosemble.core import competitions, pooling, similarities

D = np.random.default_rng(0).uniform(size=(6, 5))
C = np.array([0, 1, 1, 2, 0])
REDUCTIONS = {"min": np.min, "sum": np.sum, "max": np.max, "prod": np.prod}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_pooling(name):
    function = jax.jit(getattr(pooling, f"stratified_{name}_pooling"), static_argnums=2)
    expected = [[REDUCTIONS[name](row[c == C]) for c in range(3)] for row in D]
    np.testing.assert_allclose(function(jnp.asarray(D), jnp.asarray(C), 3), expected, rtol=1e-6)


def test_wtac_and_knnc():
    distances, labels = jnp.asarray(D), jnp.asarray(C)
    assert competitions.wtac(distances, labels).tolist() == C[D.argmin(axis=1)].tolist()
    votes = [np.bincount(C[np.argsort(row)[:3]]).argmax() for row in D]
    assert competitions.knnc(distances, labels, k=3).tolist() == votes
    assert jax.jit(competitions.knnc, static_argnums=(2, 3))(distances, labels, 3, 3).tolist() == votes


def test_cbcc_is_agreement_over_effective_reasoning():
    rng = np.random.default_rng(1)
    detections, reasonings = rng.uniform(size=(4, 3)), rng.uniform(size=(3, 2, 2))
    for row, probabilities in zip(
        detections, competitions.cbcc(jnp.asarray(detections), jnp.asarray(reasonings)), strict=True
    ):
        for label in range(2):
            a, b = reasonings[:, label].T
            negative = (1 - a) * b
            expected = (row * a + (1 - row) * negative).sum() / (a + negative).sum()
            assert probabilities[label] == pytest.approx(expected, rel=1e-5)


def test_similarities():
    rng = np.random.default_rng(2)
    X, Y = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    got = similarities.euclidean_similarity(jnp.asarray(X), jnp.asarray(Y), 2.0)
    np.testing.assert_allclose(got, rbf_kernel(X, Y, gamma=0.25), rtol=1e-5)
    X[0] = 0
    got = similarities.cosine_similarity_matrix(jnp.asarray(X), jnp.asarray(Y))
    np.testing.assert_allclose(got, cosine_similarity(X, Y), atol=1e-6)
    assert similarities.gaussian_similarity(jnp.float32(2.0), 0.5) == pytest.approx(np.exp(-2))
