"""Single samples of a report and why they are predicted as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosemble.inspection import _pictures
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._view import View, decimals
from prosemble.prediction.explanations import COLUMNS

# Features of a sample that are told: those that speak loudest.
_TOLD = 6


def typical_and_doubtful(why: dict[str, np.ndarray], truth: np.ndarray, count: int = 5) -> tuple[list[int], list[int]]:
    """Return the places of the samples the model is surest and least sure of.

    Typical are right predictions only, of all classes in turn: the surest of each class, then the second of each.
    """
    confidence, labels = why["confidence"], np.unique(truth)
    right = why["prediction"] == truth
    rank = np.full(len(truth), len(truth))
    for label in labels:
        own = np.flatnonzero(right & (truth == label))
        rank[own[np.argsort(-confidence[own], kind="stable")]] = np.arange(len(own))
    typical = np.lexsort([-confidence, rank])[: min(count, int(right.sum()))]
    doubtful = np.argsort(confidence, kind="stable")[:count]
    return typical.tolist(), doubtful.tolist()


def case(
    fitted: Fitted, shown: View, rows: np.ndarray, place: int, name: Any, truth: Any, look: Look | None
) -> dict[str, Any]:
    """Return a sample, what is predicted, and the features that speak loudest for and against it."""
    inputs = rows[place : place + 1]
    why = fitted.model.explain(_named(fitted, inputs), as_frame=False)
    found: dict[str, Any] = {column: why[column][0] for column in COLUMNS}
    found |= {"name": name, "truth": truth, "wrong": bool(found["prediction"] != truth), "reasons": [], "images": []}
    added = np.array([values[0] for column, values in why.items() if column not in COLUMNS])
    if look is not None:
        found["images"] = look.of(place, found, added)
    elif len(added):
        values, names = (shown.samples, shown.names) if shown.explains else (rows, fitted.input_names)
        prototypes = shown.prototypes if shown.explains else fitted.model.prototypes_
        assert values is not None
        found["reasons"] = _reasons(found, added, names, values, prototypes, place)
    return found


def _named(fitted: Fitted, inputs: np.ndarray) -> Any:
    """Return the rows with the names that the model was fitted with, where it was."""
    import pandas as pd

    named = getattr(fitted.model, "feature_names_in_", None)
    return inputs if named is None else pd.DataFrame(inputs, columns=named)


def _reasons(
    found: dict[str, Any], added: np.ndarray, names: np.ndarray, values: np.ndarray, prototypes: np.ndarray, place: int
) -> list[dict[str, Any]]:
    largest = float(np.abs(added).max()) or 1.0
    reasons = []
    for j in np.argsort(-np.abs(added), kind="stable")[:_TOLD].tolist():
        digits = decimals(values[:, j])
        value, near, second = (
            f"{v:.{digits}f}"
            for v in (values[place, j], *prototypes[[found["prototype"], found["runner_up_prototype"]], j])
        )
        speaks = found["prediction"] if added[j] >= 0 else found["runner_up"]
        tip = (
            f"{names[j]} is {value} here; prototype of {found['prediction']}: {near}, "
            f"of {found['runner_up']}: {second}. It adds {added[j]:+.3g} and speaks for {speaks}."
        )
        reasons.append(
            {"name": names[j], "value": value, "added": added[j], "width": abs(added[j]) / largest, "tip": tip}
        )
    return reasons


class Look:
    """How samples, prototypes and contributions are shown as images.

    Parameters
    ----------
    fitted : Fitted
    rows : ndarray of shape (n_samples, n_inputs)
        As the model reads them.
    shape : (height, width) or (height, width, channels)
    """

    def __init__(self, fitted: Fitted, rows: np.ndarray, shape: tuple[int, ...]) -> None:
        self.fitted, self.rows, self.shape = fitted, rows, shape
        self.prototypes = self._pixels(fitted.model.prototypes_)
        # One prototype that went far out would leave no contrast to the others.
        self.low, self.high = map(float, np.quantile(self.prototypes, [0.01, 0.99]))

    def _pixels(self, rows: np.ndarray) -> np.ndarray:
        return np.nan_to_num(self.fitted.original(rows))

    def prototype(self, k: int) -> str:
        """Return a prototype as an image."""
        return _pictures.image(self.prototypes[k], self.shape, self.low, self.high)

    def features(self, values: np.ndarray) -> str | None:
        """Return one signed value a pixel as an image, in colours of their sign; None where features are no pixels."""
        if not self.fitted.feature_by_feature or self.shape[2:] not in [(), (1,)] or not len(values):
            return None
        spread = np.zeros(len(self.fitted.data_names))
        prototypes = self.fitted.prototypes_in_units
        assert prototypes is not None  # `image_shape` has checked it
        seen = ~np.isnan(prototypes[0])
        spread[seen] = values
        limit = float(np.abs(values).max()) or 1.0
        return _pictures.image(spread, self.shape, -limit, limit, signed=True)

    def of(self, place: int, found: dict[str, Any], added: np.ndarray) -> list[tuple[str, str]]:
        """Return the pictures of a sample with what each is."""
        sample = self._pixels(self.rows[place : place + 1])[0]
        low, high = min(self.low, float(sample.min())), max(self.high, float(sample.max()))
        pictures = [
            (_pictures.image(sample, self.shape, low, high), "the sample"),
            (self.prototype(found["prototype"]), f"prototype of {found['prediction']}"),
            (self.prototype(found["runner_up_prototype"]), f"prototype of {found['runner_up']}"),
        ]
        reasons = self.features(added)
        return pictures if reasons is None else [*pictures, (reasons, "blue for, orange against")]
