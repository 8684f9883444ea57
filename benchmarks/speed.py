"""Time to fit, ours against the reference library's, in one run.

    python benchmarks/speed.py --reference PYTHON

`PYTHON` is an interpreter of an environment that has the reference library (prosemble 2.4.0, whose import name is
the same). Prints the medians and the ratio, which is the figure to quote: machines differ and are noisy. Ours and
theirs take turns, so that a drift of the machine's speed falls on both.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5
# Data set, model, prototypes per class, epochs.
CASES = {
    "Iris, 1 prototype a class, 100 epochs, later fit": ("iris", "GLVQ", 1, 100),
    "digits, 5 prototypes a class, 100 epochs, later fit": ("digits", "GLVQ", 5, 100),
} | {
    f"{model} on digits, 3 prototypes a class, 50 epochs, later fit": ("digits", model, 3, 50)
    for model in ("GRLVQ", "GMLVQ", "LGMLVQ", "GTLVQ")
}
PROCESS = """
import sys
from sklearn.datasets import load_iris
from prosemble.models import GLVQ
X, y = load_iris(return_X_y=True)
print(GLVQ(n_prototypes_per_class=1, max_iter=100).fit(X, y).predict(X[:1]))
"""
# What of it is the import of JAX, optax and scikit-learn, without which there is no such library.
IMPORTS = """
from sklearn.datasets import load_iris
import jax, optax
load_iris(return_X_y=True)
"""


def serve() -> None:
    """Answer each line of standard input, the name of a case, by the seconds of a fit that is not the first."""
    import numpy as np
    from sklearn import datasets

    from prosemble import models

    for line in sys.stdin:
        name, kind, count, epochs = CASES[line.strip()]
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        X = ((X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)).astype(np.float32)

        def fit(X: np.ndarray, y: np.ndarray, kind: str, **settings: int) -> None:
            # An epsilon of zero: both run all epochs.
            model = getattr(models, kind)(epsilon=0.0, **settings).fit(X, y)
            np.asarray(model.prototypes_)

        settings = {"n_prototypes_per_class": count, "max_iter": epochs}
        fit(X, y, kind, **settings)
        start = time.perf_counter()
        fit(X, y, kind, **settings)
        print(time.perf_counter() - start, flush=True)


def ask(server: subprocess.Popen[str], case: str) -> float:
    """Return the seconds that a server measured."""
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(case + "\n")
    server.stdin.flush()
    return float(server.stdout.readline())


def whole_process(python: str, environment: dict[str, str], program: str = PROCESS) -> float:
    """Return the seconds from the start of a process to its end."""
    # -P: the folder this is run from holds another package of the same name.
    start = time.perf_counter()
    subprocess.run([python, "-P", "-c", program], check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference")
    parser.add_argument("--serve", action="store_true", help="measure in this process on request")
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pythons = [(sys.executable, dict(os.environ)), (options.reference, apart)]
    print(f"| median of {RUNS} | ours, s | reference, s | times faster |\n|---|---|---|---|")
    servers = [
        subprocess.Popen(
            [python, str(Path(__file__).resolve()), "--serve"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )
        for python, environment in pythons
    ]  # fmt: skip
    rows = {case: [[ask(server, case) for server in servers] for _ in range(RUNS)] for case in CASES}
    for server in servers:
        server.communicate()
    rows["whole process, import to first prediction on Iris"] = [
        [whole_process(*python) for python in pythons] for _ in range(RUNS)
    ]
    rows["of ours, the imports of JAX, optax and scikit-learn alone"] = [
        [whole_process(*pythons[0], IMPORTS), whole_process(*pythons[1])] for _ in range(RUNS)
    ]
    for case, pairs in rows.items():
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"| {case} | {ours:.4f} | {theirs:.4f} | {statistics.median(b / a for a, b in pairs):.1f} |")


if __name__ == "__main__":
    main()
