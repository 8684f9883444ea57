"""Time to fit, ours and the peers' in turns, and that of a new process, in one run.

The ratio is the figure to quote: machines differ and are noisy.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from peers import Fit, clean_environment, python_of, servers

RUNS = 5
CASES = {
    "GLVQ on Iris, 1 a class, 100 epochs": Fit("iris", "GLVQ", 1, 100),
    "GLVQ on digits, 5 a class, 100 epochs": Fit("digits", "GLVQ", 5, 100),
    "GLVQ on 100,000 x 64, 10 a class, 5 epochs": Fit("100000x64", "GLVQ", 10, 5),
    "GLVQ on 100,000 x 64, 10 a class, an epoch of batches of 256": Fit("100000x64", "GLVQ", 10, 1, 256),
} | {
    f"{model} on digits, 3 a class, 50 epochs": Fit("digits", model, 3, 50)
    for model in ("GRLVQ", "GMLVQ", "LGMLVQ", "GTLVQ")
}

LOAD = """
import time
from sklearn.datasets import load_iris
import jax, optax
X, y = load_iris(return_X_y=True)
start = time.perf_counter()
"""
# Whole programs, and the part of one that is not the imports without which there is no such library.
FIT = """
from prosemble.models import GLVQ
model = GLVQ(n_prototypes_per_class=1, max_iter=100)
"""
END = "print(time.perf_counter() - start)"
PROGRAMS = {
    "whole process, import to first prediction on Iris": LOAD + FIT + "model.fit(X, y).predict(X[:1])\nprint(0)",
    "import of prosemble.models.GLVQ, JAX, optax and scikit-learn being there": LOAD + FIT + END,
    "first fit on Iris": LOAD.replace("start =", "_ =") + FIT + "start = time.perf_counter()\nmodel.fit(X, y)\n" + END,
}


def fits(folder: Path, peers: list[str]) -> Iterator[dict[str, Any]]:
    """Time trainings that are not the first of their kind."""
    with servers(["ours", *peers], folder) as running:
        for case, fit in CASES.items():
            takes: dict[str, list[float]] = {name: [] for name in running}
            for _ in range(RUNS):
                for name, server in running.items():
                    takes[name].append(server.ask(*fit))
            row: dict[str, Any] = {"later fit": case, "ours, s": median(takes["ours"])}
            for name in peers:
                row[f"{name}, s"] = median(takes[name])
                row[f"times {name}"] = median(b / a for a, b in zip(takes["ours"], takes[name], strict=True))
            yield row


def processes(folder: Path, peers: list[str]) -> Iterator[dict[str, Any]]:
    """Time new processes, ours also with the compile cache, which the first of them fills."""
    plain = clean_environment()
    with tempfile.TemporaryDirectory() as cache:
        kinds = {
            "ours, s": ("ours", plain),
            "ours with the compile cache, s": ("ours", plain | {"PROSEMBLE_COMPILE_CACHE": cache}),
            "reference, s": ("reference", plain),
        }
        if "reference" not in peers:
            del kinds["reference, s"]
        for case, program in PROGRAMS.items():
            takes: dict[str, list[float]] = {kind: [] for kind in kinds}
            for run in range(RUNS + 1):
                for kind, (library, environment) in kinds.items():
                    start = time.perf_counter()
                    # -P: the folder this is run from holds another package of the reference's name.
                    command = [python_of(library, folder), "-P", "-W", "ignore", "-c", program]
                    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                    whole = time.perf_counter() - start
                    if run:  # the first writes byte code and the cache
                        takes[kind].append(float(output.stdout.split()[-1]) or whole)
            yield {"new process": case, **{kind: median(values) for kind, values in takes.items()}}
