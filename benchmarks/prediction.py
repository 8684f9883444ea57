"""Time to predict, ours and scikit-learn's nearest neighbour and nearest centroid in turns, in one run.

The neighbour is that of ours: `KNeighborsClassifier(1)` is fitted to the prototypes, and says the same.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
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


def from_memory_map() -> Iterator[dict[str, Any]]:
    """Predict ten million rows of a file of 2.6 GB, and watch the memory that is not the file's own pages."""
    n, d = 10_000_000, 64
    X, y = data("100000x64")
    model = GLVQ(n_prototypes_per_class=10, max_iter=1).fit(X, y)
    model.predict(X)
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(n // len(X)):
            X.tofile(file)
        rows = np.memmap(file.name, np.float32, "r", shape=(n, d))
        before, peaks, done = _anonymous(), [0.0], threading.Event()

        def watch() -> None:
            while not done.wait(0.02):
                peaks.append(_anonymous())

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        labels = model.predict(rows)
        took = time.perf_counter() - start
        done.set()
        watcher.join()
        yield {
            "prediction": "10,000,000 x 64 from a memory map, 10 a class",
            "s": took,
            "memory before, MB": before,
            "at its peak, MB": max(peaks),
            "of it the labels, MB": labels.nbytes / 1e6,
        }


def _anonymous() -> float:
    """Return the resident memory that is not a file's, in MB."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["RssAnon"].split()[0]) / 1e3
