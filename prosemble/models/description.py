"""A model in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from prosemble import distances

if TYPE_CHECKING:
    from prosemble.models.base import PrototypeModel

#: What each metric means to somebody who knows the data and not the mathematics.
_METRICS: dict[str, str] = {
    "SquaredEuclidean": "the squared Euclidean distance, in which all features count alike",
    "Euclidean": "the Euclidean distance, in which all features count alike",
    "Manhattan": "the sum of the absolute differences of the features",
    "Lp": "the Lp distance, in which all features count alike",
    "Cosine": "the angle between sample and prototype, whatever their size",
    "Relevance": "a weighted squared distance; how much each feature counts was learned",
    "Omega": "a distance in a learned matrix: how much each feature, and each pair of features, counts was learned",
    "LocalOmega": "a distance in a learned matrix of each prototype or class: what counts may differ among them",
    "Tangent": "the distance to a learned subspace of each prototype: changes within it do not count",
    "Wasserstein": "the squared distance to a Gaussian about each prototype, in which all features count alike",
    "WassersteinRelevance": "the squared distance to a Gaussian about each prototype, features weighted as was learned",
    "WassersteinOmega": "the squared distance to a Gaussian about each prototype, in a learned matrix",
    "FromFunction": "a distance function of the user's own",
    "FromSimilarity": "a similarity function of the user's own",
    "GaussianKernel": "a Gaussian kernel of learned widths",
    "RelevanceKernel": "a Gaussian kernel of features weighted by learned relevances",
    "ExponentialKernel": "an exponential kernel with a learned matrix",
}


def metric(model: PrototypeModel) -> str:
    """Say what the model measures by."""
    part: Any = model.predictor_.distance
    if isinstance(part, distances.Encoded):
        return f"{_metric(part.distance)}, of what a learned encoder makes of the sample"
    return _metric(part)


def _metric(part: Any) -> str:
    name = type(part).__name__
    return _METRICS.get(name) or (type(part).__doc__ or name).strip().splitlines()[0].rstrip(".")


def summary(model: PrototypeModel) -> str:
    """Return the first paragraph of the model's documentation."""
    return " ".join((type(model).__doc__ or type(model).__name__).strip().split("\n\n")[0].split())


def counts(model: PrototypeModel) -> dict[Any, int]:
    """Return the number of prototypes of each class."""
    labels = model.prototype_labels_.tolist()
    return {label: labels.count(label) for label in model.classes_.tolist()}


def training(model: PrototypeModel) -> str:
    """Say how the training went; nothing where it did not go in epochs."""
    done: int | None = getattr(model, "n_iter_", None)
    loss: float | None = getattr(model, "loss_", None)
    if done is None or loss is None:
        return ""
    most = getattr(model, "max_iter", done)
    stopped = "it stopped improving before" if done < most else "all that were allowed"
    return f"{done} epochs of at most {most} ({stopped}), to a loss of {loss:.4g}"


def settings(model: PrototypeModel) -> list[dict[str, Any]]:
    """Return name, value and meaning of each parameter, those that differ from the default first."""
    given, defaults = model.get_params(deep=False), _defaults(type(model))
    rows = [
        {
            "name": name,
            "value": _value(value),
            "changed": name not in defaults or repr(value) != repr(defaults[name]),
            "meaning": _meaning(type(model), name),
        }
        for name, value in given.items()
    ]
    return sorted(rows, key=lambda row: (not row["changed"], row["name"]))


def _defaults(cls: type) -> dict[str, Any]:
    from inspect import signature

    return {name: parameter.default for name, parameter in signature(cls).parameters.items()}


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    string = getattr(value, "__name__", None) or repr(value)
    return string if len(string) <= 80 else string[:79] + "…"


def _meaning(cls: type, name: str) -> str:
    """Return what the class's docstring says of a parameter."""
    pattern = rf"^{re.escape(name)} :.*\n((?:[ ]+.*\n)+)"
    found = re.search(pattern, cls.__doc__ or "", re.MULTILINE)
    return " ".join(found[1].split()) if found else ""
