"""What a stored model predicts, by NumPy alone: the same formulas as the parts', for whom a process is to be short.

A prediction needs no compiler where it is a nearest prototype in a form that is soon written down. JAX and the parts
take longer to import than most tables take to predict. `tests/table/test_saved.py` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from prosemble import _words as words
from prosemble.prediction.probabilities import probabilities

# Numbers that a block of differences has at most.
_BLOCK = 2**22


class Plain(NamedTuple):
    """A nearest-prototype classifier: `distance` (rows (n, d), prototype k) -> (n,)."""

    distance: Callable[[np.ndarray, int], np.ndarray]
    labels: np.ndarray
    classes: np.ndarray
    temperature: float = 1.0
    bounded: bool = False

    def class_distances(self, X: np.ndarray) -> np.ndarray:
        """Return the distance to the nearest prototype of each class, (n, n_classes)."""
        result = np.full((len(X), len(self.classes)), np.inf)
        size = max(1, _BLOCK // X.shape[1])
        for start in range(0, len(X), size):
            block = X[start : start + size]
            for k, label in enumerate(self.labels):
                nearest = result[start : start + size, label]
                np.minimum(nearest, self.distance(block, k), out=nearest)
        return result

    def predict(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the label of each row and the probabilities of the classes."""
        distances = self.class_distances(X)
        # What trained in single precision cannot say either.
        beyond = np.flatnonzero(~(distances.min(axis=1) <= np.finfo(np.float32).max))
        if len(beyond):
            raise ValueError(f"Numbers too large for distances in float32, in {words.rows(beyond.tolist(), 5)}.")
        proba = probabilities(distances, self.temperature, self.bounded, np)
        return self.classes[distances.argmin(axis=1)], proba


def plain(header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> Plain | None:
    """Return what predicts as the model of a file does, or None where its form is none of those written down here."""
    predictor, fitted = header.get("predictor"), header["fitted"]
    own = "." in header["class"]  # a class of somebody else, which may predict in another way
    if own or not predictor or header.get("quantization"):
        return None
    groups = {name: tensors[name].reshape(shape) for name, shape in fitted["groups"].items() if isinstance(shape, list)}
    labels = fitted["labels"]
    model = plain_of(
        predictor["distance"].get("part", ""),
        predictor["distance"].get("fields", {}),
        predictor["decision"].get("part", ""),
        groups,
        np.array(fitted["prototype_labels"], int),
        np.array(labels["values"], np.dtype(labels["dtype"])),
    )
    temperature, bounded = float(fitted.get("temperature", 1.0)), bool(fitted.get("bounded"))
    return None if model is None else model._replace(temperature=temperature, bounded=bounded)


def plain_of(
    distance: str,
    fields: Mapping[str, Any],
    decision: str,
    groups: Mapping[str, np.ndarray],
    labels: np.ndarray,
    classes: np.ndarray,
) -> Plain | None:
    """Return the same of a distance and a decision by their names, the distance's fields and a model's parameters."""
    if distance not in _FORMS or decision != "Nearest":
        return None
    groups = {name: np.asarray(values, np.float64) for name, values in groups.items()}
    return Plain(_FORMS[distance](groups, fields), labels, classes)


def _squared(
    factor_of: Callable[[int], np.ndarray], groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]
) -> Any:
    """Return ||factor^T (x - w_k)||^2, over what is known of x scaled up to what all features would weigh."""
    W, allow_nan = groups["prototypes"], bool(fields.get("allow_nan"))

    def distance(X: np.ndarray, k: int) -> np.ndarray:
        gap, factor = X - W[k], factor_of(k)
        seen = ~np.isnan(gap)
        if allow_nan:
            gap = np.where(seen, gap, 0.0)
        squares = (gap * factor if factor.ndim == 1 else gap @ factor) ** 2
        total = squares.sum(axis=1)
        if not allow_nan:
            return total
        weights = factor**2 if factor.ndim == 1 else (factor**2).sum(axis=1)
        share = seen @ weights
        return total * np.divide(weights.sum(), share, out=np.zeros_like(share), where=share > 0)

    return distance


def _squared_euclidean(groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]) -> Any:
    ones = np.ones(groups["prototypes"].shape[1])
    return _squared(lambda k: ones, groups, fields)


def _euclidean(groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]) -> Any:
    squared = _squared_euclidean(groups, fields)
    return lambda X, k: np.sqrt(squared(X, k))


def _relevance(groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]) -> Any:
    weights = np.exp(groups["log_relevances"] - groups["log_relevances"].max())
    roots = np.sqrt(weights / weights.sum())
    return _squared(lambda k: roots, groups, fields)


def _omega(groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]) -> Any:
    return _squared(lambda k: groups["omega"], groups, fields)


def _local_omega(groups: Mapping[str, np.ndarray], fields: Mapping[str, Any]) -> Any:
    of = groups["omega_of"].astype(int) if fields.get("per_class") else np.arange(len(groups["prototypes"]))
    return _squared(lambda k: groups["omegas"][of[k]], groups, fields)


_FORMS: dict[str, Callable[[Mapping[str, np.ndarray], Mapping[str, Any]], Any]] = {
    "SquaredEuclidean": _squared_euclidean,
    "Euclidean": _euclidean,
    "Relevance": _relevance,
    "Omega": _omega,
    "LocalOmega": _local_omega,
}
