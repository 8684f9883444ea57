"""Fitted estimators as what a file holds of them, and back."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from prosemble._registry import estimators
from prosemble.io import files
from prosemble.io.container import ModelFileError, read
from prosemble.prediction.calibration import Calibration
from prosemble.prediction.quantization import dequantized

if TYPE_CHECKING:
    from prosemble.models.base import PrototypeModel

    Model = TypeVar("Model", bound=PrototypeModel)


def stored(model: PrototypeModel, table: Mapping[str, Any] | None = None) -> files.StoredModel:
    """Return all of a fitted estimator that a file holds."""
    parameters, predictor = model._get_hyperparams(), model.predictor_
    return files.StoredModel(
        name=files.name_of(type(model)),
        shown=" ".join(repr(model).split()),
        parameters=parameters,
        objects=sorted(set(model.get_params(deep=False)) - set(parameters)),
        classes=predictor.classes,
        labels=predictor.labels,
        params=predictor.stored or predictor.params,
        temperature=predictor.temperature,
        bounded=predictor.bounded,
        parts=(predictor.distance, predictor.decision),
        n_features_in=int(model.n_features_in_),
        feature_names_in=getattr(model, "feature_names_in_", np.array([])).tolist(),
        training={name: getattr(model, name) for name in model._progress},
        quantization=getattr(model, "quantization_", None),
        table=table,
        state=getattr(model, "_state", None),  # before the first epoch there is none
    )


def load(path: str | Path, cls: type[Model], objects: dict[str, Any]) -> Model:
    """Return the estimator of a file, which is to be of that class, with the constructor values that it could not hold.

    A base class of this library's stands for all of its estimators.
    """
    if cls.__module__.startswith("prosemble.models.") and cls not in estimators().values():
        return files.load(path, **objects)
    header, tensors = read(path)
    name = header["class"]
    if files.name_of(cls) != name:
        raise ModelFileError(f"{path} holds a {name}, not a {files.name_of(cls)}: call {name}.load.")
    _check_objects(path, cls, header, objects)
    with files.fitting(path, objects):
        held = files.stored_in(path, header, tensors)
        model = cls(**held.parameters, **objects)
        _take(model, held, path)
        if hasattr(model, "_state_template") and not held.quantization:
            keep = "optimizer" not in set(held.objects) - set(objects)
            model._state = files.state_in(path, tensors, model._state_template(), keep)
    return model


def _take(model: PrototypeModel, held: files.StoredModel, path: str | Path) -> None:
    """Make what a file holds what the model has learned."""
    model.classes_, model.n_classes_ = held.classes, len(held.classes)
    model.__dict__["_calibration"] = Calibration(temperature=held.temperature)
    model._hold_parameters(dequantized(held.params), held.labels)
    if held.quantization:
        model._hold_quantized(held.params, held.quantization)
    model.n_features_in_ = held.n_features_in
    if held.feature_names_in:
        model.feature_names_in_ = np.array(held.feature_names_in, dtype=object)
    shape = (len(held.labels), held.n_features_in)
    if model.prototypes_.shape != shape and not model.predictor_.distance.latent:
        raise ModelFileError(f"{path} is damaged: prototypes of shape {model.prototypes_.shape}, not {shape}.")
    for name in model._progress:
        value = held.training.get(name) if name == "_origin" else held.training[name]
        setattr(model, name, np.array(value, float) if isinstance(value, list) else value)


def _check_objects(path: str | Path, cls: type[PrototypeModel], header: Mapping[str, Any], objects: Any) -> None:
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
