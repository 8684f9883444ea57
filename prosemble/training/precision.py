"""Mixed precision: forward and backward in a lower precision, everything else in the parameters' own."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from prosemble.core._names import lookup

T = TypeVar("T")

PRECISIONS = {"bfloat16": jnp.bfloat16, "float16": jnp.float16}


class LossScale(NamedTuple):
    """The factor that keeps float16 gradients from underflowing, and the updates since it last changed."""

    scale: Float[Array, ""]
    steady: Int[Array, ""]

    def adjust(self, finite: Array) -> LossScale:
        """Halve after an overflow, double after 200 updates without one."""
        grown = self.steady >= 199
        scale = jnp.where(finite, jnp.where(grown, self.scale * 2.0, self.scale), self.scale * 0.5)
        scale = jnp.clip(scale, 1.0, 2.0**24)
        return LossScale(scale, jnp.where(finite & ~grown, self.steady + 1, 0))


def initial_loss_scale(mixed_precision: str | None) -> LossScale | None:
    """Return the starting scale where the precision needs one."""
    if mixed_precision != "float16":
        return None
    return LossScale(jnp.float32(2.0**15), jnp.int32(0))


def lower(tree: T, mixed_precision: str | None) -> T:
    """Return the tree's floating arrays in the requested precision."""
    if mixed_precision is None:
        return tree
    return in_precision(tree, lookup(PRECISIONS, mixed_precision, "mixed_precision", "None"))


def in_precision(tree: T, dtype: Any) -> T:
    """Return the tree with its floating arrays, and no others, as that type."""

    def cast(leaf: Any) -> Any:
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast, tree)
