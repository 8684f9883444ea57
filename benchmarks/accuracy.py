"""Test accuracy on the nine data sets: ours, the reference library's, and the command line's recipe.

    python benchmarks/accuracy.py DATA_FOLDER --reference PYTHON [--seeds 10]

`PYTHON` is an interpreter of an environment that has the reference library (prosemble 2.4.0, whose import name is
the same). Protocol: stratified 70/30 splits with random_state 0, 1, ...; features standardised on the training part;
max_iter=200, lr=0.01, all else default, random_seed as the split's. The recipe sees the training part only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

COLUMNS = [(name, count) for count in (1, 3) for name in ("GLVQ", "GLVQ1", "GLVQ21")]


def measure(folder: Path, seeds: int, with_recipe: bool) -> dict[str, dict[str, list[float]]]:
    """Return accuracies by data set and column."""
    from datasets import NAMES, splits

    from prosemble import models

    table: dict[str, dict[str, list[float]]] = {}
    for data in NAMES:
        row = table.setdefault(data, {})
        for seed, X_train, X_test, y_train, y_test in splits(data, folder, range(seeds)):
            for name, count in COLUMNS:
                model = getattr(models, name)(n_prototypes_per_class=count, max_iter=200, lr=0.01, random_seed=seed)
                model.fit(X_train.astype(np.float32), y_train)
                predicted = np.asarray(model.predict(X_test.astype(np.float32)))
                row.setdefault(f"{name} {count}", []).append(float((predicted == y_test).mean()))
            if with_recipe:
                from prosemble import recipe

                model = models.GLVQ(random_seed=seed, **recipe.SETTINGS)
                model.set_params(n_prototypes_per_class=recipe.prototypes_per_class(model, X_train, y_train))
                row.setdefault("recipe", []).append(model.fit(X_train, y_train).score(X_test, y_test))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only-measure", action="store_true", help="print the figures of this environment as JSON")
    options = parser.parse_args()
    if options.only_measure:
        print(json.dumps(measure(options.data, options.seeds, with_recipe=False)))
        return
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [options.reference, __file__, options.data, "--seeds", str(options.seeds), "--only-measure"]
    theirs = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout)
    ours = measure(options.data, options.seeds, with_recipe=True)
    columns = [f"{name} {count}" for name, count in COLUMNS]
    print("| data | " + " | ".join(f"{column} ours | theirs" for column in columns) + " | recipe |")
    print("|---" * (2 * len(columns) + 2) + "|")
    lower = []
    for data, row in ours.items():
        cells = []
        for column in columns:
            a, b = np.array(row[column]), np.array(theirs[data][column])
            cells += [f"{values.mean():.3f} ± {values.std(ddof=1):.3f}" for values in (a, b)]
            # Two standard errors of the difference of the means: what ten seeds cannot tell apart.
            noise = 2 * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
            if a.mean() < b.mean() - noise:
                lower.append(f"{data} {column}: {a.mean():.3f} < {b.mean():.3f} - {noise:.3f}")
        recipe = np.array(row["recipe"])
        print(f"| {data} | " + " | ".join(cells) + f" | {recipe.mean():.3f} ± {recipe.std(ddof=1):.3f} |")
    print("\nBelow the reference beyond the noise:", "; ".join(lower) or "none")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
