"""Models as ONNX files, which run without Python, JAX or this library."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from prosemble.io.program import Program, program_of
from prosemble.io.writing import write_bytes

# Old enough for the runtimes that are in use: ONNX 1.13 of 2022. The file's own layout (IR) is of the same release.
OPSET, IR_VERSION = 18, 8


def to_onnx(model: Any, path: str | Path) -> None:
    """Write a fitted model as an ONNX file, made by tracing the program that predicts.

    The file has one input, `X` (n, n_features) of the model's type, float32 as a rule, for any number n of rows, and
    three outputs: `label` (n,), strings or numbers as in `classes_`; `probabilities` (n, n_classes) as of
    `predict_proba`; and `confidence` (n,), (d- - d+) / (d- + d+) in [0, 1] with the distances d+ to the predicted
    class and d- to the next, 0 where both are 0. Before it is written it is run, and what it says is compared with what
    the model says.

    Parameters
    ----------
    model : estimator, Pipeline, search or TableModel
        A classifier of `prosemble.models`, alone or behind any of StandardScaler, MinMaxScaler, MaxAbsScaler,
        RobustScaler and Normalizer, which become part of the file. A quantised one stays as small as it is.
    path : str or Path
        Replaced whole or not at all.

    Raises
    ------
    ImportError
        If the extra `onnx` is not installed.
    TypeError
        If the model is no classifier of prototypes, or a step before it cannot be exported.
    ValueError
        If an operation, as of a function of yours, has no counterpart in ONNX; it is named.

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
        import jax2onnx
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ImportError(f"to_onnx needs the extra `onnx`: pip install 'prosemble[onnx]' ({error}).") from error
    program = program_of(model)
    try:
        with _quiet():
            graph = jax2onnx.to_onnx(
                lambda X: tuple(program(X)),
                [jax.ShapeDtypeStruct((jax.export.symbolic_shape("n")[0], program.n_features), program.dtype)],
                model_name=program.name,
                opset=OPSET,
                input_names=["X"],
                output_names=["index", "probabilities", "confidence"],
                enable_double_precision=program.dtype == np.float64,
            )
        graph.ir_version = IR_VERSION
        _add_labels(onnx, graph, program)
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
    if classes.dtype.kind in "OUS":
        kind, values = onnx.TensorProto.STRING, [str(label).encode() for label in classes]
    else:
        classes = classes.astype(np.int64) if classes.dtype.kind in "iu" else classes
        kind, values = onnx.helper.np_dtype_to_tensor_dtype(classes.dtype), classes
    graph.graph.initializer.append(onnx.helper.make_tensor("classes", kind, classes.shape, values))
    graph.graph.node.append(onnx.helper.make_node("Gather", ["classes", "index"], ["label"], axis=0))
    label = onnx.helper.make_tensor_value_info("label", kind, ["n"])
    del graph.graph.output[0]
    graph.graph.output.insert(0, label)
    onnx.helper.set_model_props(
        graph, {"classes": "\\n".join(map(str, classes)), "features": "\\n".join(program.feature_names)}
    )


def _differs(program: Program, session: Any) -> str:
    """Return the name of the first output that differs between the file and the model on some rows, if any does."""
    X = program.probes()
    label, *numbers = session.run(None, {"X": X})
    index, *expected = map(np.asarray, jax.jit(program.__call__)(X))
    for name, found, wanted in zip(("probabilities", "confidence"), numbers, expected, strict=True):
        if not np.allclose(found, wanted, rtol=1e-3, atol=1e-4):
            return name
    decided = expected[1] > 1e-4  # elsewhere rounding decides
    labels = program.classes[index].astype(label.dtype)
    return "" if (label == labels)[decided].all() else "label"


def _cannot(program: Program) -> str:
    """Return the beginning of an error message, which names what is unusual in the program."""
    usual = _operations(lambda X: jax.nn.softmax(-((X @ X.T) ** 2).min(axis=1)), program)
    unusual = sorted(_operations(program.__call__, program) - usual)
    return f"{program.name} cannot be exported to ONNX. Its operations include {', '.join(unusual)}."


def _operations(function: Any, program: Program) -> set[str]:
    """Return the names of the operations of JAX that a function of rows is made of."""

    def of(jaxpr: Any) -> Iterator[str]:
        for equation in jaxpr.eqns:
            inner = list(jax.core.jaxprs_in_params(equation.params))
            yield from (name for each in inner for name in of(each)) if inner else (equation.primitive.name,)

    X = jax.ShapeDtypeStruct((2, program.n_features), program.dtype)
    return set(of(jax.make_jaxpr(function)(X).jaxpr))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what the exporter logs of shapes that are open, as they are meant to be."""
    logger = logging.getLogger("onnx_ir")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
