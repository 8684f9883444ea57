"""Maps of a model, and the paths of its prototypes."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.core.callbacks import PrototypeHistory
from prosemble.inspection import ProjectionDisplay, TrajectoryDisplay
from prosemble.models import GLVQ, GMLVQ, GRLVQ, LVQMLN, NPC, SiameseGLVQ
from tests.inspection.conftest import draw, drawn


def test_two_features_are_drawn_as_they_are(iris, ax):
    X, y = iris[0][:, 2:], iris[1]
    model = NPC().fit(X, y)
    display = ProjectionDisplay.from_estimator(model, X, y, resolution=20, ax=ax)
    draw(display)
    np.testing.assert_array_equal(display.samples, X)
    np.testing.assert_array_equal(display.prototypes, model.prototypes_)
    np.testing.assert_array_equal([line.get_xydata()[0] for line in drawn(ax, "prototype")], model.prototypes_)
    left, right, bottom, top = display.limits
    grid = np.meshgrid(np.linspace(left, right, 20), np.linspace(bottom, top, 20))
    expected = model.predict(np.stack([axis.ravel() for axis in grid], axis=1))
    np.testing.assert_array_equal(display.regions.ravel(), expected)
    assert ax.images[0].get_extent() == list(display.limits) and ax.images[0].origin == "lower"
    assert display.agreement == 1 and ax.get_title() == ""
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x0", "x1")
    (rings,) = drawn(ax, "wrong")
    np.testing.assert_array_equal(rings.get_xydata(), X[model.predict(X) != y])
    assert not drawn(display.plot(errors=False).ax_, "wrong")


@pytest.mark.parametrize("features", [3, 300])
@pytest.mark.parametrize("classes", [2, 20])
def test_principal_components(classes, features, clusters, ax):
    X, y = clusters(classes, features)
    pipeline = make_pipeline(StandardScaler(), NPC()).fit(X, y)
    display = ProjectionDisplay.from_estimator(pipeline, X, y, resolution=30, ax=ax)
    draw(display)
    scaled = pipeline[:-1].transform(X)
    pca = PCA(2).fit(scaled.astype(np.float32))
    np.testing.assert_allclose(display.samples, pca.transform(scaled), atol=1e-4)
    np.testing.assert_allclose(display.prototypes, pca.transform(pipeline[-1].prototypes_), atol=1e-4)
    in_plane = pipeline[-1].predict(pca.inverse_transform(display.samples))
    assert display.agreement == pytest.approx((in_plane == pipeline.predict(X)).mean(), abs=0.02)
    assert f"{pca.explained_variance_ratio_[0]:.0%} of the variance" in ax.get_xlabel()
    assert ax.get_aspect() == 1
    # Twenty classes are named where they are.
    assert [text.get_text() for text in ax.texts] == ([] if classes == 2 else np.unique(y).tolist())
    styles = {(line.get_color(), line.get_marker()) for line in drawn(ax, "prototype")}
    assert len(styles) == classes
    samples = drawn(ax, "samples")
    assert sum(len(line.get_xdata()) for line in samples) == len(X)


@pytest.mark.parametrize(
    "model",
    [
        GMLVQ(latent_dim=2, max_iter=3),
        GMLVQ(latent_dim=1, max_iter=3),
        LVQMLN(max_iter=3),
        SiameseGLVQ(max_iter=3),
    ],
)
def test_a_learned_plane_shows_every_prediction(model, iris, ax):
    X, y = iris
    model.fit(X, y)
    display = ProjectionDisplay.from_estimator(model, X, resolution=9, ax=ax)
    draw(display)
    latent = model.transform(X)
    np.testing.assert_allclose(display.samples[:, : latent.shape[1]], latent, atol=1e-6)
    assert display.agreement > 0.99
    assert ax.get_xlabel() == ("learned 1" if isinstance(model, GMLVQ) else "latent 0")
    colours = {line.get_color() for line in drawn(ax, "samples")}
    assert len(colours) == len(np.unique(model.predict(X)))  # without labels, what is predicted


def test_more_learned_dimensions_than_two(iris, ax):
    X, y = iris
    model = GRLVQ(max_iter=3).fit(X, y)
    display = ProjectionDisplay.from_estimator(model, X, y, resolution=9, ax=ax)
    expected = PCA(2).fit(model.transform(X))
    np.testing.assert_allclose(display.samples, expected.transform(model.transform(X)), atol=1e-5)
    np.testing.assert_allclose(display.prototypes, expected.transform(model.transform(model.prototypes_)), atol=1e-5)
    assert display.agreement > 0.9 and ax.get_xlabel().startswith("learned component 1")
    pca = ProjectionDisplay.from_estimator(model, X, y, projection="pca", resolution=9)
    np.testing.assert_allclose(pca.samples, PCA(2).fit_transform(X), atol=1e-5)
    assert pca.ax_.get_xlabel().startswith("principal component 1")


def test_transformers_of_the_user(iris, ax):
    X, y = iris
    model = NPC().fit(X, y)
    own = PCA(2).fit(model.prototypes_)
    display = ProjectionDisplay.from_estimator(model, X, y, projection=own, ax=ax)
    np.testing.assert_allclose(display.samples, own.transform(X))
    assert display.agreement == 1  # the plane through three prototypes holds all that they differ by

    class OneWay:
        def transform(self, X):
            return X[:, :2] ** 2

    display = ProjectionDisplay.from_estimator(model, X, y, projection=OneWay())
    assert display.regions is None and display.agreement is None and not display.ax_.images
    np.testing.assert_array_equal(display.samples, X[:, :2] ** 2)


def test_projections_that_cannot_be(iris):
    X, y = iris
    model = NPC().fit(X, y)
    for projection, message in [
        ("umap", "projection must be 'pca', 'learned', a fitted transformer or None; got 'umap'"),
        ("learned", "projection='learned' needs one representation .* NPC does not"),
        (PCA(3).fit(X), r"projection must transform to two columns; got the shape \(150, 3\)"),
        (TSNE(), "projection must be"),
    ]:
        with pytest.raises(ValueError, match=message):
            ProjectionDisplay.from_estimator(model, X, y, projection=projection)
    with pytest.raises(ValueError, match="LVQMLN live in the space of its encoder"):
        ProjectionDisplay.from_estimator(LVQMLN(max_iter=3).fit(X, y), X, y, projection="pca")
    missing = X.copy()
    missing[0, 0] = np.nan
    with pytest.raises(ValueError, match="X holds missing values"):
        ProjectionDisplay.from_estimator(GLVQ(max_iter=1, allow_nan=True).fit(missing, y), missing, y)


def test_paths_are_what_the_callback_recorded(iris, ax):
    X, y = iris
    history = PrototypeHistory(every=2)
    model = GMLVQ(latent_dim=2, max_iter=5, callbacks=[history]).fit(X, y)
    display = TrajectoryDisplay.from_estimator(model, X, y, ax=ax)
    draw(display)
    assert display.epochs.tolist() == [0, 2, 4, 5] and display.paths.shape == (4, 3, 2)
    for path, line in zip(display.paths.transpose(1, 0, 2), display.lines_, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), path)
    np.testing.assert_allclose(display.paths[-1], model.transform(model.prototypes_), atol=1e-6)
    np.testing.assert_allclose(display.paths[0], model.transform(history.prototypes[0]), atol=1e-6)
    assert len(drawn(ax, "start")) == len(drawn(ax, "prototype")) == 3
    assert [text.get_text() for text in ax.get_legend().get_texts()][-2:] == ["after epoch 0", "after epoch 5"]


def test_paths_of_another_model(iris):
    X, y = iris
    history = PrototypeHistory()
    GLVQ(max_iter=2, n_prototypes_per_class=2, callbacks=[history]).fit(X, y)
    for given in (None, PrototypeHistory(), history):
        with pytest.raises(ValueError, match="history must have recorded the training of this model"):
            TrajectoryDisplay.from_estimator(NPC().fit(X, y), X, y, history=given)
