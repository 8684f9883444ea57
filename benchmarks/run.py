"""All figures of speed and memory in one command: ours, the peers' and the limits.

    python benchmarks/run.py [--environments FOLDER] [--output FOLDER] [SECTION ...]

Makes the peers' environments where they are not there yet, and writes `performance.json`, `performance.md` and
`growth.svg` into the output folder, the documentation's unless given. Sections that are not named stay as they were.
Needs the extra `plot` for the picture, and a machine that does nothing else: about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import commands
import growth
import limits
import prediction
import search
import speed
from peers import PEERS
from results import markdown

LIBRARIES = ("prosemble", "jax", "optax", "scikit-learn", "numpy")
#: Title of a section, and what it says of its table.
SECTIONS = {
    "fits": ("Training", "Later fits of the same kind; ours and the peers' take turns, median of five."),
    "processes": ("A new process", "Median of five, after one that writes byte code and fills the compile cache."),
    "commands": ("The command line", "Processes, in turns with one that does `import sklearn.linear_model, pandas`; "
                 "median of seven. `fit` is that without `--model`; programs are kept on disk for the next time."),
    "prediction": ("Prediction", "Median of fifteen, in turns, beside scikit-learn's."),
    "memory": ("Rows on disk", "What is resident beside the pages of the file, which the system can drop at any time."),
    "search": ("Search", "Twelve values of beta on five folds, 100 epochs each."),
    "limits": ("Against the products alone", "An epoch beside two NumPy matrix products of its shapes, a prediction "
               "beside one and its argmin; median of seven."),
    "growth": ("Growth", "Memory is the training program's, arguments included."),
}  # fmt: skip


def measured(section: str, folder: Path) -> Iterable[dict[str, Any]]:
    """Return the lines of a section's table as they are measured."""
    peers = list(PEERS)
    return {
        "fits": lambda: speed.fits(folder, peers),
        "processes": lambda: speed.processes(folder, peers),
        "commands": commands.rows,
        "prediction": prediction.rows,
        "memory": prediction.from_memory_map,
        "search": lambda: search.rows(folder, peers),
        "limits": limits.rows,
        "growth": growth.rows,
    }[section]()


def machine() -> dict[str, str]:
    """Return what the figures hold for."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")] or [platform.processor()]
    return {
        "date": datetime.date.today().isoformat(),
        "processor": f"{os.cpu_count()} cores, {names[0]}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        **{f"peer {name}": ", ".join(requirements) for name, requirements in PEERS.items()},
    }


def page(record: dict[str, Any]) -> str:
    """Return the results as a page of the documentation."""
    about = markdown([{"": name, "measured with": value} for name, value in record["machine"].items()])
    said = (
        "Written by `python benchmarks/run.py`, which repeats it. Machines differ and are noisy: quote the ratios.\n"
        "Those are medians of the ratios of single runs, not ratios of the medians beside them.\n"
    )
    parts = ["# Performance\n", said, about]
    for section, (title, text) in SECTIONS.items():
        if section in record:
            parts += [f"## {title}\n", f"{text}\n", markdown(record[section])]
    if "growth" in record:
        parts.append("![Time and memory against samples, features, prototypes and classes](growth.svg)\n")
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parent
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--environments", type=Path, default=root / ".venv-peers")
    parser.add_argument("--output", type=Path, default=root.parent / "docs")
    options = parser.parse_args()
    if unknown := set(options.sections) - set(SECTIONS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}. Sections: {', '.join(SECTIONS)}.")
    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "performance.json"
    record = json.loads(file.read_text()) if file.exists() else {}
    record["machine"] = machine()
    for section in options.sections or SECTIONS:
        lines = []
        for line in measured(section, options.environments):
            print(line, flush=True)
            lines.append(line)
        record[section] = lines
        file.write_text(json.dumps(record, indent=1) + "\n")
        (options.output / "performance.md").write_text(page(record))
    if "growth" in record:
        growth.picture(record["growth"], options.output / "growth.svg")


if __name__ == "__main__":
    main()
