"""How far probabilities of held-out rows are from the share that is right: with the fitted temperature and without.

    python benchmarks/calibration.py DATA_FOLDER [--seeds 5]

The expected calibration error in ten bins of equal width (Guo 2017), of the splits of `datasets.py`. Without a
temperature, probabilities are the softmax of minus the distances, as they were before version 0.1 had one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datasets import NAMES, splits
from results import markdown
from scipy.special import softmax

from prosemble.models import CELVQ, GLVQ, GMLVQ, GRLVQ, LGMLVQ

MODELS = {
    "GLVQ": lambda seed: GLVQ(random_seed=seed),
    "GLVQ, sigmoid": lambda seed: GLVQ(transfer_fn="sigmoid_beta", lr=0.1, max_iter=200, random_seed=seed),
    "GRLVQ, 5 a class": lambda seed: GRLVQ(
        n_prototypes_per_class=5, transfer_fn="sigmoid_beta", lr=0.1, max_iter=200, random_seed=seed
    ),
    "GMLVQ": lambda seed: GMLVQ(max_iter=200, random_seed=seed),
    "LGMLVQ": lambda seed: LGMLVQ(max_iter=200, random_seed=seed),
    "CELVQ": lambda seed: CELVQ(optimizer="lbfgs", max_iter=16, prototypes_initializer="class_mean", random_seed=seed),
}


def calibration_error(proba: np.ndarray, y: np.ndarray, bins: int = 10) -> float:
    """Return the mean difference of what is said and what is right, over bins of what is said."""
    said, right = proba.max(axis=1), proba.argmax(axis=1) == y
    place = np.minimum((said * bins).astype(int), bins - 1)
    return sum(abs(said[place == k].sum() - right[place == k].sum()) for k in range(bins)) / len(y)


def rows(folder: Path, seeds: int) -> Iterator[dict[str, Any]]:
    """Return a line a data set, and the mean."""
    table: dict[str, list[np.ndarray]] = {}
    for name in NAMES:
        errors = {model: [] for model in MODELS}  # type: dict[str, list[tuple[float, float]]]
        for seed, X_train, X_test, y_train, y_test in splits(name, folder, range(seeds)):
            for label, make in MODELS.items():
                model = make(seed).fit(X_train, y_train)
                bare = softmax(-model._class_distances(X_test).astype(float), axis=1)
                errors[label].append(tuple(calibration_error(p, y_test) for p in (bare, model.predict_proba(X_test))))
        table[name] = [np.mean(errors[label], axis=0) for label in MODELS]
        yield {"data": name, **_cells(table[name])}
    yield {"data": "mean", **_cells(list(np.mean(list(table.values()), axis=0)))}


def _cells(pairs: list[np.ndarray]) -> dict[str, str]:
    return {label: f"{bare:.3f} -> {fitted:.3f}" for label, (bare, fitted) in zip(MODELS, pairs, strict=True)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    print(markdown(list(rows(options.folder, options.seeds))))
