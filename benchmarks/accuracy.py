"""Test accuracy on the nine data sets: ours, the reference library's, two of scikit-learn's, and of a search.

    python benchmarks/accuracy.py DATA_FOLDER --reference PYTHON [--seeds 10] [--results accuracy.jsonl]

`PYTHON` is an interpreter of an environment that has the reference library (prosemble 2.4.0, whose import name is
the same). Protocol: stratified 70/30 splits with random_state 0, 1, ...; features standardised on the training part;
max_iter=200, lr=0.01, all else default, random_seed as the split's. The search and the command line's recipe see the
training part only, and so does what chooses one of the ten columns, of ours, by cross-validation. Each figure is
written to the results file at once, and what is there is not measured again: `--parts` and `--data` measure a part of
the table, and `--parts` without a value prints the table as it stands.
Setting JAX_COMPILATION_CACHE_DIR and JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 saves most of the time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from datasets import NAMES, splits
from results import Results

MODELS = ("GLVQ", "GRLVQ", "GMLVQ", "LGMLVQ", "RSLVQ")
COLUMNS = [(name, count) for count in (1, 3) for name in MODELS]
OTHERS = ("LDA", "5-NN")
PARTS = ("reference", "scikit-learn", "ours", "chosen column", "recipe", "search", "automatic")
SEARCH_FOLDS = 5
PUBLISHED = {"lr": 0.01, "max_iter": 200}
NEAR = {"lr": 0.1, "max_iter": 300, "lr_scheduler": "cosine_decay"}
TEN = [(name, {"n_prototypes_per_class": count, **PUBLISHED}) for name, count in COLUMNS]
CANDIDATES = [
    (name, {"n_prototypes_per_class": count, **settings})
    for name, counts, settings in (
        ("GLVQ", (1, 3, 10), {"transfer_fn": "sigmoid_beta", "beta": 10.0, **NEAR}),
        ("GMLVQ", (1, 3), {"transfer_fn": "sigmoid_beta", "beta": 5.0, **NEAR}),
        ("GMLVQ", (1, 3), {"transfer_fn": "swish_beta", "beta": 2.0, **NEAR}),
        ("LGMLVQ", (1, 3), {"transfer_fn": "swish_beta", "beta": 5.0, **NEAR}),
        ("LGMLVQ", (1, 3), PUBLISHED),
    )
    for count in counts
]


def named(name: str, seed: int) -> Any:
    """Return the model of a column."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.neighbors import KNeighborsClassifier

    from prosemble import models

    if name == "LDA":
        return LinearDiscriminantAnalysis()
    if name == "5-NN":
        return KNeighborsClassifier(5)
    model, count = name.split()
    return getattr(models, model)(n_prototypes_per_class=int(count), max_iter=200, lr=0.01, random_seed=seed)


def search(X: np.ndarray, y: np.ndarray, seed: int, candidates: list[Any]) -> tuple[Any, dict[str, Any]]:
    """Return the candidate of the best cross-validation inside the training part, and its name and settings."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    from prosemble import models

    smallest = int(np.bincount(y).min() * (1 - 1 / SEARCH_FOLDS))
    folds = StratifiedKFold(SEARCH_FOLDS, shuffle=True, random_state=seed)
    best: tuple[float, Any, dict[str, Any]] = (-1.0, None, {})
    for name, settings in candidates:
        if settings["n_prototypes_per_class"] <= smallest:
            model = getattr(models, name)(random_seed=seed, **settings)
            score = float(cross_val_score(model, X, y, cv=folds).mean())
            if score > best[0]:
                best = score, model, {"model": name, **settings, "cross-validated": score}
    return best[1], best[2]


def measure(part: str, folder: Path, seeds: int, names: list[str], found: Results) -> None:
    """Measure what the file does not have yet of one part."""
    columns = {
        "scikit-learn": list(OTHERS),
        "chosen column": ["chosen column"],
        "recipe": ["recipe"],
        "search": ["search"],
        "automatic": ["automatic"],
    }.get(part, [f"{name} {count}" for name, count in COLUMNS])
    for data in names:
        for seed, X_train, X_test, y_train, y_test in splits(data, folder, range(seeds)):
            X, Z = X_train.astype(np.float32), X_test.astype(np.float32)
            for column in columns:
                record: dict[str, Any] = {"part": part, "data": data, "column": column, "seed": seed}
                if record in found:
                    continue
                begin = time.perf_counter()
                if column in ("chosen column", "search"):
                    candidates = CANDIDATES if column == "search" else TEN
                    model, record["chosen"] = search(X, y_train, seed, candidates)
                elif column == "automatic":
                    from prosemble import AutoPrototypeClassifier

                    model = AutoPrototypeClassifier(random_seed=seed)
                elif column == "recipe":
                    from prosemble.table.recipe import Recipe

                    model = Recipe(random_seed=seed)
                else:
                    model = named(column, seed)
                model.fit(X, y_train)
                if column == "automatic":
                    best = model.leaderboard_.query("chosen").iloc[0]
                    record["cross-validated"] = model.best_score_
                    record["winner"] = {
                        "model": best["model"],
                        "n_prototypes_per_class": int(best["prototypes_per_class"]),
                        "scaling": best["scaling"],
                        **best["settings"],
                    }
                record["accuracy"] = float((np.asarray(model.predict(Z)) == y_test).mean())
                record["seconds"] = round(time.perf_counter() - begin, 3)
                found.add(record)


def cell(values: list[float], seeds: int) -> str:
    """Return mean ± standard deviation, with the number of seeds where it is not the full one."""
    if not values:
        return "."
    deviation = np.std(values, ddof=1) if len(values) > 1 else np.nan
    return f"{np.mean(values):.3f} ± {deviation:.3f}" + (f" ({len(values)})" if len(values) != seeds else "")


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(line) + " |" for line in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"


def versus(found: Results, count: int, seeds: int) -> tuple[str, list[str]]:
    """Return the table of ours and theirs at `count` prototypes a class, and what is below the reference."""
    rows, lower = [], []
    for data in NAMES:
        rows.append([data])
        for column in (f"{name} {count}" for name in MODELS):
            a, b = (found.values("accuracy", part=part, data=data, column=column) for part in ("ours", "reference"))
            rows[-1] += [cell(a, seeds), cell(b, seeds)]
            if min(len(a), len(b)) > 1:
                # Two standard errors of the difference of the means: what the seeds cannot tell apart.
                noise = 2 * np.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
                if np.mean(a) < np.mean(b) - noise:
                    lower.append(f"{data} {column}: {np.mean(a):.3f} < {np.mean(b):.3f} - {noise:.3f}")
    head = ["data", *(text for name in MODELS for text in (f"{name} {count} ours", "theirs"))]
    return table(head, rows), lower


def recommended(found: Results, seeds: int) -> str:
    """Return the table of what is chosen inside the training part, beside what it is to beat."""
    rows = []
    for data in NAMES:
        theirs = {}
        for column in (f"{name} {count}" for name, count in COLUMNS):
            if values := found.values("accuracy", part="reference", data=data, column=column):
                theirs[column] = values
        best = max(theirs, key=lambda column: np.mean(theirs[column]), default="")
        ours = (*OTHERS, "chosen column", "recipe", "search")
        figures = [found.values("accuracy", data=data, column=column) for column in ours]
        figures.insert(2, theirs.get(best, []))
        names = Counter(
            f"{c['model']} {c['n_prototypes_per_class']}" for c in found.values("chosen", data=data, column="search")
        )
        chosen = ", ".join(f"{name} ({times})" for name, times in names.most_common())
        rows.append([data, *(cell(values, seeds) for values in figures), chosen])
        rows[-1][3] += f" {best}"
    heads = ["best of the reference's ten", "the ten, chosen by cross-validation", "recipe", "search"]
    return table(["data", *OTHERS, *heads, "chosen by the search"], rows)


def summary(found: Results, seeds: int) -> str:
    """Return the tables and the list of what is below the reference."""
    (one, lower_one), (three, lower_three) = versus(found, 1, seeds), versus(found, 3, seeds)
    lower = "; ".join(lower_one + lower_three) or "none"
    return "\n".join([one, three, f"Below the reference beyond the noise: {lower}\n", recommended(found, seeds)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reference", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--results", type=Path, default=Path("accuracy.jsonl"))
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--data", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--in-reference", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    keys = ("part", "data", "column", "seed")
    if options.in_reference:
        found = Results(options.results, keys)
        measure("reference", options.folder, options.seeds, options.data, found)
        return
    for part in options.parts:
        if part == "reference":
            if options.reference is None:
                parser.error("the part 'reference' needs --reference")
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
            command = [options.reference, __file__, options.folder, "--in-reference", "--seeds", str(options.seeds)]
            for data in options.data:  # a process each: the reference keeps every program it has compiled
                arguments = ["--results", options.results, "--data", data]
                subprocess.run([*command, *arguments], check=True, env=environment)
        else:
            found = Results(options.results, keys)
            measure(part, options.folder, options.seeds, options.data, found)
    print(summary(Results(options.results, keys), options.seeds))


if __name__ == "__main__":
    main()
