"""An automatic choice: a search over scaling, model and settings."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import RepeatedStratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from prosemble import _words as words
from prosemble import models
from prosemble.core.part import NOT_NEGATIVE
from prosemble.core.powers import BoundedPowerTransformer
from prosemble.core.sampling import FEW, FOLDS, ROWS, some_rows
from prosemble.model_selection.search import BatchedSearchCV
from prosemble.models.one_fit import all_at_once

# Few rows are divided anew, until a candidate has so many scores, and so many on other divisions the best candidates:
# those that were the best of many by chance are so no longer.
SCORES, FINALISTS, FINAL_SCORES = 10, 6, 40
# A candidate is expected to take this many times as long as the fastest before it would take for as much work.
MARGIN = 1.5
# The accuracy of a training that failed.
_FAILED = -1.0
# What the search may take of the budget; the rest is for the training of what is chosen.
SEARCHED = 0.9
# Of more features than these, to find a power for each takes longer than to train.
POWERS = 200
# Numbers that a candidate may learn.
MOST_NUMBERS = 10**6

SCALINGS: dict[str, Any] = {
    "standard": StandardScaler(),
    # Powers of the features alone would be others in other units.
    "power": make_pipeline(StandardScaler(), BoundedPowerTransformer()),
    "robust": RobustScaler(),
    "range": MinMaxScaler(),
    "none": FunctionTransformer(feature_names_out="one-to-one"),
}
# The two ways of training that won in the cross-validation of nine data sets: few small steps, which do not fit noise
# with many numbers, or steps large enough to get to the end.
CAUTIOUS = {"lr": 0.01, "max_iter": 200}
THOROUGH = {"lr": 0.1, "max_iter": 300, "lr_scheduler": "cosine_decay"}


class Candidate(NamedTuple):
    """A choice of everything that is searched over."""

    scaling: str
    model: str
    prototypes: int
    settings: dict[str, Any]

    def multiplications(self, n_features: int, n_classes: int) -> float:
        """Return about how many a sample takes in the whole of a training, but for a factor that all have."""
        prototypes = self.prototypes * n_classes
        each = {"LGMLVQ": prototypes * n_features, "GMLVQ": prototypes + n_features}.get(self.model, prototypes)
        return float(each * n_features * self.settings["max_iter"])

    def pipeline(self, seed: int) -> Pipeline:
        """Return scaling and model, unfitted."""
        make = getattr(models, self.model)
        model = make(n_prototypes_per_class=self.prototypes, random_seed=seed, **self.settings)
        return Pipeline([("scaling", clone(SCALINGS[self.scaling])), ("model", model)])


class Scored(NamedTuple):
    """A candidate, its accuracy on each fold, how many numbers it learns, and the seconds that all of it took."""

    candidate: Candidate
    scores: np.ndarray
    numbers: int
    seconds: float


class AutoPrototypeClassifier(ClassifierMixin, BaseEstimator):
    """A prototype classifier whose scaling, model and settings are chosen by cross-validation on the training rows.

    Searched over are the scaling of the features, the metric (Euclidean, relevance, matrix, local matrix) and its
    regularization, the objective (GLVQ and its transfer function, robust soft LVQ), prototypes per class, step size and
    epochs: few models with each scaling first, then a few candidates of each kind with the best of these, other
    scalings of the best of them, and candidates like it. Fewer than 600 rows cannot tell like ones apart: there, the
    best of all are tested again on other divisions instead. Chosen is the candidate that learns the fewest numbers
    among those whose accuracy is within one standard error of the best one's.

    Parameters
    ----------
    time_budget : float, default=60.0
        Seconds for the search, of which a tenth is kept for the training of the chosen one on all rows: candidates that
        would take longer than what is left, by what those before took, are not begun; those that have been begun are
        finished. What is chosen can depend on how fast the machine is; None searches to the end.
    max_prototypes : int, optional
        Most prototypes of all classes together, at least one for each class.
    scalings : sequence of str, default=('standard', 'power', 'robust', 'range')
        What may become of the features before a model sees them: 'standard' (mean 0, deviation 1), 'power' (of each
        standardised feature, `BoundedPowerTransformer`, so that it is less skewed; not of more than 200 features),
        'robust' (median 0, quartiles one apart), 'range' (0 to 1), 'none'. Candidates take the first where no other is
        clearly better.
    random_seed : int, default=42
        Of folds and models.
    verbose : bool, default=False
        Print a line for each candidate.

    Attributes
    ----------
    best_estimator_ : Pipeline
        Scaling and model, fitted to all rows: `best_estimator_[-1]` is the model.
    best_score_ : float
        Its mean accuracy on held-out folds of the training rows.
    leaderboard_ : DataFrame
        A line per candidate, those of the last round first, the best first: scaling, model, prototypes_per_class,
        settings, accuracy, its standard_error, folds (that it was tested on), numbers (learned), seconds, chosen.
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        Present where X had string column names.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble import AutoPrototypeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> auto = AutoPrototypeClassifier(time_budget=0, max_prototypes=3).fit(X, y)
    >>> auto.best_estimator_[-1].prototypes_.shape
    (3, 4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "time_budget": [NOT_NEGATIVE, None],
        "max_prototypes": [Interval(Integral, 2, None, closed="left"), None],
        "scalings": ["array-like"],
        "random_seed": [Interval(Integral, 0, 2**32 - 1, closed="both")],
        "verbose": ["boolean"],
    }

    def __init__(
        self,
        *,
        time_budget: float | None = 60.0,
        max_prototypes: int | None = None,
        scalings: Sequence[str] = ("standard", "power", "robust", "range"),
        random_seed: int = 42,
        verbose: bool = False,
    ) -> None:
        self.time_budget = time_budget
        self.max_prototypes = max_prototypes
        self.scalings = scalings
        self.random_seed = random_seed
        self.verbose = verbose

    @all_at_once
    def fit(self, X: Any, y: Any) -> Self:
        """Search, and fit the chosen candidate to all rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            At least two samples of each class.

        Returns
        -------
        self
        """
        self._validate_params()
        self._search(X, y)
        return self

    def _search(self, X: Any, y: Any) -> None:
        begin = time.perf_counter()
        unknown = [name for name in self.scalings if not isinstance(name, str) or name not in SCALINGS]
        if unknown or not len(self.scalings):
            raise ValueError(f"scalings holds {unknown or 'nothing'}. Accepted: {', '.join(SCALINGS)}.")
        rows, labels = validate_data(self, X, y)
        check_classification_targets(labels)
        classes, counts = np.unique(labels, return_counts=True)
        self._check_classes(classes, counts)
        if len(rows) > ROWS:
            some = some_rows(np.searchsorted(classes, labels), self.random_seed)
            rows, labels = rows[some], labels[some]
            counts = np.unique(labels, return_counts=True)[1]
        folds = int(min(FOLDS, counts.min()))

        def divided(scores: int, seed: int) -> list[Any]:
            splitter = RepeatedStratifiedKFold(n_splits=folds, n_repeats=-(-scores // folds), random_state=seed)
            return list(splitter.split(rows, labels))

        few = len(rows) < FEW
        splits = divided(SCORES if few else folds, self.random_seed)
        most = counts.min() - -(-counts.min() // folds)  # prototypes that the smallest class has samples for in a fold
        if self.max_prototypes is not None:
            most = min(most, self.max_prototypes // len(classes))

        board: list[Scored] = []
        pace = np.inf  # the fewest seconds that a multiplication took: small candidates spend theirs on other things

        def scored_in_time(candidates: Sequence[Candidate], splits: list[Any]) -> list[Scored]:
            nonlocal pace
            work = len(splits) * sum(each.multiplications(rows.shape[1], len(classes)) for each in candidates)
            started = time.perf_counter()
            left = np.inf if self.time_budget is None else SEARCHED * self.time_budget - (started - begin)
            # All or none: costly ones tried in part would leave no time for the cheaper ones that come after them.
            if board and MARGIN * pace * work > left:
                return []
            scored = self._scored(candidates, rows, labels, splits)
            pace = min(pace, (time.perf_counter() - started) / work)
            return scored

        tried = []
        for stage in stages(board, self.scalings, rows.shape[1], len(classes), most, refine=not few):
            tried += stage
            board += scored_in_time(stage, splits)
        if not board:
            tried[0].pipeline(self.random_seed).fit(rows, labels)  # says why
            raise ValueError("None of the candidates could be trained on every fold of the cross-validation.")
        finalists = board
        if few:
            board.sort(key=lambda scored: scored.scores.mean(), reverse=True)
            other = divided(FINAL_SCORES, (self.random_seed + 1) % 2**32)
            if again := scored_in_time([scored.candidate for scored in board[:FINALISTS]], other):
                finalists, board = again, again + board[FINALISTS:]
        chosen = choose(finalists)
        self.classes_ = classes
        self.leaderboard_ = leaderboard(board, chosen)
        self.best_score_ = float(chosen.scores.mean())
        if self.time_budget is not None:
            left = self.time_budget - (time.perf_counter() - begin)
            # Of as many rows as are trained on in a fold.
            takes = MARGIN * pace * chosen.candidate.multiplications(rows.shape[1], len(classes))
            fit_in = left / takes * len(rows) * (folds - 1) / folds
            X, y = self._as_many_as(X, y, int(min(fit_in, 2**62)), len(rows))
        self.best_estimator_ = chosen.candidate.pipeline(self.random_seed).fit(X, y)

    def _as_many_as(self, X: Any, y: Any, fit_in: int, searched: int) -> tuple[Any, Any]:
        """Return as many of the rows as can be trained on in the time that is left, those of the search at least."""
        n = len(y)
        most = max(fit_in, searched)
        if most >= n:
            return X, y
        some = train_test_split(np.arange(n), train_size=most, stratify=y, random_state=self.random_seed)[0]
        warnings.warn(
            f"time_budget={self.time_budget} leaves time to train the chosen model on {most:,} of {n:,} rows; a larger "
            "one, or None, trains it on more.",
            stacklevel=5,
        )
        return _safe_indexing(X, np.sort(some)), _safe_indexing(y, np.sort(some))

    def _check_classes(self, classes: np.ndarray, counts: np.ndarray) -> None:
        if len(classes) < 2:
            raise ValueError(f"y must hold at least two classes; got only one class: {classes.tolist()}.")
        if counts.min() < 2:
            raise ValueError(
                f"y must hold at least two samples of each class, one to learn from and one to test on; "
                f"{words.some(classes[counts < 2].tolist())} have one."
            )
        if self.max_prototypes is not None and self.max_prototypes < len(classes):
            raise ValueError(
                f"max_prototypes={self.max_prototypes} must be at least {len(classes)}, one for each class."
            )

    def _scored(self, candidates: Sequence[Candidate], X: np.ndarray, y: np.ndarray, splits: list[Any]) -> list[Scored]:
        """Return the candidates with what cross-validation says of them; those that fail are left out."""
        pipelines = [candidate.pipeline(self.random_seed) for candidate in candidates]
        grid = [{"scaling": [scaling], "model": [model]} for (_, scaling), (_, model) in (p.steps for p in pipelines)]
        search = BatchedSearchCV(pipelines[0], grid, cv=splits, scoring=_scores, refit=False, error_score=_FAILED)
        with warnings.catch_warnings():
            # A training that diverges is no candidate; of one that gets nowhere the score tells.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", FitFailedWarning)
            try:
                results = search.fit(X, y).cv_results_
            except ValueError:  # all of them failed, and where no other can be trained, that is said by name
                return []
        accuracy = np.stack([results[f"split{index}_test_accuracy"] for index in range(len(splits))], axis=1)
        seconds = (results["mean_fit_time"] + results["mean_score_time"]) * len(splits)
        scored = [
            Scored(candidate, scores, int(numbers), float(took))
            for candidate, scores, numbers, took in zip(
                candidates, accuracy, results["mean_test_numbers"], seconds, strict=True
            )
            if (scores != _FAILED).all()
        ]
        if self.verbose:
            for each in scored:
                scaling, model, prototypes, settings = each.candidate
                print(f"{each.scores.mean():.4f}  {scaling}, {model}, {prototypes} a class, {settings}")
        return scored

    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted labels, (n_samples,)."""
        return self._best(X).predict(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, (n_samples, n_classes)."""
        return self._best(X).predict_proba(X)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the chosen model's decision function, (n_samples, n_classes), or (n_samples,) for two classes."""
        return self._best(X).decision_function(X)

    def explain(self, X: Any, as_frame: bool = True, contributions: bool | None = None) -> Any:
        """Return what `explain` of the chosen model says of the samples, which it sees scaled.

        Returns
        -------
        DataFrame, or dict of ndarray where not `as_frame`
            The columns are those of `PrototypeModel.explain`, the features named as in X.
        """
        from prosemble.prediction.explanations import COLUMNS, feature_names

        scaling, model = self._best(X)
        why = model.explain(scaling.transform(X), as_frame=False, contributions=contributions)
        columns = dict(zip((*COLUMNS, *feature_names(self)), why.values(), strict=False))
        return pd.DataFrame(columns, index=X.index if isinstance(X, pd.DataFrame) else None) if as_frame else columns

    def counterfactual(self, X: Any, target: Any = None) -> np.ndarray:
        """Return the nearest points, as the chosen model measures, that it predicts otherwise, in the units of X."""
        scaling, model = self._best(X)
        return np.asarray(scaling.inverse_transform(model.counterfactual(scaling.transform(X), target)))

    def _best(self, X: Any) -> Pipeline:
        check_is_fitted(self)
        validate_data(self, X, reset=False)
        return self.best_estimator_


def stages(
    board: Sequence[Scored], scalings: Sequence[str], n_features: int, n_classes: int, most: int, refine: bool
) -> Iterator[list[Candidate]]:
    """Yield a few candidates with each scaling, others with the one that is best for these, the most promising first.

    Then the best candidate scaled otherwise, and where `refine`, its like.
    """
    size = {"GLVQ": 1, "RSLVQ": 1, "GRLVQ": 1, "GMLVQ": 1, "LGMLVQ": n_features}
    seen: list[Candidate] = []
    if n_features > POWERS:
        scalings = [scaling for scaling in scalings if scaling != "power"] or list(scalings)
    chosen = scalings[0]

    def new(candidates: Sequence[Candidate]) -> list[Candidate]:
        fresh = [
            each
            for each in candidates
            if each not in seen and each.prototypes <= max(1, most)
            and (each.prototypes * n_classes * n_features * size[each.model] <= MOST_NUMBERS or each == simple[0])
        ]  # fmt: skip
        seen.extend(fresh)
        return fresh

    def of(model: str, prototypes: Sequence[int], *settings: dict[str, Any]) -> list[Candidate]:
        return [Candidate(chosen, model, count, each) for count in prototypes for each in settings]

    def sigmoid(*betas: float, **others: float) -> list[dict[str, Any]]:
        return [{"transfer_fn": "sigmoid_beta", "beta": beta, **THOROUGH, **others} for beta in betas]

    simple = of("GLVQ", (1, 3), *sigmoid(10.0)) + of("GMLVQ", (1,), CAUTIOUS)
    local = of("LGMLVQ", (1,), *sigmoid(5.0, regularization=0.003))
    scaled = [[each for one in some for each in _rescaled(one, scalings)] for some in (simple, local)]
    for part in simple, *scaled:
        if candidates := new(part):
            yield candidates
    if not board:  # nothing can be trained
        return
    best = _best(board)
    # The scaling that is best for these is for others; where it cannot be told, the first one is as good.
    if not any(level(scored, best) for scored in board if scored.candidate.scaling == chosen):
        chosen = best.candidate.scaling

    gently = [*sigmoid(2.0, 5.0, regularization=0.003), *sigmoid(5.0, 10.0, regularization=0.01)]
    gently.append({"regularization": 0.003, **THOROUGH})
    plan = [
        of("LGMLVQ", (1, 3), CAUTIOUS) + of("GMLVQ", (1, 3), CAUTIOUS),
        of("LGMLVQ", (1,), *gently),
        of("LGMLVQ", (3,), *gently),
        of("GMLVQ", (1, 3), *gently),
        of("GLVQ", (1, 3), *sigmoid(5.0)) + of("GLVQ", (10,), *sigmoid(5.0, 10.0)),
        of("GRLVQ", (1, 3), *sigmoid(10.0)) + of("RSLVQ", (1,), *({"sigma": s, **THOROUGH} for s in (0.5, 1.0))),
    ]
    for part in plan:
        if candidates := new(part):
            yield candidates
    for near in NEAR if refine else NEAR[:1]:
        if candidates := new(near(_best(board).candidate, scalings)):
            yield candidates


def _best(board: Sequence[Scored]) -> Scored:
    return max(board, key=lambda scored: scored.scores.mean())


def _rescaled(best: Candidate, scalings: Sequence[str]) -> list[Candidate]:
    return [best._replace(scaling=scaling) for scaling in scalings]


def _more_prototypes(best: Candidate, scalings: Sequence[str]) -> list[Candidate]:
    return [best._replace(prototypes=best.prototypes + more) for more in (1, 2, 4)]


def _other_steps(best: Candidate, scalings: Sequence[str]) -> list[Candidate]:
    lr, epochs = best.settings["lr"], best.settings["max_iter"]
    return [
        best._replace(settings={**best.settings, "lr": lr * factor, "max_iter": int(epochs * longer)})
        for factor, longer in ((0.5, 1), (2, 1), (1, 0.5), (1, 2))
    ]


def _other_transfer(best: Candidate, scalings: Sequence[str]) -> list[Candidate]:
    if best.settings.get("transfer_fn") is None:
        return []
    beta = best.settings["beta"]
    return [best._replace(settings={**best.settings, "beta": beta * factor}) for factor in (0.7, 1.4)] + [
        best._replace(settings={**best.settings, "transfer_fn": "swish_beta", "beta": beta}) for beta in (2.0, 5.0)
    ]


def _other_regularization(best: Candidate, scalings: Sequence[str]) -> list[Candidate]:
    if "regularization" not in best.settings:
        return []
    eta = best.settings["regularization"]
    return [best._replace(settings={**best.settings, "regularization": eta * factor}) for factor in (0.3, 3.0)]


NEAR = (_rescaled, _more_prototypes, _other_steps, _other_transfer, _other_regularization)


def level(scored: Scored, best: Scored) -> bool:
    """Return whether the accuracy is within one standard error of the best one's.

    The error is that of the mean difference of the two over the folds, which both were scored on.
    """
    behind = best.scores - scored.scores
    return bool(behind.mean() <= behind.std(ddof=1) / np.sqrt(len(behind)))


def choose(board: Sequence[Scored]) -> Scored:
    """Return the candidate of the fewest numbers among those that are level with the best."""
    best = _best(board)
    return min(
        (scored for scored in board if level(scored, best)),
        key=lambda scored: (scored.numbers, -scored.scores.mean()),
    )


def leaderboard(board: Sequence[Scored], chosen: Scored) -> pd.DataFrame:
    """Return a line per candidate, those of the last round first, the best first."""
    lines = [
        {
            "scaling": scored.candidate.scaling,
            "model": scored.candidate.model,
            "prototypes_per_class": scored.candidate.prototypes,
            "settings": scored.candidate.settings,
            "accuracy": scored.scores.mean(),
            "standard_error": scored.scores.std(ddof=1) / np.sqrt(len(scored.scores)),
            "folds": len(scored.scores),
            "numbers": scored.numbers,
            "seconds": scored.seconds,
            "chosen": scored is chosen,
        }
        for scored in board
    ]
    return pd.DataFrame(lines).sort_values(["folds", "accuracy"], ascending=False, kind="stable", ignore_index=True)


def _scores(pipeline: Any, X: Any, y: Any) -> dict[str, float]:
    learned = pipeline.steps[-1][1]._parameters()
    return {"accuracy": pipeline.score(X, y), "numbers": float(sum(np.size(value) for value in learned.values()))}
