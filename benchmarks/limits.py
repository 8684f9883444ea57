"""Epochs and predictions against the matrix products that they cannot do without, in one run.

    python benchmarks/limits.py [CASE ...]

An epoch is compared with two NumPy products of its shapes (samples by prototypes, and back), a prediction with one and
its argmin. Both take turns; the ratio is the median of seven. What a model multiplies beside these two products is
stated, and the ratio to all of its products given too.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from prosemble import models
from prosemble.training import loop

RUNS = 7
CLASSES = 10
# Samples, features, prototypes a class, model, its settings, and its products in units of n d p beside the two.
CASES: dict[str, tuple[int, int, int, str, dict[str, Any], Callable[[int, int], float]]] = {
    "100,000 x 64, 10 a class": (100_000, 64, 10, "GLVQ", {}, lambda d, p: 0),
    "60,000 x 784, 10 a class": (60_000, 784, 10, "GLVQ", {}, lambda d, p: 0),
    "100,000 x 64, 100 a class": (100_000, 64, 100, "GLVQ", {}, lambda d, p: 0),
    "GRLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "GRLVQ", {}, lambda d, p: 0),
    "RSLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "RSLVQ", {}, lambda d, p: 0),
    # Projection forward, its gradient, and the gradient of the projected samples.
    "GMLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "GMLVQ", {}, lambda d, p: 2 * d / p + 1),
    "batches of 256, 100,000 x 64, 10 a class": (100_000, 64, 10, "GLVQ", {"batch_size": 256}, lambda d, p: 0),
}


def blobs(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return samples of overlapping Gaussian classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, n)
    return (rng.standard_normal((CLASSES, d))[y] * 1.5 + rng.standard_normal((n, d))).astype(np.float32), y


def epochs_of(model: Any, X: np.ndarray, y: np.ndarray) -> Callable[[int], None]:
    """Return what runs so many epochs of the model's own compiled loop, without the set-up of a fit."""
    calls: list[tuple[Any, ...]] = []
    run = loop.run
    loop.run = lambda *arguments: calls.append(arguments) or run(*arguments)
    try:
        model.fit(X, y)
    finally:
        loop.run = run
    training, data, state, rates, seed, _, _ = calls[0]
    data = jax.device_put(data)
    return lambda count: jax.block_until_ready(run(training, data, state, rates, seed, True, count)) and None


def seconds(act: Callable[[], Any]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure(name: str) -> None:
    """Print the line of a case."""
    n, d, count, kind, settings, more = CASES[name]
    p = count * CLASSES
    X, y = blobs(n, d)
    model = getattr(models, kind)(n_prototypes_per_class=count, max_iter=1, lr=1e-3, epsilon=0.0, **settings)
    run = epochs_of(model, X, y)
    W = np.random.default_rng(1).standard_normal((p, d)).astype(np.float32)
    D = np.empty((n, p), np.float32)
    repeats = max(4, int(1e10 / (n * d * p)))

    def products() -> None:
        for _ in range(repeats):
            np.matmul(X, W.T, out=D)
            D.T @ X

    def nearest() -> None:
        np.matmul(X, W.T, out=D)
        D.argmin(axis=1)

    run(repeats + 1)
    model.predict(X)
    figures = []
    for _ in range(RUNS):
        epoch = (seconds(lambda: run(repeats + 1)) - seconds(lambda: run(1))) / repeats
        limit = seconds(products) / repeats
        figures.append((epoch, limit, epoch / limit, seconds(lambda: model.predict(X)) / seconds(nearest)))
    epoch, limit, ratio, predicted = (statistics.median(column) for column in zip(*figures, strict=True))
    own = ratio * 2 / (2 + more(d, p))
    print(f"| {name} | {epoch * 1e3:.1f} | {limit * 1e3:.1f} | {ratio:.2f} | {own:.2f} | {predicted:.2f} |", flush=True)


if __name__ == "__main__":
    print("| case | epoch, ms | two products, ms | ratio | to all its products | prediction to product and argmin |")
    print("|---|---|---|---|---|---|")
    for case in sys.argv[1:] or CASES:
        measure(case)
