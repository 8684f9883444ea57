"""What is said of a training that got nowhere."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from prosemble.prediction.predictor import Predictor
from prosemble.training.data import Rows, Selection

if TYPE_CHECKING:
    from prosemble.models.prototype_base import SupervisedPrototypeModel

# What share of a loss may come and go from epoch to epoch.
_NOISE = 0.2


def warn_of_standstill(model: SupervisedPrototypeModel, rows: Selection) -> None:
    """Warn of a training that has moved nothing, where there was something to learn."""
    X, y = rows.X, rows.y
    distances = model.predictor_.class_distances(model._from_origin(X))
    own, nearest = distances[np.arange(len(y)), y], distances.min(axis=1)
    if ((own <= nearest) | (nearest <= 0)).all():  # there was nothing to learn, or each row is a prototype
        return
    warnings.warn(
        f"Training has moved nothing in {model.n_iter_} epochs: with lr={model.lr!r} each change is less than "
        f"{model._precision()} tells apart beside samples of up to {np.nanmax(np.abs(X)):.3g}, or the loss does not "
        "change with them. Scale the features, as a StandardScaler does.",
        ConvergenceWarning,
        stacklevel=6,
    )


def warn_of_ascent(model: SupervisedPrototypeModel, begun: Predictor, rows: Rows) -> None:
    """Warn where the loss is more than at the beginning, and more of some rows are predicted wrongly."""
    first = float(model.loss_history_[0])
    if model.restore_best or model.loss_ - first <= max(model.epsilon, _NOISE * abs(first)):
        return
    X = model._from_origin(rows.X)
    before, after = (float(np.mean(each.nearest_class(X) == rows.y)) for each in (begun, model.predictor_))
    if after >= before:
        return
    warnings.warn(
        f"Training ended with a loss of {model.loss_:.3g}, more than the {first:.3g} that it began with, and right "
        f"on {after:.0%} of {len(X)} rows, not {before:.0%}. As a rule steps of lr={model.lr!r} are too large then "
        f"beside features that span {np.nanmax(np.ptp(rows.X, axis=0)):.3g}: scale the features, as a "
        "StandardScaler does, or choose another lr.",
        ConvergenceWarning,
        stacklevel=6,
    )
