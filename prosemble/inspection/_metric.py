"""What a model has learned about features: the matrices in which it measures."""

from __future__ import annotations

import numpy as np

from prosemble.distances import Curvature, Encoded
from prosemble.inspection._fitted import Fitted, latent_names


def curvature(fitted: Fitted) -> Curvature | None:
    """Return what the model's distance has learned of the features, of an encoder's output where it has one."""
    metric, params = fitted.predictor.distance, fitted.predictor.params
    return metric.distance.curvature(params) if isinstance(metric, Encoded) else metric.curvature(params)


def global_omega(fitted: Fitted) -> np.ndarray | None:
    """Return omega (d, r) where the model measures by ||omega^T (x - w)||^2, or a function of it; None elsewhere."""
    found = curvature(fitted)
    if found is None or found.directions_off or len(found.factors) != 1:
        return None
    return np.diag(found.factors[0]) if found.factors.ndim == 2 else found.factors[0]


def learned_curvature(fitted: Fitted) -> tuple[Curvature, list[str], np.ndarray]:
    """Return the forms that weight the features, a name for each, and the names of the features."""
    found = curvature(fitted)
    if found is None:
        raise ValueError(
            f"{type(fitted.model).__name__} learns no weights of features, or its distance does not say which (by "
            "`quadratic` or `curvature`). Those that do: relevance (GRLVQ, SRNG), matrix (GMLVQ, SMNG, MRSLVQ), local "
            "matrix (LGMLVQ, SLNG, LMRSLVQ) and their relatives."
        )
    count, d = found.factors.shape[:2]
    owners = ["all prototypes"] if count == 1 else prototype_names(fitted)
    if count not in (1, len(owners)):  # a matrix for each class that has prototypes
        owners = [str(label) for label in np.unique(fitted.model.prototype_labels_)]
    return found, owners, latent_names(d) if fitted.encoded else fitted.input_names


def prototype_names(fitted: Fitted) -> list[str]:
    """Return the class of each prototype, with a number where the class has several."""
    labels, seen = fitted.model.prototype_labels_.tolist(), {}  # type: ignore[var-annotated]
    names = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        names.append(f"{label}" if labels.count(label) == 1 else f"{label} #{seen[label]}")
    return names


def importance(fitted: Fitted) -> np.ndarray:
    """Return how much each coordinate of the prototypes counts (d,): by the metric where it is learned on them.

    Where it is not, by the variance of the prototypes, which is what the distances to them differ by.
    """
    prototypes, found = fitted.model.prototypes_, curvature(fitted)
    if found is None or found.factors.shape[1] != prototypes.shape[1]:
        return prototypes.var(axis=0)
    return shares(found).mean(axis=0)


def shares(found: Curvature) -> np.ndarray:
    """Return the diagonals (k, d), each with sum one: what share of the metric is each feature's."""
    diagonals = found.diagonals()
    return diagonals / diagonals.sum(axis=1, keepdims=True)
