"""What a report shows of the data: names, prototypes and samples in units that the reader knows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import importance


class View(NamedTuple):
    """Prototypes and samples, feature by feature.

    Parameters
    ----------
    names : ndarray of shape (n_features,)
    prototypes : ndarray of shape (n_prototypes, n_features)
    samples : ndarray of shape (n_samples, n_features), optional
        None where the prototypes live in the space of an encoder, and where there are none.
    importance : ndarray of shape (n_features,)
        How much each feature counts to the model, sum one.
    in_units : bool
        Whether the values are in the units of the data.
    explains : bool
        Whether the features are those that `explain` has columns for.
    """

    names: np.ndarray
    prototypes: np.ndarray
    samples: np.ndarray | None
    importance: np.ndarray
    in_units: bool
    explains: bool


def view(fitted: Fitted, rows: np.ndarray | None, undo: bool = True) -> View:
    """Return what to show of a model and samples, as it reads them; where `undo`, in the units of the data if it can.

    Without samples, the scale that prototypes differ on is theirs.
    """
    prototypes, counts = fitted.model.prototypes_, importance(fitted)
    if not fitted.in_data_space:
        return View(fitted.prototype_names, prototypes, None, _shares(counts), False, False)
    if not fitted.steps or fitted.prototypes_in_units is None or not undo:
        return View(fitted.input_names, prototypes, rows, _shares(counts), not fitted.steps, True)
    seen = ~np.isnan(fitted.prototypes_in_units).any(axis=0)  # the others were left out by a step
    prototypes, samples = fitted.prototypes_in_units[:, seen], None if rows is None else fitted.original(rows)[:, seen]
    if not fitted.feature_by_feature:  # mixed, as by PCA: how far the prototypes are apart, in units of the samples
        scale = np.ones(len(prototypes.T)) if samples is None else np.nanstd(samples, axis=0)
        counts = np.divide(prototypes.var(axis=0), scale**2, out=np.zeros(len(scale)), where=scale > 0)
    return View(fitted.data_names[seen], prototypes, samples, _shares(counts), True, fitted.feature_by_feature)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / (counts.sum() or 1.0)


def decimals(values: Any) -> int:
    """Return how many decimals tell such values apart, about three digits of their spread."""
    spread = float(np.nanmax(values) - np.nanmin(values)) or abs(float(np.nanmax(values)))
    return int(np.clip(2 - np.floor(np.log10(spread)), 0, 8)) if spread > 0 and np.isfinite(spread) else 2
