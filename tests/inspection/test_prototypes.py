"""Prototypes as profiles and as images."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from prosemble.inspection import PrototypeImageDisplay, PrototypeProfileDisplay
from prosemble.models import GRLVQ, KNN, LVQMLN, NPC
from tests.inspection.conftest import draw, drawn


@pytest.mark.parametrize("features", [3, 300])
@pytest.mark.parametrize("classes", [2, 20])
def test_a_line_for_each_prototype(classes, features, clusters):
    X, y = clusters(classes, features)
    model = NPC().fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(model, X, y)
    draw(display)
    assert len(display.axes_) == (1 if classes == 2 else 20)
    lines = [line for ax in display.axes_ for line in drawn(ax, "prototype")]
    np.testing.assert_array_equal([line.get_ydata() for line in lines], model.prototypes_)
    for line, low, high in zip(lines, *np.stack(display.bands, axis=1), strict=True):
        assert (low <= high).all() and len(line.get_xdata()) == features
    if classes == 20:
        assert [ax.get_title() for ax in display.axes_] == model.classes_.tolist()
        assert all(len(drawn(ax, "context")) == 20 for ax in display.axes_)
        assert display.ax_.get_legend() is None
    else:
        assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == model.classes_.tolist()
    named = display.axes_[-1].get_xticks()
    assert len(named) == 3 if features == 3 else 5 <= len(named) <= 30
    assert display.axes_[-1].get_xticklabels()[1].get_text() == f"x{named[1]}"


def test_the_most_important_features_come_first(clusters, ax):
    X, y = clusters(2, 300)
    model = NPC().fit(X * np.linspace(1, 2, 300), y)
    display = PrototypeProfileDisplay.from_estimator(model, max_features=10, ax=ax)
    expected = np.argsort(-model.prototypes_.var(axis=0))[:10]
    np.testing.assert_array_equal(display.features_, expected)
    assert [label.get_text() for label in ax.get_xticklabels()] == [f"x{i}" for i in expected]
    np.testing.assert_array_equal(drawn(ax, "prototype")[1].get_ydata(), model.prototypes_[1, expected])
    with pytest.raises(ValueError, match="max_features must be an int >= 1"):
        display.plot(max_features=0)


def test_features_of_other_ranges_are_scaled_each(clusters, ax):
    X, y = clusters(2, 3)
    model = NPC().fit(X * [1, 10, 1000], y)
    display = PrototypeProfileDisplay.from_estimator(model, ax=ax)
    heights = np.array([line.get_ydata() for line in drawn(ax, "prototype")])
    np.testing.assert_array_equal(np.sort(heights, axis=0), [[0, 0, 0], [1, 1, 1]])
    ends = [text.get_text() for text in ax.texts]
    assert ends == [f"{value:.4g}" for value in np.sort(model.prototypes_, axis=0).ravel()]
    assert "lowest to highest" in ax.get_ylabel()
    shared = display.plot(scale_each=False)
    np.testing.assert_array_equal(drawn(shared.ax_, "prototype")[0].get_ydata(), model.prototypes_[0])


@pytest.mark.parametrize(
    "steps",
    [
        [StandardScaler()],
        [SimpleImputer(), StandardScaler()],
        [StandardScaler(), PCA(random_state=0)],
        [FunctionTransformer(feature_names_out="one-to-one"), StandardScaler()],
        [FunctionTransformer(np.log, inverse_func=np.exp, feature_names_out="one-to-one")],
        [FunctionTransformer(lambda X: X.apply(np.log), inverse_func=np.exp, feature_names_out="one-to-one")],
    ],
    ids=lambda steps: type(steps[-1]).__name__,
)
def test_a_pipeline_is_undone(steps, clusters, ax):
    X, y = clusters(2, 3)
    X = pd.DataFrame(np.abs(X) + 1, columns=["a", "b", "c"])
    pipeline = make_pipeline(*steps, NPC()).fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, scale_each=False, ax=ax)
    inner, steps = pipeline[-1], pipeline[:-1]
    again = steps.transform(pd.DataFrame(display.prototypes, columns=["a", "b", "c"]))
    np.testing.assert_allclose(again, inner.prototypes_, atol=1e-5)
    assert list(display.feature_names) == ["a", "b", "c"] and ax.get_ylabel() == "value"
    seen = PrototypeProfileDisplay.from_estimator(pipeline, original_units=False, scale_each=False)
    np.testing.assert_array_equal(seen.prototypes, inner.prototypes_)
    assert list(seen.feature_names) == list(steps.get_feature_names_out())
    assert seen.ax_.get_ylabel() == "value, as the model sees it"


def test_features_that_the_model_never_sees_are_left_out(clusters, ax):
    X, y = clusters(2, 5)
    X = pd.DataFrame(X, columns=list("abcde"))
    pipeline = make_pipeline(StandardScaler(), SelectKBest(k=2), NPC()).fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, ax=ax)
    kept = list(pipeline[:-1].get_feature_names_out())
    assert list(display.feature_names) == kept and len(kept) == 2
    means = X.groupby(y)[kept].mean()
    np.testing.assert_allclose(display.prototypes, means, atol=1e-5)


@pytest.mark.parametrize("step", [FunctionTransformer(np.tanh), SimpleImputer(add_indicator=True)])
def test_a_step_without_inverse(step, clusters, ax):
    X, y = clusters(2, 3)
    X[0, 0] = np.nan if isinstance(step, SimpleImputer) else 0
    pipeline = make_pipeline(step, NPC()).fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(pipeline, ax=ax)
    np.testing.assert_array_equal(display.prototypes, pipeline[-1].prototypes_)
    assert ax.get_ylabel() == "value, as the model sees it"
    with pytest.raises(ValueError, match="original_units=True needs"):
        PrototypeProfileDisplay.from_estimator(pipeline, original_units=True)


@pytest.mark.parametrize("steps", [
    [StandardScaler(), PCA(random_state=0)],
    [FunctionTransformer(np.negative, np.negative)],
    [StandardScaler()],
], ids=lambda steps: type(steps[-1]).__name__)  # fmt: skip
def test_bands_are_of_the_samples_themselves(steps, clusters, ax):
    X, y = clusters(2, 3)
    pipeline = make_pipeline(*steps, NPC()).fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, ax=ax)
    for c, label in enumerate(pipeline.classes_):
        expected = np.quantile(X[y == label], [0.1, 0.9], axis=0)
        np.testing.assert_allclose(display.bands[c], expected, atol=1e-4)


@pytest.mark.parametrize("step", [QuantileTransformer(n_quantiles=5), MinMaxScaler(clip=True)], ids=str)
def test_scalers_that_cut_off_or_take_the_middle_are_undone(step, clusters, ax):
    X, y = clusters(2, 3)
    pipeline = make_pipeline(step, NPC()).fit(np.round(X, 1), y)
    pipeline[-1].prototypes_ = pipeline[-1].prototypes_ * np.float32(1.5)
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, ax=ax)
    np.testing.assert_allclose(display.prototypes, step.inverse_transform(pipeline[-1].prototypes_), rtol=1e-5)
    assert ax.get_ylabel() == "value"


@pytest.mark.parametrize("steps", [
    [OrdinalEncoder()],
    [KBinsDiscretizer(4, encode="ordinal", strategy="uniform")],
    [OneHotEncoder(sparse_output=False)],
    [PCA(3), SelectKBest(k=2)],
    [PowerTransformer("box-cox", standardize=False)],
], ids=lambda steps: type(steps[-1]).__name__)  # fmt: skip
def test_what_lies_nowhere_in_the_data_is_told_as_the_model_sees_it(steps, clusters, ax):
    X, y = clusters(2, 3)
    X = np.round(np.abs(X)) + 1
    pipeline = make_pipeline(*steps, NPC()).fit(X, y)
    if isinstance(steps[0], PowerTransformer):
        pipeline[-1].prototypes_ += np.float32([[1e6], [-1e6]])  # one of which is no such power
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, ax=ax)
    np.testing.assert_array_equal(display.prototypes, pipeline[-1].prototypes_)
    assert ax.get_ylabel() == "value, as the model sees it"


def test_relevances_of_mixed_features_are_not_those_of_the_features(clusters, ax):
    X, y = clusters(2, 3)
    X[:, 2] += 100 * (y == y[0])
    pipeline = make_pipeline(StandardScaler(), PCA(3, random_state=0), GRLVQ(max_iter=5)).fit(X, y)
    display = PrototypeProfileDisplay.from_estimator(pipeline, X, y, max_features=1, ax=ax)
    told = pipeline[:-1].inverse_transform(pipeline[-1].prototypes_)
    assert display.features_.tolist() == [(told.var(axis=0) / X.var(axis=0)).argmax()]


def test_samples_without_labels(clusters):
    X, y = clusters(2, 3)
    model = NPC().fit(X, y)
    with pytest.raises(ValueError, match="X and y must be given together"):
        PrototypeProfileDisplay.from_estimator(model, X)
    with pytest.raises(ValueError, match=r"y holds the labels \['other'\]"):
        PrototypeProfileDisplay.from_estimator(model, X, ["other"] * len(X))


@pytest.mark.parametrize(("classes", "each"), [(2, 5), (20, 1), (3, 2)])
def test_an_image_for_each_prototype(classes, each, clusters, ax):
    X, y = clusters(classes, 12)
    rows = np.concatenate([np.flatnonzero(y == label)[:each] for label in np.unique(y)])
    rows = np.random.default_rng(0).permutation(rows)
    model = KNN(n_neighbors=1).fit(X[rows], y[rows])
    display = PrototypeImageDisplay.from_estimator(model, image_shape=(3, 4), ax=ax)
    draw(display)
    order = np.argsort(y[rows], kind="stable")
    shown = np.array([image.get_array() for image in display.images_])
    np.testing.assert_array_equal(shown, model.prototypes_[order].reshape(-1, 3, 4))
    assert len({image.get_clim() for image in display.images_}) == 1
    extents = np.array([image.get_extent() for image in display.images_])
    assert len(np.unique(extents, axis=0)) == classes * each  # none over another
    assert (extents[:, 0] >= ax.get_xlim()[0]).all() and (extents[:, 1] <= ax.get_xlim()[1] + 4).all()
    assert [text.get_text() for text in ax.texts] == np.unique(y).tolist()


def test_images_of_a_scaled_pipeline_and_in_colour(clusters, ax):
    X, y = clusters(2, 12)
    X = np.abs(X)
    pipeline = make_pipeline(StandardScaler(), NPC()).fit(X, y)
    display = PrototypeImageDisplay.from_estimator(pipeline, image_shape=(2, 2, 3), ax=ax)
    means = np.array([X[y == label].mean(axis=0) for label in np.unique(y)]).reshape(2, 2, 2, 3)
    np.testing.assert_allclose(display.images, means, atol=1e-5)
    np.testing.assert_allclose([image.get_array() for image in display.images_], means / means.max(), atol=1e-5)


def test_prototypes_that_are_no_images(clusters):
    X, y = clusters(2, 12)
    model = NPC().fit(X, y)
    for shape in (None, (3, 3), (12,), (2, 3, 2), (1, 2, 2, 3)):
        with pytest.raises(ValueError, match="image_shape must be .* of 12 values"):
            PrototypeImageDisplay.from_estimator(model, image_shape=shape)
    latent = LVQMLN(max_iter=1).fit(X, y)
    with pytest.raises(ValueError, match="cannot be shown as images"):
        PrototypeImageDisplay.from_estimator(latent, image_shape=(3, 4))
    with pytest.raises(ValueError, match="cannot be shown as images"):
        bent = make_pipeline(FunctionTransformer(np.tanh), NPC()).fit(X, y)
        PrototypeImageDisplay.from_estimator(bent, image_shape=(3, 4))
