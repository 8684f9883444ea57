"""Time to predict, ours and scikit-learn's nearest neighbour and nearest centroid in turns, in one run.

The neighbour is that of ours: `KNeighborsClassifier(1)` is fitted to the prototypes, and says the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median
from typing import Any

from serve import data
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from prosemble.models import GLVQ

RUNS = 15
# Data set, prototypes a class, rows to predict.
CASES = {
    "a row of Iris, 1 a class": ("iris", 1, 1),
    "a row of digits, 5 a class": ("digits", 5, 1),
    "digits, 5 a class": ("digits", 5, 1797),
    "100,000 x 64, 10 a class": ("100000x64", 10, 100_000),
}


def rows() -> Iterator[dict[str, Any]]:
    """Return a line a case."""
    for case, (name, count, n) in CASES.items():
        X, y = data(name)
        model = GLVQ(n_prototypes_per_class=count, max_iter=1).fit(X, y)
        models = {
            "ours": model,
            "1-NN": KNeighborsClassifier(1).fit(model.prototypes_, model.prototype_labels_),
            "NearestCentroid": NearestCentroid().fit(X, y),
        }
        repeats = max(1, 1000 // n)
        takes: dict[str, list[float]] = {kind: [] for kind in models}
        for run in range(RUNS + 1):
            for kind, each in models.items():
                start = time.perf_counter()
                for _ in range(repeats):
                    each.predict(X[:n])
                if run:
                    takes[kind].append((time.perf_counter() - start) / repeats * 1e3)
        yield {
            "prediction": case,
            **{f"{kind}, ms": median(values) for kind, values in takes.items()},
            **{
                f"times {kind}": median(b / a for a, b in zip(takes["ours"], takes[kind], strict=True))
                for kind in ("1-NN", "NearestCentroid")
            },
        }
