"""Rows a block at a time: all of them, in order, and little beside them."""

import jax.numpy as jnp
import numpy as np
import pytest

from prosemble.core import blocks


@pytest.mark.parametrize(("n", "most"), [(1, 64), (65, 128), (4097, 4096 + 64), (10_000, 10_240), (50_000, 50_176)])
def test_each_row_once_and_few_that_are_padding(n, most, monkeypatch):
    monkeypatch.setattr(blocks, "_CACHED", 2**15)
    taken = []

    def doubled(block):
        taken.append(len(block))
        return jnp.asarray(block[:, 0] * 2)

    X = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    np.testing.assert_array_equal(blocks.by_blocks(doubled, X), X[:, 0] * 2)
    assert sum(taken) <= most and max(taken) <= 2**14
    assert all(size & (size - 1) == 0 for size in taken)
