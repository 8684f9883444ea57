"""How time and memory grow with samples, features, prototypes and classes, over three decades of each.

Time is that of an epoch and of a prediction of all rows; memory is what XLA says that the training program holds at
most, its arguments included.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jax
import numpy as np
from limits import Epochs
from results import seconds

from prosemble.models import GLVQ
from prosemble.training import loop

RUNS = 7
# The axis and its values; samples, features, prototypes and classes of the others.
AXES = {
    "samples": ((1_000, 10_000, 100_000, 1_000_000), {"features": 16, "prototypes": 20, "classes": 10}),
    "features": ((4, 40, 400, 4_000), {"samples": 2_000, "prototypes": 20, "classes": 10}),
    "prototypes": ((20, 200, 2_000, 20_000), {"samples": 20_000, "features": 16, "classes": 10}),
    "classes": ((2, 20, 200, 2_000), {"samples": 20_000, "features": 16, "prototypes": 2_000}),
}


def problem(samples: int, features: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return overlapping Gaussian classes of equal size."""
    rng = np.random.default_rng(0)
    y = np.arange(samples) % classes
    return (rng.standard_normal((classes, features))[y] + rng.standard_normal((samples, features))).astype("f4"), y


def rows() -> Iterator[dict[str, Any]]:
    """Return a line a value of an axis."""
    for axis, (values, others) in AXES.items():
        for value in values:
            shape = {**others, axis: value}
            count = shape["prototypes"] // shape["classes"]
            X, y = problem(shape["samples"], shape["features"], shape["classes"])
            # As many samples as prototypes are not asked of a class: the start is noise.
            model = GLVQ(n_prototypes_per_class=count, max_iter=1, epsilon=0.0, prototypes_initializer="uniform")
            epochs = Epochs(model, X, y)
            repeats = min(loop.CAPACITY - 1, max(2, int(2e8 / X.size / shape["prototypes"])))
            epochs.run(repeats + 1)
            model.predict(X)
            takes = [epochs.seconds_of_one(repeats) for _ in range(RUNS)]
            memory = epochs.compiled().memory_analysis()
            predictions = [seconds(partial(model.predict, X)) for _ in range(RUNS)]
            yield {
                "axis": axis,
                **{name: shape[name] for name in AXES},
                "epoch, ms": median(takes) * 1e3,
                "prediction, ms": median(predictions) * 1e3,
                "memory, MB": (memory.argument_size_in_bytes + memory.temp_size_in_bytes) / 1e6,
            }
            jax.clear_caches()


def picture(lines: list[dict[str, Any]], path: Path) -> None:
    """Draw the lines, each axis beside a straight line of slope one."""
    import matplotlib.pyplot as plt

    quantities = ("epoch, ms", "prediction, ms", "memory, MB")
    figure, boxes = plt.subplots(len(quantities), len(AXES), figsize=(11, 7), sharex="col", sharey="row")
    for column, axis in enumerate(AXES):
        points = [line for line in lines if line["axis"] == axis]
        x = np.array([line[axis] for line in points])
        for box, quantity in zip(boxes[:, column], quantities, strict=True):
            y = np.array([line[quantity] for line in points])
            box.loglog(x, y, "o-", color="#0072B2")
            box.loglog(x, y[-1] * x / x[-1], ":", color="0.5", label="linear")
            box.grid(alpha=0.3)
        boxes[-1, column].set_xlabel(axis)
    for box, quantity in zip(boxes[:, 0], quantities, strict=True):
        box.set_ylabel(quantity)
    boxes[0, 0].legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
