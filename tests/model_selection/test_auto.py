import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import PowerTransformer
from sklearn.utils.estimator_checks import check_estimator

import prosemble
from prosemble import AutoPrototypeClassifier
from prosemble.core.sampling import FOLDS, ROWS, some_rows
from prosemble.distances import LocalOmega
from prosemble.model_selection import BoundedPowerTransformer
from prosemble.model_selection.auto import (
    CAUTIOUS,
    FINALISTS,
    THOROUGH,
    Candidate,
    Scored,
    choose,
    stages,
)
from prosemble.models import GMLVQ


@pytest.fixture(scope="module")
def few(iris):
    X, y = iris
    return X[::3], np.array(["setosa", "versicolor", "virginica"])[y[::3]]


@pytest.mark.breadth
def test_the_whole_search_holds_a_winner_that_the_board_explains(few):
    X, y = few
    frame = pd.DataFrame(X * 10 + 3, columns=list("abcd"))
    auto = AutoPrototypeClassifier(time_budget=None, max_prototypes=3, scalings=("standard", "range")).fit(frame, y)
    board = auto.leaderboard_
    assert board.folds.is_monotonic_decreasing and board.chosen.sum() == 1
    last = board[board.folds == board.folds.max()]  # the best were tested again, and only they could be chosen
    assert len(last) == FINALISTS < len(board) and last.accuracy.is_monotonic_decreasing and last.chosen.any()
    assert {"GLVQ", "GRLVQ", "GMLVQ", "LGMLVQ", "RSLVQ"} == set(board.model)
    assert set(board.prototypes_per_class) == {1} and set(board.scaling) == {"standard", "range"}
    winner = board[board.chosen].iloc[0]
    model = auto.best_estimator_[-1]
    assert type(model).__name__ == winner.model and model.lr == winner.settings["lr"]
    assert winner.numbers <= board.numbers.iloc[0] and auto.best_score_ == winner.accuracy
    assert auto.score(frame, y) > 0.9 and auto.best_estimator_.feature_names_in_.tolist() == list("abcd")
    np.testing.assert_array_equal(auto.predict(frame), auto.classes_[auto.predict_proba(frame).argmax(axis=1)])
    assert auto.decision_function(frame).shape == (len(X), 3)
    with pytest.raises(ValueError, match="feature names should match"):
        auto.predict(frame[list("dcba")])


def test_a_budget_of_nothing_still_finds_something(few, capsys):
    auto = AutoPrototypeClassifier(time_budget=0, verbose=True).fit(*few)
    assert set(auto.leaderboard_.model) == {"GLVQ", "GMLVQ"}
    assert capsys.readouterr().out.count("a class") == len(auto.leaderboard_)  # nothing is tested again
    assert clone(auto).get_params() == auto.get_params()


def test_it_explains_in_the_units_and_names_of_the_table(few):
    X, y = few
    frame = pd.DataFrame(X * 10 + 3, columns=["a", "b", "c", "prediction"], index=range(100, 100 + len(X)))
    auto = AutoPrototypeClassifier(time_budget=0).fit(frame, y)
    why = auto.explain(frame)
    shares = why[["a", "b", "c", "prediction (feature)"]].sum(axis=1)
    np.testing.assert_allclose(shares, why.d_minus - why.d_plus, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(why.prediction, auto.predict(frame))
    assert why.index.equals(frame.index)
    assert list(auto.explain(frame, as_frame=False, contributions=False)) == list(why)[:7]
    others = pd.DataFrame(auto.counterfactual(frame, target="virginica"), columns=frame.columns)
    assert set(auto.predict(others)) == {"virginica"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_prototypes": 2}, "max_prototypes=2 must be at least 3"),
        ({"time_budget": -1.0}, "'time_budget' parameter"),
        (
            {"scalings": ("standard", "log")},
            r"scalings holds \['log'\]. Accepted: standard, power, robust, range, none",
        ),
        ({"scalings": ()}, "scalings holds nothing"),
    ],
)
def test_bad_settings_are_refused(few, settings, message):
    with pytest.raises(ValueError, match=message):
        AutoPrototypeClassifier(**settings).fit(*few)


def test_bad_data_are_refused(few):
    X, y = few
    auto = AutoPrototypeClassifier(time_budget=0)
    with pytest.raises(ValueError, match=r"two samples of each class.*\['virginica'\] have one"):
        auto.fit(X[:35], [*y[:34], "virginica"])
    with pytest.raises(ValueError, match="only one class"):
        auto.fit(X[:5], y[:5])
    with pytest.raises(ValueError, match="NaN"):
        auto.fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(NotFittedError):
        auto.predict(X)


def scored(scores, numbers, model="GLVQ", prototypes=1, **settings):
    return Scored(Candidate("standard", model, prototypes, settings), np.array(scores), numbers, 1.0)


def test_the_simplest_within_one_standard_error_of_the_best_is_chosen():
    best = scored([0.90, 0.96, 0.92, 0.98], 100)
    level = scored([0.89, 0.97, 0.91, 0.98], 10)  # behind by 0.0025, of which the standard error is 0.0048
    simplest = scored([0.85, 0.91, 0.87, 0.93], 1)  # behind by 0.05 on every fold: the noise of the folds is shared
    assert choose([best, level, simplest]) is level
    assert choose([best, simplest]) is best


def test_stages_are_of_what_fits_and_refine_the_best():
    board, seen = [], []
    for stage in stages(board, ("standard", "robust"), n_features=10, n_classes=3, most=2, refine=True):
        assert all(candidate.prototypes <= 2 for candidate in stage)
        assert not any(candidate in seen for candidate in stage)
        seen += stage
        board += [scored([0.8 + 0.1 * (c.model == "GMLVQ")] * 5, 1)._replace(candidate=c) for c in stage]
    assert Candidate("robust", "GMLVQ", 1, CAUTIOUS) in seen
    assert Candidate("standard", "GMLVQ", 2, CAUTIOUS) in seen
    assert Candidate("standard", "GMLVQ", 1, {"lr": 0.02, "max_iter": 200}) in seen
    few = [c for stage in stages(board, ("standard", "robust"), 10, 3, 2, refine=False) for c in stage]
    assert Candidate("robust", "GMLVQ", 1, CAUTIOUS) in few and len(few) < len(seen)
    wide = [c for stage in stages([scored([1.0], 1, **THOROUGH)], ("none",), 784, 10, 10, True) for c in stage]
    assert {c.model for c in wide} == {
        "GLVQ",
        "GMLVQ",
        "GRLVQ",
        "RSLVQ",
    }  # local matrices would learn 6 million numbers


@pytest.mark.parametrize(("gain", "then"), [([0.1, 0.1, 0.12], "power"), ([0.1, -0.1, 0.01], "standard")])
def test_what_scales_the_first_models_better_scales_the_others(gain, then):
    board, rest = [], []
    for number, stage in enumerate(stages(board, ("standard", "power"), 10, 3, 10, refine=False)):
        rest += stage if number > 2 else []
        board += [scored(0.8 + np.array(gain) * (c.scaling == "power"), 1)._replace(candidate=c) for c in stage]
    assert {c.scaling for c in rest} == {then}
    wide = [c for stage in stages(board[:3], ("standard", "power"), 784, 3, 10, refine=False) for c in stage]
    assert {c.scaling for c in wide} == {"standard"}  # a power for each of so many features takes too long


def test_work_is_counted_as_a_training_multiplies():
    euclidean, local = (Candidate("none", model, 2, CAUTIOUS) for model in ("GLVQ", "LGMLVQ"))
    assert local.multiplications(50, 3) == 50 * euclidean.multiplications(50, 3) == 50 * 2 * 3 * 50 * 200


def test_a_pipeline_of_a_candidate_is_what_it_says():
    pipeline = Candidate("range", "GMLVQ", 2, {"lr": 0.5}).pipeline(7)
    assert repr(pipeline[-1]) == repr(GMLVQ(lr=0.5, n_prototypes_per_class=2, random_seed=7))
    assert type(pipeline[0]).__name__ == "MinMaxScaler"


def test_the_package_offers_what_it_names():
    assert prosemble.AutoPrototypeClassifier is AutoPrototypeClassifier
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        prosemble.nothing  # noqa: B018


def test_from_powers_within_bounds_there_is_a_way_back():
    skewed = np.random.default_rng(0).lognormal(sigma=2.0, size=(200, 1)) * [0.01, 1.0, -0.01]
    skewed[:, 1] = np.log(skewed[:, 1])
    wide, bounded = (transformer.fit(skewed) for transformer in (PowerTransformer(), BoundedPowerTransformer()))
    assert wide.lambdas_[0] < 0 < wide.lambdas_[1] < 2 < wide.lambdas_[2]
    np.testing.assert_array_equal(bounded.lambdas_, wide.lambdas_.clip(0, 2))
    np.testing.assert_array_equal(bounded.transform(skewed)[:, 1], wide.transform(skewed)[:, 1])
    np.testing.assert_allclose(bounded.transform(skewed).std(axis=0), 1)
    far = np.linspace(-50, 50, 101)[:, None] * np.ones(3)
    with warnings.catch_warnings():  # that there is none, which not every version of scikit-learn says
        warnings.simplefilter("ignore")
        assert np.isnan(wide.inverse_transform(far)).any()
    np.testing.assert_allclose(bounded.transform(bounded.inverse_transform(far)), far, atol=1e-6)


def test_scikit_learns_checks_of_powers():
    check_estimator(BoundedPowerTransformer())


@pytest.mark.breadth
def test_more_rows_than_are_searched_on_keep_every_class():
    rng = np.random.default_rng(0)
    for labels in (np.arange(5001) % 3, np.r_[np.arange(30_000) % 2, 2, 2, 3, 3, 3, 3, 3, 3, 3]):
        some = some_rows(labels, 0)
        whole, part = np.bincount(labels), np.bincount(labels[some])
        assert len(set(some)) == len(some) <= ROWS + 10 and (part >= np.minimum(whole, FOLDS)).all()
        np.testing.assert_allclose(part[:2] / len(some), whole[:2] / len(labels), rtol=0.01)
    auto = AutoPrototypeClassifier(time_budget=0, scalings=("none",), max_prototypes=4)
    with pytest.warns(UserWarning, match="leaves time to train the chosen model on 5,005 of 30,009 rows"):
        auto.fit(rng.normal(size=(len(labels), 2)) + 9 * labels[:, None], labels)
    assert auto.leaderboard_.numbers.min() == 8


def test_a_problem_too_large_for_any_candidate_gets_the_smallest(few, monkeypatch):
    monkeypatch.setattr(prosemble.model_selection.auto, "MOST_NUMBERS", 5)
    board = AutoPrototypeClassifier(time_budget=None, scalings=("none",)).fit(*few).leaderboard_
    assert set(board.model) == {"GLVQ"} and set(board.prototypes_per_class) == {1}


def test_where_nothing_can_be_trained_it_says_why(few):
    X, y = few
    with pytest.raises(ValueError, match="too far apart for float32"):
        AutoPrototypeClassifier(time_budget=0, scalings=("none",)).fit(X * 1e30, y)
    with pytest.raises(ValueError, match="could not convert string"):
        AutoPrototypeClassifier(time_budget=0).fit(pd.DataFrame({"a": pd.Categorical(y)}), y)


@pytest.mark.breadth
def test_a_kind_of_model_that_cannot_be_trained_is_no_candidate(few, monkeypatch):
    def fail(*arguments):
        raise ValueError("no matrices today")

    monkeypatch.setattr(LocalOmega, "init", fail)
    board = AutoPrototypeClassifier(time_budget=None, max_prototypes=3, scalings=("none",)).fit(*few).leaderboard_
    assert set(board.model) == {"GLVQ", "GRLVQ", "GMLVQ", "RSLVQ"}


def test_the_last_fit_keeps_the_budget_too(monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=4000)
    X = rng.normal(size=(4000, 3)) + y[:, None]
    monkeypatch.setattr(prosemble.model_selection.auto, "ROWS", 300)
    monkeypatch.setattr(prosemble.model_selection.auto, "some_rows", lambda labels, seed: np.arange(300))
    with pytest.warns(UserWarning, match="time_budget=0 leaves time to train the chosen model on 300 of 4,000 rows"):
        auto = AutoPrototypeClassifier(time_budget=0, scalings=("none",)).fit(X, y)
    assert auto.score(X, y) > 0.7
