"""Why a sample is predicted as it is: the two prototypes that are compared, and what each feature adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from prosemble.core.blocks import rows_at_a_time
from prosemble.models import prediction

if TYPE_CHECKING:
    from prosemble.models.base import PrototypeModel

#: The columns before those of the features.
COLUMNS = ("prediction", "prototype", "d_plus", "runner_up", "runner_up_prototype", "d_minus", "confidence")


def explain(model: PrototypeModel, X: Any, as_frame: bool = True, contributions: bool | None = None) -> Any:
    """Return what `PrototypeModel.explain` describes."""
    rows = model._check_rows(X)
    if contributions is None:
        contributions = _decomposes(model, rows)
    elif contributions and not _decomposes(model, rows):
        raise ValueError(
            f"contributions=True has nothing to show for {type(model).__name__}: its decision is no comparison of "
            f"distances that are sums over the features. Leave it out, or give False."
        )
    # Blocks as a prediction takes them: the same programs, and no more memory.
    size = rows_at_a_time(max(len(model.prototypes_), rows.shape[1]))
    blocks = [_explained(model, rows[start : start + size], contributions) for start in range(0, len(rows), size)]
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    if not as_frame:
        return columns
    return pd.DataFrame(columns, index=X.index if isinstance(X, pd.DataFrame) else None)


def _decomposes(model: PrototypeModel, rows: np.ndarray) -> bool:
    terms = model._metric().contributions(model._parameters(), rows[:1].astype(np.float64), np.zeros(1, int))
    return model._decision().of_classes and terms is not None


def _explained(model: PrototypeModel, rows: np.ndarray, contributions: bool) -> dict[str, np.ndarray]:
    metric, decision, params = model._metric(), model._decision(), model._parameters()
    labels = np.searchsorted(model.classes_, model.prototype_labels_)
    distances = prediction.distances(metric, params, rows)
    foremost = decision.foremost(params, distances, labels, model.n_classes_)
    of_classes = model._decided_rows(prediction.class_distances, rows)
    winner = model._decided_rows(prediction.nearest_class, rows)

    every = np.arange(len(rows))
    others = of_classes.copy()
    others[every, winner] = np.inf
    # Classes may be level, as those without a vote are; the nearest prototype then tells which is second.
    level = others == others.min(axis=1, keepdims=True)
    level[every, winner] = False
    second = np.where(level, np.take_along_axis(distances, foremost, axis=1), np.inf).argmin(axis=1)

    plus, minus = foremost[every, winner], foremost[every, second]
    values = (
        model.classes_[winner],
        plus,
        distances[every, plus],
        model.classes_[second],
        minus,
        distances[every, minus],
        prediction.confidence(decision, of_classes),
    )
    columns = dict(zip(COLUMNS, values, strict=True))
    if contributions:
        exact = rows.astype(np.float64)
        against, by = (metric.contributions(params, exact, k) for k in (minus, plus))
        assert against is not None and by is not None  # _decomposes saw to it
        columns |= dict(zip(feature_names(model), (against - by).T, strict=True))
    return columns


def feature_names(model: Any) -> list[str]:
    """Return the names of the columns that hold what the features of a fitted estimator add."""
    taken = set(COLUMNS)
    result = []
    for name in map(str, getattr(model, "feature_names_in_", [f"x{j}" for j in range(model.n_features_in_)])):
        while name in taken:
            name += " (feature)"
        taken.add(name)
        result.append(name)
    return result
