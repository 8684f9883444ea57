"""Probabilities keep the order of the distances, in whatever units the features are."""

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from prosemble.models import GLVQ, KNN, NPC, RSLVQ
from prosemble.objectives import Nearest
from prosemble.prediction.calibration import fitted_temperature
from tests.registry import ESTIMATORS, MODELS, breadth, settings


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_they_are_of_one_temperature_and_kept(name, iris, tmp_path):
    X, y = iris[0][50:], iris[1][50:]
    options = {"max_iter": 10, **settings(name, 4)} if name in MODELS else {}
    model = ESTIMATORS[name](**options).fit(X, y)
    proba, far = model.predict_proba(X), model.decision_function(X)
    assert (np.argsort(proba[:, 1], kind="stable") == np.argsort(far, kind="stable")).mean() > 0.9
    assert roc_auc_score(y, proba[:, 1]) == pytest.approx(roc_auc_score(y, far), abs=1e-9)
    if isinstance(model._decision(), Nearest):
        assert len(np.unique(proba[:, 1])) == len(np.unique(far))
        expected = softmax(-model._class_distances(X).astype(float) / model.temperature_, axis=1)
        np.testing.assert_allclose(proba, expected, atol=1e-4)
    model.save(tmp_path / "m")
    for again in (type(model).load(tmp_path / "m"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(again.predict_proba(X), proba)
        assert getattr(again._calibration, "rows", None) is None  # no row of the training leaves with the model


@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_raw_units_saturate_nothing(load):
    X, y = load(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    model = GLVQ(max_iter=30).fit(X, y)
    proba = model.predict_proba(X_test)
    assert (proba.max(axis=1) < 1).all()
    if len(model.classes_) == 2:
        auc = roc_auc_score(y_test, model.decision_function(X_test))
        assert roc_auc_score(y_test, proba[:, 1]) == pytest.approx(auc, abs=1e-12)
    sure = proba.max(axis=1)
    right = model.predict(X_test) == y_test
    assert abs(sure.mean() - right.mean()) < 0.06  # a softmax of the bare distances has .06 to .1 too much


def test_conformal_sets_are_small():
    X, y = load_digits(return_X_y=True)
    X, X_rest, y, y_rest = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
    model = GLVQ(n_prototypes_per_class=3, max_iter=50).fit(X, y)
    proba, own = model.predict_proba(X_rest), y_rest[:, None] == model.classes_
    # Sets of those classes that score above what nine tenths of the calibration rows do (LAC).
    limit = np.quantile(proba[::2][own[::2]], 0.1, method="lower")
    sets = proba[1::2] >= limit
    assert sets.sum(axis=1).mean() < 2 and sets[own[1::2]].mean() > 0.86


def test_rows_far_away_keep_their_order(iris):
    X, y = iris[0][50:], iris[1][50:]
    model = GLVQ(max_iter=10).fit(X, y)
    far = X[:50] * np.float32(30)
    proba, by = model.predict_proba(far)[:, 1], model.decision_function(far)
    assert len(np.unique(proba)) == len(np.unique(by)) and proba.max() < 1
    np.testing.assert_array_equal(np.argsort(proba), np.argsort(by))


def test_units_do_not_matter(iris):
    X, y = iris
    for scale in (1e-3, 1.0, 1e4):
        proba = NPC().fit(X * scale, y).predict_proba(X * scale)
        np.testing.assert_allclose(proba, NPC().fit(X, y).predict_proba(X), atol=1e-4)


def test_those_with_probabilities_of_their_own_keep_them(iris):
    X, y = iris
    model = RSLVQ(sigma=0.7, max_iter=5).fit(X, y)
    assert model.temperature_ == pytest.approx(2 * 0.7**2) and KNN().fit(X, y).temperature_ == 1.0
    assert not hasattr(GLVQ(), "temperature_")


def test_the_temperature_is_where_the_likelihood_is_largest():
    rng = np.random.default_rng(0)
    distances, weight = rng.exponential(3.0, (400, 3)), rng.uniform(0.5, 2, 400)
    y = np.array([rng.choice(3, p=p) for p in softmax(-distances / 1.7, axis=1)])
    found = fitted_temperature(distances, y, weight)

    def loss(t):
        return np.average(-np.log(softmax(-distances / t, axis=1)[np.arange(400), y]), weights=weight)

    assert loss(found) <= min(loss(found * 1.01), loss(found / 1.01)) and 1.3 < found < 2.2
    assert fitted_temperature(np.zeros((5, 2)), np.zeros(5, int), np.ones(5)) == 1.0
