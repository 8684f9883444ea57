"""Arrays of numbers in 8 or 16 bits."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

#: What the numbers of a model can be stored as.
DTYPES = ("int8", "float16")


class Quantized(NamedTuple):
    """Numbers as `offset + step * values`, with values of 8 bits; see `shape_of_scale` for who shares them."""

    values: Any
    offset: Any
    step: Any


def quantized(params: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Return the parameters with all that are fractional numbers stored in 8 or 16 bits; arrays or dicts of them.

    Raises
    ------
    ValueError
        If the numbers of a parameter are beyond what float16 can hold, 6.1e-5 to 65,504.
    """
    return {
        name: {part: _stored(f"{name}.{part}", array, dtype) for part, array in value.items()}
        if isinstance(value, dict)
        else _stored(name, value, dtype)
        for name, value in params.items()
    }


def dequantized(params: Any) -> Any:
    """Return the parameters as numbers of 32 bits; in a traced function the conversion is part of the program."""

    def restored(leaf: Any) -> Any:
        if isinstance(leaf, Quantized):
            return leaf.offset + leaf.step * leaf.values.astype(np.float32)
        return leaf.astype(np.float32) if leaf.dtype == np.float16 else leaf

    return jax.tree.map(restored, params, is_leaf=lambda leaf: isinstance(leaf, Quantized))


def shape_of_scale(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of offset and step of a parameter: what belongs to one feature shares them.

    Features have units of their own. A matrix of a metric has a row for each; of all else it is the last axis.
    """
    if len(shape) < 2:
        return (1,) * len(shape)
    return (*shape[:-1], 1) if name.startswith("omega") else (*(1,) * (len(shape) - 1), shape[-1])


def n_bytes(params: Any) -> int:
    """Return the memory that the parameters take."""
    return sum(np.asarray(leaf).nbytes for leaf in jax.tree.leaves(params))


def _stored(name: str, array: np.ndarray, dtype: str) -> Any:
    array = np.asarray(array)
    if not np.issubdtype(array.dtype, np.floating):  # indices stay what they are
        return array
    if dtype == "float16":
        largest, limits = np.abs(array).max(), np.finfo(np.float16)
        if largest > limits.max or 0 < largest < limits.tiny:
            raise ValueError(
                f"dtype='float16' cannot hold {name}, whose largest number is {largest:.6g} (possible are "
                f"{limits.tiny:.2g} to 65504); use 'int8', or scale the features."
            )
        return array.astype(np.float16)
    shared = shape_of_scale(name, array.shape)
    axes = tuple(axis for axis, size in enumerate(shared) if size == 1)
    low, high = (limit(array.astype(np.float64), axis=axes, keepdims=True) for limit in (np.min, np.max))
    step = (high - low) / 255
    values = np.round((array - low) / np.where(step > 0, step, 1.0)) - 128
    return Quantized(values.astype(np.int8), (low + 128 * step).astype(np.float32), step.astype(np.float32))
