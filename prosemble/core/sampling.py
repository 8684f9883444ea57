"""Some of many rows."""

from __future__ import annotations

import numpy as np

#: Parts that the rows are divided into; more rows than these do not change the choice; fewer are divided repeatedly, so
#: that chance in a division decides less.
FOLDS, ROWS, FEW = 5, 5000, 600


def evenly(n: int, most: int) -> slice:
    """Return the places of at most so many of n rows, evenly spread."""
    return slice(None, None, -(-n // most))


def some_rows(codes: np.ndarray, seed: int, most: int = ROWS) -> np.ndarray:
    """Return the places of about so many rows at most: each class its share, of a rare one enough for the folds.

    `codes` are the classes of the rows, counted from 0.
    """
    if len(codes) <= most:
        return np.arange(len(codes))
    order = np.random.default_rng(seed).permutation(len(codes))
    by_class = np.split(order[np.argsort(codes[order], kind="stable")], np.cumsum(np.bincount(codes))[:-1])
    return np.sort(np.concatenate([places[: max(FOLDS, most * len(places) // len(codes))] for places in by_class]))
