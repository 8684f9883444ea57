"""Validation samples by scikit-learn's names, also through a pipeline that transforms them."""

import numpy as np
import pytest
import sklearn
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import GLVQ


def test_by_either_name(iris):
    X, y = iris
    held = X[::3], y[::3]
    one = GLVQ(max_iter=5, patience=3).fit(X, y, validation_data=held)
    other = GLVQ(max_iter=5, patience=3).fit(X, y, X_val=held[0], y_val=held[1])
    np.testing.assert_array_equal(one.val_loss_history_, other.val_loss_history_)
    for wrong in ({"X_val": X}, {"y_val": y}, {"X_val": X, "y_val": y, "validation_data": held}):
        with pytest.raises(ValueError, match="Validation samples are X_val and y_val, or validation_data"):
            GLVQ().fit(X, y, **wrong)


def test_a_pipeline_transforms_them(iris):
    X, y = iris[0] * 50 + 7, iris[1]
    with sklearn.config_context(enable_metadata_routing=True):
        model = GLVQ(max_iter=5, patience=3).set_fit_request(X_val=True, y_val=True)
        pipeline = Pipeline([("scaler", StandardScaler()), ("model", model)], transform_input=["X_val"])
        pipeline.fit(X, y, X_val=X[::3], y_val=y[::3])
    scaled = StandardScaler().fit_transform(X)
    direct = GLVQ(max_iter=5, patience=3).fit(scaled, y, X_val=scaled[::3], y_val=y[::3])
    np.testing.assert_array_equal(pipeline[-1].val_loss_history_, direct.val_loss_history_)
