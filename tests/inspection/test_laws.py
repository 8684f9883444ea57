"""What holds for every estimator, and for every display."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble import inspection
from prosemble.core.callbacks import PrototypeHistory
from prosemble.inspection import (
    ConfidenceDisplay,
    ProjectionDisplay,
    PrototypeProfileDisplay,
    RelevanceDisplay,
    RelevanceMatrixDisplay,
    TrainingCurveDisplay,
)
from prosemble.models import GMLVQ, NPC
from tests.inspection.conftest import draw, drawn
from tests.registry import ESTIMATORS, MODELS, breadth, settings

DISPLAYS = [name for name in inspection.__all__ if name != "report"]
OURS = [name for name in DISPLAYS if name != "ConfusionMatrixDisplay"]  # which takes any classifier
SAMPLED = (
    "ConfidenceDisplay",
    "ConfusionMatrixDisplay",
    "RejectionCurveDisplay",
    "ProjectionDisplay",
    "TrajectoryDisplay",
)
LEARNED = ("log_relevances", "omega", "omegas", "omega_hat")


def fitted(name, X, y):
    short = {"max_iter": 2, **settings(name, X.shape[1])} if name in MODELS else {}
    return ESTIMATORS[name](**short).fit(X, y)


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_every_estimator_is_drawn(name, iris, ax):
    X, y = iris
    model = fitted(name, X, y)
    order = np.argsort(np.searchsorted(model.classes_, model.prototype_labels_), kind="stable")

    profiles = PrototypeProfileDisplay.from_estimator(model, ax=ax)
    np.testing.assert_array_equal([line.get_ydata() for line in drawn(ax, "prototype")], model.prototypes_[order])
    assert len(profiles.feature_names) == model.prototypes_.shape[1]

    confidence = ConfidenceDisplay.from_estimator(model, X, y, ax=Figure().subplots())
    assert ((confidence.confidence >= 0) & (confidence.confidence <= 1)).all()
    np.testing.assert_array_equal(confidence.right, model.predict(X) == y)

    projection = ProjectionDisplay.from_estimator(model, X, y, resolution=8, ax=Figure().subplots())
    assert len(drawn(projection.ax_, "prototype")) == len(model.prototypes_)
    assert projection.regions.shape == (8, 8) and np.isin(projection.regions, [0, 1, 2]).all()
    assert np.isfinite(projection.samples).all() and np.isfinite(projection.prototypes).all()

    groups = model._parameters()
    if any(group in groups for group in LEARNED):
        relevance = RelevanceDisplay.from_estimator(model, ax=Figure().subplots())
        assert (relevance.relevances >= 0).all()
        np.testing.assert_allclose(relevance.relevances.sum(axis=1), 1, rtol=1e-5)
    else:
        with pytest.raises(ValueError, match=f"{name} learns no weights of features"):
            RelevanceDisplay.from_estimator(model)

    if hasattr(model, "loss_history_"):
        display = TrainingCurveDisplay.from_estimator(model, ax=Figure().subplots())
        np.testing.assert_array_equal(display.lines_[0].get_ydata(), model.loss_history_)
    else:
        with pytest.raises(ValueError, match=f"{name} has no loss_history_"):
            TrainingCurveDisplay.from_estimator(model)


def arguments(name, X, y):
    """Return what `from_estimator` of a display needs beside the estimator."""
    if name == "PrototypeImageDisplay":
        return (), {"image_shape": (2, 2)}
    return (X, y) if name in SAMPLED else (), {}


@pytest.fixture(scope="module")
def pipeline(iris):
    X, y = iris
    model = GMLVQ(max_iter=3, callbacks=[PrototypeHistory()])
    return make_pipeline(StandardScaler(), model).fit(X, y)


@pytest.mark.parametrize("name", DISPLAYS)
def test_axes_are_those_given_or_new(name, pipeline, iris, ax):
    display = getattr(inspection, name)
    args, kwargs = arguments(name, *iris)
    shown = display.from_estimator(pipeline, *args, **kwargs, ax=ax)
    assert shown.ax_ is ax and shown.figure_ is ax.figure and not pyplot.get_fignums()
    draw(shown)
    assert display.from_estimator(pipeline, *args, **kwargs).figure_ is pyplot.gcf()
    assert shown.plot().ax_ is not ax  # once more, from what it holds


@pytest.mark.parametrize("name", OURS)
def test_estimators_that_cannot_be_drawn(name, iris):
    display = getattr(inspection, name)
    args, kwargs = arguments(name, *iris)
    for unfitted in (GMLVQ(), make_pipeline(StandardScaler(), GMLVQ()), GridSearchCV(NPC(), {})):
        with pytest.raises(NotFittedError):
            display.from_estimator(unfitted, *args, **kwargs)
    for strange in (GaussianNB().fit(*iris), "GMLVQ"):
        with pytest.raises(TypeError, match="estimator must be a classifier of prosemble"):
            display.from_estimator(strange, *args, **kwargs)


def test_a_search_is_drawn_as_what_it_found(iris, ax):
    search = GridSearchCV(make_pipeline(StandardScaler(), NPC()), {}, cv=2).fit(*iris)
    display = PrototypeProfileDisplay.from_estimator(make_pipeline(StandardScaler(), search).fit(*iris), ax=ax)
    means = [iris[0][iris[1] == c].mean(axis=0) for c in range(3)]
    np.testing.assert_allclose(display.prototypes, means, atol=1e-5)


def test_labels_are_drawn_as_they_are(ax):
    names = ["_hidden", r"$\frac$", "a" * 99]
    labels = np.array(names)
    display = PrototypeProfileDisplay.from_estimator(NPC().fit(np.eye(3), labels), ax=ax)
    draw(display)
    shown = [text.get_text().replace(r"\$", "$").strip() for text in ax.get_legend().get_texts()]
    assert shown == [r"$\frac$", "_hidden", "a" * 27 + "…"]


def test_without_matplotlib_the_package_imports_and_says_what_to_install():
    program = """
import sys
sys.modules["matplotlib"] = None
import prosemble.inspection as inspection
assert inspection.ConfusionMatrixDisplay
for name in [name for name in inspection.__all__ if name not in ("report", "ConfusionMatrixDisplay")]:
    try:
        getattr(inspection, name).from_estimator(None)
    except ImportError as error:
        assert "pip install 'prosemble[plot]'" in str(error)
    except TypeError:
        assert name in ("ConfidenceDisplay", "RejectionCurveDisplay", "ProjectionDisplay", "TrajectoryDisplay")
        try:
            getattr(inspection, name).from_estimator(None, None, None)
        except ImportError as error:
            assert "pip install 'prosemble[plot]'" in str(error)
    else:
        raise AssertionError(name)
assert not hasattr(inspection, "Nothing")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_matrix_of_one_of_several(iris, ax):
    model = ESTIMATORS["LGMLVQ"](max_iter=2).fit(*iris)
    display = RelevanceMatrixDisplay.from_estimator(model, prototype=2, ax=ax)
    np.testing.assert_allclose(display.im_.get_array(), model.lambdas_[2], rtol=1e-5)
    assert ax.get_title() == "class 2"
    for wrong in (None, 3, -1):
        with pytest.raises(ValueError, match="prototype must be an int from 0 to 2"):
            RelevanceMatrixDisplay.from_estimator(model, prototype=wrong)
