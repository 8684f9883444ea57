"""Models as StableHLO programs, which run wherever JAX or XLA does, without this library."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
from jax import export

from prosemble._writing import writable, write_bytes
from prosemble.io.program import program_of

#: The devices that a program is compiled for when it is loaded.
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")


def to_stablehlo(model: Any, path: str | Path) -> None:
    """Write a fitted model as a serialised program of `jax.export`, for one row or more and any device of JAX's.

    Parameters
    ----------
    model : estimator, Pipeline, search or TableClassifier
        A classifier of `prosemble.models`, alone or behind the scalers that `to_onnx` knows.
    path : str or Path
        Replaced whole or not at all.

    Raises
    ------
    ImportError
        If the extra `stablehlo` is not installed.
    TypeError
        If the model is no classifier of prototypes, or a step before it cannot be exported.
    ValueError
        If its program cannot be exported, as where a function of yours calls back into Python.

    Notes
    -----
    `jax.export.deserialize(bytearray(Path(path).read_bytes())).call(X)` takes rows (n, n_features) of the model's
    type, float32 as a rule (of a column of categories, the place of the category among those of
    `prosemble export`'s list, NaN where there is none, -1 for one that is not among them), and returns three arrays:
    the index of the class in the sorted labels (n,), the probabilities (n, n_classes), and the confidence (n,) in [0,
    1], as of `explain`. JAX guarantees to read such files for at least six months after they were written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import jax
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.io import to_stablehlo
    >>> from prosemble.models import NPC
    >>> X, y = load_iris(return_X_y=True)
    >>> path = Path(mkdtemp()) / "iris.stablehlo"
    >>> to_stablehlo(NPC().fit(X, y), path)
    >>> program = jax.export.deserialize(bytearray(path.read_bytes()))
    >>> index, probabilities, confidence = program.call(X[:5].astype("float32"))
    >>> index.tolist(), probabilities.shape
    ([0, 0, 0, 0, 0], (5, 3))
    """
    if find_spec("flatbuffers") is None:  # which JAX needs for this alone, and does not install
        raise ImportError("to_stablehlo needs the extra `stablehlo`: pip install 'prosemble[stablehlo]'.")
    path = writable(path)
    program = program_of(model)
    (rows,) = export.symbolic_shape("n")
    X = jax.ShapeDtypeStruct((rows, program.n_features), program.dtype)

    def prosemble_program(X: Any) -> tuple[Any, ...]:  # a name that the file tells
        return tuple(program(X))

    try:
        exported = export.export(jax.jit(prosemble_program), platforms=PLATFORMS)(X)
        content = exported.serialize()
    except Exception as error:  # whatever JAX makes of a function that it cannot lower for these devices
        raise ValueError(f"{program.name} cannot be exported as StableHLO: {error}") from error
    write_bytes(path, bytes(content))
