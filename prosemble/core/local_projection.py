"""Squared lengths after a projection of each prototype's own, with a backward pass that works on winners alone.

A loss of the nearest prototypes has a gradient in one or two of the distances of a sample, not in all p of them. The
forward pass needs all, n p d r multiplications; the backward pass here needs about 2 n d^2 where it finds such a
gradient, by whatever loss it was made, and twice the forward pass otherwise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from prosemble.core.products import inner, squared_norms

Samples = Float[Array, "n d"]
Prototypes = Float[Array, "p d"]
Omegas = Float[Array, "p d r"]

# Fewer multiplications than these are soon done, and not worth the compilation of a second way.
_LARGE = 2**24


def squared_projections(X: Samples, W: Prototypes, omegas: Omegas) -> Float[Array, "n p"]:
    """Return ||(x - w_k) omega_k||^2."""
    (n, d), (p, _, r) = X.shape, omegas.shape
    # Whoever leaves n open traces a program to export, and asks for no gradient.
    if not isinstance(n, int) or n * p * d * r < _LARGE or 2 * r < d or jnp.finfo(X.dtype).bits < 32:
        return _prototype_by_prototype(X, W, omegas)
    return _for_winners(X, W, omegas)


def _prototype_by_prototype(X: Samples, W: Prototypes, omegas: Omegas) -> Float[Array, "n p"]:
    (n, d), (p, _, r) = X.shape, omegas.shape
    # As many prototypes at a time as have together no more directions than there are features.
    together = max(1, min(p, d // max(1, r)))
    whole = p // together * together

    centres = (W[:, :, None] * omegas).sum(axis=1, dtype=jnp.promote_types(X.dtype, jnp.float32))

    @jax.checkpoint
    def to(some: tuple[Array, Array]) -> Array:
        omega, centre = some
        gap = inner(X, omega.transpose(1, 0, 2).reshape(d, -1)) - centre.reshape(-1)
        return squared_norms(gap.reshape(n * len(omega), r)).reshape(n, len(omega)).T

    chunks = jax.tree.map(
        lambda part: part[:whole].reshape(whole // together, together, *part.shape[1:]), (omegas, centres)
    )
    distances = jax.lax.map(to, chunks).reshape(whole, n)
    if whole < p:
        distances = jnp.concatenate([distances, to((omegas[whole:], centres[whole:]))])
    return distances.T


_for_winners = jax.custom_vjp(_prototype_by_prototype)


def _forward(X: Any, W: Any, omegas: Any) -> tuple[Array, Any]:
    values = X.value, W.value, omegas.value
    # Barriers: fused with what follows, the distances would be computed in a layout that slows the products down.
    return jax.lax.optimization_barrier(_prototype_by_prototype(*values)), (values, X.perturbed)


def _backward(kept: Any, gradient: Array) -> tuple[Array | None, ...]:
    (X, W, omegas), samples_too = kept
    gradient = jax.lax.optimization_barrier(gradient)
    if samples_too:  # an encoder made them
        return jax.vjp(_prototype_by_prototype, X, W, omegas)[1](gradient)

    def of_all() -> tuple[Array, Array]:
        return jax.vjp(lambda W, omegas: _prototype_by_prototype(X, W, omegas), W, omegas)[1](gradient)

    winners_only = ((gradient != 0).sum(axis=1) <= 2).all()
    return None, *jax.lax.cond(winners_only, lambda: _of_winners(X, W, omegas, gradient), of_all)


_for_winners.defvjp(_forward, _backward, symbolic_zeros=True)


class Tiles(NamedTuple):
    """Samples in tiles of rows that have one prototype in common."""

    row: Int[Array, "tiles rows"]
    gradient: Float[Array, "tiles rows"]
    prototype: Int[Array, " tiles"]


def _of_winners(X: Samples, W: Prototypes, omegas: Omegas, gradient: Float[Array, "n p"]) -> tuple[Array, Array]:
    """Return the gradients of prototypes and matrices, of a gradient of the distances with at most two in a row."""
    p, d, _ = omegas.shape
    # The products of all tiles, d x d each, then take about four times the memory of the samples.
    row, gradient, prototype = _tiles(gradient, max(32, d // 2))
    gap = X[row] - W[prototype][:, None]
    weighted = gap * gradient[:, :, None]

    def of_prototypes(of_tiles: Array) -> Array:
        return jax.ops.segment_sum(of_tiles, prototype, p, indices_are_sorted=True)

    def product(form: str, left: Array, right: Array) -> Array:
        return jnp.einsum(form, left, right, precision=jax.lax.Precision.HIGHEST)

    moments = of_prototypes(product("tnd,tne->tde", gap, weighted))
    pull = product("kdr,kd->kr", omegas, of_prototypes(weighted.sum(axis=1)))
    return -2.0 * product("kdr,kr->kd", omegas, pull), 2.0 * product("kde,ker->kdr", moments, omegas)


def _tiles(gradient: Float[Array, "n p"], size: int) -> Tiles:
    """Sort the entries that are not zero, at most two in a row, by their column, each column padded to whole tiles."""
    n, p = gradient.shape
    columns = jnp.arange(p)
    first = jnp.where(gradient != 0, columns, p - 1).min(axis=1)
    second = jnp.where(gradient != 0, columns, 0).max(axis=1)
    column = jnp.concatenate([first, second])
    order = _sorted_places(column, p)
    count = (column[:, None] == columns).sum(axis=0)
    tiles = -(-count // size)  # of each column
    end = jnp.cumsum(tiles)
    tile = jnp.arange(-(-2 * n // size) + p)  # there are never more
    owner = jnp.minimum((tile[:, None] >= end).sum(axis=1), p - 1)
    place = (tile - (end - tiles)[owner])[:, None] * size + jnp.arange(size)  # within the column
    begin = jnp.cumsum(count) - count
    pair = order[jnp.clip(begin[owner][:, None] + place, 0, 2 * n - 1)]
    row = pair % n
    # Where one entry is not zero, or none, it is the first and the second.
    counts = (place < count[owner][:, None]) & ((pair < n) | (second > first)[row])
    return Tiles(row, jnp.where(counts, gradient[row, owner[:, None]], 0.0), owner)


def _sorted_places(column: Int[Array, " m"], columns: int) -> Int[Array, " m"]:
    m = len(column)
    if columns * m >= 2**31:
        return jnp.argsort(column)
    return jnp.sort(column.astype(jnp.int32) * m + jnp.arange(m, dtype=jnp.int32)) % m  # half the time of argsort
