"""The conventions of scikit-learn beyond its own checks."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import GLVQ, all_estimators


def test_the_registry_lists_the_public_estimators():
    names = [name for name, _ in all_estimators()]
    assert names == sorted(names) and {"GLVQ", "GLVQ1", "GLVQ21"} <= set(names)
    assert "SupervisedPrototypeModel" not in names
    for name, cls in all_estimators():
        assert cls.__name__ == name and "feature_names_in_" in cls.__doc__ and "distance_fn : callable" in cls.__doc__
        assert hasattr(cls(), "max_iter") == ("max_iter : int" in cls.__doc__)


def test_pipelines_searches_and_calibration():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), GLVQ(transfer_fn="swish_beta", max_iter=30, lr=0.05))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.85
    search = GridSearchCV(pipeline, {"glvq__beta": [2.0, 10.0]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.85
    calibrated = CalibratedClassifierCV(pipeline, cv=3).fit(X, y)
    assert calibrated.score(X, y) > 0.85
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_weights_are_routed(iris):
    X, y = iris
    weight = np.where(y == 1, 10.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = GLVQ(max_iter=20).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        routed = cross_validate(model, X, y, cv=3, params={"sample_weight": weight}, return_estimator=True)
        plain = cross_validate(clone(model), X, y, cv=3, return_estimator=True)
    assert not np.allclose(routed["estimator"][0].prototypes_, plain["estimator"][0].prototypes_)


def test_data_frames(iris):
    X, y = iris
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = GLVQ(max_iter=5).fit(frame, pd.Series(y))
    assert model.feature_names_in_.tolist() == list("abcd")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[list("dcba")])
    np.testing.assert_array_equal(model.predict(frame), GLVQ(max_iter=5).fit(X, y).predict(X))


def test_repr_shows_what_was_changed():
    assert repr(GLVQ(lr=0.1)) == "GLVQ(lr=0.1)"


def test_positional_parameters_are_refused():
    with pytest.raises(TypeError):
        GLVQ(3)
