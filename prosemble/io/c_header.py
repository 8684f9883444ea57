"""Models as C headers: tables of numbers and a function, for processors that run nothing else."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from prosemble.distances import Euclidean, Omega, Relevance, SquaredEuclidean
from prosemble.io.program import Affine, Powers, Program, UnitRows, program_of
from prosemble.io.quantization import Quantized, dequantized
from prosemble.io.writing import writable, write_bytes
from prosemble.objectives import Nearest

# No quotes, no backslash, nothing that ends a comment or begins a trigraph.
_PLAIN = frozenset((string.ascii_letters + string.digits + " _-.,:;()=+").encode())


def to_c_header(model: Any, path: str | Path, name: str = "prosemble") -> None:
    """Write a fitted model as a C99 header that needs no library at all, not even the standard one's functions.

    It holds the prototypes and the metric as constant arrays of float, or of 8-bit integers where the model is
    quantised to them, the names of the classes, and `static int <name>_predict(const float *x)`, which returns the
    index of the class of a raw row of features in `<name>_classes`. What scales the rows is worked into the arrays.

    Parameters
    ----------
    model : estimator, Pipeline, search or TableModel
        A classifier of `prosemble.models` that decides by the nearest prototype in the Euclidean, the relevance or the
        omega metric, alone or behind StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler that do not clip.
    path : str or Path
        Replaced whole or not at all.
    name : str, default='prosemble'
        What the names in the header begin with, so that a program may include several.

    Raises
    ------
    TypeError
        If the model is no classifier of prototypes.
    ValueError
        If the metric, the decision or a step before the model is another one, or the name no identifier of C.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.io import to_c_header
    >>> from prosemble.models import NPC
    >>> iris = load_iris()
    >>> path = Path(mkdtemp()) / "iris.h"
    >>> to_c_header(NPC().fit(iris.data, iris.target_names[iris.target]), path, name="iris")
    >>> [line for line in path.read_text().splitlines() if "classes[" in line]
    ['static const char *const iris_classes[IRIS_N_CLASSES] = {"setosa", "versicolor", "virginica"};']
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"name must be an identifier of C (letters, digits, underscores); got {name!r}.")
    path = writable(path)
    program = program_of(model)
    write_bytes(path, _header(program, _tables(program), name).encode("ascii"))


class Tables(NamedTuple):
    """The class of a row x is that of the row of `prototypes` that is nearest to z, which is made of x - centre.

    It is that times the factor, feature by feature, or the projection (d, r).
    """

    centre: np.ndarray
    factor: np.ndarray
    projection: np.ndarray | Quantized | None
    prototypes: np.ndarray | Quantized
    classes: np.ndarray


def _tables(program: Program) -> Tables:
    model = program.estimator
    metric = model._metric()
    if not isinstance(model._decision(), Nearest):
        raise ValueError(
            f"{program.name} does not decide by its nearest prototype, which is all that a C header can do."
        )
    if type(metric) not in (SquaredEuclidean, Euclidean, Relevance, Omega) or metric.allow_nan:  # type: ignore[attr-defined]
        missing = " with missing values" if getattr(metric, "allow_nan", False) else ""
        raise ValueError(
            f"{program.name} measures by {type(metric).__name__}{missing}; a C header can do so by SquaredEuclidean, "
            "Euclidean, Relevance and Omega, without missing values."
        )
    scaling = _joined(program)
    order = np.argsort(program.labels, kind="stable")  # of equally near prototypes the first class is predicted
    stored = model._stored()
    params = {group: np.asarray(value, float) for group, value in dequantized(stored).items()}
    own = stored["prototypes"]
    # About a point amid the prototypes, where multiplications lose no digits: one that the file's 32 bits can tell.
    middle = params["prototypes"].mean(axis=0) - scaling.shift
    centre = (scaling.centre + scaling.scale * middle).astype(np.float32)
    middle = scaling.shift + (centre - scaling.centre) / scaling.scale
    factor, projection = 1 / scaling.scale, None
    table: np.ndarray | Quantized
    if type(metric) is Omega:
        table = ((params["prototypes"] - middle) @ params["omega"])[order]
        projection = _times(stored["omega"], factor[:, None])
    else:
        weight = np.sqrt(softmax(params["log_relevances"])) if type(metric) is Relevance else np.ones_like(middle)
        if isinstance(own, Quantized):
            middle = own.offset.reshape(-1).astype(float)
            table = Quantized(own.values[order], np.zeros(1), own.step * weight)
        elif not program.steps and type(metric) is not Relevance:  # nothing to multiply
            middle, table = np.zeros_like(middle), params["prototypes"][order]
        else:
            table = (weight * (params["prototypes"] - middle))[order]
        factor = factor * weight
    centre = scaling.centre + scaling.scale * (middle - scaling.shift)
    return Tables(centre, factor, projection, table, program.labels[order])


def _times(array: Any, factor: np.ndarray) -> np.ndarray | Quantized:
    if isinstance(array, Quantized):
        return Quantized(array.values, array.offset * factor, array.step * factor)
    return np.asarray(array, float) * factor


def _joined(program: Program) -> Affine:
    """Return the scalers as one: (x - centre) / scale + shift."""
    d = program.n_features
    joined = Affine(np.zeros(d), np.ones(d), np.zeros(d))
    for step in program.steps:
        if not isinstance(step, Affine) or step.limits is not None:
            what = {Affine: "clips", UnitRows: "scales each row by its length", Powers: "takes powers of features"}
            raise ValueError(
                f"The pipeline has a step that {what[type(step)]}; a C header can only shift and scale features."
            )
        shift = (joined.shift - step.centre) / step.scale + step.shift
        joined = Affine(joined.centre, joined.scale * step.scale, shift)
    return joined


def _header(program: Program, tables: Tables, name: str) -> str:
    big = name.upper()
    features, prototypes, classes = f"{big}_N_FEATURES", f"{big}_N_PROTOTYPES", f"{big}_N_CLASSES"
    n_columns = np.shape(getattr(tables.prototypes, "values", tables.prototypes))[1]
    columns = features if tables.projection is None else f"{big}_N_DIRECTIONS"
    sizes = {features: program.n_features, prototypes: len(tables.classes), classes: len(program.classes)}
    sizes |= {columns: n_columns}

    arrays: list[str] = []

    def declare(kind: str, label: str, shape: str, values: Iterable[Any]) -> str:
        arrays.append(f"static const {kind}{name}_{label}{shape} = {_braced(values)};")
        return f"{name}_{label}"

    def table(label: str, array: Any, shape: str, row: str, column: str, scale: tuple[str, str]) -> str:
        """Declare a matrix and return the expression of an entry; offset and step have that size and that index."""
        if not isinstance(array, Quantized):
            return f"{declare('float ', label, shape, _floats(array))}[{row}][{column}]"
        size, index = scale
        values = declare("signed char ", label, shape, array.values.astype(int).tolist())
        step = declare("float ", f"{label}_step", f"[{size}]", _floats(array.step.reshape(-1)))
        entry = f"{step}[{index}] * {values}[{row}][{column}]"
        if not array.offset.any():
            return entry
        offset = declare("float ", f"{label}_offset", f"[{size}]", _floats(array.offset.reshape(-1)))
        return f"({offset}[{index}] + {entry})"

    names = ", ".join(_string(str(label)) for label in program.classes)
    arrays.append(f"static const char *const {name}_classes[{classes}] = {{{names}}};")
    of_prototype = declare("unsigned short ", "prototype_class", f"[{prototypes}]", tables.classes.tolist())
    entry = table("prototypes", tables.prototypes, f"[{prototypes}][{columns}]", "k", "j", (features, "j"))
    body = []
    if not tables.centre.any() and (tables.factor == 1).all() and tables.projection is None:
        body.append("    const float *const z = x;")
    else:
        gap = f"x[j] - {declare('float ', 'centre', f'[{features}]', _floats(tables.centre))}[j]"
        if tables.projection is not None:
            weight = table("projection", tables.projection, f"[{features}][{columns}]", "j", "r", (features, "j"))
            body += [
                f"    float z[{columns}] = {{0.0f}};",
                f"    for (int j = 0; j < {features}; ++j) {{",
                f"        const float gap = {gap};",
                f"        for (int r = 0; r < {columns}; ++r)",
                f"            z[r] += gap * {weight};",
                "    }",
            ]
        else:
            factor = ""
            if (tables.factor != 1).any():
                factor = f" * {declare('float ', 'factor', f'[{features}]', _floats(tables.factor))}[j]"
            body += [
                f"    float z[{columns}];",
                f"    for (int j = 0; j < {features}; ++j)",
                f"        z[j] = ({gap}){factor};",
            ]
    listed = [f" *   x[{j}]: {_string(feature)[1:-1]}" for j, feature in enumerate(program.feature_names)]
    return "\n".join(
        [
            f"/* A {program.name} of prosemble: {name}_predict takes {program.n_features} features and returns",
            f" * the index of their class in {name}_classes.",
            *listed,
            " */",
            f"#ifndef {big}_H",
            f"#define {big}_H",
            "",
            *(f"#define {label} {size}" for label, size in sizes.items()),
            "",
            *arrays,
            "",
            f"static int {name}_predict(const float *x)",
            "{",
            "    int nearest = 0;",
            "    float smallest = 0.0f;",
            *body,
            f"    for (int k = 0; k < {prototypes}; ++k) {{",
            "        float distance = 0.0f;",
            f"        for (int j = 0; j < {columns}; ++j) {{",
            f"            const float gap = z[j] - {entry};",
            "            distance += gap * gap;",
            "        }",
            "        if (k == 0 || distance < smallest) {",
            "            smallest = distance;",
            "            nearest = k;",
            "        }",
            "    }",
            f"    return {of_prototype}[nearest];",
            "}",
            "",
            "#endif",
            "",
        ]
    )


def _floats(array: np.ndarray) -> list[Any]:
    """Return the shortest decimals that are these numbers of 32 bits, nested as the array is."""
    if np.ndim(array) > 1:
        return [_floats(row) for row in array]
    return [f"{number!s}f" for number in np.asarray(array, np.float32)]


def _braced(values: Iterable[Any]) -> str:
    parts = [_braced(value) if isinstance(value, list) else str(value) for value in values]
    if parts[0].startswith("{"):
        return "{\n    " + ",\n    ".join(parts) + "}"
    return "{" + ", ".join(parts) + "}"


def _string(text: str) -> str:
    """Return a literal of C; what is not plain in it, by octal codes."""
    return '"' + "".join(chr(code) if code in _PLAIN else f"\\{code:03o}" for code in text.encode()) + '"'
