"""Relevance profiles and relevance matrices."""

import numpy as np
import pandas as pd
import pytest

from prosemble.distances import Omega
from prosemble.inspection import RelevanceDisplay, RelevanceMatrixDisplay
from prosemble.models import GMLVQ, GRLVQ, GTLVQ, LGMLVQ, PrototypeClassifier, SiameseGMLVQ
from tests.inspection.conftest import draw


def widths(ax):
    return np.array([bar.get_width() for bar in ax.patches])


def test_bars_are_the_relevances_of_the_model(iris, ax):
    X, y = iris
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    model = GRLVQ(max_iter=3).fit(pd.DataFrame(X, columns=names), y)
    display = RelevanceDisplay.from_estimator(model, ax=ax)
    order = np.argsort(-model.relevances_)
    np.testing.assert_allclose(widths(ax), model.relevances_[order], rtol=1e-6)
    assert [label.get_text() for label in ax.get_yticklabels()] == [names[i] for i in order]
    assert ax.yaxis_inverted() and ax.get_xlim()[0] == 0  # the largest on top
    assert display.ax_.get_title() == ""


def test_what_each_kind_of_metric_weights_by(iris):
    X, y = iris
    models = {
        "GMLVQ": GMLVQ(max_iter=3),
        "open": PrototypeClassifier(distance=Omega(), max_iter=3),
        "local": LGMLVQ(max_iter=3),
        "by class": LGMLVQ(max_iter=3, per_class=True, n_prototypes_per_class=2),
        "tangent": GTLVQ(max_iter=3),
        "latent": SiameseGMLVQ(max_iter=3, latent_dim=3),
    }
    shown = {name: RelevanceDisplay.from_estimator(model.fit(X, y)) for name, model in models.items()}
    np.testing.assert_allclose(shown["GMLVQ"].relevances[0], np.diagonal(models["GMLVQ"].lambda_), rtol=1e-5)
    np.testing.assert_array_equal(shown["open"].relevances, shown["GMLVQ"].relevances)
    for name in ("local", "by class"):
        diagonals = np.diagonal(models[name].lambdas_, axis1=1, axis2=2)
        np.testing.assert_allclose(shown[name].relevances, diagonals / diagonals.sum(axis=1, keepdims=True), rtol=1e-5)
        assert list(shown[name].owners) == ["0", "1", "2"]
    omegas = models["tangent"].omegas_
    away = np.stack([np.eye(4) - omega @ omega.T for omega in omegas])
    np.testing.assert_allclose(shown["tangent"].relevances, np.diagonal(away, axis1=1, axis2=2) / 2, atol=1e-5)
    assert list(shown["latent"].feature_names) == ["latent 0", "latent 1", "latent 2"]


@pytest.mark.parametrize("owners", [1, 2, 20])
@pytest.mark.parametrize("features", [3, 300])
def test_the_most_relevant_features_are_shown(features, owners, ax):
    relevances = np.random.default_rng(0).dirichlet(np.full(features, 0.3), size=owners)
    names = [f"feature {i}" for i in range(features)]
    display = RelevanceDisplay(relevances=relevances, feature_names=names, owners=[f"{i}" for i in range(owners)])
    draw(display.plot(ax))
    means = relevances.mean(axis=0)
    order = np.argsort(-means)[:20]
    if owners == 1:
        np.testing.assert_array_equal(widths(ax), relevances[0][order])
        labels = ax.get_yticklabels()
    else:
        np.testing.assert_array_equal(ax.images[0].get_array(), relevances[:, order])
        labels = ax.get_xticklabels()
        assert [label.get_text() for label in ax.get_yticklabels()] == list(display.owners)
    assert [label.get_text() for label in labels] == [names[i] for i in order]
    assert ax.get_title() == ("" if features == 3 else f"20 of 300 features, {means[order].sum():.0%} of the relevance")
    complete = display.plot(max_features=None).ax_
    assert len(complete.patches) == features if owners == 1 else complete.images[0].get_array().shape[1] == features


@pytest.mark.parametrize("features", [3, 300])
def test_matrix(features, ax):
    omega = np.random.default_rng(0).normal(size=(features, 2))
    matrix = omega @ omega.T
    display = RelevanceMatrixDisplay(matrix=matrix, feature_names=[f"x{i}" for i in range(features)])
    draw(display.plot(ax))
    chosen = np.sort(np.argsort(-np.diagonal(matrix))[:30])
    np.testing.assert_array_equal(display.im_.get_array(), matrix[np.ix_(chosen, chosen)])
    low, high = display.im_.get_clim()
    assert -low == high == np.abs(matrix[np.ix_(chosen, chosen)]).max()  # zero is the middle
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == [f"x{i}" for i in chosen]
    assert len(ax.texts) == (9 if features == 3 else 0)
    whole = display.plot(max_features=None, colorbar=False)
    np.testing.assert_array_equal(whole.im_.get_array(), matrix)
    assert len(whole.ax_.get_xticks()) <= 30 and len(whole.figure_.axes) == 1


def test_matrix_of_a_model(iris, ax):
    model = GMLVQ(max_iter=3).fit(*iris)
    display = RelevanceMatrixDisplay.from_estimator(model, ax=ax)
    np.testing.assert_allclose(display.im_.get_array(), model.lambda_, rtol=1e-5, atol=1e-7)
    with pytest.raises(ValueError, match="prototype must be None"):
        RelevanceMatrixDisplay.from_estimator(model, prototype=0)
