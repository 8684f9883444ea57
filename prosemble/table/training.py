"""What `fit` and `search` of the command line do: read, split, train, write, and tell how good it is."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from prosemble import _words as words
from prosemble.table import printing
from prosemble.table.kinds import CATEGORICAL, Column, judged, require
from prosemble.table.labels import labels_of, tell_the_labels
from prosemble.table.reading import read
from prosemble.table.rows import read_rows
from prosemble.table.writing import checked_output

# Tables of more cells than these are trained on for long enough to show a bar of progress.
_LONG = 200_000
# And on those of fewer, a program runs for a shorter time than it takes to be optimised.
_SMALL = 20_000
# A flag of XLA that halves the time of a compilation, and the first version of JAX that may not know it any more.
_SOONER, _UNKNOWN_TO = "--xla_cpu_use_fusion_emitters=false", (0, 11)
# Logistic regression on more of rows times features times classes is not worth the wait.
_BASELINE = 2e9


@dataclass
class Problem:
    """A table to learn from: rows to train and to test on, and how to say which they are.

    The rows are as the columns read them; their index is their number in the table, counted from 1.
    """

    target: str
    reading: dict[str, Any]
    options: dict[str, Any]
    columns: list[Column]
    train: pd.DataFrame
    test: pd.DataFrame
    y_train: np.ndarray
    y_test: np.ndarray
    output: Path
    seed: int


def problem_of(
    table: str,
    target: str,
    reading: Mapping[str, Any],
    columns: Mapping[str, Any],
    output: Path,
    force: bool,
    test_size: float,
    seed: int,
) -> Problem:
    """Read a table and hold some of its rows out; say how it was read and what was left out.

    Raises
    ------
    FileNotFoundError, ValueError
        If it cannot be learned from, or the output not be written.
    """
    checked_output(output, [table], force)
    table_read = read(table, **reading)
    printing.say(table_read.how)
    kinds = dict(_kind(said) for said in columns["kinds"] or [])
    keep, drop = tuple(columns["keep"] or ()), tuple(columns["drop"] or ())
    require(table_read.frame, [target, *drop, *keep, *kinds], table)
    if target in drop:
        raise ValueError(f"{words.drop(target)}: it is the target.")
    labels = labels_of(table_read, target, as_category=kinds.pop(target, None) == "category")
    for note in labels.notes:
        printing.say(note)
    if table_read.frame.shape[1] == 1:
        raise ValueError(f"{table}: no column beside the target {words.quoted(target)}.")
    options: dict[str, Any] = {"keep": keep, "drop": drop, "kinds": kinds or None}

    def features_spelled(categories: Iterable[str]) -> pd.DataFrame:
        frame = table_read.spelled(categories).drop(columns=target)
        return frame.set_axis(range(1, len(frame) + 1)).iloc[labels.rows]

    # The kinds of the columns are those of the whole table, and so are the odd values that are told.
    columns_read = judged(features_spelled(name for name, kind in kinds.items() if kind in CATEGORICAL), **options)
    features = features_spelled(column.name for column in columns_read if column.is_category)
    rows = read_rows(columns_read, features)
    if rows.empty.any():
        places = (features.index[rows.empty] - 1).tolist()
        printing.say(f"Left out {words.count(len(places), 'row')} of which nothing is known: {words.rows(places)}.")
    features, y = rows.frame[~rows.empty], labels.values[~rows.empty]
    train, test = _split(y, test_size, seed)
    return Problem(
        target=target,
        reading=table_read.remembered,
        options=options,
        columns=columns_read,
        train=features.iloc[train],
        test=features.iloc[test],
        y_train=y[train],
        y_test=y[test],
        output=output,
        seed=seed,
    )


def _kind(said: str) -> tuple[str, str]:
    column, equals, kind = said.rpartition("=")
    if not equals:
        raise ValueError(f"--as {said}: give COLUMN=KIND, such as --as ward=category.")
    return column, kind


def _split(y: np.ndarray, test_size: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places to train and to test on, of each class its share; a class of one row is trained on."""
    from sklearn.model_selection import train_test_split

    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    several = np.flatnonzero(counts[codes] > 1)
    try:
        train, test = train_test_split(several, test_size=test_size, random_state=seed, stratify=y[several])
    except ValueError:  # fewer rows on a side than classes: one of each is trained on, and others are drawn
        order = np.random.default_rng(seed).permutation(len(y))
        first = np.unique(codes[order], return_index=True)[1]
        rest = np.delete(order, first)
        test = rest[: max(1, round(test_size * len(y)))]
        train = np.setdiff1d(several, test)
    if not len(test):
        raise ValueError(f"{words.count(len(y), 'row')} with a label cannot be divided to train and to test on.")
    return np.sort(np.concatenate([train, np.flatnonzero(counts[codes] == 1)])), np.sort(test)


def estimator_of(name: str | None, settings: Sequence[str], seed: int) -> Any:
    """Return the estimator of a name with some settings, the recipe where there is none."""
    from prosemble.core._names import lookup
    from prosemble.models import all_estimators
    from prosemble.table.recipe import Recipe, known_settings

    if name is None:
        given = dict(_setting(setting, known_settings()) for setting in settings)
        recipe = Recipe(settings=given, random_seed=seed)
        recipe.check_settings()
        return recipe
    cls: Any = lookup(dict(all_estimators()), name, "model", "none, for the recipe")
    estimator = cls()
    known = estimator.get_params(deep=False)
    if "random_seed" in known:
        estimator.set_params(random_seed=seed)
    estimator.set_params(**dict(_setting(setting, known) for setting in settings))
    estimator._validate_params()
    return estimator


def _setting(setting: str, known: Collection[str]) -> tuple[str, Any]:
    name, equals, text = setting.partition("=")
    if not equals or name not in known:
        raise ValueError(f"--set {setting}: give NAME=VALUE with one of the names {', '.join(sorted(known))}.")
    try:
        return name, ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return name, text


def automatic(time_budget: float, max_prototypes: int | None, seed: int) -> Any:
    """Return what `search` chooses by; the features of a table are scaled as they have to be already."""
    from prosemble.model_selection import AutoPrototypeClassifier

    return AutoPrototypeClassifier(
        time_budget=time_budget, max_prototypes=max_prototypes, scalings=("none",), random_seed=seed, verbose=True
    )


@contextmanager
def programs(problem: Problem) -> Iterator[None]:
    """Compile as is best for this table: programs that run for a moment without optimisation, and none twice."""
    import jax

    from prosemble.compile_cache import kept_programs

    if problem.train.size < _SMALL:
        jax.config.update("jax_disable_most_optimizations", True)
        if jax.__version_info__ < _UNKNOWN_TO:  # one that does not know a flag ends the process
            os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_SOONER}".strip()
    with kept_programs():
        yield


def train(problem: Problem, estimator: Any, baseline: bool) -> None:
    """Train on a table, write the model, and print what it is and how good."""
    from prosemble.io.wrapped import unwrapped
    from prosemble.table.classifier import TableClassifier
    from prosemble.table.saved import save, shown

    classifier: Any = TableClassifier(estimator, **problem.options)
    shows_progress = "verbose" in estimator.get_params(deep=False) and problem.train.size > _LONG
    if shows_progress:
        estimator.set_params(verbose=True)
    classifier.fit_read(problem.columns, problem.train, problem.y_train)
    if shows_progress:
        classifier.estimator_.set_params(verbose=False)
    save(classifier, problem.output, problem.target, problem.reading)
    printing.columns(classifier.columns_.to_numpy().tolist())
    names = [column.name for column in problem.columns if column.name in problem.train]
    for name in tell_the_labels(problem.train[names], problem.y_train):
        printing.say(
            f"{words.quoted(name)} tells the label by itself, each of its values occurs with one label only: "
            f"{words.drop(name)}, if it is not known before the label is."
        )
    model, _ = unwrapped(classifier, "model")
    recipe = getattr(classifier, "recipe_", None)
    if recipe is not None:
        printing.say(recipe.compared_)
    printing.say(f"{'Model' if model is classifier.estimator_ else 'Chosen'}: {' '.join(repr(model).split())}")
    _judge(problem, classifier, baseline)
    printing.prototypes(**shown(classifier))
    printing.say(f"Model written to {problem.output}")


def _judge(problem: Problem, classifier: Any, baseline: bool) -> None:
    """Print how good the classifier is on the rows held out, beside others, and what it takes for what."""
    from prosemble.table.recipe import figures

    truth, classes = problem.y_test, classifier.classes_
    predicted = _predicted(problem, classifier, problem.test)
    n, held = len(problem.y_train) + len(truth), len(truth)
    printing.say(f"Trained on {n - held:,} rows, tested on {held:,} held out.")
    rows = {"this model": figures(truth, predicted)}
    if baseline:
        labels, counts = np.unique(problem.y_train, return_counts=True)
        rows["most frequent class"] = figures(truth, np.full(held, labels[counts.argmax()]))
        rows |= _logistic_regression(problem, classifier)
    printing.figures(rows)
    others = [
        name for name in list(rows)[1:] if any(a > b for a, b in zip(rows[name], rows["this model"], strict=True))
    ]
    if others:
        printing.say(f"Behind on these rows: {' and '.join(others)} did better; `prosemble search` tries more models.")
    never = np.setdiff1d(classes, np.concatenate([predicted, _predicted(problem, classifier, problem.train)]))
    if len(never):
        names = words.listed([words.quoted(label) for label in never.tolist()])
        printing.say(f"Never predicted, on no row of the table: {names}.")
    pairs, counts = np.unique(
        np.stack([np.searchsorted(classes, truth), np.searchsorted(classes, predicted)]), axis=1, return_counts=True
    )
    printing.confusion(classes.tolist(), dict(zip(zip(*pairs.tolist(), strict=True), counts.tolist(), strict=True)))


def _predicted(problem: Problem, classifier: Any, rows: pd.DataFrame) -> np.ndarray:
    """Return what the file that was written predicts: by NumPy where it can, which needs no program to be compiled."""
    from prosemble.io import container
    from prosemble.table.saved import predictor

    plain = predictor(problem.output, *container.read(problem.output))
    if plain is not None:
        return plain.predict(rows)[0]
    return classifier.estimator_.predict(classifier.table_.features(rows))


def _logistic_regression(problem: Problem, classifier: Any) -> dict[str, tuple[float, float]]:
    """Return the figures of logistic regression on the same columns, none where it would take too long."""
    from sklearn.linear_model import LogisticRegression

    from prosemble.table.recipe import figures
    from prosemble.table.transformer import TableTransformer

    table = classifier.table_
    if table.gaps_left_:
        table = TableTransformer(missing="impute")
        table.learn(problem.columns, problem.train)
    work = problem.train.shape[0] * len(table.features_.names) * len(classifier.classes_)
    if work > _BASELINE:
        printing.say(
            "Logistic regression is left out of the comparison: on so many rows and classes it takes too long."
        )
        return {}
    with warnings.catch_warnings(action="ignore"):  # of its iterations
        simple = LogisticRegression(max_iter=1000).fit(table.features(problem.train), problem.y_train)
    return {"logistic regression": figures(problem.y_test, simple.predict(table.features(problem.test)))}
