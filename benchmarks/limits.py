"""Epochs and predictions against the matrix products that they cannot do without, in one run.

An epoch is compared with two NumPy products of its shapes (samples by prototypes, and back), a prediction with one and
its argmin. Both take turns; the ratio is the median of seven. What a model multiplies beside these two products is
stated, and the ratio to all of its products given too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import jax
import numpy as np
from results import seconds
from serve import CLASSES, blobs

from prosemble import models
from prosemble.training import loop

RUNS = 7
# The threads of NumPy's products wait for more of them, and keep a core busy for some time.
PAUSE = 0.3
# Samples, features, prototypes a class, model, its settings, and its products in units of n d p beside the two.
CASES: dict[str, tuple[int, int, int, str, dict[str, Any], Callable[[int, int], float]]] = {
    "100,000 x 64, 10 a class": (100_000, 64, 10, "GLVQ", {}, lambda d, p: 0),
    "60,000 x 784, 10 a class": (60_000, 784, 10, "GLVQ", {}, lambda d, p: 0),
    "100,000 x 64, 100 a class": (100_000, 64, 100, "GLVQ", {}, lambda d, p: 0),
    "GRLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "GRLVQ", {}, lambda d, p: 0),
    "RSLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "RSLVQ", {}, lambda d, p: 0),
    # Projection forward, its gradient, and the gradient of the projected samples.
    "GMLVQ, 100,000 x 64, 10 a class": (100_000, 64, 10, "GMLVQ", {}, lambda d, p: 2 * d / p + 1),
    # A projection for each prototype forward; backward an outer product for each of the two winners of a sample.
    "LGMLVQ, 10,000 x 64, 1 a class": (10_000, 64, 1, "LGMLVQ", {}, lambda d, p: d + 2 * d / p - 2),
    "batches of 256, 100,000 x 64, 10 a class": (100_000, 64, 10, "GLVQ", {"batch_size": 256}, lambda d, p: 0),
}


class Epochs:
    """The compiled loop of a model's fit, without the set-up of a fit."""

    def __init__(self, model: Any, X: np.ndarray, y: np.ndarray) -> None:
        calls: list[tuple[Any, ...]] = []
        run = loop.run
        loop.run = lambda *arguments: calls.append(arguments) or run(*arguments)
        try:
            model.fit(X, y)
        finally:
            loop.run = run
        training, data, state, rates, seed, _, _ = calls[0]
        self._arguments = training, jax.device_put(data), state, rates, seed, True

    def run(self, count: int) -> None:
        """Train so many epochs."""
        jax.block_until_ready(loop.run(*self._arguments, count))

    def seconds_of_one(self, count: int) -> float:
        """Return the seconds of an epoch, the mean of so many."""
        return (seconds(lambda: self.run(count + 1)) - seconds(lambda: self.run(1))) / count

    def compiled(self) -> Any:
        """Return the program, which knows its operations and its memory."""
        return loop.run.lower(*self._arguments, 1).compile()


def measured(name: str) -> dict[str, Any]:
    """Return the line of a case."""
    n, d, count, kind, settings, more = CASES[name]
    p = count * CLASSES
    X, y = blobs(n, d)
    model = getattr(models, kind)(n_prototypes_per_class=count, max_iter=1, lr=1e-3, epsilon=0.0, **settings)
    epochs = Epochs(model, X, y)
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

    epochs.run(repeats + 1)
    model.predict(X)
    figures = []
    for _ in range(RUNS):
        epoch = epochs.seconds_of_one(repeats)
        limit = seconds(products) / repeats
        time.sleep(PAUSE)
        figures.append((epoch, limit, epoch / limit, seconds(lambda: model.predict(X)) / seconds(nearest)))
    epoch, limit, ratio, predicted = (median(column) for column in zip(*figures, strict=True))
    return {
        "case": name,
        "epoch, ms": epoch * 1e3,
        "two products, ms": limit * 1e3,
        "ratio": ratio,
        "to all its products": ratio * 2 / (2 + more(d, p)),
        "prediction to product and argmin": predicted,
    }


def rows() -> Iterator[dict[str, Any]]:
    """Return the line of each case."""
    return map(measured, CASES)
