"""What holds for every registered estimator."""

import copy

import jax
import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import check_estimator

from prosemble.prediction import predictor
from prosemble.training import loop
from tests.precision import float64
from tests.registry import EVERY_MODEL, KINDS, MODELS, breadth_but, settings

every_model = pytest.mark.parametrize("name", EVERY_MODEL)
each_kind = pytest.mark.parametrize("name", breadth_but(("GLVQ", "GMLVQ", "SNG", "CBC"), KINDS))
every_mode = pytest.mark.parametrize("mode", [{}, {"batch_size": 50}], ids=["full batch", "mini-batches"])


def make(name, **options):
    model = MODELS[name](max_iter=12, lr=0.05, **settings(name, 4), **options)
    if hasattr(model, "n_components"):
        return model.set_params(n_components=6)
    if hasattr(model, "gamma_decay"):  # left to itself, it depends on max_iter
        model.set_params(gamma_decay=0.8)
    return model.set_params(n_prototypes_per_class=2)


def features(name):
    """Return how many features a problem of scikit-learn's has to have for the model to be one for it."""
    # In a plane a tangent leaves one direction to tell classes by.
    return 6 if hasattr(MODELS[name](), "subspace_dim") else 2


# Images have a shape that scikit-learn's data, of all numbers of features, do not have.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", breadth_but(("GLVQ",), [name for name in MODELS if not name.startswith("Image")]))
def test_scikit_learns_checks(name):
    results = check_estimator(MODELS[name](), on_skip=None, on_fail=None)
    assert len(results) > 50
    wrong = [(r["check_name"], r["exception"]) for r in results if r["status"] != "passed"]
    assert not wrong


@every_model
def test_learns(name):
    # scikit-learn's thresholds, which the poor_score tag spares us, on its own data
    X, y = make_blobs(n_samples=300, n_features=features(name), random_state=0)
    assert MODELS[name](**settings(name, features(name))).fit(X, y).score(X, y) > 0.83


@each_kind
@pytest.mark.parametrize("centers", [2, 3])
def test_class_weights_rule_a_noisy_problem(name, centers):
    X, y = make_blobs(centers=centers, n_features=features(name), random_state=0, cluster_std=20)
    X_train, X_test, y_train, _ = train_test_split(X / 20, y, test_size=0.5, random_state=0)
    weights = {0: 1000, 1: 1e-4, 2: 1e-4} if centers == 3 else {0: 1000, 1: 1e-4}
    model = MODELS[name](class_weight=weights, max_iter=1000).fit(X_train, y_train)
    assert (model.predict(X_test) == 0).mean() > 0.87


@each_kind
@every_mode
def test_same_seed_same_bits_and_another_seed_others(name, mode, iris):
    first, second, other = (make(name, random_seed=seed, **mode).fit(*iris) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.prototypes_, second.prototypes_)
    np.testing.assert_array_equal(first.loss_history_, second.loss_history_)
    assert not np.array_equal(first.prototypes_, other.prototypes_)
    stepped = make(name, random_seed=1, use_scan=False, **mode).fit(*iris)
    for attribute in ("prototypes_", "loss_history_", "n_iter_", "best_loss_"):
        np.testing.assert_array_equal(getattr(stepped, attribute), getattr(first, attribute))


@each_kind
def test_order_of_samples_does_not_matter_and_weights_are_repeats(name, iris):
    X, y = iris
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, size=len(y))
    order = rng.permutation(len(y))
    base = make(name).fit(X, y, sample_weight=weight)
    shuffled = make(name).fit(X[order], y[order], sample_weight=weight[order])
    repeated = make(name).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_array_equal(base.prototypes_, shuffled.prototypes_)
    np.testing.assert_array_equal(base.prototypes_, repeated.prototypes_)


@each_kind
@every_mode
def test_weights_act(name, mode, iris):
    X, y = iris
    plain = make(name, **mode).fit(X, y)
    weighted = make(name, **mode).fit(X, y, sample_weight=np.linspace(0.1, 3.0, len(y)))
    by_class = make(name, class_weight={1: 5.0}, **mode).fit(X, y)
    assert not np.allclose(plain.prototypes_, weighted.prototypes_)
    assert not np.allclose(plain.prototypes_, by_class.prototypes_)
    doubled = make(name, **mode).fit(X, y, sample_weight=np.full(len(y), 2.0))
    np.testing.assert_allclose(doubled.prototypes_, plain.prototypes_, atol=1e-4)


@each_kind
@pytest.mark.parametrize(
    "labels",
    [["c", "a", "b"], [-3, 100, 7], np.array(["x", "yy", "zzz"], object), [0.0, 1.0, 2.0]],
    ids=["strings", "integers", "objects", "floats"],
)
def test_labels_of_any_kind(name, labels, iris, tmp_path):
    X, y = iris
    labels = np.asarray(labels)
    order = np.argsort(labels)
    plain = make(name).fit(X, y)
    named = make(name).fit(X, labels[order][y])
    np.testing.assert_array_equal(named.predict(X), labels[order][plain.predict(X)])
    assert set(named.prototype_labels_) == set(labels) and named.classes_.dtype == labels.dtype
    named.save(tmp_path / "model")
    loaded = MODELS[name].load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X), named.predict(X))
    assert loaded.classes_.dtype == named.classes_.dtype


@each_kind
def test_boolean_labels(name, iris):
    X, y = iris
    model = make(name).fit(X, y == 0)
    assert model.predict(X).dtype == bool and model.score(X, y == 0) > 0.9
    decision = model.decision_function(X)
    assert decision.shape == (len(X),)
    np.testing.assert_array_equal(decision > 0, model.predict(X))


@every_model
def test_predictions_agree_with_each_other(name, iris):
    X, y = iris
    model = make(name).fit(X, y)
    distances = model.distances(X)
    assert distances.shape == (len(X), 6)
    if "CBC" not in name:  # whose components belong to no class
        np.testing.assert_array_equal(model.prototype_labels_[distances.argmin(axis=1)], model.predict(X))
    np.testing.assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))
    np.testing.assert_array_equal(model.classes_[model.decision_function(X).argmax(axis=1)], model.predict(X))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@each_kind
def test_many_rows_are_predicted_in_blocks(name, iris):
    X, y = iris
    with float64():  # a product of many rows is rounded otherwise than one of few
        model = make(name).fit(X, y)
        many = np.tile(X, (40, 1))
        np.testing.assert_allclose(model.distances(many), np.tile(model.distances(X), (40, 1)), rtol=1e-9, atol=1e-9)


@every_model
def test_a_second_fit_and_changed_numbers_compile_nothing(name, iris):
    X, y = iris
    make(name).fit(X, y).predict(X)
    before = loop.run._cache_size(), predictor._class_distances._cache_size()
    numbers = {"lr": 0.02, "epsilon": 1e-4, "random_seed": 7, "max_iter": 31}
    if name == "GLVQ":
        numbers |= {"margin": 0.2}
    for option, value in numbers.items():
        make(name).set_params(**{option: value}).fit(X, y).predict(X)
    make(name).fit(X[:-1], y[:-1]).predict(X)  # a fold of about the same size
    assert (loop.run._cache_size(), predictor._class_distances._cache_size()) == before


@each_kind
def test_nothing_is_computed_outside_the_three_programs(name, iris):
    X, y = iris
    make(name).fit(X, y).predict(X)
    with jax.log_compiles(False), jax.transfer_guard("allow"):
        jax.clear_caches()
        compiled = []
        jax.monitoring.register_event_duration_secs_listener(
            lambda event, duration, **kwargs: (
                compiled.append(event) if event.endswith("backend_compile_duration") else None
            )
        )
        make(name).fit(X, y).predict(X)
    # A fit is one, a prediction two: distances, and what is made of them. An encoder is run once on the samples and
    # once on the prototypes before it is trained.
    assert len(compiled) == (5 if hasattr(MODELS[name], "activation") else 3)


@every_model
@every_mode
def test_a_training_has_the_same_bits_however_it_is_cut(name, mode, iris, tmp_path):
    X, y = iris
    options = {
        "ema_decay": 0.9,
        "lookahead": {"sync_period": 4},
        "patience": 100,
        "restore_best": True,
        **mode,
    }

    def fitted(max_iter, **others):
        return make(name, **options, **others).set_params(max_iter=max_iter).fit(X, y, validation_data=(X, y))

    whole, stepped, half = fitted(20), fitted(20, use_scan=False), fitted(10)
    assert whole.n_iter_ == 20
    half.save(tmp_path / "half")
    resumed = [
        model.fit(X, y, resume=True, validation_data=(X, y)) for model in (half, MODELS[name].load(tmp_path / "half"))
    ]
    for model in (stepped, *resumed):
        for attribute in ("prototypes_", "loss_history_", "val_loss_history_", "n_iter_", "best_loss_"):
            np.testing.assert_array_equal(getattr(model, attribute), getattr(whole, attribute))


@every_model
def test_partial_fit_over_the_batches_equals_the_epoch(name, iris):
    X, y = iris
    # Adam makes full steps of gradients that are zero but for rounding, as those of a unit that is always active.
    options = {"optimizer": "sgd"} if hasattr(MODELS[name], "activation") else {}
    begun = make(name, batch_size=50, **options).set_params(max_iter=1)
    if hasattr(begun, "gamma_decay"):  # it shrinks with n_iter_, which counts calls of partial_fit
        begun.set_params(gamma_decay=1.0)
    stream = copy.deepcopy(begun.fit(X, y))
    epoch = begun.fit(X, y, resume=True)
    order = np.asarray(loop.shuffled(len(X), len(X), 42, 1))
    for batch in order.reshape(3, 50):
        stream.partial_fit(X[batch], y[batch])
    np.testing.assert_allclose(stream.prototypes_, epoch.prototypes_, atol=1e-4)
    assert stream.n_iter_ == 4 and stream.loss_history_[1:].mean() == pytest.approx(epoch.loss_, abs=1e-5)


START = np.random.default_rng(5).standard_normal((6, 4))


@each_kind
def test_partial_fit_takes_batches_that_lack_classes(name, iris):
    X, y = iris
    model = make(name, random_seed=3)
    if hasattr(model, "activation"):  # a network forgets what a batch lacks, the faster the larger its steps
        model.set_params(bb_lr=0.005)
    for label in (2, 0, 1) * 40:
        model.partial_fit(X[y == label], y[y == label], classes=[0, 1, 2])
    assert model.n_iter_ == 120 and model.score(X, y) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every_model
def test_float64_where_jax_has_it(name, iris, tmp_path):
    X, y = iris
    start = {"initial_prototypes": START, "initial_labels": [0, 0, 1, 1, 2, 2]}
    # Adam makes full steps of gradients that are zero but for rounding, as those of a unit that is always active; and
    # the ranks of neural gas jump, most where a local metric moves the distances by as much as it may.
    sensitive = hasattr(MODELS[name], "activation") or name == "LCELVQ_NG"
    options = {"optimizer": "sgd", "epsilon": 0.0} if sensitive else {}
    single = make(name, **options).fit(X, y, **start)
    with float64():
        double = make(name, **options).fit(X.astype(np.float64), y, **start)
        assert double.prototypes_.dtype == double.distances(X).dtype == np.float64
        double.save(tmp_path / "model")
        loaded = MODELS[name].load(tmp_path / "model")
        np.testing.assert_array_equal(loaded.predict_proba(X), double.predict_proba(X))
        np.testing.assert_array_equal(
            loaded.fit(X, y, resume=True).prototypes_, double.fit(X, y, resume=True).prototypes_
        )
    np.testing.assert_array_equal(make(name, **options).fit(X, y, **start).prototypes_, single.prototypes_)
    # In a latent plane a tangent leaves one direction: little distance, of which the expanded form keeps fewer digits.
    tolerance = 2e-2 if name == "SiameseGTLVQ" else 1e-4
    # Here a start that is moved by 1e-7 forks in double precision too: at epoch 8 the loss jumps by 0.0009.
    epochs = 8 if name == "ImageGTLVQ" else 12
    np.testing.assert_allclose(double.loss_history_[:epochs], single.loss_history_[:epochs], atol=tolerance)
