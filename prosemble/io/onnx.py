"""Models as ONNX files, which run without Python, JAX or this library."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

from prosemble import _words as words
from prosemble._writing import writable, write_bytes
from prosemble.distances import SquaredEuclidean
from prosemble.io.program import Program, program_of
from prosemble.objectives import Nearest
from prosemble.prediction.predictor import outcome

# Old enough for the runtimes that are in use: ONNX 1.13 of 2022. The file's own layout (IR) is of the same release.
OPSET, ML_OPSET, IR_VERSION = 18, 3, 8
# What the file gives, and what all other names in it begin with, so that columns may be called as they are.
OUTPUTS = ("label", "probabilities", "confidence")
_WITHIN = "prosemble."


def to_onnx(model: Any, path: str | Path) -> None:
    """Write a fitted model as an ONNX file, made by tracing the program that predicts.

    The file has one input, `X` (n, n_features) of the model's type, float32 as a rule, for any number n of rows from 1
    on; where the model reads categories, an input (n, 1) for each column instead, by its name, strings of those that
    are categories, empty where there is none, and numbers of the others, NaN where there is none. It has three outputs:
    `label` (n,), strings or numbers as in `classes_`; `probabilities` (n, n_classes) as of `predict_proba`; and
    `confidence` (n,), in [0, 1], as of `explain`. Before it is written it is run, and what it says is compared with
    what the model says.

    Parameters
    ----------
    model : estimator, Pipeline, search or TableClassifier
        A classifier of `prosemble.models`, alone or behind any of StandardScaler, MinMaxScaler, MaxAbsScaler,
        RobustScaler, PowerTransformer, BoundedPowerTransformer, Normalizer, SimpleImputer, OneHotEncoder (of text) and
        ColumnTransformer, which become part of the file. A quantised one stays as small as it is. What
        `TableClassifier` reads as dates comes as the numbers that it makes of them.
    path : str or Path
        Replaced whole or not at all.

    Raises
    ------
    ImportError
        If the extra `onnx` is not installed.
    TypeError
        If the model is no classifier of prototypes, or a step before it cannot be exported.
    ValueError
        If an operation, as of a function of yours, has no counterpart in ONNX, which is named; or a column that is read
        by its name is called as an output is.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import onnxruntime
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.io import to_onnx
    >>> from prosemble.models import NPC
    >>> iris = load_iris()
    >>> path = Path(mkdtemp()) / "iris.onnx"
    >>> to_onnx(NPC().fit(iris.data, iris.target_names[iris.target]), path)
    >>> session = onnxruntime.InferenceSession(path)
    >>> label, probabilities, confidence = session.run(None, {"X": iris.data[:2].astype("float32")})
    >>> label.tolist()
    ['setosa', 'setosa']
    """
    try:
        with _quiet():
            import jax2onnx
            import onnx
            import onnxruntime
    except ImportError as error:
        raise ImportError(f"to_onnx needs the extra `onnx`: pip install 'prosemble[onnx]' ({error}).") from error
    path = writable(path)
    program = program_of(model)
    by_column = any(column.categories is not None for column in program.inputs)
    if taken := [column.name for column in program.inputs if by_column and column.name in OUTPUTS]:
        raise ValueError(
            f"{program.name} cannot be exported to ONNX: column {words.quoted(taken[0])} is called as an output of the "
            "file is; rename it."
        )
    try:
        with _quiet():
            graph = jax2onnx.to_onnx(
                lambda X: tuple(program(X)),
                [jax.ShapeDtypeStruct((export.symbolic_shape("n")[0], program.n_features), program.dtype)],
                model_name=program.name,
                opset=OPSET,
                input_names=[_WITHIN + "X" if by_column else "X"],
                output_names=[_WITHIN + "index", *OUTPUTS[1:]],
                enable_double_precision=program.dtype == np.float64,
            )
        graph.ir_version = IR_VERSION
        graph.producer_name = "prosemble"
        if by_column:
            _take_columns(onnx, graph, program)
        _add_labels(onnx, graph, program)
        _drop_unused(graph.graph)
        onnx.checker.check_model(graph)
        content = graph.SerializeToString()
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        differs = _differs(program, session)
    except Exception as error:  # the exporter and the runtime raise whatever stopped them
        raise ValueError(f"{_cannot(program)} {error}") from error
    if differs:
        raise ValueError(f"{_cannot(program)} The exported {differs} is not that of the model.")
    write_bytes(path, content)


def _add_labels(onnx: Any, graph: Any, program: Program) -> None:
    """Put labels in the place of the output of class indices, and names into the file's properties."""
    classes = program.classes
    if classes.dtype.kind in "OU":
        kind, values = onnx.TensorProto.STRING, np.array([str(label).encode() for label in classes], object)
    else:
        fits = classes.dtype.kind in "iu" and classes.max() <= np.iinfo(np.int64).max
        classes = classes.astype(np.int64) if fits else classes
        kind, values = onnx.helper.np_dtype_to_tensor_dtype(classes.dtype), classes
    graph.graph.initializer.append(onnx.helper.make_tensor(_WITHIN + "classes", kind, classes.shape, values))
    indexed = [_WITHIN + "classes", _WITHIN + "index"]
    graph.graph.node.append(onnx.helper.make_node("Gather", indexed, [OUTPUTS[0]], axis=0))
    label = onnx.helper.make_tensor_value_info(OUTPUTS[0], kind, ["n"])
    del graph.graph.output[0]
    graph.graph.output.insert(0, label)
    onnx.helper.set_model_props(graph, {"features": json.dumps(program.feature_names)})


def _drop_unused(graph: Any) -> None:
    """Take out constants that nothing reads, which the runtime reports each time it loads the file."""
    within = [attribute.g for node in graph.node for attribute in node.attribute if attribute.HasField("g")]
    for inner in within:
        _drop_unused(inner)
    read = set(_read_by(graph))
    kept = [constant for constant in graph.initializer if constant.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _read_by(graph: Any) -> Iterator[str]:
    """Yield the names of what a graph gives, and of what its operations and those of the graphs within them read."""
    yield from (output.name for output in graph.output)
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _read_by(attribute.g)


def _take_columns(onnx: Any, graph: Any, program: Program) -> None:
    """Put an input for each column in the place of the one for all, and say which category is which place."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(program.dtype)
    inputs, nodes, columns = [], [], []
    for j, (name, categories) in enumerate(program.inputs):
        of = kind if categories is None else onnx.TensorProto.STRING
        inputs.append(onnx.helper.make_tensor_value_info(name, of, ["n", 1]))
        columns.append(name)
        if categories is not None:
            places = [float(place) for place in range(len(categories))]
            place, columns[-1] = f"{_WITHIN}place {j}", f"{_WITHIN}category {j}"
            nodes.append(onnx.helper.make_node(
                "LabelEncoder", [name], [place], domain="ai.onnx.ml", default_float=-1.0,
                keys_strings=[*categories, ""], values_floats=[*places, float("nan")],
            ))  # fmt: skip
            nodes.append(onnx.helper.make_node("Cast", [place], [columns[-1]], to=kind))
    nodes.append(onnx.helper.make_node("Concat", columns, [_WITHIN + "X"], axis=1))
    del graph.graph.input[:]
    graph.graph.input.extend(inputs)
    for node in reversed(nodes):
        graph.graph.node.insert(0, node)
    graph.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", ML_OPSET))


def _fed(program: Program, X: np.ndarray) -> dict[str, np.ndarray]:
    """Return rows as the file takes them."""
    if all(column.categories is None for column in program.inputs):
        return {"X": X}
    fed = {}
    for j, (name, categories) in enumerate(program.inputs):
        fed[name] = X[:, j : j + 1]
        if categories is not None:
            places = np.nan_to_num(X[:, j], nan=len(categories)).astype(int)
            # No category is called like this.
            strings = np.array([*categories, "", "\0"], dtype=object)
            fed[name] = strings[np.where(places < 0, len(categories) + 1, places)][:, None]
    return fed


def _differs(program: Program, session: Any) -> str:
    """Return the name of the first output that differs between the file and the model on some rows, if any does."""
    X = program.probes()
    label, *numbers = session.run(None, _fed(program, X))
    index, *expected = map(np.asarray, program.predict(X))
    agree = {
        "label": label == program.classes[index].astype(label.dtype),
        "probabilities": np.isclose(numbers[0], expected[0], rtol=1e-3, atol=1e-4).all(axis=1),
        "confidence": np.isclose(numbers[1], expected[1], rtol=1e-3, atol=1e-4),
    }
    # Rounding decides where two classes are level, or all distances are tiny beside the samples.
    return next((name for name, rows in agree.items() if rows.mean() < 0.9), "")


def _cannot(program: Program) -> str:
    """Return the beginning of an error message, which names what is unusual in the program."""

    def usual(X: Any) -> Any:
        params = {"prototypes": jnp.zeros((2, program.n_features), program.dtype)}
        return outcome(SquaredEuclidean(), Nearest(), params, X, np.arange(2), 2)

    X = jax.ShapeDtypeStruct((2, program.n_features), program.dtype)
    own, known = (set(_operations(jax.make_jaxpr(each)(X).jaxpr)) for each in (program.__call__, usual))
    unusual = f" Its operations include {', '.join(sorted(own - known))}." if own - known else ""
    return f"{program.name} cannot be exported to ONNX.{unusual}"


def _operations(jaxpr: Any) -> Iterator[str]:
    """Yield the names of the operations of JAX that a traced function is made of."""
    for equation in jaxpr.eqns:
        parts = [
            part for value in equation.params.values() for part in (value if isinstance(value, tuple) else [value])
        ]
        inner = [getattr(part, "jaxpr", part) for part in parts]  # what a jit, a loop or a branch holds
        inner = [part for part in inner if hasattr(part, "eqns")]
        yield from (name for part in inner for name in _operations(part)) if inner else (equation.primitive.name,)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what the exporter says to its own developers, and of shapes that are open, as they are meant to be."""
    logger = logging.getLogger("onnx_ir")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logger.setLevel(level)
