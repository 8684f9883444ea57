"""What feeds the loop: rows laid out in the shapes that compiled programs are kept for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from prosemble.core.blocks import rows_at_a_time
from prosemble.core.sampling import evenly

# Rows that padding takes for a block where nobody says how many a block has, and that are hashed at a time: so few that
# what is computed of them stays in the cache.
BLOCK, HASHED = 4096, 512
# Bytes that the address of an array is a multiple of.
_ALIGNMENT = 64

#: A NumPy array on the host, a JAX array on a device or while it is traced.
AnyArray = Any


class Rows(NamedTuple):
    """Samples (n, d), class indices (n,) and weights (n,); rows of weight zero are padding."""

    X: AnyArray
    y: AnyArray
    weight: AnyArray


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows of a table by their places (m,), with weights (m,) of their own; nothing is copied until it is asked for."""

    table: Rows
    places: np.ndarray
    weight: np.ndarray

    @classmethod
    def whole(cls, table: Rows) -> Selection:
        """Return all rows of a table."""
        return cls(table, np.arange(len(table.X)), table.weight)

    def __len__(self) -> int:
        return len(self.places)

    @property
    def X(self) -> np.ndarray:
        """A copy of the samples."""
        return self.table.X[self.places]

    @property
    def y(self) -> np.ndarray:
        """A copy of the class indices."""
        return self.table.y[self.places]

    def rows(self) -> Rows:
        """Return a copy of the rows."""
        return Rows(self.X, self.y, self.weight)

    def some(self, most: int) -> Rows:
        """Return a copy of at most so many of the rows, evenly spread."""
        chosen = evenly(len(self), most)
        return Selection(self.table, self.places[chosen], self.weight[chosen]).rows()

    def padded(self, length: int, centre: np.ndarray | None = None) -> Rows:
        """Return a copy of the rows, about that centre, and padding up to that length.

        Padding repeats the first row, since a user's distance may be undefined at zero, with weight zero.
        """
        n, table = len(self), self.table
        X = _aligned((length, table.X.shape[1]), table.X.dtype)
        np.take(table.X, self.places, axis=0, out=X[:n], mode="clip")  # in other modes it fills a copy first
        X[n:] = X[0]
        if centre is not None:
            X -= centre
        y, weight = np.full(length, table.y[self.places[0]]), np.zeros(length, self.weight.dtype)
        y[:n], weight[:n] = self.y, self.weight
        return Rows(X, y, weight)


def _aligned(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """Return an array that a program on the processor reads where it lies; of others it makes a copy."""
    size = shape[0] * shape[1] * dtype.itemsize
    room = np.empty(size + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    return room[start : start + size].view(dtype).reshape(shape)


def merge_equal_rows(rows: Rows) -> Selection:
    """Return each distinct (sample, class) of positive weight once, with the sum of its weights.

    The result depends neither on the order of the rows nor on whether a weight k is written as k equal rows, and
    so neither does, to the last bit, what is trained on it.
    """
    X, y, weight = rows
    keys = _row_keys(X) + y.astype(np.uint64)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    total = np.bincount(group, weights=weight, minlength=len(first))
    return Selection(rows, first[total > 0], total[total > 0].astype(weight.dtype))


# Beyond so many times their spread from the origin, features are taken about an origin of their own; rows that tell.
_FAR, _SOME = 64, 300


def middle(rows: Selection) -> np.ndarray:
    """Return the median of each feature, of some of the rows: where most of them are, however far off the others."""
    return _quartiles(rows.some(_SOME).X)[1]


def far_from_origin(X: np.ndarray) -> np.ndarray | None:
    """Return about the medians of those features that lie far from the origin, 0 of the others; None where none does.

    They are round numbers, so that what somebody has added to all rows is, as a rule, what is subtracted.
    """
    low, median, high = _quartiles(X[evenly(len(X), _SOME)]).astype(np.float64)
    spread = high - low
    far = (np.abs(median) > _FAR * spread) & (spread > 0)
    if not far.any():
        return None
    unit = 10.0 ** np.ceil(np.log10(np.where(far, _FAR * spread, 1.0)))
    origin = np.where(far, np.round(median / unit) * unit, 0.0)
    return origin if origin.any() else None


def require_range(X: np.ndarray) -> None:
    """Raise where squared distances of such samples are more, or all of them less, than their type can hold."""
    if not len(X):
        return
    limits = np.finfo(X.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        largest = max(-float(X.min()), float(X.max()))
        if np.isnan(largest):
            largest = float(np.nanmax(np.abs(X)))
        least, most = float(limits.tiny) / float(limits.eps), float(limits.max) / 4
        # As a rule a look at some of the rows is enough.
        if X.shape[1] * (2 * largest) ** 2 < most and (np.ptp(X[evenly(len(X), 100)], axis=0) ** 2).max() > least:
            return
        span = np.nan_to_num(np.subtract(*(of.reduce(X, axis=0) for of in (np.fmax, np.fmin)), dtype=np.float64))
        square = float((span**2).sum())
    if square > most or not np.isfinite(largest):
        what, do = "far apart", "divide"
    elif 0 < square < least:
        what, do = "close together", "multiply"
    else:
        return
    raise ValueError(
        f"X holds samples too {what} for {X.dtype}: features span up to {span.max():.3g}, whose squares it cannot "
        f"hold; {do} them, as a StandardScaler does."
    )


def _quartiles(X: np.ndarray) -> np.ndarray:
    rows = np.sort(X, axis=0)
    last = len(rows) - 1
    if np.isnan(rows[-1]).any():  # what is missing comes last
        last = np.maximum(np.count_nonzero(~np.isnan(rows), axis=0) - 1, 0)
    places = [np.multiply(last, share).astype(int) for share in (0.25, 0.5, 0.75)]
    return np.nan_to_num([rows[place, np.arange(X.shape[1])] for place in places])


def _row_keys(X: np.ndarray) -> np.ndarray:
    """Return a 64-bit key per row: equal for equal rows, different (but for a chance of 2^-64) for others."""
    coefficients = np.random.default_rng(0).integers(2**63, size=X.shape[1], dtype=np.uint64) * 2 + 1
    keys = np.zeros(len(X), np.uint64)
    for start in range(0, len(X), HASHED):
        rows = X[start : start + HASHED] + 0  # -0.0 equals 0.0 but has other bits
        rows[np.isnan(rows)] = np.nan  # NaN has many bit patterns
        words = rows.view(np.uint32 if X.itemsize == 4 else np.uint64).astype(np.uint64)
        # A plain linear hash maps rows that differ by powers of two in step to equal keys; mix the words first.
        words ^= words >> 15
        words *= np.uint64(0x9E3779B97F4A7C15)
        words ^= words >> 32
        keys[start : start + HASHED] = words @ coefficients
    keys ^= keys >> 29
    return keys * np.uint64(0xBF58476D1CE4E5B9)


def padded_length(n: int, multiple: int | None, block: int = BLOCK) -> int:
    """Return the multiple that n rows are padded to, or blocks of a shape that data sets of about this size share."""
    if multiple is not None:
        return -(-n // multiple) * multiple
    blocks = -(-n // block)
    granule = max(64, 2 ** (n.bit_length() - 5)) if blocks == 1 else 64
    return blocks * -(-n // (blocks * granule)) * granule


def rows_trained_at_a_time(features: int, prototypes: int) -> int:
    """Return how many rows a step of full batches works on at a time."""
    # Their distances are there twice: a gradient stands beside each.
    return rows_at_a_time(max(features, 2 * prototypes))


def shard(rows: Rows, devices: Sequence[Any]) -> Rows:
    """Return the rows laid out over the devices, an equal share each."""
    mesh = Mesh(np.asarray(devices), ("samples",))
    return jax.device_put(rows, NamedSharding(mesh, PartitionSpec("samples")))
