"""Sixty fits, twelve candidates on five folds: ours together, ours one by one, and the reference library's.

Ours are searches with their scoring, the median of five; the reference's are the sixty fits alone, once, after one that
compiles.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from peers import clean_environment, python_of
from results import seconds
from serve import data

CASES = {"Iris, 1 a class": ("iris", 1), "digits, 5 a class": ("digits", 5)}
BETAS = np.linspace(2, 13, 12).tolist()
RUNS = 5


def model(count: int, **settings: Any) -> Any:
    """Return the estimator of whichever library is installed."""
    from prosemble.core.activations import sigmoid_beta
    from prosemble.models import GLVQ

    return GLVQ(n_prototypes_per_class=count, max_iter=100, transfer_fn=sigmoid_beta, **settings)


def sixty(name: str, count: int) -> float:
    """Return the seconds of the fits alone."""
    from sklearn.model_selection import StratifiedKFold

    X, y = data(name)
    folds = list(StratifiedKFold(5).split(X, y))

    def fits(betas: list[float]) -> None:
        for beta in betas:
            for train, _ in folds:
                model(count, beta=beta).fit(X[train], y[train])

    fits([1.5])
    return seconds(lambda: fits(BETAS))


def products(name: str, count: int) -> float:
    """Return the seconds of the matrix products of the sixty fits, those of a fold together."""
    X, y = data(name)
    X = X[: len(X) * 4 // 5]
    W = np.zeros((len(BETAS) * count * len(np.unique(y)), X.shape[1]), np.float32)
    D = np.empty((len(X), len(W)), np.float32)

    def act() -> None:
        for _ in range(5 * 100):
            np.matmul(X, W.T, out=D)
            D.T @ X

    return seconds(act)


def rows(folder: Path, peers: list[str]) -> Iterator[dict[str, Any]]:
    """Return a line a case."""
    from sklearn.model_selection import GridSearchCV

    from prosemble.model_selection import BatchedSearchCV

    for case, (name, count) in CASES.items():
        X, y = data(name)
        searches = [
            search(model(count), {"beta": BETAS}, cv=5, refit=False) for search in (BatchedSearchCV, GridSearchCV)
        ]
        for search in searches:
            search.fit(X, y)
        runs = [
            (*(seconds(partial(search.fit, X, y)) for search in searches), products(name, count)) for _ in range(RUNS)
        ]
        together, alone, limit = (median(column) for column in zip(*runs, strict=True))
        row = {
            "sixty fits": case,
            "together, s": together,
            "one by one, s": alone,
            "products alone, s": limit,
            "times the products": median(run[0] / run[2] for run in runs),
        }
        if "reference" in peers:
            command = [python_of("reference", folder), __file__, case]
            answer = subprocess.run(command, check=True, capture_output=True, text=True, env=clean_environment()).stdout
            row |= {"reference, s": float(answer), "times reference": float(answer) / together}
        yield row


if __name__ == "__main__":  # in the reference's environment
    print(sixty(*CASES[sys.argv[1]]))
