"""What is trained on a table where the user chooses nothing.

The classes' own defaults follow the literature and underfit. The candidates and their settings are what
cross-validation favours on real tables (docs/benchmarks.md); which of them a table gets, cross-validation on its own
training rows decides.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from prosemble import models
from prosemble.core.sampling import FEW, FOLDS, some_rows
from prosemble.io.plain import plain_of
from prosemble.models.base import PrototypeModel

# How often few rows are divided.
DIVISIONS = 2
# Rows times features times prototypes times epochs that are spent on the comparison: two minutes on two cores.
WORK = 3e12
# A class of less than this part of an equal share is rare: models are chosen by balanced accuracy, and may weigh
# classes.
RARE = 0.2

_TRAINING: dict[str, Any] = {"lr": 0.1, "lr_scheduler": "cosine_decay", "max_iter": 300}
_FROM_MEANS: dict[str, Any] = {**_TRAINING, "prototypes_initializer": "class_mean"}
# Few steps, after which prototypes are still near the means of their classes.
_SOFTMAX: dict[str, Any] = {"optimizer": "lbfgs", "max_iter": 16, "prototypes_initializer": "class_mean"}
# Settings that L-BFGS has no use for, or of which another optimizer would make another number of steps.
_OF_STEPS = frozenset(
    {"optimizer", "lr", "lr_scheduler", "lr_scheduler_kwargs", "batch_size", "gradient_accumulation_steps"}
    | {"lookahead", "mixed_precision", "freeze_params"}
)


class Candidate(NamedTuple):
    """A model, its settings, and how many prototypes of each class, at most; 0 where the settings say it."""

    model: str
    prototypes: int
    settings: dict[str, Any]

    @property
    def words(self) -> str:
        begin = "means" if self.settings.get("prototypes_initializer") == "class_mean" else "drawn rows"
        prototypes = f"{self.prototypes} a class" if self.prototypes else f"from {begin}"
        return f"{self.model}, {prototypes}{', classes weighted' if self.settings.get('class_weight') else ''}"


#: From the simplest on: plain distances, a softmax of them, many prototypes of a class and weights of the features.
CANDIDATES = (
    Candidate("GLVQ", 1, {**_FROM_MEANS, "transfer_fn": "sigmoid_beta"}),
    Candidate("CELVQ", 1, _SOFTMAX),
    Candidate("GRLVQ", 10, {**_TRAINING, "transfer_fn": "sigmoid_beta"}),
)


def known_settings() -> list[str]:
    """Return the parameters that the candidates have."""
    return sorted(set().union(*(getattr(models, each.model)().get_params(deep=False) for each in CANDIDATES)))


class Recipe(ClassifierMixin, BaseEstimator):
    """The best of a few models of prototypes, with settings that hold on most tables, by cross-validation.

    Chosen is the simplest of those that are level with the best, within a standard error of the difference, in the
    mean of accuracy and balanced accuracy. Where the rarest class has less than a fifth of an equal share, they are
    tried with weighted classes, too, and the most accurate is chosen of those that are level in balanced accuracy.

    Parameters
    ----------
    settings : dict, optional
        Parameters that all candidates have instead of their own.
    allow_nan : bool, default=False
        Whether features may be missing.
    random_seed : int, default=42
        Of the folds and models.
    verbose : bool, default=False
        Print a line for each candidate, and show the progress of the last fit.

    Attributes
    ----------
    best_estimator_ : PrototypeModel
        The chosen one, fitted to all rows.
    best_score_ : float
        Its mean score in cross-validation.
    leaderboard_ : DataFrame
        A line a candidate: candidate, accuracy, balanced_accuracy, chosen. The figures are missing where they were not
        compared, since the rows were too few, or the classes so many that it would have taken too long.
    compared_ : str
        What was compared, in a line.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(
        self,
        *,
        settings: Mapping[str, Any] | None = None,
        allow_nan: bool = False,
        random_seed: int = 42,
        verbose: bool = False,
    ) -> None:
        self.settings = settings
        self.allow_nan = allow_nan
        self.random_seed = random_seed
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose, and fit what was chosen to all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        X = X if hasattr(X, "iloc") else np.asarray(X)
        y = np.asarray(y)
        weights = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        if (weights == 0).any() and weights.any():  # what weighs nothing is not there
            X, y, weights = _safe_indexing(X, weights > 0), y[weights > 0], weights[weights > 0]
        self.classes_, codes = np.unique(y, return_inverse=True)
        rows, weight = _distinct(X, codes, weights)
        masses = np.bincount(codes[rows], weights=weight)
        by_balance = bool(masses.min() < RARE * masses.sum() / len(masses))
        some = some_rows(codes[rows], self.random_seed)
        rows, weight = rows[some], weight[some]
        compared, labels = np.asarray(_safe_indexing(X, rows), np.float64), y[rows]
        folds = _folds(codes[rows], self.random_seed)
        candidates = self._candidates(by_balance)
        untrained = [self._model(candidate, codes[rows]) for candidate in candidates]
        affordable = folds[: _affordable(candidates, len(rows), X.shape[1], len(masses))]
        scores = np.full((len(candidates), max(1, len(affordable)), 2), np.nan)
        for i, model in enumerate(untrained):
            for fold, (train, test) in enumerate(affordable):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", ConvergenceWarning)  # its score tells
                        trained = clone(model).fit(compared[train], labels[train], sample_weight=weight[train])
                except ValueError:  # it diverged
                    break
                scores[i, fold] = figures(labels[test], _predicted(trained, compared[test]), weight[test])
            if self.verbose and affordable:
                print("{}: accuracy {:.3f}, balanced {:.3f}".format(candidates[i].words, *scores[i].mean(axis=0)))
        chosen = _choose(scores, by_balance)
        board = pd.DataFrame(scores.mean(axis=1), columns=["accuracy", "balanced_accuracy"])
        board.insert(0, "candidate", [candidate.words for candidate in candidates])
        self._tell(board.assign(chosen=board.index == chosen), by_balance, divisible=len(folds) > 0)
        best = untrained[chosen].set_params(verbose=self.verbose)
        self.best_estimator_ = best.fit(X, y, sample_weight=weights).set_params(verbose=False)
        return self

    def check_settings(self) -> None:
        """Raise where a setting is none that the candidates take."""
        for name in dict.fromkeys(candidate.model for candidate in CANDIDATES):
            _set(getattr(models, name)(), self.settings or {})._validate_params()

    def _candidates(self, by_balance: bool) -> list[Candidate]:
        own = dict(self.settings or {})
        candidates = []
        for candidate in CANDIDATES:
            for weight in (None, "balanced") if by_balance and "class_weight" not in own else (None,):
                trained = (
                    _FROM_MEANS if candidate.settings is _SOFTMAX and own.keys() & _OF_STEPS else candidate.settings
                )
                settings = {**trained, **({"class_weight": weight} if weight else {}), **own}
                candidates.append(Candidate(candidate.model, candidate.prototypes, settings))
        if "n_prototypes_per_class" in own:  # those that differ in nothing else are one
            candidates = [each._replace(prototypes=0) for each in candidates]
        return [each for place, each in enumerate(candidates) if each not in candidates[:place]]

    def _model(self, candidate: Candidate, codes: np.ndarray) -> Any:
        """Return the model of a candidate, unfitted, with no more prototypes of a class than a fold has rows of it."""
        model = getattr(models, candidate.model)(random_seed=self.random_seed, allow_nan=self.allow_nan)
        _set(model, candidate.settings)
        if candidate.prototypes > 1:
            counts = np.bincount(codes)
            most = np.maximum(1, counts - -(-counts // FOLDS))
            several = np.minimum(candidate.prototypes, most).tolist()
            model.set_params(n_prototypes_per_class=dict(zip(self.classes_.tolist(), several, strict=True)))
        return model

    def _tell(self, board: pd.DataFrame, by_balance: bool, divisible: bool) -> None:
        best = board[board["chosen"]].iloc[0]
        self.leaderboard_ = board
        self.best_score_ = float(best["balanced_accuracy"] if by_balance else (best.iloc[1] + best.iloc[2]) / 2)
        if np.isfinite(self.best_score_):
            told = (
                f"{name} {accuracy:.3f} / {balanced:.3f}" if np.isfinite(accuracy) else f"{name} did not converge"
                for name, accuracy, balanced, _ in board.to_numpy().tolist()
            )
            self.compared_ = f"Recipe, accuracy / balanced accuracy in cross-validation: {'; '.join(told)}."
        else:
            why = (
                "comparing models on so many rows and classes takes too long"
                if divisible
                else "too few rows to compare"
            )
            self.compared_ = f"Recipe: {best['candidate']}; {why}."

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted labels, (n_samples,)."""
        check_is_fitted(self)
        return self.best_estimator_.predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, (n_samples, n_classes)."""
        check_is_fitted(self)
        return self.best_estimator_.predict_proba(X)


def _set(model: Any, settings: Mapping[str, Any]) -> Any:
    """Return the model with those of the settings that it has."""
    known = model.get_params(deep=False)
    return model.set_params(**{name: value for name, value in settings.items() if name in known})


def _distinct(X: Any, codes: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of each row that differs from the others, in an order of their own, and how much it weighs.

    A row that is there twice would be trained on and tested on; and it is to count as one of twice the weight.
    """
    contents = pd.DataFrame(np.asarray(X)).assign(label=codes)
    keys = pd.util.hash_pandas_object(contents, index=False).to_numpy()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    return first, np.bincount(group, weights=weights)


def _affordable(candidates: Sequence[Candidate], n: int, d: int, classes: int) -> int:
    """Return on how many folds the candidates can be compared, none where it would be one."""
    work = sum(n * d * classes * (each.prototypes or 1) * each.settings["max_iter"] for each in candidates)
    affordable = int(WORK // work)
    return affordable if affordable > 1 else 0


def _folds(codes: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return places to train and to test on; every class is among those to train on."""
    counts = np.bincount(codes)
    several = np.flatnonzero(counts[codes] > 1)
    splits = min(FOLDS, int(counts.max()))
    if len(several) < splits or splits < 2:
        return []
    alone = np.flatnonzero(counts[codes] == 1)
    repeats = DIVISIONS if len(codes) < FEW else 1
    splitter = RepeatedStratifiedKFold(n_splits=splits, n_repeats=repeats, random_state=seed)
    # The warning is of classes with fewer rows than folds, which are not in all of them.
    with warnings.catch_warnings(action="ignore"):
        return [
            (np.sort(np.concatenate([several[train], alone])), several[test])
            for train, test in splitter.split(several, codes[several])
        ]


def _choose(scores: np.ndarray, by_balance: bool) -> int:
    """Return the first candidate that is level with the best, by balance the most accurate of those that are."""
    of = scores[:, :, 1] if by_balance else scores.mean(axis=2)
    if np.isnan(of).all():
        return 0
    best = int(np.nan_to_num(of, nan=-1.0).mean(axis=1).argmax())
    behind = of[best] - of
    level = behind.mean(axis=1) <= behind.std(axis=1, ddof=1) / np.sqrt(of.shape[1]) + 1e-12
    level[best] = True
    accuracy = np.where(level, scores[:, :, 0].mean(axis=1), -1.0)
    return int(accuracy.argmax() if by_balance else level.argmax())


def _predicted(model: PrototypeModel, X: np.ndarray) -> np.ndarray:
    by = model.predictor_
    fields = {field.name: getattr(by.distance, field.name) for field in dataclasses.fields(by.distance)}
    parts = type(by.distance).__name__, fields, type(by.decision).__name__
    by_numpy = plain_of(*parts, by.params, by.labels, by.classes)
    return model.predict(X) if by_numpy is None else by_numpy.predict(X)[0]


def figures(truth: np.ndarray, predicted: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Return accuracy and balanced accuracy, of weighted rows."""
    weight = np.ones(len(truth)) if weight is None else weight
    right, (_, codes) = truth == predicted, np.unique(truth, return_inverse=True)
    of_classes = np.bincount(codes, weights=weight * right) / np.bincount(codes, weights=weight)
    return float(np.average(right, weights=weight)), float(of_classes.mean())
