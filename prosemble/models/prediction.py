"""Distances of any number of rows in bounded memory, by compiled programs that all models share."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble.core.blocks import by_blocks
from prosemble.distances import Distance, Params, evaluate
from prosemble.objectives import Decision


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
    return by_blocks(lambda block: _distances(distance, params, block), X, len(params["prototypes"]))


def class_distances(
    distance: Distance, decision: Decision, params: Params, X: np.ndarray, labels: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the distances of the rows to the classes, (n, n_classes)."""
    return by_blocks(
        lambda block: _class_distances(distance, decision, params, block, labels, n_classes), X, len(labels)
    )
