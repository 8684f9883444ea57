"""Products of matrices, accurate in every precision and on every device."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def inner(A: Array, B: Array) -> Array:
    """Return A B, of matrices of low precision in float32."""
    if jnp.finfo(A.dtype).bits < 32:
        return _low_precision_inner(A, B)
    # The default precision of some accelerators keeps 8 to 11 bits of a float32, too few for a difference of squares.
    return jnp.matmul(A, B, precision=jax.lax.Precision.HIGHEST)


@jax.custom_vjp
def _low_precision_inner(A: Array, B: Array) -> Array:
    """A product of bfloat16 or float16 summed in float32, whose backward products are of the low precision too."""
    return jnp.matmul(A, B, preferred_element_type=jnp.float32)


def _low_precision_inner_forward(A: Any, B: Any) -> tuple[Array, tuple[Array | None, Array | None]]:
    # Each factor is kept only where the other one's gradient is asked for.
    kept = (A.value if B.perturbed else None, B.value if A.perturbed else None)
    return _low_precision_inner(A.value, B.value), kept


def _low_precision_inner_backward(
    kept: tuple[Array | None, Array | None], gradient: Array
) -> tuple[Array | None, Array | None]:
    A, B = kept

    def product(left: Array, right: Array, dtype: Any) -> Array:
        return jnp.matmul(left.astype(dtype), right.astype(dtype), preferred_element_type=jnp.float32).astype(dtype)

    return (
        None if B is None else product(gradient, B.T, B.dtype),
        None if A is None else product(A.T, gradient, A.dtype),
    )


_low_precision_inner.defvjp(_low_precision_inner_forward, _low_precision_inner_backward, symbolic_zeros=True)


def squared_norms(A: Array, weights: Array | float = 1.0) -> Array:
    """Return the (weighted) squared norm of each row, of a row of low precision in float32."""
    A = A.astype(jnp.promote_types(A.dtype, jnp.float32))
    return (A * A * weights).sum(axis=1)
