"""Choose the command line's recipe by cross-validation inside the training parts; no test part is looked at.

    python benchmarks/choose_recipe.py DATA_FOLDER

prints, for each candidate, the mean accuracy of five folds per data set and over all of them.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from datasets import NAMES, splits
from sklearn.model_selection import StratifiedKFold, cross_val_score

from prosemble.models import GLVQ

GRID = {
    "transfer_fn": ["swish_beta", "sigmoid_beta"],
    "beta": [2.0, 5.0, 10.0],
    "n_prototypes_per_class": [1, 3, 10],
    "schedule": [(0.05, 300, None), (0.1, 300, "cosine_decay"), (0.1, 1000, "cosine_decay")],
}


def main(folder: Path) -> None:
    table = []
    for values in itertools.product(*GRID.values()):
        setting = dict(zip(GRID, values, strict=True))
        setting["lr"], setting["max_iter"], setting["lr_scheduler"] = setting.pop("schedule")
        row = []
        for name in NAMES:
            for seed, X, _, y, _ in splits(name, folder, range(2)):
                few = min(setting["n_prototypes_per_class"], int(np.bincount(y).min() * 0.8))
                model = GLVQ(**{**setting, "n_prototypes_per_class": few})
                folds = StratifiedKFold(5, shuffle=True, random_state=seed)
                row.append(cross_val_score(model, X, y, cv=folds).mean())
        per_data = np.reshape(row, (len(NAMES), -1)).mean(axis=1)
        table.append((per_data.mean(), per_data, setting))
        print(f"{per_data.mean():.4f}", per_data.round(3).tolist(), setting, flush=True)
    best = max(table, key=lambda entry: entry[0])
    print("best", best)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
