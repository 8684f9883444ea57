"""Distances of any number of rows in bounded memory, by compiled programs that all models share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble import _words as words
from prosemble._probabilities import probabilities
from prosemble.core.blocks import by_blocks
from prosemble.core.cancellation import are_apart, nearest_to_origin, unless
from prosemble.core.part import Number
from prosemble.core.programs import compiled
from prosemble.distances import Distance, Params, evaluate
from prosemble.objectives import Decision, Nearest

# Rows for each prototype from which it pays to compare the prototypes with each other first.
_MANY = 64


class Outcome(NamedTuple):
    """What is said of each row: the index of its class, the probabilities of all, and the decision's confidence."""

    nearest: Int[Array, " n"]
    probabilities: Float[Array, "n c"]
    confidence: Float[Array, " n"]


def outcome(
    distance: Distance,
    decision: Decision,
    params: Params,
    X: Float[Array, "n d"],
    labels: Any,
    n_classes: int,
    temperature: Number = 1.0,
    bounded: bool = False,
) -> Outcome:
    """Return all that is predicted of the rows, as one function that can be traced: what leaves the library is this."""
    distances = decision(params, evaluate(distance, params, X), jnp.asarray(labels), n_classes)
    nearest = distances.argmin(axis=1).astype(jnp.int32)
    proba = probabilities(distances, temperature, bounded, jnp)
    return Outcome(nearest, proba, _confidence(decision, distances))


@compiled
def _confidence(decision: Decision, distances: Float[Array, "n c"]) -> Float[Array, " n"]:
    nearest = distances.argmin(axis=1)
    others = jnp.where(jnp.arange(distances.shape[1]) == nearest[:, None], jnp.inf, distances)
    return decision.confidence(distances.min(axis=1), others.min(axis=1))


# The distances come from a program of their own: fused with what is made of them, they would be rounded in one way for
# the nearest class and in another for the distances to all, and the two would disagree where classes are almost level.
@compiled(static_argnames="compact")
def _distances(
    distance: Distance, params: Params, X: Float[Array, "n d"], compact: bool = False
) -> Float[Array, "p n"]:
    with unless(compact):
        return evaluate(distance, params, X).T


@compiled(static_argnames="n_classes")
def _class_distances(
    decision: Decision, params: Params, distances: Float[Array, "p n"], labels: Int[Array, " p"], n_classes: int
) -> Float[Array, "n c"]:
    of_classes = decision(params, distances.T, labels, n_classes)
    # Not a number where there is nothing to decide by.
    decisive = of_classes if isinstance(decision, Nearest) else distances.T
    return jnp.where(jnp.isfinite(decisive).any(axis=1, keepdims=True), of_classes, jnp.nan)


@compiled(static_argnames="together")
def _nearest_class(distances: Float[Array, "p n"], labels: Int[Array, " p"], together: int) -> Int[Array, " n"]:
    """Return the class of the nearest prototype of each row, the first class of equally near ones; -1 where none is.

    `together` neighbours are of one class, from the first on.
    """
    distances, labels = distances.reshape(-1, together, distances.shape[1]).min(axis=1), labels[::together]

    def compare(k: Int[Array, ""], so_far: tuple[Array, Array]) -> tuple[Array, Array]:
        smallest, nearest = so_far
        closer = (distances[k] < smallest) | ((distances[k] == smallest) & (labels[k] < nearest))
        return jnp.where(closer, distances[k], smallest), jnp.where(closer, labels[k], nearest)

    # In one pass along the samples: a reduction to a minimum and its index takes three times as long on a processor.
    n = distances.shape[1]
    # The stand-in is a class, which it has to be also where no distance is a number.
    start = jnp.full(n, jnp.inf, distances.dtype), jnp.full(n, labels.max())
    smallest, nearest = jax.lax.fori_loop(0, len(labels), compare, start, unroll=2)
    return jnp.where(jnp.isfinite(smallest), nearest, -1)


def as_measured(distance: Distance, params: Params) -> tuple[Params, np.ndarray | None]:
    """Return the parameters in the precision of the arithmetic, and what is to be subtracted from samples, if anything.

    Prototypes that lie so far from the origin that they are held in another precision are shifted towards it.
    """
    W = params["prototypes"]
    if not isinstance(W, np.ndarray):  # quantised, or on a device
        return params, None
    dtype = jax.dtypes.canonicalize_dtype(W.dtype)
    if dtype == W.dtype or not distance.shift_invariant:
        return params, None
    centre = nearest_to_origin(W, np)
    return {**params, "prototypes": (W - centre).astype(dtype)}, centre


def distances(distance: Distance, params: Params, X: np.ndarray) -> np.ndarray:
    """Return the distances of the rows to the prototypes, (n, p)."""
    result = _by_blocks(lambda params, block: _distances(distance, params, block).T, distance, params, X)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(result.sum()):  # in one pass, as a rule
            _require(np.isfinite(result).any(axis=1) & ~np.isnan(result).any(axis=1), X, params)
    return result


def class_distances(
    distance: Distance, decision: Decision, params: Params, X: np.ndarray, labels: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the distances of the rows to the classes, (n, n_classes)."""
    result = _by_blocks(
        lambda params, block: _class_distances(
            decision, params, _distances(distance, params, block), labels, n_classes
        ),
        distance,
        params,
        X,
    )
    _require(~np.isnan(result).any(axis=1), X, params)
    return result


def confidence(decision: Decision, distances: np.ndarray) -> np.ndarray:
    """Return how sure the decision is, in [0, 1], by the distances of the rows to the classes, (n,)."""
    return by_blocks(partial(_confidence, decision), distances)


def nearest_class(
    distance: Distance, decision: Decision, params: Params, X: np.ndarray, labels: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the index of the nearest class of each row, the first of equally near ones, (n,)."""
    if not isinstance(decision, Nearest):
        return class_distances(distance, decision, params, X, labels, n_classes).argmin(axis=1)
    # The borders between classes and the end are multiples of it.
    together = int(np.gcd.reduce(np.append(np.flatnonzero(np.diff(labels)) + 1, len(labels))))
    apart = len(X) >= _MANY * len(labels) and prototypes_apart(distance, params)
    result = _by_blocks(
        lambda params, block: _nearest_class(_distances(distance, params, block, compact=apart), labels, together),
        distance,
        params,
        X,
    )
    _require(result >= 0, X, params)
    return result


def prototypes_apart(distance: Distance, params: Params) -> bool:
    """Whether the nearest prototype is told by an expanded form, where the distance has one for all of them."""
    form = distance.quadratic(params)
    return form is not None and are_apart(form.project(np.asarray(params["prototypes"], np.float64)))


def _require(known: np.ndarray, X: np.ndarray, params: Params) -> None:
    """Raise an error that names the rows of which nothing can be said, since their distances are beyond all numbers."""
    if not known.all():
        rows = np.flatnonzero(~known).tolist()
        raise ValueError(
            f"X holds numbers too large for distances in {jax.dtypes.canonicalize_dtype(params['prototypes'].dtype)}, "
            f"up to {np.nanmax(np.abs(X[rows])):g}, in the rows {words.listed(rows, 5)} (the first is 0)."
        )


def _by_blocks(
    function: Callable[[Params, np.ndarray], Array], distance: Distance, params: Params, X: np.ndarray
) -> np.ndarray:
    params, centre = as_measured(distance, params)
    dtype = params["prototypes"].dtype

    def of_block(block: np.ndarray) -> Array:
        with np.errstate(over="ignore"):  # such rows are refused by name
            return function(params, (block if centre is None else block - centre).astype(dtype, copy=False))

    return by_blocks(of_block, X, len(params["prototypes"]))
