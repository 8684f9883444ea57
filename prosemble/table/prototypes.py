"""Prototypes and counterfactuals in the units and categories of a table."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from prosemble import _words as words
from prosemble.io.wrapped import unwrapped
from prosemble.table.values import MOMENTS

if TYPE_CHECKING:
    from prosemble.table.classifier import TableClassifier

# Rows of the training that are named beside a prototype.
NEAREST = 3
# Prototypes of another class to which the way from a row is tried, and the steps on it.
_ENDS, _STEPS = 3, 64


def are_in_the_table(classifier: TableClassifier) -> bool:
    """Whether the prototypes are points of the table's features, and not of an encoder's output."""
    try:
        model, _ = unwrapped(classifier.estimator_, "estimator")
    except TypeError:
        return False
    return not model.predictor_.distance.latent


def nearest_rows(classifier: TableClassifier, features: pd.DataFrame, y: np.ndarray) -> list[list[Any]] | None:
    """Return for each prototype the labels of the nearest rows of its class; None where there are no prototypes."""
    try:
        model, steps = unwrapped(classifier.estimator_, "estimator")
    except TypeError:
        return None
    rows: Any = features
    for _, step in steps:
        rows = step.transform(rows)
    # Of very many that are the rows themselves, the distances would take too long.
    if np.shape(model.prototypes_) == np.shape(rows) and np.allclose(model.prototypes_, rows, equal_nan=True):
        return [[label] for label in features.index.tolist()]
    distances = model.distances(rows)
    nearest = []
    for k, label in enumerate(model.prototype_labels_):
        own = np.flatnonzero(y == label)
        own = own[np.argsort(distances[own, k], kind="stable")[:NEAREST]]
        nearest.append(features.index[own].tolist())
    return nearest


def frame_of(classifier: TableClassifier) -> pd.DataFrame:
    """Return what `TableClassifier.prototypes_frame_` describes."""
    if not are_in_the_table(classifier):
        raise AttributeError(
            f"{type(classifier.estimator_).__name__} has no prototypes that are points of the table, and so no "
            "prototypes_frame_."
        )
    model, steps = unwrapped(classifier.estimator_, "estimator")
    rows = in_columns(classifier, _before(steps, model.prototypes_.astype(np.float64)))
    rows.index = pd.Index(model.prototype_labels_)
    if classifier._nearest is not None:
        rows["nearest_rows"] = classifier._nearest
    return rows


def most_apart(classifier: TableClassifier, most: int) -> list[str]:
    """Return the columns in which the prototypes differ most, measured as the model is given them."""
    model, steps = unwrapped(classifier.estimator_, "estimator")
    spread = _before(steps, model.prototypes_.astype(np.float64)).var(axis=0)
    columns = classifier.table_.judged_
    of_columns = np.bincount(classifier.table_.features_.owners, weights=spread, minlength=len(columns))
    return [columns[place].name for place in np.sort(np.argsort(-of_columns, kind="stable")[:most])]


def _before(steps: Sequence[tuple[str, Any]], rows: np.ndarray) -> np.ndarray:
    """Return inputs of the model as features of the table: what is between them undone."""
    for _, step in reversed(steps):
        rows = np.asarray(step.inverse_transform(rows), np.float64)
    return rows


def in_columns(classifier: TableClassifier, features: np.ndarray) -> pd.DataFrame:
    """Return features as columns of the table: numbers in their units, of a category the value that has most."""
    table = classifier.table_
    told, owners = table.in_units(features), np.array(table.features_.owners)
    encoders = {name: part for name, part, _ in table.transformer_.transformers_}
    made: dict[str, Any] = {}
    for place, column in enumerate(table.judged_):
        if not column.used:
            continue
        own = told[:, owners == place]
        if column.is_category:
            made[column.name] = _categories(own, encoders[f"column {place}"])
        elif column.kind == MOMENTS:
            days = np.round(own[:, 0]).astype("timedelta64[D]")
            made[column.name] = np.where(
                np.isnan(own[:, 0]), np.datetime64("NaT"), np.datetime64(str(column.first)) + days
            )
        else:
            made[column.name] = own[:, 0]
    return pd.DataFrame(made)


def _categories(shares: np.ndarray, encoder: Any) -> np.ndarray:
    (values,) = encoder.categories_
    rare = getattr(encoder, "infrequent_categories_", [None])[0]
    frequent = [value for value in values.tolist() if rare is None or value not in rare.tolist()]
    # Of the rare ones together, the first stands for all.
    names = np.array([*frequent, *([] if rare is None else [rare[0]])], dtype=object)
    chosen = names[shares.argmax(axis=1)]
    chosen[np.isnan(shares).any(axis=1)] = None
    return chosen


def counterfactual(classifier: TableClassifier, X: Any, target: Any) -> pd.DataFrame:
    """Return what `TableClassifier.counterfactual` describes."""
    features = classifier._features(X)
    given = features.to_numpy()
    if np.isnan(given).any():
        gaps = np.flatnonzero(np.isnan(given).any(axis=1)).tolist()
        raise ValueError(f"X must be complete; numbers are missing in {words.rows(gaps)}.")
    model, steps = unwrapped(classifier.estimator_, "estimator")
    rows: Any = features
    for _, step in steps:
        rows = step.transform(rows)
    former, ends = model.predict(rows), _before(steps, model.prototypes_.astype(np.float64))
    wanted = _Wanted(former, target)
    points = _before(steps, model.counterfactual(rows, target))
    result = in_columns(classifier, points)
    met = ~np.isnan(points).any(axis=1)
    met[met] = wanted.met(_predicted(classifier, result[met]), np.flatnonzero(met))
    of_ends = model.predict(_named(model, model.prototypes_))
    for i in np.flatnonzero(~met).tolist():
        reachable = ends[wanted.met(of_ends, np.full(len(ends), i))]
        nearest = reachable[((reachable - given[i]) ** 2).sum(axis=1).argsort()[:_ENDS]]
        result.iloc[i] = _towards(classifier, given[i], nearest, wanted, i)
    result.index = features.index
    stays = wanted.met(former, np.arange(len(former)))
    as_given = classifier.table_.frame(X)[result.columns].set_axis(features.index)
    if not stays.any():
        return result
    order = np.argsort(np.concatenate([np.flatnonzero(~stays), np.flatnonzero(stays)]), kind="stable")
    return pd.concat([result[~stays], as_given[stays]]).iloc[order]


def _named(model: Any, rows: np.ndarray) -> Any:
    """Return inputs of a model with the names that it was fitted with, where it was."""
    return pd.DataFrame(rows, columns=model.feature_names_in_) if hasattr(model, "feature_names_in_") else rows


class _Wanted:
    """What each row may be predicted as."""

    def __init__(self, former: np.ndarray, target: Any) -> None:
        self.former = former
        self.target = None if target is None else np.broadcast_to(np.asarray(target), former.shape)

    def met(self, predicted: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return for which of these rows a prediction is what it is to be."""
        return predicted != self.former[rows] if self.target is None else predicted == self.target[rows]


def _predicted(classifier: TableClassifier, rows: pd.DataFrame) -> np.ndarray:
    with warnings.catch_warnings(action="ignore"):
        return classifier.predict(rows) if len(rows) else np.array([])


def _towards(classifier: TableClassifier, begin: np.ndarray, ends: np.ndarray, wanted: _Wanted, row: int) -> pd.Series:
    """Return the first row on the ways to some prototypes that is predicted as is wanted, or one of gaps."""
    shares = np.linspace(0.0, 1.0, _STEPS + 1)[1:, None]
    found, distance = None, np.inf
    for end in ends:
        way = in_columns(classifier, (1.0 - shares) * begin + shares * end)
        met = wanted.met(_predicted(classifier, way), np.full(len(way), row))
        if met.any() and (length := float(shares[met.argmax(), 0] * np.linalg.norm(end - begin))) < distance:
            found, distance = way.iloc[int(met.argmax())], length
    if found is None:
        return in_columns(classifier, np.full((1, len(begin)), np.nan)).iloc[0]
    return found
