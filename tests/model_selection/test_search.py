import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted

from prosemble import models
from prosemble.core.callbacks import Callback
from prosemble.model_selection import BatchedSearchCV
from prosemble.models import GLVQ, GLVQ1, GMLVQ, GRLVQ, together
from prosemble.models.together import _run_together, fit_all_together, fit_together
from tests.precision import float64
from tests.registry import KINDS, settings

# Left to the breadth: the README's tests are to take minutes.
pytestmark = pytest.mark.breadth

GRID = {"beta": [2.0, 5.0], "lr": [0.01, 0.1], "n_prototypes_per_class": [1, 2]}


def same_results(one, other):
    """Hold two searches to the same scores, candidate by candidate."""
    assert set(one.cv_results_) == set(other.cv_results_)
    assert one.cv_results_["params"] == other.cv_results_["params"]
    for name, values in one.cv_results_.items():
        if "_test_" in name or "_train_" in name:
            np.testing.assert_allclose(values, other.cv_results_[name], rtol=1e-5, atol=1e-6, err_msg=name)
    assert one.best_index_ == other.best_index_


@pytest.fixture(scope="module")
def model():
    return GLVQ(transfer_fn="sigmoid_beta", max_iter=10)


def test_search_is_grid_search(iris, model):
    options = {"cv": 3, "scoring": ["accuracy", "neg_log_loss"], "refit": "accuracy", "return_train_score": True}
    searches = [search(model, GRID, **options).fit(*iris) for search in (BatchedSearchCV, GridSearchCV)]
    same_results(*searches)
    assert isinstance(searches[0].best_estimator_, GLVQ)
    np.testing.assert_array_equal(*(search.predict(iris[0]) for search in searches))
    assert searches[0].estimator is model and not hasattr(model, "classes_")


def test_search_in_a_pipeline_over_its_steps(iris, model):
    X, y = iris
    pipeline = make_pipeline(StandardScaler(), model)
    grid = [
        {"glvq__beta": [2.0, 5.0], "standardscaler__with_std": [True, False]},
        {"standardscaler": [MinMaxScaler()], "glvq": [GRLVQ(max_iter=10)], "glvq__lr": [0.01, 0.1]},
    ]
    searches = [search(pipeline, grid, cv=3).fit(X * 3 + 1, y) for search in (BatchedSearchCV, GridSearchCV)]
    same_results(*searches)


def test_candidates_drawn_from_distributions(iris, model):
    drawn = {"lr": loguniform(1e-3, 1.0), "beta": [2.0, 5.0]}
    options = {"n_iter": 4, "random_state": 3, "cv": 3}
    batched = BatchedSearchCV(model, param_distributions=drawn, **options).fit(*iris)
    same_results(batched, RandomizedSearchCV(model, drawn, **options).fit(*iris))


def test_weights_reach_every_fold(iris, model):
    X, y = iris
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    searches = [s(model, {"beta": [2.0, 5.0]}, cv=3).fit(X, y, sample_weight=weight) for s in _both()]
    same_results(*searches)
    assert searches[0].best_estimator_.loss_ == pytest.approx(searches[1].best_estimator_.loss_, rel=1e-5)


def _both():
    return BatchedSearchCV, GridSearchCV


def test_a_splitter_that_shuffles_is_asked_once(iris, model):
    search = BatchedSearchCV(model, {"beta": [5.0, 5.0]}, cv=StratifiedKFold(3, shuffle=True)).fit(*iris)
    first, second = search.cv_results_["mean_test_score"]
    assert first == second
    folds = iter(list(StratifiedKFold(3).split(*iris)))
    assert BatchedSearchCV(model, {"beta": [5.0]}, cv=folds).fit(*iris).n_splits_ == 3


def test_a_search_of_one_structure_compiles_once_and_a_second_one_nothing(iris, model):
    search = BatchedSearchCV(model, {"beta": [1.0, 2.0, 3.0], "margin": [0.0, 0.1]}, cv=5, refit=False)
    before = _run_together._cache_size()
    search.fit(*iris)
    assert _run_together._cache_size() == before + 1
    search.fit(*iris)
    assert _run_together._cache_size() == before + 1


@pytest.fixture
def calls(monkeypatch):
    """What grows by one with each call of the program that trains together."""
    calls = []
    monkeypatch.setattr(together, "_run_together", lambda *arguments: calls.append(1) or _run_together(*arguments))
    return calls


@pytest.mark.parametrize(("room", "runs"), [(2**19, 1), (4000, 3), (1000, 6)])
def test_small_folds_are_trained_at_once_and_others_in_turns(iris, model, monkeypatch, calls, room, runs):
    monkeypatch.setattr(together, "_TOGETHER", room)
    searches = [s(model, {"beta": [1.0, 2.0, 3.0, 4.0]}, cv=3, refit=False).fit(*iris) for s in _both()]
    same_results(*searches)
    assert len(calls) == runs


def test_a_call_has_as_many_epochs_however_many_models_it_trains(iris, calls):
    models = fit_together([GLVQ(lr=lr, max_iter=100, epsilon=0.0) for lr in np.geomspace(1e-3, 0.1, 12)], *iris)
    assert len(calls) == 1 and {len(model.loss_history_) for model in models} == {100}


def test_problems_of_fewer_models_and_other_shapes_among_small_ones(iris):
    X, y = iris
    problems = [
        ([GLVQ(lr=lr, max_iter=5) for lr in rates], X[some], y[some], None)
        for rates, some in (((0.01, 0.1, 1.0), y < 2), ((0.1, 0.01), y > 0), ((0.1,), y >= 0), ((), y > 0))
    ]
    fitted = fit_all_together(problems, len(problems))
    assert [len(models) for models in fitted] == [3, 2, 1, 0]
    for given, X, y, _ in problems:
        for model in given:
            own = clone(model).fit(X, y)
            np.testing.assert_allclose(model.prototypes_, own.prototypes_, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_trained_together_is_fitted_by_itself(iris, model):
    ended = []

    class Ended(Callback):
        def on_fit_end(self, model, info):
            ended.append(info["iteration"])

    BatchedSearchCV(model.__class__(max_iter=3, callbacks=[Ended()]), {"margin": [0.1]}, cv=3).fit(*iris)
    assert ended == [2] * 4
    batched, own = (search(KNeighborsClassifier(), {"n_neighbors": [1, 5]}, cv=3).fit(*iris) for search in _both())
    same_results(batched, own)


def test_a_candidate_that_fails_gets_the_error_score(iris, model):
    with pytest.warns(UserWarning, match="non-finite"), pytest.warns(FitFailedWarning, match="'lr' parameter"):
        search = BatchedSearchCV(model, {"lr": [-1.0, 0.01]}, cv=3).fit(*iris)
    assert np.isnan(search.cv_results_["mean_test_score"][0]) and search.best_index_ == 1
    with pytest.raises(ValueError, match="'lr' parameter"):
        BatchedSearchCV(model, {"lr": [-1.0]}, cv=3, error_score="raise").fit(*iris)
    with pytest.warns(UserWarning, match="non-finite"), pytest.warns(FitFailedWarning, match="diverged"):
        BatchedSearchCV(clone(model).set_params(optimizer="sgd"), {"lr": [1e38, 0.01]}, cv=3).fit(*iris)


def test_bad_searches_are_refused(iris, model):
    with pytest.raises(ValueError, match="one of param_grid and param_distributions; got neither"):
        BatchedSearchCV(model).fit(*iris)
    with pytest.raises(ValueError, match="got both"):
        BatchedSearchCV(model, {"lr": [1.0]}, param_distributions={"lr": [1.0]}).fit(*iris)
    with pytest.raises(ValueError, match="Invalid parameter 'unknown'"):
        BatchedSearchCV(model, {"unknown": [1]}).fit(*iris)


OPTIONS = {
    "mini-batches": {"batch_size": 32},
    "schedule": {"lr_scheduler": "cosine_decay", "max_iter": 7},
    "stops early": {"patience": 2, "epsilon": 1e-3, "max_iter": 40, "restore_best": True, "ema_decay": 0.5},
    "class weights": {"class_weight": {0: 2.0, 1: 1.0, 2: 0.5}, "lookahead": {}},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_options_act_as_in_a_fit_of_its_own(iris, options):
    lrs = [0.01, 0.05, 0.2]
    with float64():
        X, y = iris[0].astype(float), iris[1]
        fitted = fit_together([GLVQ(**{"max_iter": 10, **options}, lr=lr, optimizer="sgd") for lr in lrs], X, y)
        for lr, model in zip(lrs, fitted, strict=True):
            own = GLVQ(**{"max_iter": 10, **options}, lr=lr, optimizer="sgd").fit(X, y)
            assert model.n_iter_ == own.n_iter_
            np.testing.assert_allclose(model.loss_history_, own.loss_history_, rtol=1e-9)
            np.testing.assert_allclose(model.prototypes_, own.prototypes_, rtol=1e-9, atol=1e-12)


def test_a_training_in_several_calls_follows_its_schedule(iris, monkeypatch):
    monkeypatch.setattr("prosemble.training.loop.CAPACITY", 3)  # epochs of a call
    options = {"batch_size": 32, "lr_scheduler": "linear", "max_iter": 7, "optimizer": "sgd", "epsilon": 0.0}
    with float64():
        X, y = iris[0].astype(float), iris[1]
        for lr, model in zip(
            (0.02, 0.2), fit_together([GLVQ(lr=lr, **options) for lr in (0.02, 0.2)], X, y), strict=True
        ):
            own = GLVQ(lr=lr, **options).fit(X, y)
            np.testing.assert_allclose(model.loss_history_, own.loss_history_, rtol=1e-9)


def test_routed_weights_go_where_they_are_asked_for(iris, model):
    X, y = iris
    weight = np.where(y == 1, 10.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        unweighted = clone(model).set_fit_request(sample_weight=False).set_score_request(sample_weight=True)
        searches = [s(unweighted, {"beta": [2.0, 5.0]}, cv=3).fit(X, y, sample_weight=weight) for s in _both()]
    same_results(*searches)


def test_models_of_one_matrix_are_trained_one_by_one(iris):
    assert fit_together([models.GMLVQ(max_iter=2), models.GMLVQ(lr=0.1, max_iter=2)], *iris) == [None, None]


@pytest.mark.parametrize("name", [name for name in KINDS if name != "GMLVQ"])
def test_every_kind_of_model_is_trained_as_by_itself(iris, name):
    cls = getattr(models, name)
    with float64():
        X, y = iris[0].astype(float), iris[1]
        make = {"max_iter": 5, "optimizer": "sgd", **settings(name, X.shape[1])}
        for lr, model in zip(
            (0.01, 0.02), fit_together([cls(lr=lr, **make) for lr in (0.01, 0.02)], X, y), strict=True
        ):
            own = cls(lr=lr, **make).fit(X, y)
            np.testing.assert_allclose(model.decision_function(X), own.decision_function(X), rtol=1e-6, atol=1e-9)


def test_more_models_than_are_fast_at_once_are_trained_in_turns(iris, monkeypatch):
    monkeypatch.setattr("prosemble.models.together._TOGETHER", 1000)
    fits = fit_together([GLVQ(beta=beta, transfer_fn="sigmoid_beta", max_iter=5) for beta in (1.0, 2.0, 3.0)], *iris)
    assert len({model.loss_ for model in fits}) == 3


def test_the_best_of_many_starts_is_kept(iris):
    X, y = iris
    model = GMLVQ(max_iter=5, random_seed=3).fit_many(X, y, 4)
    losses = [GMLVQ(max_iter=5, random_seed=seed).fit(X, y).loss_ for seed in range(3, 7)]
    np.testing.assert_allclose(model.seed_losses_, losses, rtol=1e-4)
    assert model.best_seed_ == 3 + np.argmin(losses) and model.random_seed == 3
    assert model.loss_ == model.seed_losses_.min()
    assert GLVQ(max_iter=2).fit_many(X, y, [7, 8]).best_seed_ in (7, 8)
    with pytest.raises(ValueError, match="at least one seed"):
        model.fit_many(X, y, [])


# GridSearchCV fails these too, where warnings are errors.
NOT_OF_A_SEARCH = {
    "check_supervised_y_no_nan": "the splitter warns of such targets before it refuses them",
    "check_classifiers_one_label_sample_weights": "which weights a fold has is not said by its error",
}


@pytest.mark.breadth
@parametrize_with_checks(
    [BatchedSearchCV(GLVQ(max_iter=3, lr=0.1), {"margin": [0.0, 0.1]}, cv=2, error_score="raise")],
    expected_failed_checks=lambda search: NOT_OF_A_SEARCH,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_a_scorer_is_handed_the_fitted_estimator(iris, model):
    X, y = iris

    def of_the_step(estimator, X, y):
        check_is_fitted(estimator)
        assert isinstance(estimator, Pipeline) and len(estimator) == 2
        return -estimator[-1].loss_

    def of_another_fit(estimator, X, y):
        clone(estimator).fit(X, y)
        return estimator.get_params()["lr"]

    for estimator, scorer, grid in [
        (make_pipeline(StandardScaler(), model), of_the_step, {"glvq__lr": [1e-3, 0.1]}),
        (model, of_another_fit, {"lr": [1e-3, 0.1]}),
    ]:
        same_results(*(search(estimator, grid, cv=3, scoring=scorer).fit(X, y) for search in _both()))


def test_steps_that_cannot_be_pickled(iris, model):
    pipeline = make_pipeline(FunctionTransformer(lambda X: 2 * X), model)
    same_results(*(search(pipeline, {"glvq__lr": [0.01, 0.1]}, cv=3).fit(*iris) for search in _both()))


def test_groups_where_metadata_is_routed(iris, model):
    with sklearn.config_context(enable_metadata_routing=True):
        groups = {"groups": np.arange(len(iris[0])) % 7}
        searches = [s(model, {"lr": [0.01, 0.1]}, cv=GroupKFold(3)).fit(*iris, **groups) for s in _both()]
    same_results(*searches)


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
@pytest.mark.parametrize("model", [GLVQ(max_iter=3), GLVQ1(max_iter=3)], ids=lambda model: type(model).__name__)
def test_an_option_that_cannot_act_is_refused_in_each_candidate(model, iris):
    with pytest.warns(FitFailedWarning, match="2 fits failed"):
        searches = [s(model, {"beta": [10.0, 3.0]}, cv=2, refit=False).fit(*iris) for s in _both()]
    for search in searches:
        assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_bad_arguments_are_named(iris, model):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        BatchedSearchCV(model, {"lr": [0.1]}).fit(*iris, sample_weight=np.ones(149))
    with pytest.raises(ValueError, match="The 'estimator' parameter of BatchedSearchCV"):
        BatchedSearchCV(5, {"lr": [0.1]}).fit(*iris)
    for seeds in (0, [], None, 2.5):
        with pytest.raises(ValueError, match="seeds must be"):
            GLVQ().fit_many(*iris, seeds=seeds)


def test_restarts_leave_the_parameters_and_nothing_of_a_former_fit(iris):
    X, y = iris

    class Counting(Callback):
        epochs = 0

        def on_iteration_end(self, model, info):
            self.epochs += 1

    counting = Counting()
    model = GLVQ(max_iter=5, epsilon=0.0, callbacks=[counting]).fit(pd.DataFrame(X, columns=list("abcd")), y)
    model.fit_many(X[:, :2], y, np.int64(2))
    assert counting.epochs == 15 and model.callbacks == [counting]
    assert not hasattr(model, "feature_names_in_") and model.explain(X[:2, :2]).shape[0] == 2


def test_a_start_that_diverges_does_not_end_the_others(iris):
    X, y = iris

    class Unlucky(GLVQ):
        def _compute_loss(self, params, X, y, proto_labels):
            wrong = jnp.where(self.random_seed == 1, jnp.nan, 0.0)
            return super()._compute_loss(params, X, y, proto_labels) + wrong

    model = Unlucky(max_iter=3).fit_many(X, y, [1, 2])
    assert model.best_seed_ == 2 and np.isinf(model.seed_losses_[0]) and model.loss_ == model.seed_losses_[1]
    with pytest.raises(ValueError, match="diverged|not finite|finite"):
        Unlucky(max_iter=3).fit_many(X, y, [1])
