"""How the displays look: colours that all eyes tell apart, and text that fits."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's colours but for the yellow, which is too light for a line on white.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "p", ">")
LINES = ("-", "--", ":", "-.")
GREY, DARK = "#BBBBBB", "#333333"
#: More classes than these are not told apart by a legend: they are labelled where they are, or get panels.
FEW_CLASSES = len(COLOURS)
#: What names a thing each: labels of classes, names of features.
Names = Sequence[Any] | np.ndarray
_LEGEND = 20
_INCHES_PER_CHARACTER = 0.085


class ClassStyle(NamedTuple):
    """How a class is drawn. Colours repeat after seven classes, but with another marker and another line."""

    colour: str
    marker: str
    line: str


def class_style(index: int) -> ClassStyle:
    """Return the style of a class, by its place among the sorted labels."""
    return ClassStyle(
        COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)], LINES[index // len(COLOURS) % len(LINES)]
    )


def check_matplotlib() -> None:
    """Say what to install where matplotlib is missing."""
    try:
        import matplotlib.pyplot  # noqa: F401
    except ImportError as error:
        raise ImportError("Displays need matplotlib: pip install 'prosemble[plot]'") from error


def axes(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the given axes, or those of a new figure of that size in inches."""
    if ax is not None:
        return ax
    check_matplotlib()
    from matplotlib import pyplot

    # Compressed: with equal aspect, the constrained layout cuts off what stands beside the axes.
    return pyplot.subplots(figsize=(width, height), layout="compressed")[1]


def text(value: Any, longest: int = 28) -> str:
    """Return a label or name to be drawn as it is: not read as mathematics, not hidden, not too long."""
    string = str(value)
    string = string if len(string) <= longest else string[: longest - 1] + "…"
    string = string.replace("$", r"\$")
    return " " + string if string.startswith("_") else string  # matplotlib leaves such out of legends


def name_ticks(ax: Axes, which: str, names: Names, most: int = 30, slanted: bool = True) -> None:
    """Name the positions 0, 1, ... of the axis 'x' or 'y', every so many where there are more than `most`."""
    shown = range(0, len(names), ceil(len(names) / most))
    labels = [text(names[i]) for i in shown]
    if which == "y":
        ax.set_yticks(list(shown), labels)
        return
    slot = ax.get_window_extent().width / ax.figure.dpi / len(labels)
    if max(map(len, labels)) * _INCHES_PER_CHARACTER < slot:
        ax.set_xticks(list(shown), labels)
    elif slanted and len(labels) <= 15:
        ax.set_xticks(list(shown), labels, rotation=40, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(list(shown), labels, rotation=90)


def legend_beside(ax: Axes, handles: Sequence[Any], title: str | None = None) -> None:
    """Put a legend to the right of the axes, in columns, and say how many entries it leaves out."""
    from matplotlib.lines import Line2D

    shown = list(handles)
    if len(shown) > 2 * _LEGEND:
        left_out = len(shown) - 2 * _LEGEND + 1
        shown = [*shown[: 2 * _LEGEND - 1], Line2D([], [], linestyle="", label=f"… {left_out} more")]
    ax.legend(
        handles=shown,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        ncols=ceil(len(shown) / _LEGEND),
        frameon=False,
        fontsize="small",
        title_fontsize="small",
        alignment="left",
    )


def plain(ax: Axes) -> None:
    """Take away the two spines that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def most_important(importance: np.ndarray, max_features: int | None) -> np.ndarray:
    """Return the indices of the `max_features` most important features, in falling order; of all, in their own."""
    if max_features is None or max_features >= len(importance):
        return np.arange(len(importance))
    if max_features < 1:
        raise ValueError(f"max_features must be an int >= 1 or None; got {max_features!r}.")
    return np.argsort(-importance, kind="stable")[:max_features]
