"""Rows are copied once for a training, and not at all for a prediction."""

import tracemalloc

import jax
import numpy as np
import pytest

from prosemble.models import GLVQ
from prosemble.training.data import Rows, Selection, merge_equal_rows


def _peak(act):
    """Return how many bytes of arrays there are at most while something acts."""
    tracemalloc.start()
    act()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("settings", [{}, {"batch_size": 4096}, {"prototypes_initializer": "class_mean"}], ids=str)
def test_a_fit_copies_the_rows_once(settings):
    X = np.random.default_rng(0).normal(size=(100_000, 64)).astype(np.float32)
    y = np.arange(len(X)) % 3
    model = GLVQ(max_iter=1, **settings).fit(X[:300], y[:300])  # what is imported only now counts for nothing
    assert X.nbytes < _peak(lambda: model.fit(X, y)) < 1.5 * X.nbytes


def test_the_copy_is_read_where_it_lies():
    X = np.random.default_rng(0).normal(size=(1000, 7)).astype(np.float32)
    laid_out = Selection.whole(Rows(X, np.zeros(1000, np.int32), np.ones(1000, np.float32))).padded(1024).X
    assert jax.device_put(laid_out, jax.devices("cpu")[0], may_alias=True).unsafe_buffer_pointer() == (
        laid_out.ctypes.data
    )


def test_a_memory_map_is_predicted_without_a_copy(tmp_path):
    X = np.random.default_rng(0).normal(size=(400_000, 30))
    np.save(tmp_path / "rows.npy", X)
    model = GLVQ(max_iter=1).fit(X[:300], np.arange(300) % 3)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    expected = model.predict(X)
    assert _peak(lambda: np.testing.assert_array_equal(model.predict(mapped), expected)) < 0.35 * X.nbytes


def test_what_is_selected_is_copied_as_it_is_asked_for():
    X = np.arange(12.0).reshape(6, 2)[[0, 1, 2, 0, 1, 5]]
    y = np.array([0, 0, 1, 0, 1, 1], np.int32)
    distinct = merge_equal_rows(Rows(X, y, np.array([1.0, 2.0, 1.0, 3.0, 1.0, 0.0])))
    weighed = {(*row, label): weight for row, label, weight in zip(*map(list, distinct.rows()), strict=True)}
    assert weighed == {(0.0, 1.0, 0): 4.0, (2.0, 3.0, 0): 2.0, (4.0, 5.0, 1): 1.0, (2.0, 3.0, 1): 1.0}
    padded = distinct.padded(6, centre=np.array([1.0, 1.0]))
    np.testing.assert_array_equal(padded.X[:4], distinct.X - 1)
    np.testing.assert_array_equal(padded.X[4:], np.repeat(padded.X[:1], 2, axis=0))
    assert padded.weight.tolist() == [*distinct.weight, 0.0, 0.0] and len(distinct.some(2).X) == 2
