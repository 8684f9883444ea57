"""Samples with missing values are compared over what was observed of them."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics.pairwise import nan_euclidean_distances

from prosemble import distances, models
from prosemble.core import missing
from prosemble.models import PrototypeClassifier
from tests.laws.test_families import NEURAL_GAS, OBJECTIVES, START
from tests.models.test_extension import ThroughCore

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

PARTS = [distances.SquaredEuclidean(), distances.Euclidean(), distances.Relevance(), distances.Omega()]
every_part = pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)


@pytest.fixture(scope="module")
def gaps(iris):
    X, y = iris
    X = np.where(np.random.default_rng(0).random(X.shape) < 0.25, np.nan, X).astype(np.float32)
    X[np.isnan(X).all(axis=1), 0] = 0.0
    return X, y


def naive(X, W, weigh):
    """Return weigh(gap over the observed features, which of them were) of each pair."""
    return np.array([[weigh(np.where(np.isnan(x), 0.0, x - w), ~np.isnan(x)) for w in W] for x in X])


def test_values(gaps):
    rng = np.random.default_rng(1)
    X, W, omega = gaps[0][:20], rng.standard_normal((5, 4)).astype(np.float32), rng.standard_normal((4, 3))
    relevances = rng.dirichlet(np.ones(4))
    got = missing.observed_squared_euclidean_distance_matrix(jnp.asarray(X), jnp.asarray(W))
    np.testing.assert_allclose(got, nan_euclidean_distances(X, W, squared=True), rtol=1e-4, atol=1e-5)
    got = missing.observed_relevance_distance_matrix(
        jnp.asarray(X), jnp.asarray(W), jnp.asarray(relevances, jnp.float32)
    )
    expected = naive(X, W, lambda gap, seen: (relevances * gap**2).sum() / relevances[seen].sum())
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    got = missing.observed_omega_distance_matrix(jnp.asarray(X), jnp.asarray(W), jnp.asarray(omega, jnp.float32))
    weights = (omega**2).sum(axis=1)
    expected = naive(X, W, lambda gap, seen: ((gap @ omega) ** 2).sum() * weights.sum() / weights[seen].sum())
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@every_part
def test_complete_samples_are_as_without(part, iris):
    plain = PrototypeClassifier(distance=part, **START).fit(*iris)
    allowed = PrototypeClassifier(distance=part, allow_nan=True, **START).fit(*iris)
    np.testing.assert_allclose(allowed.prototypes_, plain.prototypes_, atol=1e-4)


@every_part
@pytest.mark.parametrize("mode", [{}, {"batch_size": 50}], ids=["full batch", "mini-batches"])
def test_trains_saves_and_loads(part, mode, gaps, tmp_path):
    X, y = gaps
    model = PrototypeClassifier(distance=part, allow_nan=True, **START, **mode).fit(X, y, validation_data=(X, y))
    assert np.isfinite(model.prototypes_).all() and np.isfinite(model.val_loss_history_).all()
    assert model.loss_history_[-1] < model.loss_history_[0] and model.score(X, y) > 0.6
    stepped = PrototypeClassifier(distance=part, allow_nan=True, use_scan=False, **START, **mode)
    np.testing.assert_array_equal(stepped.fit(X, y, validation_data=(X, y)).prototypes_, model.prototypes_)
    model.save(tmp_path / "model")
    loaded = PrototypeClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    if not mode:
        order = np.random.default_rng(0).permutation(len(y))
        shuffled = PrototypeClassifier(distance=part, allow_nan=True, **START)
        shuffled.fit(X[order], y[order], validation_data=(X, y))
        np.testing.assert_array_equal(shuffled.prototypes_, model.prototypes_)


@pytest.mark.breadth
@every_part
def test_gradients_are_finite_for_every_objective(part, gaps):
    X, y = (jnp.asarray(rows[::10]) for rows in gaps)
    model = PrototypeClassifier(distance=part, allow_nan=True, **{**START, "max_iter": 1}).fit(*gaps)
    params = {**model._parameters(), "sigma": np.float32(1.0), "reasonings": np.full((6, 3, 2), 0.4, np.float32)}
    chosen = [*OBJECTIVES.values()]
    chosen += [replace(each, cooperation=NEURAL_GAS) for each in chosen if hasattr(each, "cooperation")]

    @jax.jit
    def gradients(params):
        def loss(params, objective):
            measured = distances.evaluate(replace(part, allow_nan=True), params, X)
            return objective(params, measured, y, jnp.array([0, 0, 1, 1, 2, 2]), jnp.int32(0)).mean()

        return [jax.grad(loss)(params, objective) for objective in chosen]

    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients(params)))


@pytest.mark.parametrize(("name", "frozen"), [("GMLVQ", "omega"), ("GRLVQ", "log_relevances")])
def test_with_a_metric_frozen_at_the_identity_it_is_glvq(name, frozen, gaps):
    # Prototypes that start from samples share what is missing of them, and so are equally near to some; and Adam makes
    # full steps of gradients that nearly cancel.
    start, options = np.random.default_rng(5).standard_normal((6, 4)), {**START, "allow_nan": True, "optimizer": "sgd"}
    plain = models.GLVQ(**options).fit(*gaps, initial_prototypes=start)
    model = getattr(models, name)(freeze_params=[frozen], **options).fit(*gaps, initial_prototypes=start)
    assert not np.allclose(plain.prototypes_, start, atol=1e-2)
    np.testing.assert_allclose(model.prototypes_, plain.prototypes_, atol=1e-5)


def test_what_cannot_be_is_refused(gaps):
    X, y = gaps
    with pytest.raises(ValueError, match="contains NaN"):
        models.GLVQ().fit(X, y)
    with pytest.raises(ValueError, match="allow_nan=True cannot act on LGMLVQ: LocalOmega has no form"):
        models.LGMLVQ(allow_nan=True).fit(X, y)
    with pytest.raises(ValueError, match="allow_nan=True cannot act on ThroughCore"):
        ThroughCore(allow_nan=True).fit(X, y)
    with pytest.raises(ValueError, match="at least one value in each row; row 3 has none"):
        models.GLVQ(allow_nan=True).fit(np.where(np.arange(len(X))[:, None] == 3, np.nan, X), y)
    with pytest.raises(ValueError, match="infinity"):
        models.GLVQ(allow_nan=True).fit(np.where(X > 1, np.inf, X), y)


def test_a_feature_that_is_never_observed_does_not_count(iris):
    X, y = iris
    blind = X.copy()
    blind[:, 2] = np.nan
    start, kept = np.stack([X[y == label].mean(axis=0) for label in range(3)]), [0, 1, 3]
    without = models.GLVQ(max_iter=10).fit(X[:, kept], y, initial_prototypes=start[:, kept])
    model = models.GLVQ(max_iter=10, allow_nan=True).fit(blind, y, initial_prototypes=start)
    np.testing.assert_allclose(model.prototypes_[:, kept], without.prototypes_, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(model.predict(blind), without.predict(X[:, kept]))
    for each in (model, models.GLVQ(max_iter=2, allow_nan=True).fit(blind, y)):
        assert np.isfinite(each.partial_fit(blind, y).prototypes_).all()
