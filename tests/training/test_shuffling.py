"""The order of an epoch is any order of its rows, whatever their number, and padding comes last."""

import jax
import numpy as np
import pytest

from prosemble.training import loop

shuffled = jax.jit(loop.shuffled, static_argnums=0)


@pytest.mark.parametrize(("length", "n"), [(1, 1), (2, 1), (640, 637), (20_000, 19_999), (2**18 + 1, 2**18)])
def test_rows_in_any_order_and_then_the_padding(length, n):
    orders = [np.asarray(shuffled(length, n, 7, epoch)) for epoch in (0, 1)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order[:n]), np.arange(n))
        np.testing.assert_array_equal(order[n:], np.arange(n, length))
        if n > 100:
            # Of n random places: mean displacement n/3, no more neighbours that stay in order than others, both within
            # five standard deviations.
            assert abs(np.abs(order[:n] - np.arange(n)).mean() / n - 1 / 3) < 5 * 0.236 / np.sqrt(n)
            assert abs((np.diff(order[:n]) > 0).mean() - 0.5) < 5 * 0.289 / np.sqrt(n)
    assert n < 100 or (orders[0] != orders[1]).mean() > 0.9


def test_every_order_is_as_likely():
    orders = np.asarray(jax.vmap(lambda epoch: loop.shuffled(8, 4, 0, epoch))(np.arange(24_000)))
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 24  # all orders of four rows
    assert ((counts - 1000) ** 2 / 1000).sum() < 60  # chi-square of 23 degrees: 60 is exceeded once in 30,000 times
