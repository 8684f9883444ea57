"""Sixty fits, twelve candidates on five folds: ours together, ours one by one, and the reference library's.

    python benchmarks/search.py --reference PYTHON

`PYTHON` is an interpreter of an environment that has the reference library (prosemble 2.4.0). Ours are searches with
their scoring, the median of five; the reference's are the sixty fits alone, once, after one that compiles.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

CASES = {"Iris, 1 a class": ("iris", 1), "digits, 5 a class": ("digits", 5)}
BETAS = np.linspace(2, 13, 12).tolist()
RUNS = 5


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised features and classes."""
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return ((X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)).astype(np.float32), y


def model(count: int, **settings: Any) -> Any:
    """Return the estimator of whichever library is installed."""
    from prosemble.core.activations import sigmoid_beta
    from prosemble.models import GLVQ

    return GLVQ(n_prototypes_per_class=count, max_iter=100, transfer_fn=sigmoid_beta, **settings)


def seconds(act: Callable[[], Any]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference")
    parser.add_argument("--serve", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print(sixty(*CASES[options.serve]))
        return
    from sklearn.model_selection import GridSearchCV

    from prosemble.model_selection import BatchedSearchCV

    print("| sixty fits | together, s | one by one, s | products alone, s | reference, s | times faster |")
    print("|---|---|---|---|---|---|")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
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
        together, alone, limit = (statistics.median(column) for column in zip(*runs, strict=True))
        command = [options.reference, "-P", str(Path(__file__).resolve()), "--serve", case]
        theirs = float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)
        print(
            f"| {case} | {together:.3f} | {alone:.3f} | {limit:.3f} | {theirs:.1f} | {theirs / together:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
