"""Distances of any number of rows in bounded memory, by compiled programs that all models share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.distances import Distance, Params, evaluate
from prosemble.objectives import Decision
from prosemble.training.data import BLOCK

# Distances that a block of rows may have to all prototypes together, where each sample is a prototype.
_ENTRIES = 2**26


@jax.jit
def _distances(distance: Distance, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
    return evaluate(distance, params, X)


@partial(jax.jit, static_argnames="n_classes")
def _class_distances(
    distance: Distance,
    decision: Decision,
    params: Params,
    X: Float[Array, "n d"],
    labels: Int[Array, " p"],
    n_classes: int,
) -> Float[Array, "n c"]:
    return decision(params, evaluate(distance, params, X), labels, n_classes)


def distances(distance: Distance, params: Params, X: np.ndarray) -> np.ndarray:
    """Return the distances of the rows to the prototypes, (n, p)."""
    return _by_blocks(lambda block: _distances(distance, params, block), X, len(params["prototypes"]))


def class_distances(
    distance: Distance, decision: Decision, params: Params, X: np.ndarray, labels: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the distances of the rows to the classes, (n, n_classes)."""
    return _by_blocks(
        lambda block: _class_distances(distance, decision, params, block, labels, n_classes), X, len(labels)
    )


def _by_blocks(function: Callable[[np.ndarray], Array], X: np.ndarray, prototypes: int) -> np.ndarray:
    # The last block is padded to a power of two, so that any number of rows needs few programs.
    size = min(BLOCK, max(8, 2 ** (_ENTRIES // prototypes).bit_length() // 2))
    results = []
    for start in range(0, len(X), size):
        block = X[start : start + size]
        rows = len(block)
        padded = max(8, 2 ** (rows - 1).bit_length())
        if padded != rows:
            block = np.concatenate([block, np.broadcast_to(block[:1], (padded - rows, X.shape[1]))])
        results.append(np.asarray(function(block))[:rows])
    return results[0] if len(results) == 1 else np.concatenate(results)
