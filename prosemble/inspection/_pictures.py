"""Pictures of a report: figures and images as data URIs."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from math import isqrt, prod
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.utils import _safe_indexing, check_random_state

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import learned_curvature
from prosemble.inspection.validation import HeldOut

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A drawing of more bytes than this is embedded as pixels.
_MOST_SVG = 120_000
# Inches around it.
_PAD = 0.05
# More samples than these make a map no clearer.
_MAPPED = 2000
# Squares of fewer features than this are rather tables than images.
_SMALLEST_IMAGE = 64


class Picture(NamedTuple):
    """What an <img> needs; `width` in CSS pixels."""

    uri: str
    width: int
    text: str


def figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size in inches, which pyplot knows nothing of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="compressed")


def picture(drawn: Figure, text: str) -> Picture:
    """Return a figure as a picture: as a drawing where that is small, else as pixels."""
    from matplotlib import rc_context

    buffer = BytesIO()
    drawn.canvas.draw()
    width = drawn.get_tightbbox().width + 2 * _PAD
    # No date and no chance in the names of parts: the same figure is the same picture.
    with rc_context({"svg.hashsalt": "prosemble"}):
        drawn.savefig(buffer, format="svg", bbox_inches="tight", pad_inches=_PAD, metadata={"Date": None})
    kind = "svg+xml"
    if buffer.tell() > _MOST_SVG:
        buffer, kind = BytesIO(), "png"
        drawn.savefig(buffer, format="png", dpi=160, bbox_inches="tight", pad_inches=_PAD, metadata={"Software": None})
    return Picture(_uri(buffer, kind), round(84 * width), text)


def checked_shape(given: Any, features: int) -> tuple[int, ...]:
    """Return the shape of an image of so many values, or say what is wrong with it."""
    try:
        shape = tuple(map(index, given))
    except TypeError:
        shape = ()
    if len(shape) not in (2, 3) or min(shape) < 1 or prod(shape) != features or shape[2:] not in [(), (1,), (3,), (4,)]:
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels) of {features} values in all, with "
            f"1, 3 or 4 channels; got {given!r}."
        )
    return shape


def image_shape(fitted: Fitted, given: Any) -> tuple[int, ...] | None:
    """Return what images the rows of the data are, None where they are none.

    Raises
    ------
    ValueError
        If the shape that was given is not that of a row.
    """
    features = len(fitted.data_names)
    if given is not None:
        shape = checked_shape(given, features)
        if fitted.prototypes_in_units is None:
            raise ValueError("image_shape needs prototypes in the space of the data, and steps that can be undone.")
        return shape
    side = isqrt(features)
    own = getattr(fitted.model, "input_shape", None)
    if fitted.prototypes_in_units is None or (fitted.steps and own is not None):
        return None
    if own is not None:
        return tuple(own) if tuple(own)[2:] in [(), (1,), (3,), (4,)] else None
    # Columns that somebody named are measurements, however many there are.
    unnamed = all(str(name).lower().startswith(("x", "pixel")) for name in fitted.data_names)
    return (side, side) if side * side == features >= _SMALLEST_IMAGE and unnamed else None


def image(values: np.ndarray, shape: tuple[int, ...], low: float, high: float, signed: bool = False) -> str:
    """Return a row of data as the URI of an image of one pixel a value; `signed` in blue and orange around white."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.image import imsave

    buffer = BytesIO()
    pixels = values.reshape(shape[:2] if shape[2:] in [(), (1,)] else shape)
    if pixels.ndim == 3:
        imsave(buffer, np.clip((pixels - low) / ((high - low) or 1.0), 0, 1), format="png")
    else:
        against, by = _style.COLOURS[3], _style.COLOURS[0]
        signs = LinearSegmentedColormap.from_list("signs", [against, "#FFFFFF", by])
        imsave(buffer, pixels, cmap=signs if signed else colormaps["gray"], vmin=low, vmax=high, format="png")
    return _uri(buffer, "png")


def _uri(buffer: BytesIO, kind: str) -> str:
    return f"data:image/{kind};base64,{b64encode(buffer.getvalue()).decode()}"


def roc(held: HeldOut, classes: np.ndarray) -> Picture:
    """Draw the curve of each class against the rest, the mean of the repeats, with the spread of few."""
    from sklearn.metrics import roc_curve

    drawn = figure(5.2, 4.4)
    ax = drawn.subplots()
    grid = np.linspace(0, 1, 201)
    shown = [1] if len(classes) == 2 else range(len(classes))  # of two classes the curves mirror each other
    for c in shown:
        curves = []
        for scores in held.log_odds:
            false, true, _ = roc_curve(held.truth == c, scores[:, c])
            curves.append(np.interp(grid, false, true))
        mean, sd = np.mean(curves, axis=0), np.std(curves, axis=0)
        style = _style.class_style(c)
        versus = f" against {_style.text(classes[0])}" if len(classes) == 2 else ""
        ax.plot([0, *grid], [0, *mean], style.line, color=style.colour, label=_style.text(classes[c]) + versus)
        if len(classes) <= _style.FEW_CLASSES:
            ax.fill_between(grid, mean - sd, np.minimum(mean + sd, 1), color=style.colour, alpha=0.15, linewidth=0)
    ax.plot([0, 1], [0, 1], ":", color=_style.DARK, linewidth=0.8)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel="false alarms: share of the others taken for the class")
    ax.set(ylabel="found: share of the class", aspect="equal")
    if len(classes) <= _style.FEW_CLASSES:
        ax.legend(frameon=False, fontsize="small", loc="lower right")
    else:
        _style.legend_beside(ax, ax.lines[:-1])
    _style.plain(ax)
    return picture(drawn, "ROC curves, each class against the rest, from samples that were held out")


def of(estimator: Any, fitted: Fitted, X: Any, truth: np.ndarray, held: HeldOut) -> dict[str, Picture | None]:
    """Return the pictures of a report by name, None where the model has nothing of the kind."""
    from prosemble.inspection.confidence import ConfidenceDisplay, RejectionCurveDisplay
    from prosemble.inspection.projection import ProjectionDisplay
    from prosemble.inspection.relevance import RelevanceDisplay, RelevanceMatrixDisplay
    from prosemble.inspection.training import TrainingCurveDisplay

    classes = fitted.model.classes_
    few = np.sort(check_random_state(0).permutation(len(truth))[:_MAPPED])
    confidence, right = held.confidence.ravel(), held.right.ravel()

    def drawn(draw: Any, text: str, width: float = 5.6, height: float = 3.6) -> Picture | None:
        blank = figure(width, height)
        try:
            draw(blank.subplots())
        except ValueError:  # the model has nothing of the kind
            return None
        return picture(blank, text)

    def map_of_samples(ax: Any) -> None:
        ProjectionDisplay.from_estimator(estimator, _safe_indexing(X, few), classes[truth[few]], ax=ax)

    def relevances(ax: Any) -> None:
        found = learned_curvature(fitted)[0]
        if len(found.factors) == 1 and found.factors.ndim == 2:
            raise ValueError("Relevances of single features are in the table already.")
        display = RelevanceDisplay if len(found.factors) > 1 else RelevanceMatrixDisplay
        display.from_estimator(estimator, max_features=20, ax=ax)

    return {
        "roc": roc(held, classes),
        "map": drawn(map_of_samples, "Samples, prototypes and what is predicted where, in two dimensions", 7.2, 5.2),
        "matrix": drawn(relevances, "What counts, by feature and pair of features or by prototype", 6.4, 5.2),
        "confidence": drawn(
            ConfidenceDisplay(confidence=confidence, right=right).plot, "Confidence of right and of wrong predictions"
        ),
        "rejection": drawn(
            lambda ax: RejectionCurveDisplay.from_confidence(confidence, right, ax=ax),
            "Accuracy of the rest, by the share that is left to a person",
        ),
        "training": drawn(
            lambda ax: TrainingCurveDisplay.from_estimator(estimator, ax=ax), "Loss by epoch", height=3.2
        ),
    }
