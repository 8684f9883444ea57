"""Distances that keep their digits where prototypes and samples lie far apart.

An expanded form, ||x||^2 - 2 x.w + ||w||^2, is right up to a rounding of ||x||^2: a distance far below that is lost. Of
few features the differences are formed at once, which is as fast; of more, only for the rows that need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Bool, Float
from scipy.spatial.distance import cdist

#: Of so few features a sum of squared differences takes no longer than a product of matrices.
FEW = 8
#: A distance above this share of ||x||^2 is right to five digits in its expanded form, in float32.
EXPANDED = 2.0**-8
#: A squared length above this share of what was projected, ||x||^2 ||omega||^2, is right to five digits too.
PROJECTED = 2.0**-16

_now = local()

# Neighbours that are computed by differences at a time: more would take longer where a single one needs it.
_TOGETHER = 16


@contextmanager
def unless(compact: bool) -> Iterator[None]:
    """Trace what is inside without a look at the distances, where somebody has looked at what they are of."""
    former, _now.trusted = trusted(), compact
    try:
        yield
    finally:
        _now.trusted = former


def trusted() -> bool:
    """Whether what is traced now is of data whose distances need no look."""
    return getattr(_now, "trusted", False)


def are_compact(X: np.ndarray, W: np.ndarray) -> bool:
    """Whether an expanded form about the origin is right for these rows.

    Then hardly any is much nearer to a prototype than to the origin, but for those that prototypes were drawn from.
    """
    if X.shape[1] <= FEW:
        return True
    X = np.nan_to_num(X)
    # Not by a product: NumPy's threads would go on spinning beside those of the training.
    nearest = cdist(X, W, "sqeuclidean").min(axis=1)
    return bool(np.count_nonzero(nearest < EXPANDED * (X**2).sum(axis=1)) <= len(W) + 0.01 * len(X))


def nearest_to_origin(W: Any, xp: Any = jnp) -> Any:
    """Return the point of the box around the prototypes that is nearest to the origin, about which forms are expanded.

    What lies within the box loses nothing when it is subtracted: differences of numbers of one sign, the smaller from
    the larger, are as precise as these.
    """
    return xp.maximum(W.min(axis=0), 0.0) + xp.minimum(W.max(axis=0), 0.0)


def are_apart(W: np.ndarray) -> bool:
    """Whether the nearest of these prototypes is the same by an expanded form about their box, for every row.

    Where a row is so near to one that its distance loses digits, all others then are much farther from it.
    """
    W = W - nearest_to_origin(W, np)
    squares = (W**2).sum(axis=1)
    gaps = cdist(W, W, "sqeuclidean")
    np.fill_diagonal(gaps, np.inf)
    return bool(gaps.min() > 8 * EXPANDED * squares.max())


def with_gradient_of(expanded: Float[Array, "p n"], value: Float[Array, "p n"]) -> Float[Array, "p n"]:
    """Return the value, which is what the expanded form is up to rounding, with the gradient of that form."""
    return _gradient_of(expanded, lax.stop_gradient(value))


def rows_again(
    distances: Float[Array, "p n"],
    certain: Float[Array, "*p n"],
    directly: Callable[..., Float[Array, "p k"]],
    X: Float[Array, "n d"],
    *parameters: Any,
    always: bool = False,
) -> Float[Array, "p n"]:
    """Return the distances, those of each row with one that is below what is `certain` computed anew.

    `directly(rows (k, d), *parameters)` does that, by way of differences. The gradient is that of the distances given.
    Data that is trusted is not looked at but where this is to be done `always`. A program that is traced for a file has
    no second look: all its rows are computed so.
    """
    if not isinstance(X.shape[0], int) and not trusted():  # what is compiled here has a number of rows
        return directly(X, *parameters)
    if trusted() and not always:
        return with_gradient_of(distances, jnp.where(distances < 0, 0.0, distances))
    X, parameters, value = lax.stop_gradient((X, parameters, distances))
    doubtful = (value < lax.stop_gradient(certain)).any(axis=0)
    size = min(_TOGETHER, len(doubtful))
    done = jnp.zeros(size, bool)

    def some(state: tuple[Array, Array]) -> tuple[Array, Array]:
        value, doubtful = state
        start = jnp.minimum(doubtful.argmax() // size * size, len(doubtful) - size)
        again = directly(lax.dynamic_slice_in_dim(X, start, size), *parameters).astype(value.dtype)
        # The others stay as they are: what is said of a row does not depend on its neighbours.
        former, these = (lax.dynamic_slice_in_dim(of, start, size, axis=-1) for of in (value, doubtful))
        again = jnp.where(these, again, former)
        return (
            lax.dynamic_update_slice_in_dim(value, again, start, axis=1),
            lax.dynamic_update_slice_in_dim(doubtful, done, start, axis=0),
        )

    # A loop that does not turn where nothing is to be done, for one model or for many that are trained together.
    value, _ = lax.while_loop(_any_left, some, (value, doubtful))
    return with_gradient_of(distances, value)


def _any_left(state: tuple[Array, Bool[Array, " n"]]) -> Array:
    return state[1].any()


@jax.custom_jvp
def _gradient_of(expanded: Array, value: Array) -> Array:
    return value


@_gradient_of.defjvp
def _tangent(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    return primals[1], tangents[0]
