"""Rows a block at a time, so that memory does not grow with rows times prototypes."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array

# Rows that a prediction takes at a time.
BLOCK = 4096


# Numbers that the result of a block may have: fewer rows are taken where each sample is a prototype.
_ENTRIES = 2**26

# Numbers that a block of training rows, or of their distances, may have: on a processor what stays in its cache, on an
# accelerator what is enough to keep it busy.
_CACHED, _BUSY = 2**19, 2**28


def training_rows(columns: int) -> int:
    """Return how many rows of so many numbers a training step takes at a time."""
    entries = _CACHED if jax.default_backend() == "cpu" else _BUSY
    return max(256, 2 ** (entries // columns).bit_length() // 2)


def by_blocks(function: Callable[[np.ndarray], Array], X: np.ndarray, columns: int = 1) -> np.ndarray:
    """Return what a function of rows makes of each row of X, (n, ...), by way of so many columns."""
    # The last block is padded to a power of two, so that any number of rows needs few programs.
    size = min(BLOCK, max(8, 2 ** (_ENTRIES // columns).bit_length() // 2))
    results = []
    for start in range(0, len(X), size):
        block = X[start : start + size]
        rows = len(block)
        padded = max(8, 2 ** (rows - 1).bit_length())
        if padded != rows:
            block = np.concatenate([block, np.broadcast_to(block[:1], (padded - rows, X.shape[1]))])
        results.append(np.asarray(function(block))[:rows])
    return results[0] if len(results) == 1 else np.concatenate(results)
