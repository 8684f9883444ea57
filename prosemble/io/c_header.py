"""Models as C headers: tables of numbers and a function, for processors that run nothing else."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from prosemble._writing import writable, write_bytes
from prosemble.distances import Euclidean, Omega, Relevance, SquaredEuclidean
from prosemble.io.program import Program, program_of
from prosemble.io.steps import Affine, Columns, Filled, Input, OneHot, Powers, Step, UnitRows
from prosemble.objectives import Nearest
from prosemble.prediction.quantization import Quantized, dequantized

# No quotes, no backslash, nothing that ends a comment or begins a trigraph.
_PLAIN = frozenset((string.ascii_letters + string.digits + " _-.,:;()=+").encode())


def to_c_header(model: Any, path: str | Path, name: str = "prosemble") -> None:
    """Write a fitted model as a C99 header that needs no library at all, not even the standard one's functions.

    It holds the prototypes and the metric as constant arrays of float, or of 8-bit integers where the model is
    quantised to them, the names of the classes, and `static int <name>_predict(const float *x)`, which returns the
    index of the class of a raw row in `<name>_classes`. What scales the rows is worked into the arrays. A missing
    number is NAN, where the model takes it. A category is its place in the list at the head of the file; NAN stands for
    none,
    -1 for one that is not in the list.

    Parameters
    ----------
    model : estimator, Pipeline, search or TableClassifier
        A classifier of `prosemble.models` that decides by the nearest prototype in the Euclidean, the relevance or the
        omega metric, alone or behind a ColumnTransformer (of SimpleImputer, OneHotEncoder of text, and scalers) and
        StandardScaler, MinMaxScaler, MaxAbsScaler or RobustScaler that do not clip.
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
    write_bytes(path, _header(program, _layout(program), _tables(program), name).encode("ascii"))


class Layout(NamedTuple):
    """How a row x becomes the numbers r (q,) that are scaled: statements of C, and the arrays that they read.

    NAME stands for the name in them. `scaling` makes the features of r, which without statements is x itself.
    """

    statements: list[str]
    arrays: list[str]
    size: int
    scaling: Affine


class Tables(NamedTuple):
    """The class of a row is that of the row of `prototypes` that is nearest to z, which is made of r - centre.

    It is that times the factor, feature by feature, or the projection (q, directions) of it. Where numbers may be
    missing, `weights` (q,) tell how much each of r counts, and the projection is that of the difference to a prototype.
    """

    centre: np.ndarray
    factor: np.ndarray
    projection: np.ndarray | Quantized | None
    prototypes: np.ndarray | Quantized
    classes: np.ndarray
    weights: np.ndarray | None


def _tables(program: Program) -> Tables:
    predictor, scaling = program.predictor, _layout(program).scaling
    metric = predictor.distance
    if not isinstance(predictor.decision, Nearest):
        raise ValueError(
            f"{program.name} does not decide by its nearest prototype, which is all that a C header can do."
        )
    if type(metric) not in (SquaredEuclidean, Euclidean, Relevance, Omega):
        raise ValueError(
            f"{program.name} measures by {type(metric).__name__}; a C header can do so by SquaredEuclidean, "
            "Euclidean, Relevance and Omega."
        )
    order = np.argsort(predictor.labels, kind="stable")  # of equally near prototypes the first class is predicted
    stored = predictor.stored or predictor.params
    params = {group: np.asarray(value, float) for group, value in dequantized(stored).items()}
    own = stored["prototypes"]
    # About a point amid the prototypes, where multiplications lose no digits: one that the file's 32 bits can tell.
    middle = params["prototypes"].mean(axis=0) - scaling.shift
    centre = (scaling.centre + scaling.scale * middle).astype(np.float32)
    middle = scaling.shift + (centre - scaling.centre) / scaling.scale
    factor, projection = 1 / scaling.scale, None
    form = metric.quadratic(params)
    weights = form.weights if form is not None and getattr(metric, "allow_nan", False) else None
    table: np.ndarray | Quantized
    if type(metric) is Omega and weights is None:
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
        projection = stored["omega"] if type(metric) is Omega else None
    centre = scaling.centre + scaling.scale * (middle - scaling.shift)
    return Tables(centre, factor, projection, table, predictor.labels[order], weights)


def _times(array: Any, factor: np.ndarray) -> np.ndarray | Quantized:
    if isinstance(array, Quantized):
        return Quantized(array.values, array.offset * factor, array.step * factor)
    return np.asarray(array, float) * factor


def _layout(program: Program) -> Layout:
    steps = program.steps
    if not steps or not isinstance(steps[0], Columns):
        return Layout([], [], program.n_features, _joined(steps, program.n_features))
    statements: list[str] = []
    arrays: list[str] = []
    scalings: list[Affine] = []
    size = 0
    for places, inner, weight in steps[0].parts:
        first = inner[0] if inner else None
        if isinstance(first, OneHot):
            for place, table in zip(places, first.tables, strict=True):
                groups = [int(row.argmax()) if row.any() else -1 for row in table]
                label = f"NAME_places_of_{place}"
                arrays.append(f"static const short {label}[{len(groups)}] = {_braced(groups)};")
                known = len(groups) - 2
                statements.append(f"NAME_mark(r + {size}, {label}[NAME_category(x[{place}], {known})]);")
                size += table.shape[1]
        else:
            filled = first if isinstance(first, Filled) else None
            for j, place in enumerate(places):
                value = f"x[{place}]"
                if filled is not None:
                    value = f"{value} == {value} ? {value} : {np.float32(filled.values[j])!s}f"
                statements.append(f"r[{size + j}] = {value};")
            size += len(places)
            for j in () if filled is None else filled.marked:
                statements.append(f"r[{size}] = x[{places[j]}] != x[{places[j]}] ? 1.0f : 0.0f;")
                size += 1
        rest = inner[1:] if isinstance(first, OneHot | Filled) else inner
        start = sum(len(scaling.centre) for scaling in scalings)
        joined = _joined(rest, size - start)
        scalings.append(Affine(joined.centre, joined.scale / weight, joined.shift * weight))
    centre, scale, shift = (np.concatenate(parts) for parts in zip(*(each[:3] for each in scalings), strict=True))
    scaling = Affine(centre, scale, shift)
    return Layout(statements, arrays, size, _joined((scaling, *steps[1:]), size))


def _joined(steps: Sequence[Step], size: int) -> Affine:
    """Return the scalers as one: (x - centre) / scale + shift."""
    joined = Affine(np.zeros(size), np.ones(size), np.zeros(size))
    for step in steps:
        if not isinstance(step, Affine) or step.limits is not None:
            what = {Affine: "clips", UnitRows: "scales each row by its length", Powers: "takes powers of features"}
            raise ValueError(
                f"The pipeline has a step that {what.get(type(step), 'fills gaps or codes categories after another')}; "
                "a C header can only shift and scale features, and do that first."
            )
        shift = (joined.shift - step.centre) / step.scale + step.shift
        joined = Affine(joined.centre, joined.scale * step.scale, shift)
    return joined


def _header(program: Program, layout: Layout, tables: Tables, name: str) -> str:
    big = name.upper()
    features, prototypes, classes = f"{big}_N_FEATURES", f"{big}_N_PROTOTYPES", f"{big}_N_CLASSES"
    sizes = {features: program.n_features, prototypes: len(tables.classes), classes: len(program.classes)}
    numbers = features
    if layout.statements:
        numbers = f"{big}_N_NUMBERS"
        sizes |= {numbers: layout.size}
    columns = numbers
    if tables.projection is not None:
        columns = f"{big}_N_DIRECTIONS"
        sizes |= {columns: np.shape(getattr(tables.projection, "values", tables.projection))[1]}

    arrays = [array.replace("NAME", name) for array in layout.arrays]

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
    # Where numbers may be missing, what is projected is the difference to a prototype.
    width = columns if tables.weights is None else numbers
    entry = table("prototypes", tables.prototypes, f"[{prototypes}][{width}]", "k", "j", (numbers, "j"))
    body = []
    row = "r" if layout.statements else "x"
    if layout.statements:
        body.append(f"    float r[{numbers}] = {{0.0f}};")
        body += ["    " + statement.replace("NAME", name) for statement in layout.statements]
    gap = f"{row}[j]"
    if tables.centre.any() or (tables.factor != 1).any() or tables.projection is not None:
        gap += f" - {declare('float ', 'centre', f'[{numbers}]', _floats(tables.centre))}[j]"
    projected = tables.projection is not None and tables.weights is None
    if projected:
        weight = table("projection", tables.projection, f"[{numbers}][{columns}]", "j", "d", (numbers, "j"))
        body += [
            f"    float z[{columns}] = {{0.0f}};",
            f"    for (int j = 0; j < {numbers}; ++j) {{",
            f"        const float gap = {gap};",
            f"        for (int d = 0; d < {columns}; ++d)",
            f"            z[d] += gap * {weight};",
            "    }",
        ]
    elif gap == f"{row}[j]":
        body.append(f"    const float *const z = {row};")
    else:
        factor = ""
        if (tables.factor != 1).any():
            factor = f" * {declare('float ', 'factor', f'[{numbers}]', _floats(tables.factor))}[j]"
        body += [
            f"    float z[{numbers}];",
            f"    for (int j = 0; j < {numbers}; ++j)",
            f"        z[j] = ({gap}){factor};",
        ]
    if tables.weights is None:
        measure = [
            f"        for (int j = 0; j < {columns}; ++j) {{",
            f"            const float gap = z[j] - {entry};",
            "            distance += gap * gap;",
            "        }",
        ]
    else:
        measure = _over_what_is_known(tables, entry, numbers, columns, declare, table)
    listed = [f" *   x[{j}]: {_described(column)}" for j, column in enumerate(program.inputs)]
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
            *(_CATEGORIES.replace("NAME", name).splitlines() if layout.arrays else []),
            f"static int {name}_predict(const float *x)",
            "{",
            "    int nearest = 0;",
            "    float smallest = 0.0f;",
            *body,
            f"    for (int k = 0; k < {prototypes}; ++k) {{",
            "        float distance = 0.0f;",
            *measure,
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


# The place of a category, and one more for what is none of the known and two for what is missing; and a mark at a
# place.
_CATEGORIES = """\
static int NAME_category(float x, int known)
{
    if (x != x)
        return known + 1;
    return x >= 0.0f && x < (float)known && x == (float)(int)x ? (int)x : known;
}

static void NAME_mark(float *r, int place)
{
    if (place >= 0)
        r[place] = 1.0f;
}

"""


def _over_what_is_known(
    tables: Tables, entry: str, numbers: str, columns: str, declare: Callable[..., str], table: Callable[..., str]
) -> list[str]:
    """Return statements that measure by the numbers that are not missing, scaled up to what all would weigh."""
    assert tables.weights is not None
    weight = declare("float ", "weights", f"[{numbers}]", _floats(tables.weights))
    total = f"{np.float32(tables.weights.sum())!s}f"
    known = [
        "        float known = 0.0f;",
        *([f"        float u[{columns}] = {{0.0f}};"] if tables.projection is not None else []),
        f"        for (int j = 0; j < {numbers}; ++j) {{",
        f"            const float gap = z[j] - {entry};",
        "            if (gap == gap) {",
        f"                known += {weight}[j];",
    ]
    if tables.projection is None:
        inner = ["                distance += gap * gap;"]
        after = []
    else:
        of = table("projection", tables.projection, f"[{numbers}][{columns}]", "j", "d", (numbers, "j"))
        inner = [f"                for (int d = 0; d < {columns}; ++d)", f"                    u[d] += gap * {of};"]
        after = [f"        for (int d = 0; d < {columns}; ++d)", "            distance += u[d] * u[d];"]
    return [*known, *inner, "            }", "        }", *after, "        if (known > 0.0f)",
            f"            distance *= {total} / known;"]  # fmt: skip


def _described(column: Input) -> str:
    """Return what a number of a row is, as a remark of C."""
    if column.categories is None:
        return _string(column.name)[1:-1]
    places = ", ".join(f"{place} {_string(value)[1:-1]}" for place, value in enumerate(column.categories))
    return f"{_string(column.name)[1:-1]} ({places})"


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
