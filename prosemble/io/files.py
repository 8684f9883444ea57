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
import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np

from prosemble import _words as words
from prosemble import distances, encoders, objectives
from prosemble.core.activations import ACTIVATIONS
from prosemble.core.part import Part
from prosemble.encoders.base import LAYER_ACTIVATIONS
from prosemble.io.container import FORMAT, ModelFileError, read, write
from prosemble.prediction.calibration import Calibration
from prosemble.prediction.predictor import Predictor
from prosemble.prediction.quantization import Quantized, dequantized, shape_of_scale
from prosemble.training import loop

# Functions that a header may name, by kind.
_FUNCTIONS: dict[str, Mapping[str, Any]] = {"activation": ACTIVATIONS, "layer_activation": LAYER_ACTIVATIONS}


def save(model: Any, path: str | Path, table: Mapping[str, Any] | None = None) -> None:
    """Write a fitted estimator, replacing the file whole or not at all."""
    parameters = model._get_hyperparams()
    objects = sorted(set(model.get_params(deep=False)) - set(parameters))
    predictor = model.predictor_
    fitted = {
        "labels": _label_list(predictor.classes),
        "prototype_labels": predictor.labels.tolist(),
        "groups": jax.tree.map(np.shape, predictor.params),
        "n_features_in": int(model.n_features_in_),
        "temperature": predictor.temperature,
        "bounded": predictor.bounded,
        "feature_names_in": getattr(model, "feature_names_in_", np.array([])).tolist(),
    }
    quantization = getattr(model, "quantization_", None)
    header = {
        "format": FORMAT if table else 2 if quantization else 1,
        "class": _name_of(type(model)),
        "shown": " ".join(repr(model).split()),
        "predictor": _parts(predictor),
        "parameters": {name: _encode(value) for name, value in parameters.items()},
        "objects": objects,
        "fitted": fitted,
        "training": {name: _encode(getattr(model, name)) for name in model._progress},
        "quantization": quantization,
        "table": table,
    }
    # safetensors keeps no shape of a scalar apart from that of one element on every version: all arrays go flat.
    tensors = {name: np.ravel(value) for name, value in _flat(predictor.stored or predictor.params).items()}
    state = getattr(model, "_state", None)  # before the first epoch there is none
    for field, value in () if state is None else state._asdict().items():
        tensors |= {name: np.ravel(leaf) for name, leaf in _named_leaves(field, value)}
    write(path, header, tensors)


def _parts(predictor: Predictor) -> dict[str, Any] | None:
    """Return what a model measures and decides by, where it is made of this library's parts alone."""
    parts = {"distance": predictor.distance, "decision": predictor.decision}
    return {name: _encode(part) for name, part in parts.items()} if all(map(storable, parts.values())) else None


def load(path: str | Path, cls: type | None = None, objects: Mapping[str, Any] | None = None) -> Any:
    """Read a model that `save` wrote.

    Parameters
    ----------
    path : str or Path
    cls : type, optional
        The class whose `load` was called; when None, the file must hold one of this library's estimators.
    objects : mapping, optional
        Constructor values that the file could not hold.

    Raises
    ------
    TypeError
        If the class has no such parameter, or the file holds its value.
    ModelFileError
        If the file is no model file, damaged, of a newer format, or of another class.
    """
    from prosemble.models import SupervisedPrototypeModel
    from prosemble.models.base import PrototypeModel

    header, tensors = read(path)
    name = header["class"]
    if cls in (None, PrototypeModel, SupervisedPrototypeModel):
        if name not in _known_models():
            raise ModelFileError(f"{path} holds a {name}, which is not one of this library's: call {name}.load.")
        cls = _known_models()[name]
    elif _name_of(cls) != name:
        raise ModelFileError(f"{path} holds a {name}, not a {_name_of(cls)}: call {name}.load.")
    objects = dict(objects or {})
    _check_objects(path, cls, header, objects)
    try:
        return _build(path, cls, header, tensors, objects)
    except ModelFileError:
        raise
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        if objects and isinstance(error, ValueError):  # what the caller gave beside the file
            raise
        raise ModelFileError(
            f"{path} is damaged: its header and arrays do not fit ({words.short(repr(error))})."
        ) from error


@cache
def _known_models() -> dict[str, Any]:
    from prosemble.models import all_estimators

    return dict(all_estimators())


def _name_of(cls: type) -> str:
    """Return what a file calls a class; one that shares its name with another of this library's tells its module."""
    return cls.__name__ if _known_models().get(cls.__name__, cls) is cls else f"{cls.__module__}.{cls.__name__}"


def _check_objects(path: str | Path, cls: Any, header: dict[str, Any], objects: dict[str, Any]) -> None:
    """Raise or warn where what is given beside a file is not what the file lacks."""
    unknown = set(objects) - set(cls._get_param_names())
    if unknown:
        raise TypeError(f"{cls.__name__} has no parameters {sorted(unknown)}.")
    held = set(objects) & set(header["parameters"])
    if held:
        raise TypeError(
            f"{path} holds {sorted(held)} itself: load takes what a file cannot hold as keywords. Use set_params on "
            "the loaded model."
        )
    lost = sorted(set(header["objects"]) - set(objects))
    needed = [name for name in lost if name in cls._all_of("_measured_by")]
    if needed:
        keywords = ", ".join(f"{name}=..." for name in needed)
        raise ValueError(
            f"{path} was trained with a {' and a '.join(needed)} that a file cannot hold: call load(path, {keywords})."
        )
    if lost:
        warnings.warn(
            f"{path} cannot hold the {', '.join(lost)} that the model was made with; the default is used. "
            "Give it to load as a keyword.",
            stacklevel=4,
        )


def _build(
    path: str | Path,
    cls: Any,
    header: dict[str, Any],
    tensors: dict[str, np.ndarray],
    objects: dict[str, Any],
) -> Any:
    model = cls(**{name: _decode(value) for name, value in header["parameters"].items()}, **objects)
    fitted = header["fitted"]
    dtype = _label_dtype(fitted["labels"]["dtype"])
    values = fitted["labels"]["values"]
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    if dtype.kind in "US" and dtype.itemsize > 4 * max(1000, 2 * longest):
        raise ModelFileError(f"{path} is damaged: its labels are not of type {words.short(dtype)}.")
    try:
        model.classes_ = np.array(values, dtype)
    except ValueError as error:
        raise ModelFileError(f"{path} is damaged: its labels are not of type {dtype}.") from error
    if model.classes_.ndim != 1 or len(set(values)) != len(values) or len(values) < 2:
        raise ModelFileError(f"{path} is damaged: its labels are not two or more, each once.")
    model.n_classes_ = len(model.classes_)
    groups = {
        name: {part: _restored(path, tensors, f"{name}.{part}", size) for part, size in sizes.items()}
        if isinstance(sizes, dict)
        else _restored(path, tensors, name, sizes)
        for name, sizes in fitted["groups"].items()
    }
    indices = np.array(fitted["prototype_labels"], np.intp)
    if not np.isin(indices, np.arange(model.n_classes_)).all():
        raise ModelFileError(f"{path} is damaged: its prototypes are of classes that it does not name.")
    for name, array in _flat(groups).items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ModelFileError(f"{path} is damaged: {name} holds what is no number.")
    model._calibration = Calibration(temperature=float(fitted.get("temperature", 1.0)))
    model._hold_parameters(dequantized(groups), indices)
    if quantization := header.get("quantization"):
        model._hold_quantized(groups, quantization)
    model.n_features_in_ = int(fitted["n_features_in"])
    if fitted["feature_names_in"]:
        model.feature_names_in_ = np.array(fitted["feature_names_in"], dtype=object)
    shape = (len(model.prototype_labels_), model.n_features_in_)
    if model.prototypes_.shape != shape and not model._metric().latent:
        raise ModelFileError(f"{path} is damaged: prototypes of shape {model.prototypes_.shape}, not {shape}.")
    for name in model._progress:
        value = header["training"].get(name) if name == "_origin" else header["training"][name]
        setattr(model, name, np.array(value, float) if isinstance(value, list) else value)
    if quantization or not hasattr(model, "_state_template"):
        return model
    if "state.epoch" not in tensors:
        model._state = None
        return model
    lost_optimizer = "optimizer" in set(header["objects"]) - set(objects)
    model._state = _restored_state(path, model, tensors, keep_optimizer=not lost_optimizer)
    return model


def _restored(path: str | Path, tensors: dict[str, np.ndarray], name: str, size: list[int]) -> Any:
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


def _restored_state(path: str | Path, model: Any, tensors: dict[str, np.ndarray], keep_optimizer: bool) -> Any:
    """Return the training's state; what belongs to an option and is not in the file is left to begin anew."""

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

    return loop.State(**{name: restored(name, field) for name, field in model._state_template()._asdict().items()})


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
