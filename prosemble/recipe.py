"""What the command line trains where the user chooses nothing.

The classes' own defaults follow the literature and underfit. `SETTINGS` and the candidates are what five-fold
cross-validation inside the training parts of nine data sets favours (benchmarks/choose_recipe.py); which of the
candidates a table gets is decided by cross-validation on its own training rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_score

SETTINGS = {
    "transfer_fn": "sigmoid_beta",
    "beta": 10.0,
    "lr": 0.1,
    "lr_scheduler": "cosine_decay",
    "max_iter": 300,
}
PROTOTYPES_PER_CLASS = (1, 3, 10)
FOLDS = 5
# More rows than this do not change the choice.
ROWS = 5000


def prototypes_per_class(estimator: Any, X: Any, y: np.ndarray) -> int:
    """Return the smallest candidate whose mean accuracy is within one standard error of the best one's."""
    X = np.asarray(X)
    rng = np.random.default_rng(estimator.random_seed)
    if len(X) > ROWS:
        chosen = rng.choice(len(X), ROWS, replace=False)
        X, y = X[chosen], y[chosen]
    _, counts = np.unique(y, return_counts=True)
    smallest = int(counts.min())
    if smallest < FOLDS:
        return 1
    in_fold = smallest - -(-smallest // FOLDS)
    candidates = [count for count in PROTOTYPES_PER_CLASS if count <= in_fold]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=estimator.random_seed)
    scores = np.array(
        [
            cross_val_score(clone(estimator).set_params(n_prototypes_per_class=count), X, y, cv=folds)
            for count in candidates
        ]
    )
    means = scores.mean(axis=1)
    best = means.argmax()
    error = scores[best].std(ddof=1) / np.sqrt(FOLDS)
    return candidates[int(np.flatnonzero(means >= means[best] - error)[0])]
