"""What the annotation of a part's field decides."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from prosemble.core.part import Part


class Inner(Part):
    scale: float


class Outer(Part):
    inner: Inner
    power: int
    shift: float | None = None


def test_numbers_and_parts_are_traced_and_the_rest_is_static():
    traces = []

    @jax.jit
    def apply(part, x):
        traces.append(part)
        return (x * part.inner.scale) ** part.power + (0.0 if part.shift is None else part.shift)

    outputs = [apply(Outer(inner=Inner(scale=s), power=2), jnp.float32(3.0)) for s in (1.0, 2.0)]
    assert outputs == [9.0, 36.0] and len(traces) == 1
    assert apply(Outer(inner=Inner(scale=1.0), power=2, shift=1.0), jnp.float32(3.0)) == 10.0
    assert apply(Outer(inner=Inner(scale=1.0), power=3), jnp.float32(3.0)) == 27.0
    assert len(traces) == 3


class Weighted(Part):
    ours: Float[Array, " d"]
    theirs: np.ndarray
    perhaps: Float[Array, " d"] | None = None


def test_arrays_are_traced_however_they_are_annotated():
    apply = jax.jit(lambda part, x: (x * part.ours * part.theirs).sum())
    for scale in (1.0, 2.0):
        assert apply(Weighted(ours=jnp.full(2, scale), theirs=np.ones(2)), jnp.ones(2)) == 2 * scale
    assert apply._cache_size() == 1


def test_parts_of_two_kinds_never_share_a_program():
    kinds = [type(f"Kind{number}", (Part,), {"__module__": __name__, "number": number}) for number in range(64)]
    apply = jax.jit(lambda part, x: x + part.number)
    assert [int(apply(kind(), jnp.int32(0))) for kind in kinds] == list(range(64))
    # What compiled programs are kept under: where it is equal, a program is shared in one of some hundred cases.
    assert jax.tree.structure(kinds[0]()) != jax.tree.structure(kinds[1]())


def test_a_part_with_fields_is_final_and_frozen():
    with pytest.raises(TypeError, match="Inner, which has fields and is final"):
        type("Child", (Inner,), {"__annotations__": {"more": float}})
    with pytest.raises(AttributeError):
        Inner(scale=1.0).scale = 2.0
