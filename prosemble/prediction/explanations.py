"""Why a sample is predicted as it is: the two prototypes that are compared, and what each feature adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosemble.core.blocks import rows_at_a_time
from prosemble.prediction.predictor import Predictor

#: The columns before those of the features.
COLUMNS = ("prediction", "prototype", "d_plus", "runner_up", "runner_up_prototype", "d_minus", "confidence")


def decomposes_by_features(predictor: Predictor, rows: np.ndarray) -> bool:
    """Whether the decision compares distances that are sums over the features of such rows."""
    terms = predictor.distance.contributions(predictor.params, rows[:1].astype(np.float64), np.zeros(1, int))
    return predictor.decision.of_classes and terms is not None


def explained(predictor: Predictor, rows: np.ndarray, features: list[str] | None) -> dict[str, np.ndarray]:
    """Return what `PrototypeModel.explain` describes, by column; with what each of the features adds, if any is named.

    Parameters
    ----------
    predictor : Predictor
    rows : ndarray of shape (n, d)
    features : list of d str, optional
    """
    # Blocks as a prediction takes them: the same programs, and no more memory.
    size = rows_at_a_time(max(len(predictor.labels), rows.shape[1]))
    blocks = [_explained(predictor, rows[start : start + size], features) for start in range(0, len(rows), size)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _explained(predictor: Predictor, rows: np.ndarray, features: list[str] | None) -> dict[str, np.ndarray]:
    distances = predictor.distances(rows)
    foremost = predictor.decision.foremost(predictor.params, distances, predictor.labels, predictor.n_classes)
    of_classes = predictor.class_distances(rows)
    winner = predictor.nearest_class(rows)

    every = np.arange(len(rows))
    others = of_classes.copy()
    others[every, winner] = np.inf
    # Classes may be level, as those without a vote are; the nearest prototype then tells which is second.
    level = others == others.min(axis=1, keepdims=True)
    level[every, winner] = False
    second = np.where(level, np.take_along_axis(distances, foremost, axis=1), np.inf).argmin(axis=1)

    plus, minus = foremost[every, winner], foremost[every, second]
    values = (
        predictor.classes[winner],
        plus,
        distances[every, plus],
        predictor.classes[second],
        minus,
        distances[every, minus],
        predictor.confidence(of_classes),
    )
    columns = dict(zip(COLUMNS, values, strict=True))
    if features is not None:
        exact = rows.astype(np.float64)
        against, by = (predictor.distance.contributions(predictor.params, exact, k) for k in (minus, plus))
        assert against is not None and by is not None  # decomposes_by_features saw to it
        columns |= dict(zip(features, (against - by).T, strict=True))
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
