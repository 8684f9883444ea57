"""What a model has learned about features: the matrices in which it measures."""

from __future__ import annotations

import numpy as np

from prosemble.distances import Encoded, Tangent
from prosemble.inspection._fitted import Fitted, latent_names


def global_omega(fitted: Fitted) -> np.ndarray | None:
    """Return omega (d, r) where the model measures by ||omega^T (x - w)||^2, or a function of it; None elsewhere."""
    params = fitted.model._parameters()
    if "log_relevances" in params:
        weights = np.exp(params["log_relevances"] - params["log_relevances"].max())
        return np.diag(np.sqrt(weights / weights.sum()))
    return params.get("omega")


def learned_matrices(fitted: Fitted) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return the matrices (k, d, d) that weight the features, a name for each, and the names of the features.

    A tangent metric weights by the projection that takes its directions away, an exponential kernel by that in its
    exponent.
    """
    model, metric, params = fitted.model, fitted.model._metric(), fitted.model._parameters()
    omega = global_omega(fitted)
    omega = params.get("omega_hat") if omega is None else omega
    if omega is not None:
        matrices, owners = (omega @ omega.T)[None], ["all prototypes"]
    elif "omegas" in params:
        matrices = params["omegas"] @ params["omegas"].transpose(0, 2, 1)
        if isinstance(metric.distance if isinstance(metric, Encoded) else metric, Tangent):
            matrices = np.eye(matrices.shape[1]) - matrices
        owners = prototype_names(fitted)
        if len(matrices) != len(owners):  # a matrix for each class that has prototypes
            owners = [str(label) for label in np.unique(model.prototype_labels_)]
    else:
        raise ValueError(
            f"{type(model).__name__} learns no weights of features. Those that do: relevance (GRLVQ, SRNG), matrix "
            "(GMLVQ, SMNG, MRSLVQ), local matrix (LGMLVQ, SLNG, LMRSLVQ) and their relatives."
        )
    names = latent_names(matrices.shape[1]) if fitted.encoded else fitted.input_names
    return matrices, owners, names


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
    prototypes = fitted.model.prototypes_
    try:
        weights = shares(learned_matrices(fitted)[0]).mean(axis=0)
    except ValueError:
        return prototypes.var(axis=0)
    return weights if len(weights) == prototypes.shape[1] else prototypes.var(axis=0)


def shares(matrices: np.ndarray) -> np.ndarray:
    """Return the diagonals (k, d), each with sum one: what share of the metric is each feature's."""
    diagonals = np.diagonal(matrices, axis1=1, axis2=2)
    return diagonals / diagonals.sum(axis=1, keepdims=True)
