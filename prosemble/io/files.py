"""Model files: safetensors for the arrays, a JSON header for the rest.

Nothing of a file is executed: there is no pickle in it, and the class it names is looked up in the list of this
library's estimators or must be the one whose `load` was called. The header (metadata entry `prosemble`) holds

- `format`: version of this layout; a reader refuses newer ones,
- `class`, `parameters`: the estimator and its constructor values; `objects` lists those that a file cannot hold,
  `shown` is how it prints,
- `predictor`: the distance and the decision, by which `prosemble.io.plain` predicts without the estimator,
- `fitted`: labels and names; arrays are tensors named after the groups of parameters, `omega`, or `backbone.0.bias`,
- `training`: its history; what `resume` and `partial_fit` need are the tensors `state.epoch`, `state.average['omega']`,
  and so on,
- `quantization`: for models of 8 or 16 bits, what `quantize` found; the tensors are what is stored, and those of 8 bits
  have others beside them, `omega:offset` and `omega:step`,
- `table`: for models of tables, how columns become features (`prosemble.table.saved`).

What a file is as bytes, checksum included, is `prosemble.io.container`'s.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from prosemble import _words as words
from prosemble import distances, encoders, objectives
from prosemble._registry import estimators
from prosemble.core.activations import ACTIVATIONS
from prosemble.core.part import Part
from prosemble.encoders.base import LAYER_ACTIVATIONS
from prosemble.io.container import FORMAT, ModelFileError, class_in, read, write
from prosemble.prediction.quantization import Quantized, shape_of_scale
from prosemble.training import loop

# Functions that a header may name, by kind.
_FUNCTIONS: dict[str, Mapping[str, Any]] = {"activation": ACTIVATIONS, "layer_activation": LAYER_ACTIVATIONS}


@dataclass(kw_only=True)
class StoredModel:
    """All of a fitted estimator that a file holds.

    Parameters
    ----------
    name : str
        What the file calls the class.
    shown : str
        How the estimator prints.
    parameters : dict
        Constructor values.
    objects : list of str
        The names of the constructor values that a file cannot hold.
    classes : ndarray of shape (n_classes,)
    labels : ndarray of shape (p,)
        The class of each prototype, as an index of the classes.
    params : dict
        The parameters, quantised ones as they are stored.
    temperature : float
    bounded : bool
        What `Predictor` says of probabilities.
    parts : tuple of Part
        The distance and the decision, for who predicts without the estimator.
    n_features_in : int
    feature_names_in : list of str
        Empty where there are none.
    training : dict
        How the training went, by attribute.
    quantization : dict, optional
        What `quantize` found.
    table : mapping, optional
        How a table's columns become features.
    state : loop.State, optional
        What a training needs to go on.
    """

    name: str
    shown: str
    parameters: dict[str, Any]
    objects: list[str]
    classes: np.ndarray
    labels: np.ndarray
    params: dict[str, Any]
    temperature: float
    bounded: bool
    parts: tuple[Part, ...] = ()
    n_features_in: int
    feature_names_in: list[str]
    training: dict[str, Any]
    quantization: dict[str, Any] | None = None
    table: Mapping[str, Any] | None = None
    state: loop.State | None = None


def save(stored: StoredModel, path: str | Path) -> None:
    """Write a model, replacing the file whole or not at all."""
    header = {
        "format": FORMAT if stored.table else 2 if stored.quantization else 1,
        "class": stored.name,
        "shown": stored.shown,
        "predictor": _predictor(stored.parts),
        "parameters": {name: _encode(value) for name, value in stored.parameters.items()},
        "objects": stored.objects,
        "fitted": {
            "labels": _label_list(stored.classes),
            "prototype_labels": stored.labels.tolist(),
            "groups": {name: _shapes(value) for name, value in stored.params.items()},
            "n_features_in": stored.n_features_in,
            "temperature": stored.temperature,
            "bounded": stored.bounded,
            "feature_names_in": stored.feature_names_in,
        },
        "training": {name: _encode(value) for name, value in stored.training.items()},
        "quantization": stored.quantization,
        "table": stored.table,
    }
    # safetensors keeps no shape of a scalar apart from that of one element on every version: all arrays go flat.
    tensors = {name: np.ravel(value) for name, value in _flat(stored.params).items()}
    for name, value in () if stored.state is None else stored.state._asdict().items():
        tensors |= {key: np.ravel(leaf) for key, leaf in _named_leaves(name, value)}
    write(path, header, tensors)


def _predictor(parts: tuple[Part, ...]) -> dict[str, Any] | None:
    """Return what a model measures and decides by, where it is made of this library's parts alone."""
    if not all(map(storable, parts)):
        return None
    return {name: _encode(part) for name, part in zip(("distance", "decision"), parts, strict=True)}


def _shapes(value: Any) -> Any:
    """Return the shape of an array, or of each of a group's."""
    if isinstance(value, dict):
        return {name: _shapes(part) for name, part in value.items()}
    return np.shape(value.values if isinstance(value, Quantized) else value)


def load(path: str | Path, **objects: Any) -> Any:
    """Read a model that `save` wrote, of any class of this library's.

    Parameters
    ----------
    path : str or Path
    **objects
        Constructor values that the file could not hold, such as `distance_fn`.

    Raises
    ------
    TypeError
        If the class has no such parameter, or the file holds its value.
    ModelFileError
        If the file is no model file, damaged, of a newer format, or of a class that is not this library's.
    """
    name = class_in(path)
    if name not in estimators():
        read(path)  # says whether it is damaged
        raise ModelFileError(f"{path} holds a {name}, which is not one of this library's: call {name}.load.")
    cls: Any = estimators()[name]
    return cls.load(path, **objects)


def name_of(cls: type) -> str:
    """Return what a file calls a class; one that shares its name with another of this library's tells its module."""
    return cls.__name__ if estimators().get(cls.__name__, cls) is cls else f"{cls.__module__}.{cls.__name__}"


@contextmanager
def fitting(path: str | Path, given: Mapping[str, Any]) -> Iterator[None]:
    """Turn errors of a header and arrays that do not fit each other into one that says so.

    A ValueError may be about what was given beside the file, if anything was.
    """
    try:
        yield
    except ModelFileError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        if given and isinstance(error, ValueError):
            raise
        raise ModelFileError(
            f"{path} is damaged: its header and arrays do not fit ({words.short(repr(error))})."
        ) from error


def stored_in(path: str | Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> StoredModel:
    """Return what a file holds, without the state of its training, which needs a form: see `state_in`."""
    fitted = header["fitted"]
    classes = _classes(path, fitted["labels"]["dtype"], fitted["labels"]["values"])
    params = {
        name: {part: _restored(path, tensors, f"{name}.{part}", size) for part, size in sizes.items()}
        if isinstance(sizes, dict)
        else _restored(path, tensors, name, sizes)
        for name, sizes in fitted["groups"].items()
    }
    labels = np.array(fitted["prototype_labels"], np.intp)
    if not np.isin(labels, np.arange(len(classes))).all():
        raise ModelFileError(f"{path} is damaged: its prototypes are of classes that it does not name.")
    for name, array in _flat(params).items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelFileError(f"{path} is damaged: {name} holds what is no number.")
    return StoredModel(
        name=header["class"],
        shown=header.get("shown", ""),
        parameters={name: _decode(value) for name, value in header["parameters"].items()},
        objects=list(header["objects"]),
        classes=classes,
        labels=labels,
        params=params,
        temperature=float(fitted.get("temperature", 1.0)),
        bounded=bool(fitted.get("bounded")),
        n_features_in=int(fitted["n_features_in"]),
        feature_names_in=list(fitted["feature_names_in"]),
        training=dict(header["training"]),
        quantization=header.get("quantization"),
        table=header.get("table"),
    )


def _classes(path: str | Path, kind: str, values: Any) -> np.ndarray:
    dtype = _label_dtype(kind)
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    if dtype.kind in "US" and dtype.itemsize > 4 * max(1000, 2 * longest):
        raise ModelFileError(f"{path} is damaged: its labels are not of type {words.short(dtype)}.")
    try:
        classes = np.array(values, dtype)
    except ValueError as error:
        raise ModelFileError(f"{path} is damaged: its labels are not of type {dtype}.") from error
    if classes.ndim != 1 or len(set(values)) != len(values) or len(values) < 2:
        raise ModelFileError(f"{path} is damaged: its labels are not two or more, each once.")
    return classes


def _restored(path: str | Path, tensors: Mapping[str, np.ndarray], name: str, size: list[int]) -> Any:
    if f"{name}:step" in tensors:
        shape = shape_of_scale(name, tuple(size))
        offset, step = (tensors[f"{name}:{part}"].reshape(shape) for part in ("offset", "step"))
        return Quantized(tensors[name].reshape(size), offset, step)
    if tensors[name].size != np.prod(size, dtype=int):
        raise ModelFileError(f"{path} is damaged: {name} has {tensors[name].size} numbers, not those of {size}.")
    return tensors[name].reshape(size)


def _flat(groups: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of the groups by name; those of a group of several are `group.part`."""
    flat: dict[str, np.ndarray] = {}
    for group, value in groups.items():
        parts = (
            {f"{group}.{part}": array for part, array in value.items()} if isinstance(value, dict) else {group: value}
        )
        for name, array in parts.items():
            values, *scale = array if isinstance(array, Quantized) else (array,)
            flat |= {name: values, **dict(zip((f"{name}:offset", f"{name}:step"), scale, strict=False))}
    return flat


def _named_leaves(name: str, field: Any) -> list[tuple[str, Any]]:
    """Return the arrays of a field of the training's state and the names of their tensors."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(field)
    return [(f"state.{name}{jax.tree_util.keystr(path)}", leaf) for path, leaf in leaves]


def state_in(
    path: str | Path, tensors: Mapping[str, np.ndarray], template: loop.State, keep_optimizer: bool
) -> loop.State | None:
    """Return what a training needs to go on, in the form of a template; None where the file has nothing of it.

    What belongs to an option and is not in the file is left to begin anew.
    """
    if "state.epoch" not in tensors:
        return None

    def restored(name: str, field: Any) -> Any:
        named = _named_leaves(name, field)
        optional = name in {"optimizer", "average", "slow", "best", "loss_scale", "stall"}
        fits = all(key in tensors and tensors[key].size == leaf.size for key, leaf in named)
        if optional and not (fits and (keep_optimizer or name != "optimizer")):
            return None
        if not fits:
            raise ModelFileError(f"{path} is damaged: it does not hold the {name} of the training as they have to be.")
        values = [tensors[key].astype(leaf.dtype).reshape(leaf.shape) for key, leaf in named]
        return jax.tree.unflatten(jax.tree.structure(field), values)

    return loop.State(**{name: restored(name, field) for name, field in template._asdict().items()})


def storable(value: Any) -> bool:
    """Whether a constructor value can be written into a header."""
    try:
        json.dumps(_encode(value))
    except (TypeError, ValueError):
        return False
    return True


def _encode(value: Any) -> Any:
    """Return JSON for a constructor value; a dict becomes pairs, since its keys may be any labels."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {"pairs": [[_encode(k), _encode(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple | set | frozenset):
        return [_encode(item) for item in value]
    if _known_parts().get(type(value).__name__) is type(value):
        fields = {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(cast(Any, value))}
        return {"part": type(value).__name__, "fields": fields}
    if isinstance(value, jax.Array):
        return {"array": value.tolist(), "dtype": value.dtype.name}
    for kind, table in _FUNCTIONS.items():
        for name, function in table.items():
            if function is value:
                return {kind: name}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and "part" in value:
        # Of what JSON knows, only numbers and tuples can be fields of a part, which are hashed.
        fields = {name: _tupled(_decode(field)) for name, field in value["fields"].items()}
        return _known_parts()[value["part"]](**fields)
    if isinstance(value, dict) and "array" in value:
        return jnp.asarray(value["array"], value["dtype"])
    for kind, table in _FUNCTIONS.items():
        if isinstance(value, dict) and kind in value:
            return table[value[kind]]
    if isinstance(value, dict):
        return {_decode(k): _decode(v) for k, v in value["pairs"]}
    return [_decode(item) for item in value] if isinstance(value, list) else value


def _tupled(value: Any) -> Any:
    return tuple(map(_tupled, value)) if isinstance(value, list) else value


@cache
def _known_parts() -> dict[str, type]:
    """Return this library's parts by name: a file may name no others."""
    public = {name: getattr(module, name) for module in (distances, encoders, objectives) for name in module.__all__}
    return {name: part for name, part in public.items() if isinstance(part, type) and issubclass(part, Part)}


# The kinds of NumPy's types of labels that a file holds: objects, text, booleans and numbers.
_LABELS = "OUSbiuf"


def _label_list(labels: np.ndarray) -> dict[str, Any]:
    if labels.dtype.kind not in _LABELS or (labels.dtype.kind == "f" and labels.dtype.itemsize > 8):
        raise ValueError(f"A file holds labels that are numbers, booleans or text; these are of type {labels.dtype}.")
    return {"dtype": labels.dtype.str if labels.dtype.kind != "O" else "object", "values": labels.tolist()}


def _label_dtype(name: str) -> np.dtype:
    dtype = np.dtype(name)
    if dtype.kind not in _LABELS:
        raise TypeError(f"labels of dtype {name}")
    return dtype
