"""What stands before a classifier, scikit-learn's transformers: as values of a file, and as functions of arrays.

`kept` tells all of a fitted transformer in values of JSON, `restored` makes the transformer of it again, without a
pickle, and `step_of` makes a function of it that takes NumPy arrays, or JAX's where it is traced for an export.

Categories are numbers here: a column of them holds places in `Input.categories`, NaN where a row has none, and any
other number for a category that is not among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

Kept = dict[str, Any]


def namespace(X: Any) -> Any:
    """Return the module of the functions that take such arrays."""
    if isinstance(X, np.ndarray):
        return np
    import jax.numpy

    return jax.numpy


class Input(NamedTuple):
    """A column that a program reads: numbers, or places in a list of categories."""

    name: str
    categories: tuple[str, ...] | None = None


class Affine(NamedTuple):
    """(x - centre) / scale + shift, feature by feature; then within the limits, if there are any."""

    centre: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    limits: tuple[float, float] | None = None

    def __call__(self, X: Any) -> Any:
        # Centred first: what is left of a large number and a small difference is the difference.
        xp = namespace(X)
        centre, scale, shift = (xp.asarray(part, X.dtype) for part in self[:3])
        X = (X - centre) / scale + shift
        return X if self.limits is None else xp.clip(X, *self.limits)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return (X - self.shift) * self.scale + self.centre


class UnitRows(NamedTuple):
    """Each row at length one in a norm; a row of zeros stays."""

    norm: str

    def __call__(self, X: Any) -> Any:
        xp = namespace(X)
        if self.norm == "l2":
            length = xp.sqrt((X * X).sum(axis=1, keepdims=True))
        elif self.norm == "l1":
            length = xp.abs(X).sum(axis=1, keepdims=True)
        else:
            length = xp.abs(X).max(axis=1, keepdims=True)
        return X / xp.where(length > 0, length, 1.0)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return X


class Powers(NamedTuple):
    """A power of each feature (Box & Cox 1964; Yeo & Johnson 2000)."""

    powers: np.ndarray
    method: str

    def __call__(self, X: Any) -> Any:
        xp = namespace(X)
        powers = xp.asarray(self.powers, X.dtype)
        if self.method == "box-cox":
            return _raised(xp.log(X), powers)
        zero = xp.asarray(0, X.dtype)
        return _raised(xp.log1p(xp.maximum(X, zero)), powers) - _raised(xp.log1p(xp.maximum(-X, zero)), 2 - powers)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            if self.method == "box-cox":
                return np.nan_to_num(_rooted(X, self.powers) + 1)
            # There is none for what no number is raised to.
            return np.nan_to_num(np.where(X >= 0, _rooted(X, self.powers), -_rooted(-X, 2 - self.powers)))


def _raised(logarithms: Any, powers: Any) -> Any:
    """Return (x^power - 1) / power of numbers of which the logarithms are known; for a power of 0 those."""
    xp = namespace(logarithms)
    divisors = xp.where(powers == 0, 1, powers)
    return xp.where(powers == 0, logarithms, xp.expm1(divisors * logarithms) / divisors)


def _rooted(raised: np.ndarray, powers: np.ndarray) -> np.ndarray:
    """Return x - 1 of what `_raised` makes of the logarithm of x."""
    divisors = np.where(powers == 0, 1.0, powers)
    return np.where(powers == 0, np.expm1(raised), np.expm1(np.log1p(divisors * raised) / divisors))


class Filled(NamedTuple):
    """Numbers where they are missing (d,), and behind them 0 or 1 for some of the features, whether they are."""

    values: np.ndarray
    marked: np.ndarray

    def __call__(self, X: Any) -> Any:
        xp = namespace(X)
        filled = xp.where(xp.isnan(X), xp.asarray(self.values, X.dtype), X)
        if not len(self.marked):
            return filled
        return xp.concatenate([filled, xp.isnan(X[:, self.marked]).astype(X.dtype)], axis=1)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return X


class OneHot(NamedTuple):
    """A column for each category, or group of rare ones, of each of several columns; tables (k + 2, q).

    The last two rows of a table are for a category that is none of the known, and for a row that has none; where that
    was a category in training, it has a row among the others, too, the last of them.
    """

    tables: tuple[np.ndarray, ...]

    def __call__(self, X: Any) -> Any:
        xp = namespace(X)
        return xp.concatenate([self._of_column(xp, X[:, j], table) for j, table in enumerate(self.tables)], axis=1)

    @staticmethod
    def _of_column(xp: Any, codes: Any, table: np.ndarray) -> Any:
        known = len(table) - 2
        missing = xp.isnan(codes)
        is_known = (codes >= 0) & (codes < known) & (codes == xp.floor(codes))
        place = xp.where(missing, known + 1, xp.where(is_known, codes, known)).astype(np.int32)
        return xp.asarray(table, codes.dtype)[place]

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return X


class Columns(NamedTuple):
    """Several chains side by side, each of some of the columns and with a weight; `sizes` are the features of each."""

    parts: tuple[tuple[np.ndarray, tuple[Any, ...], float], ...]
    sizes: tuple[int, ...]
    n_inputs: int

    def __call__(self, X: Any) -> Any:
        made = []
        for places, steps, weight in self.parts:
            part = X[:, places]
            for step in steps:
                part = step(part)
            made.append(part if weight == 1.0 else part * np.asarray(weight, np.dtype(X.dtype)))
        return namespace(X).concatenate(made, axis=1)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        """Return the features in units of the table: numbers, and shares of categories."""
        return np.concatenate([part for _, part in self._undone(X)], axis=1)

    def _undone(self, X: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the places of the columns of each part, and its features in units of the table."""
        ends = np.cumsum(self.sizes)[:-1]
        for (places, steps, weight), part in zip(self.parts, np.split(X, ends, axis=1), strict=True):
            part = part / weight
            for step in reversed(steps):
                part = step.inverse(part)
            yield places, part

    def probe(self, X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return rows that such features may have been made of, with categories and gaps by chance."""
        rows = np.zeros((len(X), self.n_inputs))
        for (places, part), (_, steps, _) in zip(self._undone(X), self.parts, strict=True):
            first = steps[0] if steps else None
            if isinstance(first, OneHot):
                for place, table in zip(places, first.tables, strict=True):
                    codes = rng.integers(-1, len(table) - 2, size=len(X)).astype(float)
                    rows[:, place] = np.where(rng.uniform(size=len(X)) < 0.1, np.nan, codes)
            else:
                rows[:, places] = part[:, : len(places)]
            if isinstance(first, Filled):
                rows[:, places] = np.where(rng.uniform(size=rows[:, places].shape) < 0.1, np.nan, rows[:, places])
        return rows


Step = Affine | UnitRows | Powers | Filled | OneHot | Columns

# What a file keeps of each transformer beside what is special of it: constructor parameters, and what it has learned.
_KEPT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "StandardScaler": (("with_mean", "with_std"), ("mean_", "var_", "scale_")),
    "MinMaxScaler": (("feature_range", "clip"), ("min_", "scale_", "data_min_", "data_max_", "data_range_")),
    "MaxAbsScaler": ((), ("scale_", "max_abs_")),
    "RobustScaler": (("with_centering", "with_scaling"), ("center_", "scale_")),
    "Normalizer": (("norm",), ()),
    "PowerTransformer": (("method", "standardize"), ("lambdas_",)),
    "BoundedPowerTransformer": (("method", "standardize"), ("lambdas_",)),
    "FunctionTransformer": ((), ()),
    "SimpleImputer": (("strategy", "add_indicator", "keep_empty_features"), ("statistics_",)),
    "OneHotEncoder": (("handle_unknown", "min_frequency"), ()),
    "ColumnTransformer": (("transformer_weights",), ()),
    "Pipeline": ((), ()),
}
_OURS = "BoundedPowerTransformer"


def kept(transformer: Any, name: str = "", named: bool = True) -> Kept:
    """Return all of a fitted transformer in values of JSON, where `named` the names of its features with it.

    Raises
    ------
    TypeError
        If it is another than those that are known, or does what no file can hold.
    sklearn.exceptions.NotFittedError
        If it has not learned anything yet.
    """
    from sklearn.utils.validation import check_is_fitted

    if transformer is None or isinstance(transformer, str):  # 'passthrough'
        return {"class": "FunctionTransformer"}
    if hasattr(transformer, "exported_as"):  # one of ours, that says what it does by one of scikit-learn's
        return kept(transformer.exported_as(), name, named)
    kind = type(transformer).__name__
    # And not what derives from it, which may do something else.
    own = type(transformer).__module__.split(".")[0] == ("prosemble" if kind == _OURS else "sklearn")
    known = own and kind in _KEPT and (kind != "FunctionTransformer" or transformer.func is None)
    if not known:
        raise TypeError(
            f"The step {name!r} is a {kind}, which can be neither kept in a file nor exported. "
            f"Known: {', '.join(_KEPT)}."
        )
    check_is_fitted(transformer)
    parameters, learned = _KEPT[kind]
    content: Kept = {"class": kind, **_plain_of(transformer, (*parameters, *learned))}
    if named and hasattr(transformer, "feature_names_in_"):
        content["names"] = [str(feature) for feature in transformer.feature_names_in_]
    special = {
        "Pipeline": _of_pipeline,
        "ColumnTransformer": _of_columns,
        "OneHotEncoder": _of_encoder,
        "SimpleImputer": _of_imputer,
        "PowerTransformer": _of_powers,
        "BoundedPowerTransformer": _of_powers,
    }
    return {**content, **special[kind](transformer)} if kind in special else content


def _plain_of(transformer: Any, names: Sequence[str]) -> Kept:
    values = {name: getattr(transformer, name, None) for name in names}
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in values.items()
        if value is not None
    }


def _of_pipeline(pipeline: Any) -> Kept:
    return {"steps": [[name, kept(step, name, named=False)] for name, step in pipeline.steps]}


def _of_columns(transformer: Any) -> Kept:
    names = [str(name) for name in getattr(transformer, "feature_names_in_", range(transformer.n_features_in_))]
    parts = []
    for name, part, columns in transformer.transformers_:
        places = _places(transformer, name, columns)
        if places and not (isinstance(part, str) and part == "drop"):
            parts.append([name, kept(part, name, named=False), places])
    return {"names": names, "parts": parts}


def _places(transformer: Any, name: str, columns: Any) -> list[int]:
    """Return the places of the columns that a part of a ColumnTransformer takes."""
    names = list(getattr(transformer, "feature_names_in_", range(transformer.n_features_in_)))
    if isinstance(columns, str):
        raise TypeError(f"The step {name!r} takes the one column {columns!r}; name it in a list.")
    if not isinstance(columns, slice):
        columns = [names.index(column) if isinstance(column, str) else column for column in columns]
    return np.arange(len(names))[columns].tolist()


def _of_encoder(encoder: Any) -> Kept:
    if encoder.drop is not None:
        raise TypeError("A OneHotEncoder that drops a category can be neither kept in a file nor exported.")
    categories = [values.tolist() for values in encoder.categories_]
    if not all(value is None or isinstance(value, str) for values in categories for value in values):
        raise TypeError("A OneHotEncoder of other categories than text can be neither kept in a file nor exported.")
    rare = getattr(encoder, "infrequent_categories_", [None] * len(categories))
    return {"categories": categories, "rare": [[] if values is None else values.tolist() for values in rare]}


def _of_imputer(imputer: Any) -> Kept:
    marked = [] if imputer.indicator_ is None else imputer.indicator_.features_.tolist()
    return {"marked": marked, "statistics_": np.asarray(imputer.statistics_, float).tolist()}


def _of_powers(transformer: Any) -> Kept:
    return {"scaler": kept(transformer._scaler, named=False)} if transformer.standardize else {}


def inputs_of(steps: Sequence[Kept], names: Sequence[str]) -> list[Input]:
    """Return what a program of these steps reads, where its columns have these names."""
    categories: dict[int, tuple[str, ...]] = {}
    if steps and steps[0]["class"] == "ColumnTransformer":
        names = steps[0]["names"]
        for _, part, places in steps[0]["parts"]:
            first = part["steps"][0][1] if part["class"] == "Pipeline" else part
            if first["class"] == "OneHotEncoder":
                for place, values in zip(places, first["categories"], strict=True):
                    categories[place] = tuple(value for value in values if value is not None)
    return [Input(name, categories.get(place)) for place, name in enumerate(names)]


def step_of(content: Kept, n_features: int) -> tuple[Step, ...]:
    """Return what a kept transformer does with so many features, as functions that follow each other."""
    kind = content["class"]
    get = {
        name: np.asarray(value, float) for name, value in content.items() if isinstance(value, list) and name[-1] == "_"
    }
    zeros, ones = np.zeros(n_features), np.ones(n_features)
    if kind == "Pipeline":
        return chain([step for _, step in content["steps"]], n_features)
    if kind == "FunctionTransformer":
        return ()
    if kind == "Normalizer":
        return (UnitRows(content["norm"]),)
    if kind in ("PowerTransformer", _OURS):
        powers = Powers(get["lambdas_"], content["method"])
        return (powers, *(step_of(content["scaler"], n_features) if content["standardize"] else ()))
    if kind == "SimpleImputer":
        return (Filled(get["statistics_"], np.asarray(content["marked"], int)),)
    if kind == "OneHotEncoder":
        return (OneHot(tuple(_table(content, values, rare) for values, rare in zip(
            content["categories"], content["rare"], strict=True))),)  # fmt: skip
    if kind == "ColumnTransformer":
        return (_columns(content),)
    if kind == "StandardScaler":
        return (Affine(get["mean_"] if content["with_mean"] else zeros, get.get("scale_", ones), zeros),)
    if kind == "RobustScaler":
        return (Affine(get.get("center_", zeros), get.get("scale_", ones), zeros),)
    if kind == "MaxAbsScaler":
        return (Affine(zeros, get["scale_"], zeros, (-1.0, 1.0) if content.get("clip") else None),)
    low, high = content["feature_range"]
    return (Affine(get["data_min_"], 1 / get["scale_"], zeros + low, (low, high) if content["clip"] else None),)


def chain(contents: Sequence[Kept], n_features: int) -> tuple[Step, ...]:
    """Return what kept transformers do with so many features, one after the other."""
    steps: tuple[Step, ...] = ()
    for content in contents:
        steps += step_of(content, width(steps, n_features))
    return steps


def width(steps: Sequence[Step], n_features: int) -> int:
    """Return how many features the steps make of so many."""
    for step in steps:
        if isinstance(step, Filled):
            n_features += len(step.marked)
        elif isinstance(step, OneHot):
            n_features = sum(table.shape[1] for table in step.tables)
        elif isinstance(step, Columns):
            n_features = sum(step.sizes)
    return n_features


def _columns(content: Kept) -> Columns:
    weights = content.get("transformer_weights") or {}
    parts, sizes = [], []
    for name, part, places in content["parts"]:
        steps = step_of(part, len(places))
        parts.append((np.asarray(places, int), steps, float(weights.get(name, 1.0))))
        sizes.append(width(steps, len(places)))
    return Columns(tuple(parts), tuple(sizes), len(content["names"]))


def _table(content: Kept, values: Sequence[Any], rare: Sequence[Any]) -> np.ndarray:
    """Return the rows that an encoder makes of each category, of one that it does not know, and of none."""
    frequent = [value for value in values if value not in rare]
    columns = len(frequent) + bool(rare)
    rows = np.eye(columns)
    of_rare = rows[-1] if rare else np.zeros(columns)
    unknown = of_rare if content["handle_unknown"] == "infrequent_if_exist" else np.zeros(columns)
    of = {value: of_rare if value in rare else rows[frequent.index(value)] for value in values}
    return np.array([*of.values(), unknown, of.get(None, unknown)])


def category_name(column: Any, category: Any) -> str:
    """Return what the feature of a category is called."""
    return f"{column} is missing" if category is None else f"{column}={category}"


def restored(content: Kept) -> Any:
    """Return the fitted transformer of scikit-learn that was kept."""
    transformer = _unfitted(content)
    if content["class"] == "ColumnTransformer":
        transformer.fit(_lesson(content))
        for name, part, _ in content["parts"]:
            _teach(transformer.named_transformers_[name], part)
        return transformer
    if content["class"] in ("Pipeline", "OneHotEncoder", "SimpleImputer"):
        n_inputs = _n_inputs(content)
        names = content.get("names", list(range(n_inputs)))
        lesson = _lesson({"names": names, "parts": [["", content, list(range(n_inputs))]]})
        transformer.fit(lesson if "names" in content else lesson.to_numpy())
    _teach(transformer, content)
    return transformer


def _n_inputs(content: Kept) -> int:
    if content["class"] == "Pipeline":
        return _n_inputs(content["steps"][0][1])
    return len(content.get("categories") or next(value for name, value in content.items() if name[-1] == "_"))


def _unfitted(content: Kept) -> Any:
    from sklearn import compose, impute, pipeline, preprocessing

    kind = content["class"]
    if kind == "Pipeline":
        return pipeline.Pipeline([(name, _unfitted(step)) for name, step in content["steps"]])
    if kind == "ColumnTransformer":
        names = content["names"]
        parts = [(name, _unfitted(part), [names[place] for place in places]) for name, part, places in content["parts"]]
        return compose.ColumnTransformer(
            parts, transformer_weights=content.get("transformer_weights"), verbose_feature_names_out=False
        )
    parameters = {name: content[name] for name in _KEPT[kind][0] if name in content}
    if kind == _OURS:
        from prosemble.core.powers import BoundedPowerTransformer  # needs scikit-learn, and most files do not

        return BoundedPowerTransformer(**parameters)
    if kind == "OneHotEncoder":
        parameters |= {"sparse_output": False, "feature_name_combiner": category_name}
    if kind == "FunctionTransformer":
        parameters["feature_names_out"] = "one-to-one"
    if "feature_range" in parameters:
        parameters["feature_range"] = tuple(parameters["feature_range"])
    return getattr(impute if kind == "SimpleImputer" else preprocessing, kind)(**parameters)


def _lesson(content: Kept) -> Any:
    """Return a table from which a ColumnTransformer learns what its parts are made of, but for their numbers."""
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [0.0, 1.0] for name in content["names"]}
    for _, part, places in content["parts"]:
        names = [content["names"][place] for place in places]
        steps = [step for _, step in part["steps"]] if part["class"] == "Pipeline" else [part]
        for step in steps[:1]:
            if step["class"] == "OneHotEncoder":
                for name, values, rare in zip(names, step["categories"], step["rare"], strict=True):
                    often, seldom = step.get("min_frequency") or 1, set(rare)
                    columns[name] = [value for value in values for _ in range(1 if value in seldom else often)]
            elif step["class"] == "SimpleImputer":
                for place in step["marked"]:
                    columns[names[place]] = [0.0, np.nan, 1.0]
    rows = max(map(len, columns.values()))
    # More of the last one, which is not rare, or no category at all.
    frame = {name: [*values, *[_frequent(values)] * (rows - len(values))] for name, values in columns.items()}
    return pd.DataFrame({name: pd.Series(values, dtype=None if isinstance(values[0], float) else object)
                         for name, values in frame.items()})  # fmt: skip


def _frequent(values: Sequence[Any]) -> Any:
    return Counter(values).most_common(1)[0][0] if not isinstance(values[0], float) else 1.0


def _teach(transformer: Any, content: Kept) -> None:
    """Give a transformer what was kept of what it has learned."""
    kind = content["class"]
    if kind == "Pipeline":
        for (_, step), (_, inner) in zip(transformer.steps, content["steps"], strict=True):
            _teach(step, inner)
        return
    learned = {name: np.asarray(content[name], float) for name in _KEPT[kind][1] if name in content}
    for name, value in learned.items():
        setattr(transformer, name, value)
    if learned:
        transformer.n_features_in_ = len(next(iter(learned.values())))
    if "names" in content and kind != "ColumnTransformer":
        transformer.feature_names_in_ = np.array(content["names"], dtype=object)
    if "scaler" in content:
        transformer._scaler = restored(content["scaler"])
