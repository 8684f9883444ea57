"""Sizes of exported models, their accuracy in fewer bits, and how long a single row takes.

    python benchmarks/export.py [MNIST_NPZ]

`MNIST_NPZ` holds X_train, y_train, X_test and y_test; without it the model of MNIST's size learns from random numbers.
The latency is the median of 2,000 calls with one row: of an onnxruntime session with one thread, and of `predict`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

from prosemble.io import to_c_header, to_onnx, to_stablehlo
from prosemble.models import GLVQ, GMLVQ

CALLS = 2_000


def microseconds(act: Callable[[], Any]) -> float:
    """Return the median time of a call."""
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def mnist(path: str | None) -> tuple[str, list[np.ndarray]]:
    """Return MNIST, or random numbers of its shape, split into rows to train and to test on."""
    if path is None:
        rng = np.random.default_rng(0)
        X, y = rng.uniform(size=(4000, 784)).astype(np.float32), rng.integers(0, 10, 4000)
        return "random numbers, 784 features", train_test_split(X, y, random_state=0)
    with np.load(path) as data:
        X, X_test = (data[part].reshape(-1, 784).astype(np.float32) / 255 for part in ("X_train", "X_test"))
        return "MNIST", [X, X_test, data["y_train"], data["y_test"]]


def microseconds_in_onnx(file: Path, row: np.ndarray) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file, options)
    return microseconds(lambda: session.run(None, {"X": row}))


def line(title: str, model: Any, X: np.ndarray, y: np.ndarray) -> str:
    """Return what is measured of a model as a row of the table."""
    row = X[:1].astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("model", "onnx", "stablehlo", "c")]
        model.save(files[0])
        for write, file in zip((to_onnx, to_stablehlo, to_c_header), files[1:], strict=True):
            write(model, file)
        sizes = [f"{file.stat().st_size / 1000:,.1f}" for file in files]
        times = [microseconds_in_onnx(files[1], row), microseconds(lambda: model.predict(row))]
    return " | ".join([title, f"{model.score(X, y):.4f}", *sizes, *(f"{each:.0f}" for each in times)])


def report(title: str, model: Any, X: np.ndarray, y: np.ndarray) -> None:
    """Print a line for the model as it is and two for it in fewer bits."""
    print("|", line(f"{title} | float32", model, X, y), "|", flush=True)
    for dtype in ("float16", "int8"):
        print("|", line(f"{title} | {dtype}", model.quantize(dtype), X, y), "|", flush=True)


def main() -> None:
    """Print a Markdown table."""
    columns = ["model", "numbers", "accuracy", "model file, kB", "ONNX, kB", "StableHLO, kB", "C header, kB"]
    print("|", " | ".join([*columns, "a row in onnxruntime, µs", "a row in Python, µs"]), "|")
    print("|---" * 9 + "|")
    X, y = load_iris(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=0)
    report("Iris, GMLVQ, 3 prototypes", GMLVQ().fit(X, y), X_test, y_test)
    name, (X, X_test, y, y_test) = mnist(sys.argv[1] if len(sys.argv) > 1 else None)
    model = GLVQ(n_prototypes_per_class=10, batch_size=256, max_iter=5).fit(X, y)
    report(f"{name}, GLVQ, 100 prototypes", model, X_test, y_test)


if __name__ == "__main__":
    main()
