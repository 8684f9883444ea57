"""What an explanation says of a prediction is true of it."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from prosemble import distances, models
from prosemble.models import PrototypeClassifier
from prosemble.objectives import Nearest, Votes
from prosemble.prediction.explanations import COLUMNS
from prosemble.prediction.predictor import Predictor
from tests.laws.test_estimators import make
from tests.laws.test_families import DISTANCES, START
from tests.registry import ESTIMATORS, MODELS, breadth

# Metrics that are no sums over the features of a sample, and the models that measure with them or do not compare.
WHOLE = {"Gaussian kernel", "relevance kernel", "exponential kernel"}
WHOLE |= {name for name in DISTANCES if "MLP" in name or "CNN" in name or name in ("linear", "identity")}
WITHOUT_FEATURES = {"LVQMLN", "PLVQ", "CBC"} | {name for name in ESTIMATORS if name.startswith("DKG")}
WITHOUT_FEATURES |= {name for name in MODELS if name.startswith(("Siamese", "Image"))}


def fitted(name, iris):
    return (make(name) if name in MODELS else ESTIMATORS[name]()).fit(*iris)


def adds_up(terms, columns):
    difference = columns["d_minus"] - columns["d_plus"]
    np.testing.assert_allclose(np.sum(terms, axis=0), difference, rtol=1e-4, atol=2e-5 * columns["d_minus"].max())


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_an_explanation_is_that_of_the_prediction(name, iris):
    X, _ = iris
    model = fitted(name, iris)
    why = model.explain(X, as_frame=False)
    distances, every = model.distances(X), np.arange(len(X))
    np.testing.assert_array_equal(why["prediction"], model.predict(X))
    np.testing.assert_array_equal(why["d_plus"], distances[every, why["prototype"]])
    np.testing.assert_array_equal(why["d_minus"], distances[every, why["runner_up_prototype"]])
    assert (why["runner_up"] != why["prediction"]).all()
    assert (why["confidence"] >= 0).all() and (why["confidence"] <= 1).all() and np.ptp(why["confidence"]) > 0
    if "CBC" not in name:  # whose components belong to no class
        for label, prototype in (("prediction", "prototype"), ("runner_up", "runner_up_prototype")):
            np.testing.assert_array_equal(model.prototype_labels_[why[prototype]], why[label])
            of_class = np.where(model.prototype_labels_ == why[label][:, None], distances, np.inf)
            np.testing.assert_array_equal(of_class.argmin(axis=1), why[prototype])
    if isinstance(model._decision(), Nearest):
        others = np.where(model.prototype_labels_ != why["prediction"][:, None], distances, np.inf)
        np.testing.assert_array_equal(why["d_minus"], others.min(axis=1))
        d_plus, d_minus = why["d_plus"], why["d_minus"]
        np.testing.assert_allclose(why["confidence"], (d_minus - d_plus) / (d_minus + d_plus), rtol=1e-5)
    else:
        second, first = np.sort(model.predict_proba(X), axis=1)[:, -2:].T
        np.testing.assert_allclose(why["confidence"], (first - second) / (first + second), atol=1e-5)
    assert list(why) == [*COLUMNS] + ([] if name in WITHOUT_FEATURES else ["x0", "x1", "x2", "x3"])
    if name not in WITHOUT_FEATURES:
        adds_up([why[f"x{j}"] for j in range(4)], why)


@pytest.mark.parametrize("of", DISTANCES)
def test_every_metric_adds_up_or_says_that_it_does_not(of, iris):
    X, _ = iris
    rng = np.random.default_rng(3)
    metric, W = DISTANCES[of], rng.standard_normal((6, 4)).astype(np.float32)
    start = distances.Start(X, iris[1], np.ones(len(X)), W, np.array([0, 0, 1, 1, 2, 2]), rng)
    params = {"prototypes": W, **metric.init(start)}
    learned = set(params) & {"omega", "omegas", "log_relevances", "log_variances"}
    params |= {name: params[name] + 0.3 * rng.standard_normal(params[name].shape) for name in learned}
    if of not in WHOLE:
        dtypes = {name: jnp.int32 if name == "omega_of" else jnp.float32 for name in params}
        params = metric.project({name: jnp.asarray(value, dtypes[name]) for name, value in params.items()})
        params = {name: np.asarray(value) for name, value in params.items()}
    k = rng.integers(0, 6, len(X))
    terms = metric.contributions(params, X.astype(np.float64), k)
    assert (terms is None) == (of in WHOLE)
    if terms is not None:
        labels = np.zeros(len(W), np.int32)
        by = Predictor(metric, Nearest(), params, labels, np.arange(2))
        expected = by.distances(X)[np.arange(len(X)), k]
        np.testing.assert_allclose(terms.sum(axis=1), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("part", [distances.Euclidean(), distances.Relevance(), distances.Omega()], ids=str)
def test_what_is_missing_adds_nothing(part, iris):
    X, y = iris
    gaps = np.where(np.random.default_rng(0).random(X.shape) < 0.25, np.nan, X).astype(np.float32)
    gaps[np.isnan(gaps).all(axis=1), 0] = 0.0
    why = PrototypeClassifier(distance=part, allow_nan=True, **START).fit(gaps, y).explain(gaps)
    terms = why[["x0", "x1", "x2", "x3"]].to_numpy()
    adds_up(terms.T, why)
    assert (terms[np.isnan(gaps)] == 0).all()


def test_frames_names_and_what_is_refused(iris):
    X, y = iris
    frame = pd.DataFrame(
        X, columns=["a", "confidence (feature)", "confidence", "d"], index=[f"row {i}" for i in range(len(X))]
    )
    model = models.GLVQ(max_iter=3).fit(frame, np.array(["x", "y", "z"])[y])
    why = model.explain(frame)
    assert list(why.columns) == [*COLUMNS, "a", "confidence (feature)", "confidence (feature) (feature)", "d"]
    assert why.index.equals(frame.index) and set(why["runner_up"]) <= {"x", "y", "z"}
    assert list(model.explain(frame, contributions=False).columns) == [*COLUMNS]
    on_top = model.explain(pd.DataFrame(model.prototypes_, columns=frame.columns))
    assert (on_top["confidence"] > 0.99).all()
    kernel = models.DKGLVQ(max_iter=3).fit(X, y)
    with pytest.raises(ValueError, match="contributions=True has nothing to show for DKGLVQ"):
        kernel.explain(X, contributions=True)
    with pytest.raises(ValueError, match="X has 3 features"):
        kernel.explain(X[:, :3])


def test_on_two_prototypes_at_once_nothing_is_sure():
    X, y = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]]), [0, 1, 1]
    model = models.KNN(n_neighbors=1).fit(X, y)
    assert model.explain(X)["confidence"].between(0, 1).all()
    model = models.GLVQ(max_iter=1, freeze_params=["prototypes"])
    model.fit(X, y, initial_prototypes=np.zeros((2, 2)), initial_labels=[0, 1])
    why = model.explain(X)
    assert why["confidence"].tolist() == [0, 0, 0] and why["prediction"].tolist() == [0, 0, 0]


def test_confidence_is_between_0_and_1_whatever_the_distances():
    nearest, second = jnp.array([0.0, 1.0, 0.0, -1.0, -3.0]), jnp.array([0.0, 3.0, 2.0, 2.0, -2.0])
    np.testing.assert_allclose(Nearest().confidence(nearest, second), [0, 0.5, 1, 1, 0])
    p, q = jnp.array([1.0, 1.0, 0.5, 0.6]), jnp.array([0.98, 1e-38, 0.5, 0.2])
    sure = (p - q) / (p + q)
    np.testing.assert_allclose(Votes(n_neighbors=5).confidence(-jnp.log(p), -jnp.log(q)), sure, atol=1e-6)


def test_many_rows_are_explained_in_blocks(iris):
    X, y = iris
    model = models.GMLVQ(max_iter=3).fit(X, y)
    many = np.tile(X, (1000, 1))
    why = model.explain(many)
    np.testing.assert_array_equal(why["prediction"], model.predict(many))
    np.testing.assert_allclose(why["d_minus"][-150:], model.explain(X)["d_minus"], rtol=1e-4)


def test_components_that_speak_for_a_class(iris):
    X, _ = iris
    model = fitted("CBC", iris)
    why = model.explain(X)
    a, b = model.reasonings_[..., 0], model.reasonings_[..., 1]
    detected = np.exp(-model.distances(X) / 2)
    for i in range(0, len(X), 10):
        said = detected[i][:, None] * a + (1 - detected[i][:, None]) * (1 - a) * b
        assert why["prototype"][i] == said[:, why["prediction"][i]].argmax()
        assert why["runner_up_prototype"][i] == said[:, why["runner_up"][i]].argmax()
