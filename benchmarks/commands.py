"""Time of the command line, as processes, beside the import of what a script that does the same would import.

The ratio is the figure to quote: machines differ and are noisy.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from peers import clean_environment

RUNS = 7
BESIDE = [sys.executable, "-c", "import sklearn.linear_model, pandas"]
PROSEMBLE = [sys.executable, "-m", "prosemble"]
FIT = ["fit", "iris", "--target", "target", "-o", "model.prosemble"]
#: Whether programs are kept on disk from the run before, and what is run.
COMMANDS: dict[str, tuple[bool, list[str]]] = {
    "prosemble --help": (True, ["--help"]),
    "prosemble show": (True, ["show", "model.prosemble"]),
    "prosemble predict, 150 rows of CSV": (True, ["predict", "model.prosemble", "iris.csv", "-o", "out.csv"]),
    "prosemble fit iris, the first time": (False, FIT),
    "prosemble fit iris, again": (True, FIT),
}


def rows() -> Iterator[dict[str, Any]]:
    """Time each command and the import in turns, with byte code written and a cache of programs that is their own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = clean_environment() | {"HOME": folder, "XDG_CACHE_HOME": folder}
        table = "import sklearn.datasets as d; d.load_iris(as_frame=True).data.to_csv('iris.csv', index=False)"
        subprocess.run([sys.executable, "-c", table], cwd=folder, check=True)
        takes: dict[str, list[float]] = {command: [] for command in COMMANDS}
        beside: list[float] = []
        _seconds([*PROSEMBLE, *FIT], folder, environment)
        for run in range(RUNS + 1):
            first = _seconds(BESIDE, folder, environment)
            for command, (kept, arguments) in COMMANDS.items():
                own = {} if kept else {"XDG_CACHE_HOME": str(Path(folder) / f"empty {run}")}
                takes[command].append(_seconds([*PROSEMBLE, *arguments], folder, environment | own))
            beside.append(first)
    for command, seconds in takes.items():
        ratios = [b / a for a, b in zip(beside[1:], seconds[1:], strict=True)]  # the first writes byte code
        yield {
            "command": command,
            "s": median(seconds[1:]),
            "import of scikit-learn and pandas, s": median(beside[1:]),
            "times that": median(ratios),
        }


def _seconds(command: list[str], folder: str, environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start
