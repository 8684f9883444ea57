"""Projections of metric parameters onto what they may be. Each leaves what already is so as it is."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from prosemble.core.part import Number


def log_weights(logarithms: Float[Array, " d"]) -> Float[Array, " d"]:
    """Logarithms of positive weights, shifted so that the weights have sum one."""
    return jax.nn.log_softmax(logarithms)


def unit_trace(omega: Float[Array, "*p d r"]) -> Float[Array, "*p d r"]:
    """Each matrix divided by its Frobenius norm, so that omega omega^T has trace one."""
    norm = jnp.sqrt((omega * omega).sum(axis=(-2, -1), keepdims=True))
    return omega / jnp.where(norm > 0, norm, 1.0)


def orthonormal_columns(bases: Float[Array, "p d s"]) -> Float[Array, "p d s"]:
    """The orthonormal bases of the same subspaces that are nearest in direction (QR with a positive diagonal)."""
    q, r = jnp.linalg.qr(bases)
    sign = jnp.where(jnp.diagonal(r, axis1=-2, axis2=-1) < 0, -1.0, 1.0).astype(bases.dtype)
    return q * sign[:, None, :]


def at_least(values: Float[Array, "*n"], smallest: Number) -> Float[Array, "*n"]:
    """No entry below the smallest."""
    return jnp.maximum(values, smallest)
