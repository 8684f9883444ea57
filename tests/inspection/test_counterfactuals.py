"""A counterfactual is predicted otherwise, and there is none nearer."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from prosemble import distances, models
from prosemble.core.distance import manhattan_distance_matrix
from prosemble.models import PrototypeClassifier
from prosemble.prediction.counterfactuals import smallest_step
from tests.inspection.test_explanations import fitted
from tests.registry import ESTIMATORS, breadth

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

LATENT = {"LVQMLN", "PLVQ"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ESTIMATORS])
def test_it_is_predicted_as_was_asked(name, iris):
    X = iris[0][::15]
    model = fitted(name, iris)
    if name in LATENT:
        with pytest.raises(ValueError, match=f"{name} has no counterfactual: its prototypes"):
            model.counterfactual(X)
        return
    former, other = model.predict(X), model.counterfactual(X)
    assert other.shape == X.shape and np.isfinite(other).all() and (model.predict(other) != former).all()
    target = np.resize([2, 0, 1], len(X))
    asked = model.counterfactual(X, target)
    np.testing.assert_array_equal(model.predict(asked), target)
    np.testing.assert_array_equal(asked[former == target], X[former == target])


@pytest.mark.parametrize(
    "model",
    [models.GTLVQ(max_iter=10), models.KNN(), models.GLVQ(distance_fn=manhattan_distance_matrix, max_iter=10)],
    ids=lambda model: type(model).__name__,
)
def test_it_is_predicted_so_in_any_company(model, iris):
    X, y = iris
    former = model.fit(X, y).predict(X)
    other = model.counterfactual(X)
    for times in (1, 2, 5):  # blocks of other lengths round in other ways
        assert (model.predict(np.tile(other, (times, 1))) != np.tile(former, times)).all()
    assert not any(model.predict(point[None])[0] == label for point, label in zip(other, former, strict=True))


PLANES = {
    "squared Euclidean": distances.SquaredEuclidean(),
    "Euclidean": distances.Euclidean(),
    "relevance": distances.Relevance(),
    "omega": distances.Omega(),
    "omega of rank 1": distances.Omega(latent_dim=1),
    "Wasserstein": distances.Wasserstein(),
    "Wasserstein, omega": distances.WassersteinOmega(),
}
CURVES = {
    "local omega": distances.LocalOmega(),
    "tangent": distances.Tangent(subspace_dim=1),
    "Gaussian kernel": distances.GaussianKernel(),
    "Manhattan": distances.Manhattan(),
    "cosine": distances.Cosine(),
}
GRID = np.stack(np.meshgrid(*[np.linspace(-4, 4, 801)] * 2), axis=-1).reshape(-1, 2).astype(np.float32)


def in_plane(part, iris):
    """Return a model of two features, some samples, and how far their counterfactuals and the best of a grid are."""
    X, y = iris[0][:, [0, 3]], iris[1]
    model = PrototypeClassifier(distance=part, n_prototypes_per_class=2, max_iter=30, lr=0.05).fit(X, y)
    X = X[::9]
    former, of_grid = model.predict(X), model.predict(GRID)
    form = part.quadratic(model._parameters())

    def length(change):
        return np.linalg.norm(change if form is None else form.project(change), axis=1)

    best = np.array([length(GRID[of_grid != label] - x).min() for x, label in zip(X, former, strict=True)])
    return length(model.counterfactual(X) - X), best, length(np.eye(2)).max()


@pytest.mark.parametrize("part", PLANES.values(), ids=PLANES)
def test_no_point_of_a_grid_is_nearer_where_planes_bound(part, iris):
    found, best, unit = in_plane(part, iris)
    assert (found <= best * (1 + 1e-4) + 1e-5).all()
    assert (found >= best - 0.01 * unit).all()  # the grid's own width


@pytest.mark.breadth
@pytest.mark.parametrize("part", CURVES.values(), ids=CURVES)
def test_hardly_any_is_much_nearer_elsewhere(part, iris):
    found, best, _ = in_plane(part, iris)
    assert (found <= 1.02 * best + 0.01).mean() > 0.8 and np.median(found / best) < 1.01, (found, best)


def test_rounding_on_the_border_stops_no_refinement(iris):
    X, y = iris[0][:, [0, 3]], iris[1]
    model = PrototypeClassifier(distance=distances.Cosine(), n_prototypes_per_class=2, max_iter=30, lr=0.05).fit(X, y)
    X, W = X[::9], model.prototypes_
    lengths = []
    for seed in range(5):  # each rounds the distances on the border in another way
        noise = np.random.default_rng(seed).standard_normal(W.shape)
        model.prototypes_ = (W * (1 + 1e-7 * noise)).astype(W.dtype)
        lengths.append(np.linalg.norm(model.counterfactual(X) - X, axis=1))
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], np.shape(lengths)), rtol=1e-2, atol=1e-3)


def test_it_is_the_solution_of_the_quadratic_program(iris):
    X, y = iris
    model = models.GMLVQ(n_prototypes_per_class=3, max_iter=20, lr=0.05).fit(X, y)
    W, omega, labels = model.prototypes_.astype(float), model.omega_.astype(float), model.prototype_labels_
    for x, target in [(X[0], 2), (X[60], 0), (X[120], 1)]:
        found = model.counterfactual(x[None], target)[0]
        lengths = []
        for t in np.flatnonzero(labels == target):
            rivals = labels != target
            normals = 2 * (W[rivals] - W[t]) @ omega @ omega.T
            levels = ((W @ omega) ** 2).sum(axis=1)
            limits = levels[rivals] - levels[t]
            cell = {"type": "ineq", "fun": lambda z, G=normals, h=limits: h - G @ z, "jac": lambda z, G=normals: -G}
            solved = minimize(lambda z, x=x: (((z - x) @ omega) ** 2).sum(), W[t], method="SLSQP", constraints=cell)
            if solved.success:
                lengths.append(np.sqrt(solved.fun))
        assert np.linalg.norm((found - x) @ omega) == pytest.approx(min(lengths), rel=1e-3)


def test_what_does_not_count_is_not_changed(iris):
    X, y = iris
    model = models.GMLVQ(excluded_directions=np.eye(4)[:, :2], max_iter=10).fit(X, y)
    np.testing.assert_allclose(model.counterfactual(X)[:, :2], X[:, :2], atol=1e-6)


def test_smallest_step():
    rng = np.random.default_rng(0)
    for _ in range(20):
        G, inside = rng.standard_normal((6, 3)), 3 * rng.standard_normal(3)
        h = G @ inside + rng.random(6)
        step = smallest_step(G, h)
        assert (G @ step <= h + 1e-9).all()
        solved = minimize(lambda s: s @ s, inside, constraints={"type": "ineq", "fun": lambda s, G=G, h=h: h - G @ s})
        assert step @ step == pytest.approx(solved.fun, abs=1e-5)
    assert smallest_step(np.array([[1.0, 0], [-1, 0]]), np.array([-1.0, -1])) is None
    assert smallest_step(np.zeros((1, 2)), np.array([-1.0])) is None
    np.testing.assert_array_equal(smallest_step(np.eye(2), np.ones(2)), 0)


def test_far_from_the_origin(iris):
    X, y = iris[0] + 1000, iris[1]
    model = models.GLVQ(max_iter=3).fit(X, y)
    other = model.counterfactual(X)
    assert (model.predict(other) != model.predict(X)).all()
    near = models.GLVQ(max_iter=3, freeze_params=["prototypes"])
    near.fit(iris[0], y, initial_prototypes=model.prototypes_ - 1000, initial_labels=model.prototype_labels_)
    np.testing.assert_allclose(other - X, near.counterfactual(iris[0]) - iris[0], atol=0.01)


def test_where_there_is_none(iris):
    X, y = iris
    start = np.repeat(X[[0, 60]], [1, 2], axis=0)
    model = models.GLVQ(max_iter=1, freeze_params=["prototypes"])
    model.fit(X, y, initial_prototypes=start, initial_labels=[0, 1, 2])  # the last is never nearer than the second
    assert np.isnan(model.counterfactual(X[:5], target=2)).all()
    assert (model.predict(model.counterfactual(X[:5])) == 1).all()


def test_a_metric_of_the_users_own(iris):
    X, y = iris
    model = models.GLVQ(distance_fn=manhattan_distance_matrix, max_iter=5).fit(X, y)
    part = PrototypeClassifier(distance=distances.Manhattan(), max_iter=5).fit(X, y)
    np.testing.assert_allclose(model.counterfactual(X[:9]), part.counterfactual(X[:9]), atol=1e-3)


def test_targets_and_what_is_refused(iris):
    X, y = iris
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = models.GLVQ(max_iter=5).fit(frame, names)
    other = model.counterfactual(frame[:4], target="virginica")
    assert isinstance(other, np.ndarray) and other.dtype == np.float64
    assert (model.predict(pd.DataFrame(other, columns=frame.columns)) == "virginica").all()
    with pytest.raises(ValueError, match=r"target holds the labels \['rose'\]; known are \['setosa'"):
        model.counterfactual(frame, target="rose")
    with pytest.raises(ValueError, match=r"one for each of the 4 rows of X; got the shape \(2,\)"):
        model.counterfactual(frame[:4], target=["setosa", "virginica"])
    gaps = models.GLVQ(max_iter=5, allow_nan=True).fit(X, y)
    with pytest.raises(ValueError, match="X must be complete; row 2 has missing values"):
        gaps.counterfactual(np.where(np.arange(len(X))[:, None] == [2, -1, -1, -1], np.nan, X))
