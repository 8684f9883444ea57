"""What is chosen where the user chooses nothing, and on which rows."""

import numpy as np
import pytest
from sklearn.datasets import load_iris

from prosemble.core.sampling import FOLDS, some_rows
from prosemble.models import CELVQ, GLVQ
from prosemble.table import recipe as recipe_of
from prosemble.table.recipe import CANDIDATES, Recipe

FAST = {"max_iter": 20}


def blobs(counts, seed=0, features=3):
    rng = np.random.default_rng(seed)
    y = np.repeat([f"c{i}" for i in range(len(counts))], counts)
    X = rng.normal(size=(len(y), features)) + 2 * np.searchsorted(np.unique(y), y)[:, None]
    return X.astype(np.float32), y


def test_the_simplest_that_is_level_with_the_best_is_chosen():
    X, y = load_iris(return_X_y=True)
    recipe = Recipe(settings=FAST).fit(X, y)
    board = recipe.leaderboard_
    assert board["candidate"].tolist() == [candidate.words for candidate in CANDIDATES]
    assert board["chosen"].sum() == 1 and board[["accuracy", "balanced_accuracy"]].notna().all(axis=None)
    chosen = board["candidate"][board["chosen"]].iloc[0]
    assert type(recipe.best_estimator_).__name__ == chosen.split(",")[0]
    assert all(f"{line.candidate} {line.accuracy:.3f}" in recipe.compared_ for line in board.itertuples())
    level = np.array([[[0.9, 0.9], [0.91, 0.91]], [[0.9, 0.9], [0.91, 0.91]], [[0.5, 0.5], [0.5, 0.5]]])
    assert recipe_of._choose(level, by_balance=False) == 0
    assert recipe_of._choose(level[[2, 0, 1]], by_balance=False) == 1
    behind = np.where(np.arange(3)[:, None, None] == 0, np.nan, level)  # one that diverged on a fold
    assert recipe_of._choose(behind, by_balance=True) == 1
    assert recipe_of._choose(np.full((3, 1, 2), np.nan), by_balance=True) == 0
    rare = np.array([[[0.7, 0.8], [0.7, 0.9]], [[0.8, 0.9], [0.8, 0.7]], [[0.9, 0.5], [0.9, 0.5]]])
    assert recipe_of._choose(rare, by_balance=True) == 1 and recipe_of._choose(rare[::-1], by_balance=True) == 1


def test_a_rare_class_is_weighed_and_chosen_for():
    X, y = blobs([285, 15])
    X[y == "c1"] -= 1  # close enough to drown
    recipe = Recipe(settings=FAST).fit(X, y)
    weighted = recipe.leaderboard_["candidate"].str.contains("weighted")
    assert weighted.sum() == len(CANDIDATES)
    best = recipe.leaderboard_["balanced_accuracy"].max()
    assert recipe.best_score_ >= best - 0.05 and weighted[recipe.leaderboard_["chosen"]].all()
    given = Recipe(settings={**FAST, "class_weight": {"c0": 1.0, "c1": 2.0}}).fit(X, y)
    assert len(given.leaderboard_) == len(CANDIDATES) and given.best_estimator_.class_weight == {"c0": 1.0, "c1": 2.0}
    assert len(Recipe(settings=FAST).fit(*blobs([60, 15])).leaderboard_) == len(CANDIDATES)


@pytest.mark.breadth
def test_settings_act_on_each_candidate():
    X, y = blobs([30, 30])
    recipe = Recipe(settings={"lr": 0.03, "n_prototypes_per_class": 2, **FAST}).fit(X, y)
    assert recipe.best_estimator_.lr == 0.03 and len(recipe.best_estimator_.prototypes_) == 4
    names = recipe.leaderboard_["candidate"]
    made = ["GLVQ, from means", "CELVQ, from means", "GRLVQ, from drawn rows"]
    assert names.tolist() == made
    few = Recipe(settings={"batch_size": 16, "optimizer": "sgd", **FAST}).fit(X, y)  # which L-BFGS has no use for
    assert few.leaderboard_["accuracy"].notna().all()


@pytest.mark.parametrize("counts", [[1, 1], [2, 1], [3, 1, 1], [2, 2], [9, 1]])
def test_few_rows_are_trained_on_all_the_same(counts):
    X, y = blobs(counts)
    recipe = Recipe(settings=FAST).fit(X, y)
    assert recipe.predict(X).shape == y.shape and recipe.leaderboard_["chosen"].sum() == 1
    assert set(recipe.classes_) == set(recipe.best_estimator_.prototype_labels_) == set(y)
    if max(counts) < 2:
        assert "too few rows to compare" in recipe.compared_ and np.isnan(recipe.best_score_)


def test_no_class_is_missing_from_what_a_fold_trains_on():
    _, codes = np.unique(blobs([40, 7, 3, 2, 1])[1], return_inverse=True)
    folds = recipe_of._folds(codes, 0)
    assert len(folds) == FOLDS * recipe_of.DIVISIONS
    for train, test in folds:
        assert not set(train) & set(test) and set(codes[train]) == set(range(5))
        assert set(train) | set(test) == set(range(len(codes)))


def test_what_the_comparison_costs_is_bounded(monkeypatch):
    X, y = blobs([60, 60, 8])
    codes = np.unique(y, return_inverse=True)[1]
    rows = some_rows(codes, 0, most=40)
    assert np.bincount(codes[rows]).tolist() == [18, 18, 5] and len(set(rows)) == len(rows)
    affordable = recipe_of._affordable(CANDIDATES, 128, 3, 3)
    work = 128 * 3 * 3 * (300 * (1 + 10) + 16)
    assert affordable == recipe_of.WORK // work
    monkeypatch.setattr(recipe_of, "WORK", 3.5 * work)
    assert recipe_of._affordable(CANDIDATES, 128, 3, 3) == 3
    monkeypatch.setattr(recipe_of, "WORK", 1.5 * work)
    assert recipe_of._affordable(CANDIDATES, 128, 3, 3) == 0
    monkeypatch.setattr(recipe_of, "WORK", 1.0)
    recipe = Recipe(settings=FAST).fit(X, y)
    assert "takes too long" in recipe.compared_ and type(recipe.best_estimator_) is GLVQ


def test_an_integer_weight_equals_so_many_rows_in_any_order():
    X, y = blobs([25, 25, 25])
    X[::3] = X[:1]  # rows that are there many times
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, len(y))
    repeated = rng.permutation(np.repeat(np.arange(len(y)), weight))
    first = Recipe(settings=FAST).fit(X, y, sample_weight=weight)
    second = Recipe(settings=FAST).fit(X[repeated], y[repeated])
    assert first.compared_ == second.compared_ and first.best_score_ == pytest.approx(second.best_score_)
    np.testing.assert_allclose(first.predict_proba(X), second.predict_proba(X), atol=1e-4)


def test_weights_and_gaps_reach_the_models():
    X, y = blobs([40, 40])
    weight = np.where(np.arange(80) % 2, 0.0, 1.0)
    X[1::2] = X[:1] * 0  # what weighs nothing is all the same
    recipe = Recipe(settings=FAST).fit(X, y, sample_weight=weight)
    assert recipe.best_estimator_.score(X[::2], y[::2]) > 0.9
    Z, z = blobs([20, 20, 20])
    without = Recipe(settings=FAST).fit(Z, z, sample_weight=np.where(z == "c1", 0.0, 1.0))
    assert without.classes_.tolist() == ["c0", "c2"] and without.leaderboard_["accuracy"].notna().all()
    X[::5, 1] = np.nan
    assert Recipe(settings=FAST, allow_nan=True).fit(X[::2], y[::2]).best_estimator_.allow_nan


def test_a_candidate_that_diverges_is_not_chosen(monkeypatch):
    def diverge(self, *arguments, **keywords):
        raise ValueError("diverged")

    monkeypatch.setattr(CELVQ, "fit", diverge)
    X, y = blobs([40, 40])
    recipe = Recipe(settings=FAST).fit(X, y)
    assert type(recipe.best_estimator_) is not CELVQ
    assert recipe.leaderboard_["accuracy"].isna().sum() == 1 and "did not converge" in recipe.compared_


def test_progress_is_told_when_asked_for(capsys):
    X, y = blobs([20, 20])
    Recipe(settings=FAST, verbose=True).fit(X, y)
    told = capsys.readouterr().out
    assert all(candidate.words in told for candidate in CANDIDATES)
