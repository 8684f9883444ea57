"""The models that are not trained by gradients: Kohonen's rules, medians, means and neighbours."""

import warnings

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.utils.estimator_checks import check_estimator

from prosemble.core import blocks
from prosemble.core.distance import euclidean_distance_matrix, manhattan_distance_matrix
from prosemble.models import KNN, LVQ1, LVQ3, LVQ21, NPC, OLVQ1, MedianLVQ, heuristic, median
from prosemble.prediction import predictor
from prosemble.training import kohonen, loop
from prosemble.training.data import padded_length
from tests.reference import kohonen as reference
from tests.registry import ESTIMATORS, MODELS, breadth_but

KOHONEN = ["LVQ1", "LVQ2", "LVQ21", "LVQ3", "OLVQ1"]
OTHERS = [name for name in ESTIMATORS if name not in MODELS]
every_model = pytest.mark.parametrize("name", OTHERS)
every_rule = pytest.mark.parametrize("name", KOHONEN)
seeded = pytest.mark.parametrize("name", [*KOHONEN, "MedianLVQ"])


def make(name, **options):
    model = ESTIMATORS[name](**options)
    few = {"max_iter": 5, "n_prototypes_per_class": 2, "lr": 0.05}
    return model.set_params(**{key: few[key] for key in few if key in model.get_params() and key not in options})


# All of them.


def test_what_is_not_trained_by_gradients():
    assert {*KOHONEN, "MedianLVQ", "NPC", "KNN"} <= set(OTHERS)


@pytest.mark.parametrize("name", breadth_but(("KNN",), OTHERS))
def test_scikit_learns_checks(name):
    results = check_estimator(ESTIMATORS[name](), on_skip=None, on_fail=None)
    assert len(results) > 40
    assert not [(r["check_name"], r["exception"]) for r in results if r["status"] != "passed"]


@every_model
def test_learns(name):
    X, y = make_blobs(n_samples=300, random_state=0)
    assert ESTIMATORS[name]().fit(X, y).score(X, y) > 0.83


@every_model
def test_same_data_same_bits(name, iris):
    first, second = make(name).fit(*iris), make(name).fit(*iris)
    np.testing.assert_array_equal(first.prototypes_, second.prototypes_)
    np.testing.assert_array_equal(getattr(first, "loss_history_", 0), getattr(second, "loss_history_", 0))


@seeded
def test_another_seed_gives_others(name, iris):
    first, other = make(name, random_seed=1).fit(*iris), make(name, random_seed=2).fit(*iris)
    assert not np.array_equal(first.prototypes_, other.prototypes_)


@every_model
@pytest.mark.parametrize(
    "labels",
    [["c", "a", "b"], [-3, 100, 7], np.array(["x", "yy", "zzz"], object), [0.0, 1.0, 2.0]],
    ids=["strings", "integers", "objects", "floats"],
)
def test_labels_of_any_kind_through_a_file(name, labels, iris, tmp_path):
    X, y = iris
    labels = np.asarray(labels)
    order = np.argsort(labels)
    plain, named = make(name).fit(X, y), make(name).fit(X, labels[order][y])
    np.testing.assert_array_equal(named.predict(X), labels[order][plain.predict(X)])
    named.save(tmp_path / "model")
    loaded = ESTIMATORS[name].load(tmp_path / "model")
    assert loaded.classes_.dtype == named.classes_.dtype and loaded.get_params() == named.get_params()
    np.testing.assert_array_equal(loaded.prototypes_, named.prototypes_)
    np.testing.assert_array_equal(loaded.predict(X), named.predict(X))
    np.testing.assert_array_equal(loaded.predict_proba(X), named.predict_proba(X))
    for attribute in named._progress:
        np.testing.assert_array_equal(getattr(loaded, attribute), getattr(named, attribute))


@every_model
def test_boolean_labels(name, iris):
    X, y = iris
    model = make(name).fit(X, y == 0)
    assert model.predict(X).dtype == bool and model.score(X, y == 0) > 0.9
    np.testing.assert_array_equal(model.decision_function(X) > 0, model.predict(X))


@every_model
def test_predictions_agree_with_each_other(name, iris):
    X, y = iris
    model = make(name).fit(X, y)
    distances = model.distances(X)
    assert distances.shape == (len(X), len(model.prototypes_))
    if name != "KNN":
        np.testing.assert_array_equal(model.prototype_labels_[distances.argmin(axis=1)], model.predict(X))
    np.testing.assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))
    np.testing.assert_array_equal(model.classes_[model.decision_function(X).argmax(axis=1)], model.predict(X))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@every_model
def test_a_second_fit_and_changed_numbers_compile_nothing(name, iris):
    X, y = iris
    numbers = {"lr": 0.02, "window": 0.2, "epsilon": 0.4, "random_seed": 7, "max_iter": 31}
    numbers = {option: value for option, value in numbers.items() if option in make(name).get_params()}
    programs = kohonen.run, median._sweep, predictor._class_distances
    make(name).fit(X, y).predict(X)
    before = [program._cache_size() for program in programs]
    for option, value in numbers.items():
        make(name, **{option: value}).fit(X, y).predict(X)
    if name != "KNN":  # its prototypes are as many as the samples
        make(name).fit(X[:-1], y[:-1]).predict(X)
    assert [program._cache_size() for program in programs] == before


@every_model
def test_a_fit_that_fails_keeps_the_former(name, iris):
    X, y = iris
    model = make(name).fit(X, y)
    before = dict(vars(model))
    for rows, labels in [(np.where(X > 1, np.nan, X), y), (X, np.zeros_like(y)), (X, y[:-1]), (X[:, :0], y)]:
        with pytest.raises(ValueError):
            model.fit(rows, labels)
        assert all(vars(model)[key] is value for key, value in before.items()) and len(vars(model)) == len(before)
    with pytest.raises(NotFittedError):
        make(name).predict(X)


@every_model
def test_another_distance_acts(name, iris):
    X, y = iris
    model = make(name, distance_fn=manhattan_distance_matrix).fit(X, y)
    expected = np.abs(X[:, None] - model.prototypes_).sum(axis=2)
    np.testing.assert_allclose(model.distances(X), expected, rtol=1e-5, atol=1e-6)
    assert model.score(X, y) > 0.7


# Kohonen's rules.


@every_rule
@pytest.mark.parametrize("counts", [1, 3])
def test_against_the_rule_as_it_is_printed(name, counts, iris):
    X, y = iris
    drawn = np.random.default_rng(5).permutation(len(X))
    chosen = np.concatenate([drawn[y[drawn] == label][:counts] for label in range(3)])
    start, labels = X[chosen] + np.float32(0.1), y[chosen]
    settings = {"lr": 0.1, **({"window": 0.25} if "window" in ESTIMATORS[name]().get_params() else {})}
    model = ESTIMATORS[name](
        max_iter=4, random_seed=3, prototypes_initializer=lambda *_: (start, labels), **settings
    ).fit(X, y)
    n, padded = len(X), padded_length(len(X), None)
    assert padded > n  # and so padding is seen not to act
    orders = [np.asarray(loop.shuffled(padded, n, 3, epoch))[:n] for epoch in range(4)]
    prototypes, errors = reference.train(name, X, y, start, labels, orders, **settings)
    np.testing.assert_allclose(model.prototypes_, prototypes, atol=2e-4)
    np.testing.assert_allclose(model.loss_history_, errors, atol=1e-6)
    assert np.abs(prototypes - start).max() > 0.05 and model.n_iter_ == 4 and model.loss_ == model.loss_history_[-1]


@every_rule
def test_each_number_acts(name, iris):
    base = make(name).fit(*iris)
    for option, value in {"lr": 0.2, "window": 0.1, "epsilon": 0.5, "max_iter": 6}.items():
        if option not in base.get_params() or (name, option) == ("OLVQ1", "max_iter"):
            continue
        other = make(name, **{option: value}).fit(*iris)
        assert not np.array_equal(other.prototypes_, base.prototypes_), option


def test_the_window_is_of_distances_not_squared(iris):
    # What a distance_fn returns is taken for squared, so that the squared Euclidean one is the default.
    X, y = iris
    squared = make("LVQ21", distance_fn=lambda X, W: euclidean_distance_matrix(X, W) ** 2).fit(X, y)
    np.testing.assert_allclose(squared.prototypes_, make("LVQ21").fit(X, y).prototypes_, atol=1e-3)


def test_lvq3_without_attraction_is_lvq21(iris):
    np.testing.assert_array_equal(
        make("LVQ3", epsilon=0.0).fit(*iris).prototypes_, make("LVQ21").fit(*iris).prototypes_
    )


def test_chunks_of_epochs_are_the_same_bits(iris, monkeypatch):
    whole = [make(name).fit(*iris) for name in KOHONEN]
    monkeypatch.setattr(heuristic, "_CHUNK", 0)
    for former in whole:
        stepped = make(type(former).__name__).fit(*iris)
        np.testing.assert_array_equal(stepped.prototypes_, former.prototypes_)
        np.testing.assert_array_equal(stepped.loss_history_, former.loss_history_)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LVQ1(lr=1.5), "'lr' parameter of LVQ1"),
        (LVQ1(max_iter=0), "'max_iter' parameter"),
        (LVQ21(window=0.0), "'window' parameter"),
        (LVQ3(epsilon=2.0), "'epsilon' parameter"),
        (OLVQ1(n_prototypes_per_class=1000), "n_prototypes_per_class asks for 1000"),
        (LVQ1(prototypes_initializer="best"), "prototypes_initializer"),
        (LVQ1(distance_fn=lambda X, W: jnp.full((len(X), len(W)), jnp.nan)), "a distance or a prototype is not finite"),
        (MedianLVQ(distance_fn=lambda X, W: -euclidean_distance_matrix(X, W)), "must be finite and not negative"),
        (KNN(n_neighbors=0), "'n_neighbors' parameter"),
        (KNN(n_neighbors=151), "n_neighbors=151 exceeds the 150 samples; give 1 to 150"),
    ],
)
def test_bad_settings_are_named(model, message, iris):
    with pytest.raises(ValueError, match=message):
        model.fit(*iris)
    assert not hasattr(model, "prototypes_")


# Medians.


def test_median_prototypes_are_samples_and_the_cost_never_rises(iris):
    X, y = iris
    for seed in range(5):
        model = MedianLVQ(n_prototypes_per_class=3, random_seed=seed).fit(X, y)
        for prototype, label in zip(model.prototypes_, model.prototype_labels_, strict=True):
            assert (X[y == label] == prototype).all(axis=1).any()
        assert (np.diff(model.loss_history_) <= 0).all() and model.n_iter_ == len(model.loss_history_) < 100
        assert model.loss_ == pytest.approx(cost(X, y, model.prototypes_, model.prototype_labels_), abs=1e-5)


def cost(X, y, W, c, weight=None):
    d = ((X[:, None].astype(float) - W) ** 2).sum(axis=2)
    plus = np.where(c == y[:, None], d, np.inf).min(axis=1)
    minus = np.where(c == y[:, None], np.inf, d).min(axis=1)
    return np.average((plus - minus) / (plus + minus), weights=weight)


def test_no_single_move_lowers_the_cost_of_medians(iris):
    X, y = (part[::3] for part in iris)
    model = MedianLVQ(n_prototypes_per_class=2).fit(X, y)
    for k, label in enumerate(model.prototype_labels_):
        for x in X[y == label]:
            W = model.prototypes_.copy()
            W[k] = x
            assert cost(X, y, W, model.prototype_labels_) >= model.loss_ - 1e-5


@pytest.mark.parametrize("name", ["MedianLVQ", "NPC"])
def test_weights_are_repeats_and_order_does_not_matter(name, iris):
    X, y = iris
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, size=len(y))
    order = rng.permutation(len(y))
    base = make(name).fit(X, y, sample_weight=weight)
    shuffled = make(name).fit(X[order], y[order], sample_weight=weight[order])
    repeated = make(name).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_array_equal(base.prototypes_, shuffled.prototypes_)
    np.testing.assert_array_equal(base.prototypes_, repeated.prototypes_)
    assert not np.array_equal(base.prototypes_, make(name).fit(X, y).prototypes_)


# scikit-learn's.


@pytest.fixture(scope="module")
def overlapping():
    X, y = make_blobs(n_samples=400, centers=4, n_features=3, cluster_std=3.0, random_state=1)
    return X.astype(np.float32), y


def test_class_means_are_scikit_learns(overlapping, iris):
    for X, y in (overlapping, iris):
        ours, theirs = NPC().fit(X, y), NearestCentroid().fit(X, y)
        np.testing.assert_allclose(ours.prototypes_, theirs.centroids_, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("k", [1, 4, 5])
def test_neighbours_are_scikit_learns(k, overlapping):
    X, y = overlapping
    unseen = make_blobs(n_samples=300, centers=4, n_features=3, cluster_std=3.0, random_state=2)[0].astype(np.float32)
    ours, theirs = KNN(n_neighbors=k).fit(X, y), KNeighborsClassifier(n_neighbors=k).fit(X, y)
    np.testing.assert_array_equal(ours.predict(unseen), theirs.predict(unseen))
    np.testing.assert_allclose(ours.predict_proba(unseen), theirs.predict_proba(unseen), atol=1e-6)
    assert np.isfinite(ours.decision_function(unseen)).all()


def test_too_many_neighbours_at_prediction(iris):
    model = KNN().fit(*iris).set_params(n_neighbors=200)
    with pytest.raises(ValueError, match="n_neighbors=200 exceeds the 150 samples"):
        model.predict(iris[0])


def test_neighbours_keep_their_own_samples(iris):
    X, y = iris[0].copy(), iris[1]
    model = KNN().fit(X, y)
    X += 1
    np.testing.assert_array_equal(model.prototypes_, iris[0])


def test_distances_to_many_prototypes_are_taken_in_small_blocks(iris, monkeypatch):
    model, X = KNN().fit(*iris), np.tile(iris[0], (8, 1))
    whole = model.predict_proba(X)
    monkeypatch.setattr(blocks, "_CACHED", 150)
    assert blocks.rows_at_a_time(150) < len(X)
    np.testing.assert_array_equal(model.predict_proba(X), whole)


def test_an_interrupt_keeps_what_was_learned(iris, monkeypatch):
    import signal

    run = kohonen.run

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return run(*arguments)

    monkeypatch.setattr(heuristic, "_CHUNK", 0)
    monkeypatch.setattr(kohonen, "run", interrupted)
    with pytest.warns(UserWarning, match="interrupted after epoch 1"):
        model = make("LVQ1").fit(*iris)
    assert model.n_iter_ == 1 and model.score(*iris) > 0.6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(iris[0])
