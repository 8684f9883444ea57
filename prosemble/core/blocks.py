"""Rows a block at a time, so that memory does not grow with rows times prototypes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array

# Numbers that a block of rows, or of their distances, may have: on a processor what stays in its cache, on an
# accelerator what is enough to keep it busy.
_CACHED, _BUSY = 2**20, 2**28
# Rows that are soon done: only more of them are taken in two parts rather than padded to the next power of two.
_SOON_DONE = 4096
# A product rounds the last few of its rows in another way: in blocks of fewer than these, the distances of a row would
# depend on the others.
_FEWEST = 64
# Blocks that are begun before a result is waited for: meanwhile the next ones are copied.
_AHEAD = 3


def rows_at_a_time(columns: int) -> int:
    """Return how many rows of so many numbers are worked on at a time."""
    entries = _CACHED if jax.default_backend() == "cpu" else _BUSY
    return max(_FEWEST, 2 ** (entries // columns).bit_length() // 2)


def by_blocks(function: Callable[[np.ndarray], Array], X: np.ndarray, columns: int = 1) -> np.ndarray:
    """Return what programs make of each row of X, by way of so many columns, in memory that does not grow with X."""
    # The last block is padded to a power of two, so that any number of rows needs few programs.
    size = min(rows_at_a_time(max(columns, X.shape[1])), max(_SOON_DONE, 2 ** (len(X).bit_length() - 1)))
    waiting: deque[tuple[Array, int]] = deque()
    results = []
    for start in range(0, len(X), size):
        block = X[start : start + size]
        rows = len(block)
        padded = max(_FEWEST, 2 ** (rows - 1).bit_length())
        if padded != rows:
            block = np.concatenate([block, np.broadcast_to(block[:1], (padded - rows, X.shape[1]))])
        waiting.append((function(block), rows))
        if len(waiting) > _AHEAD:
            results.append(_fetched(*waiting.popleft()))
    results += [_fetched(*each) for each in waiting]
    return results[0] if len(results) == 1 else np.concatenate(results)


def _fetched(result: Array, rows: int) -> np.ndarray:
    return np.asarray(result)[:rows]
