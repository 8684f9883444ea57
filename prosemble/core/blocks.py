"""Rows a block at a time, so that memory does not grow with rows times prototypes."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
from jaxtyping import Array

# Numbers that a block of rows, or of their distances, may have: on a processor what stays in its cache, on an
# accelerator what is enough to keep it busy.
_CACHED, _BUSY = 2**19, 2**28
# Blocks that one call of a compiled program works through, and most numbers of its result.
_BLOCKS, _ENTRIES = 16, 2**26


def rows_at_a_time(columns: int) -> int:
    """Return how many rows of so many numbers are worked on at a time."""
    entries = _CACHED if jax.default_backend() == "cpu" else _BUSY
    return max(256, 2 ** (entries // columns).bit_length() // 2)


def in_blocks(function: Callable[[Array], Array], X: Array, columns: int) -> Array:
    """Return what a function of rows makes of each row of X within a compiled program, block by block."""
    size = rows_at_a_time(columns)
    if len(X) <= size or len(X) % size:
        return function(X)
    results = jax.lax.map(function, X.reshape(-1, size, X.shape[1]))
    return results.reshape(len(X), *results.shape[2:])


def by_blocks(function: Callable[[np.ndarray], Array], X: np.ndarray, columns: int = 1, results: int = 1) -> np.ndarray:
    """Return what a program makes of each row of X, by way of so many columns, in memory that does not grow with X.

    A result has `results` numbers.
    """
    # The last call is padded to a power of two, so that any number of rows needs few programs, and to 64 at least: a
    # product rounds the last few rows in another way, and the distances of a row would depend on the others.
    size = min(
        _BLOCKS * rows_at_a_time(max(columns, X.shape[1])), max(64, 2 ** (_ENTRIES // results).bit_length() // 2)
    )
    made = []
    for start in range(0, len(X), size):
        rows = X[start : start + size]
        count = len(rows)
        padded = max(64, 2 ** (count - 1).bit_length())
        if padded != count:
            rows = np.concatenate([rows, np.broadcast_to(rows[:1], (padded - count, X.shape[1]))])
        made.append(np.asarray(function(rows))[:count])
    return made[0] if len(made) == 1 else np.concatenate(made)
