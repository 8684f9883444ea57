"""Labels as indices of classes."""

from __future__ import annotations

import numpy as np

from prosemble import _words as words


def class_indices(y: np.ndarray, classes: np.ndarray, name: str) -> np.ndarray:
    """Return the place of each label among the sorted classes, (n,).

    Raises
    ------
    ValueError
        If a label is none of the classes; `name` is the parameter that they were given as.
    """
    known = np.isin(y, classes)
    if not known.all():
        strange = np.unique(np.asarray(y)[~known]).tolist()
        raise ValueError(f"{name} holds the labels {words.some(strange)}; known are {words.some(classes.tolist())}.")
    return np.searchsorted(classes, y).astype(np.int32)
