"""Real mixed tables: what `prosemble fit` makes of them by itself, beside two classifiers of scikit-learn.

    python benchmarks/tables.py DATA_FOLDER [--splits 10] [--tables NAME ...]

DATA_FOLDER holds the tables as CSV files, as they came. On each split, three quarters of the rows train and the rest
tests: the recipe, behind the columns as they were judged; LogisticRegression on standardised numbers, gaps filled with
the median, and one-hot categories; HistGradientBoosting on numbers and categories. All get the same columns. Level is
what is behind by no more than half a percentage point or two standard errors of the mean difference over the splits.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from prosemble.table import TableClassifier
from prosemble.table.kinds import judged
from prosemble.table.labels import labels_of
from prosemble.table.reading import read
from prosemble.table.recipe import RARE, Recipe
from prosemble.table.rows import read_rows
from prosemble.table.training import _split

#: The label of each table, what is left out of it since it tells the answer, and whether it has names.
TABLES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "adult": ("class", (), "auto"),
    "bank_marketing": ("y", (), "auto"),
    "bank_semicolon": ("y", (), "auto"),
    "churn": ("Exited", (), "auto"),
    "german_credit": ("credit_risk", (), "auto"),
    "glass": ("Type", (), "auto"),
    "glaucoma": ("Class", (), "auto"),
    "heart": ("num", (), "auto"),
    "horse_colic": ("column_28", (), "none"),
    "house_votes": ("Class", (), "auto"),
    "mpg": ("origin", (), "auto"),
    "mushrooms": ("class", (), "auto"),
    "oil_spill": ("column_50", (), "none"),
    "penguins": ("species", (), "auto"),
    "promotergene": ("Class", (), "auto"),
    "seattle_weather": ("weather", (), "auto"),
    "soybean": ("Class", (), "auto"),
    "taxis": ("payment", (), "auto"),
    "titanic": ("survived", ("alive",), "auto"),
    "winequality_red": ("quality", (), "auto"),
}


def rivals():
    """Return the classifiers of scikit-learn, which take numbers and categories as they are read."""
    texts, numbers = make_column_selector(dtype_include=object), make_column_selector(dtype_include=float)
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    coded = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=200), texts),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    return {
        "logistic regression": make_pipeline(prepared, LogisticRegression(max_iter=2000)),
        "gradient boosting": make_pipeline(coded, HistGradientBoostingClassifier(random_state=0)),
    }


def figures(truth, predicted):
    return accuracy_score(truth, predicted), balanced_accuracy_score(truth, predicted)


def measured(folder, name, splits):
    """Return figures of the recipe and of the others on each split, the models chosen, and the seconds of a fit."""
    target, dropped, header = TABLES[name]
    reading = read(folder / f"{name}.csv", header=header)
    labels = labels_of(reading, target)
    columns = judged(reading.frame.drop(columns=target), drop=dropped)
    rows = read_rows(columns, reading.frame).frame.iloc[labels.rows].reset_index(drop=True)
    found, chosen, seconds = {}, [], []
    for seed in range(splits):
        train, test = _split(labels.values, 0.25, seed)
        y_train, y_test = labels.values[train], labels.values[test]
        started = time.perf_counter()
        table = TableClassifier(Recipe(random_seed=seed), drop=dropped).fit_read(columns, rows.iloc[train], y_train)
        seconds.append(time.perf_counter() - started)
        board = table.recipe_.leaderboard_
        chosen.append(board["candidate"][board["chosen"]].iloc[0])
        features = table.table_.features(rows.iloc[test])
        found.setdefault("prosemble", []).append(figures(y_test, table.estimator_.predict(features)))
        for rival, model in rivals().items():
            predicted = model.fit(rows.iloc[train], y_train).predict(rows.iloc[test])
            found.setdefault(rival, []).append(figures(y_test, predicted))
        jax.clear_caches()
    _, counts = np.unique(labels.values, return_counts=True)
    rare = bool(counts.min() < RARE * len(labels.values) / len(counts))
    return {rival: np.array(values) for rival, values in found.items()}, chosen, seconds, rare


def level(ours, other):
    """Return whether accuracy and balanced accuracy are level with another's, or better."""
    gap = ours - other
    noise = 2 * gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
    return bool((gap.mean(axis=0) >= -np.maximum(noise, 0.005)).all())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--tables", nargs="*", default=list(TABLES), choices=list(TABLES))
    options = parser.parse_args()
    print(
        "| table | prosemble fit | logistic regression | gradient boosting | level with the first | chosen | seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    levels = []
    with warnings.catch_warnings(action="ignore"):
        for name in options.tables:
            found, chosen, seconds, rare = measured(options.folder, name, options.splits)
            ours = found["prosemble"]
            levels.append(level(ours, found["logistic regression"]))
            cells = ["{:.3f} / {:.3f}".format(*values.mean(axis=0)) for values in found.values()]
            most = pd.Series(chosen).value_counts()
            which = "; ".join(f"{model} ({count})" for model, count in most.items())
            cells = [f"{name} (rare)" if rare else name, *cells, "yes" if levels[-1] else "no", which]
            print(f"| {' | '.join(cells)} | {np.median(seconds):.1f} |", flush=True)
    print(f"\nAccuracy / balanced accuracy, means of {options.splits} splits.")
    print(f"Level in both on {sum(levels)} of {len(levels)}.")


if __name__ == "__main__":
    main()
