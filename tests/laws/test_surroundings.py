"""What users set around the library changes nothing in it, and what scikit-learn looks for is there."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.preprocessing import scale

from prosemble import encoders
from prosemble.distances import Encoded, SquaredEuclidean
from prosemble.encoders import CNN, MLP
from prosemble.models import GLVQ, GMLVQ, GRLVQ, LGMLVQ, PrototypeClassifier
from tests.registry import ESTIMATORS, MODELS, breadth, settings


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_strict_promotion_of_types(name, iris):
    X, y = iris
    model = ESTIMATORS[name](**({"max_iter": 3, **settings(name, 4)} if name in MODELS else {}))
    expected = model.fit(X, y).predict_proba(X)
    with jax.numpy_dtype_promotion("strict"):
        model.fit(X, y)
        np.testing.assert_array_equal(model.predict_proba(X), expected)
        model.explain(X[:2])


def test_activations_by_name(iris):
    for part, function in ((MLP, jax.nn.relu), (CNN, jax.nn.tanh)):
        assert part(activation=function.__name__).activation is function
        assert part(activation=function) == part(activation=function.__name__)
        with pytest.raises(ValueError, match="activation"):
            part(activation="nothing")
    encoder = encoders.MLP(hidden_sizes=(5,), activation="relu")
    distance = Encoded(encoder=encoder, distance=SquaredEuclidean())
    assert PrototypeClassifier(distance=distance, max_iter=5).fit(*iris).score(*iris) > 0.5


def test_weights_beyond_all_numbers_are_named(iris):
    with pytest.raises(
        ValueError, match=r"sample_weight holds numbers up to 1e\+38, whose sum is too large for float32"
    ):
        GLVQ(max_iter=2).fit(*iris, sample_weight=np.full(150, 1e38))


@pytest.mark.parametrize("model", [GRLVQ, GMLVQ, LGMLVQ])
def test_features_are_selected_by_what_counts(model):
    X, y = load_wine(return_X_y=True)
    X = np.hstack([scale(X)[:, [6, 9, 12]], np.random.default_rng(0).normal(size=(len(X), 3))])
    fitted = model(max_iter=100).fit(X, y)
    assert fitted.feature_importances_.shape == (6,) and fitted.feature_importances_.sum() == pytest.approx(1, abs=1e-5)
    assert fitted.feature_importances_[:3].min() > fitted.feature_importances_[3:].max()
    selections = [SelectFromModel(fitted, prefit=True, max_features=3)]
    if model is GRLVQ:  # each number of features is a program of its own
        selections.append(RFE(model(max_iter=100), n_features_to_select=3))
    for selection in selections:
        assert selection.fit(X, y).get_support().tolist() == [True] * 3 + [False] * 3
