"""The tables of a report, cell by cell, as its template writes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import prototype_names
from prosemble.inspection._view import View, decimals
from prosemble.inspection.validation import HeldOut

# What a person still reads.
MOST_FEATURES, MOST_RELEVANCES, MOST_PROTOTYPES, MOST_CLASSES = 30, 20, 60, 40
_REJECTED = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
_MOST_MISTAKES = 15
# Characters that look like matplotlib's markers.
_MARKS = "●■▲◆▼✚✖◀⬟▶"

Row = dict[str, Any]


def marks(count: int) -> list[tuple[str, str]]:
    """Return the colour and the mark of each class, those of the pictures."""
    styles = map(_style.class_style, range(count))
    return [(style.colour, _MARKS[_style.MARKERS.index(style.marker)]) for style in styles]


def per_class(held: HeldOut, fitted: Fitted) -> list[Row]:
    """Return how well each class is found, mean and standard deviation over the repeats."""
    confusion = held.confusion.astype(float)
    count = confusion.sum(axis=2)
    found, taken = np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=1)
    others = len(held.truth) - count
    measures = {
        "sensitivity": found / count,
        "specificity": 1 - (taken - found) / others,
        "precision": np.divide(found, taken, out=np.full_like(found, np.nan), where=taken > 0),
        "auc": held.auc,
    }
    rows = []
    for c, label in enumerate(fitted.model.classes_.tolist()):
        row: Row = {"label": label, "samples": int(count[0, c]), "prototypes": int((fitted.class_indices == c).sum())}
        for name, values in measures.items():
            row[name] = _spread(values[:, c])
        rows.append(row)
    return rows


def _spread(values: np.ndarray) -> tuple[float, float] | None:
    """Return mean and standard deviation; nothing where there is none, as the precision of what is never predicted."""
    return None if np.isnan(values).any() else (float(values.mean()), float(values.std()))


def confusion(held: HeldOut, classes: np.ndarray) -> list[Row]:
    """Return for each true class the mean count of each prediction, over the repeats."""
    counts = held.confusion.mean(axis=0)
    shares = counts / counts.sum(axis=1, keepdims=True)
    labels = classes.tolist()
    return [
        {"label": label, "cells": [
            {"count": counts[i, j], "share": shares[i, j], "right": i == j, "label": labels[j]}
            for j in range(len(labels))
        ]}
        for i, label in enumerate(labels)
    ]  # fmt: skip


def confusions(held: HeldOut, classes: np.ndarray, most: int = 10) -> list[Row]:
    """Return the most frequent mistakes: which class is taken for which, and what share of it."""
    counts = held.confusion.mean(axis=0)
    wrong = np.where(np.eye(len(classes), dtype=bool), 0.0, counts)
    worst = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(place), len(classes)) for place in worst]
    return [
        {"truth": classes[i], "predicted": classes[j], "count": wrong[i, j], "share": wrong[i, j] / counts[i].sum()}
        for i, j in pairs
        if wrong[i, j] > 0
    ]


def rejection(held: HeldOut) -> list[Row]:
    """Return how accurate the rest is when the least confident predictions are left to a person."""
    confidence, right = held.confidence.ravel(), held.right.ravel()
    order = np.argsort(confidence, kind="stable")
    rows = []
    for share in _REJECTED:
        left_out = round(share * len(order))
        kept = order[left_out:]
        rows.append({
            "rejected": share,
            "threshold": float(confidence[kept[0]]) if left_out else 0.0,
            "accuracy": float(right[kept].mean()),
            "wrong": float((~right[kept]).sum() / len(held.right)),
        })  # fmt: skip
    return rows


def mistakes(held: HeldOut, classes: np.ndarray, names: np.ndarray) -> list[Row]:
    """Return the samples that were predicted wrongly most often, and how sure the models were."""
    wrong = ~held.right
    often = wrong.sum(axis=0)
    sure = np.where(wrong, held.confidence, 0.0).sum(axis=0) / np.maximum(often, 1)
    worst = np.lexsort([-sure, -often])[:_MOST_MISTAKES]
    return [
        {
            "name": names[i],
            "truth": classes[held.truth[i]],
            "predicted": classes[np.bincount(held.predicted[wrong[:, i], i]).argmax()],
            "times": int(often[i]),
            "confidence": float(sure[i]),
        }
        for i in worst.tolist()
        if often[i]
    ]


def prototypes(fitted: Fitted, shown: View, truth: np.ndarray) -> dict[str, Any]:
    """Return features down and prototypes across, the most important features first."""
    features = np.argsort(-shown.importance, kind="stable")[:MOST_FEATURES]
    owners = fitted.class_indices[:MOST_PROTOTYPES]
    classes = fitted.model.classes_
    rows = []
    for j in features.tolist():
        values = shown.prototypes[: len(owners), j]
        own = None if shown.samples is None else [shown.samples[truth == c, j] for c in range(len(classes))]
        digits = decimals(values if own is None else np.concatenate(own))
        middle = None if own is None else [np.nanquantile(v, [0.1, 0.5, 0.9]) for v in own]
        low, spread = values.min(), np.ptp(values)
        cells = []
        for value, c in zip(values.tolist(), owners.tolist(), strict=True):
            tip = f"{shown.names[j]}: {value:.{digits}f} in a prototype of {classes[c]}"
            if middle is not None:
                below, median, above = (f"{q:.{digits}f}" for q in middle[c])
                tip += f"; samples of {classes[c]}: median {median}, middle 80 % from {below} to {above}"
            place = float((value - low) / spread) if spread > 0 else 0.5
            cells.append({"value": value, "text": f"{value:.{digits}f}", "place": place, "tip": tip})
        rows.append({"name": shown.names[j], "importance": float(shown.importance[j]), "cells": cells})
    return {
        "columns": [{"name": name, "class": c} for name, c in zip(prototype_names(fitted), owners.tolist())],  # noqa: B905
        "rows": rows,
        "features": len(shown.names),
        "prototypes": len(fitted.class_indices),
    }


def relevances(shown: View) -> list[Row]:
    """Return the features that count most, with their share and the share of them and all before them."""
    order = np.argsort(-shown.importance, kind="stable")[:MOST_RELEVANCES]
    largest = shown.importance.max() or 1.0
    return [
        {"name": shown.names[j], "share": share, "width": share / largest, "sum": total}
        for j, share, total in zip(
            order.tolist(), shown.importance[order].tolist(), shown.importance[order].cumsum().tolist(), strict=True
        )
    ]
