"""What is shown of features is how the distance that predicts bends, whatever its parameters are called."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure

from prosemble import distances
from prosemble.distances import Distance, Encoded, Quadratic, evaluate
from prosemble.inspection import ProjectionDisplay, RelevanceDisplay, RelevanceMatrixDisplay, report
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import curvature
from prosemble.models import PrototypeClassifier, description
from tests.precision import float64
from tests.registry import MODELS, breadth_but, settings

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth


class Mine(Distance):
    """A distance of my own."""

    def init(self, start):
        d = start.X.shape[1]
        return {"mixing": start.rng.standard_normal((d, 2)) / d}

    def __call__(self, params, X):
        gap = X[:, None] - params["prototypes"]
        return ((gap @ params["mixing"]) ** 2).sum(axis=2)

    def quadratic(self, params):
        return Quadratic(np.asarray(params["mixing"], float))


def made(name, X, y):
    if name == "Mine":
        return PrototypeClassifier(distance=Mine(), max_iter=3).fit(X, y)
    return MODELS[name](max_iter=3, **settings(name, 4)).fit(X, y)


@pytest.mark.parametrize("name", breadth_but(("Mine", "GMLVQ", "GTLVQ", "RSLVQ"), ["Mine", *MODELS]))
def test_the_matrix_shown_is_the_curvature(name, iris):
    X, y = iris
    model = made(name, X * np.float32(0.5), y)
    fitted = Fitted(model)
    found, metric, params = curvature(fitted), model._metric(), model._parameters()
    if isinstance(metric, Encoded):
        metric = metric.distance
        if params["prototypes"].shape[1] == 4 and metric.__class__.__name__ != "SquaredEuclidean":
            return  # the latent space has other prototypes than the data
    if found is None:
        with pytest.raises(ValueError, match="learns no weights"):
            RelevanceDisplay.from_estimator(model)
        return
    with float64():
        params = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.result_type(a, float) if a.dtype.kind == "f" else None), params
        )

        def to(x, k):
            return evaluate(metric, params, x[None])[0, k]

        for k, w in enumerate(params["prototypes"]):
            bend = np.asarray(jax.hessian(to)(w + 1e-9, k))
            shown = found.matrices()[found.of[k]]
            np.testing.assert_allclose(shown / np.trace(shown), bend / np.trace(bend), atol=2e-3)
    display = RelevanceDisplay.from_estimator(model, ax=Figure().subplots())
    diagonals = found.diagonals()
    np.testing.assert_allclose(display.relevances, diagonals / diagonals.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.diagonal(found.matrices(), axis1=1, axis2=2), diagonals, atol=1e-12)


def test_a_distance_of_ones_own_is_shown_everywhere(iris, tmp_path):
    X, y = iris
    model = made("Mine", X, y)
    display = RelevanceMatrixDisplay.from_estimator(model, ax=Figure().subplots())
    np.testing.assert_allclose(display.matrix, model.mixing_ @ model.mixing_.T, rtol=1e-5)
    ProjectionDisplay.from_estimator(model, X, y, projection="learned", ax=Figure().subplots())
    report(model, X, y, tmp_path / "r.html", n_splits=2, n_repeats=1)
    assert "A distance of my own" in (tmp_path / "r.html").read_text()


def test_every_distance_is_described_in_words_of_its_own():
    parts = [getattr(distances, name) for name in distances.__all__]
    named = {part.__name__ for part in parts if isinstance(part, type) and issubclass(part, Distance)}
    assert named - {"Distance", "Encoded"} == set(description._METRICS)
    assert not any(words.startswith("The same") for words in description._METRICS.values())
