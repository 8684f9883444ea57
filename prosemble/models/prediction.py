"""Distances of any number of rows in bounded memory, by compiled programs that all models share."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.blocks import by_blocks, in_blocks
from prosemble.distances import Distance, Params, evaluate
from prosemble.objectives import Decision


@jax.jit
def _distances(distance: Distance, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
    return in_blocks(lambda rows: evaluate(distance, params, rows), X, _columns(params, X))


@partial(jax.jit, static_argnames=("n_classes", "nearest"))
def _class_distances(
    distance: Distance,
    decision: Decision,
    params: Params,
    X: Float[Array, "n d"],
    labels: Int[Array, " p"],
    n_classes: int,
    nearest: bool,
) -> Float[Array, "n c"] | Int[Array, " n"]:
    decide = decision.nearest if nearest else decision
    return in_blocks(
        lambda rows: decide(params, evaluate(distance, params, rows), labels, n_classes), X, _columns(params, X)
    )


def distances(distance: Distance, params: Params, X: np.ndarray) -> np.ndarray:
    """Return the distances of the rows to the prototypes, (n, p)."""
    p = len(params["prototypes"])
    return by_blocks(lambda rows: _distances(distance, params, rows), X, p, p)


def class_distances(
    distance: Distance,
    decision: Decision,
    params: Params,
    X: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    nearest: bool = False,
) -> np.ndarray:
    """Return the distances of the rows to the classes, (n, n_classes), or the index of the `nearest`, (n,)."""
    results = max(len(labels), n_classes)
    return by_blocks(
        lambda rows: _class_distances(distance, decision, params, rows, labels, n_classes, nearest), X, results, results
    )


def _columns(params: Params, X: Array) -> int:
    return max(X.shape[1], len(params["prototypes"]))
