"""Prototypes as profiles: a line through the values of the features."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._view import view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Features do not share a scale where the range of one is so many times the median range.
_UNLIKE = 10.0
# Points of a line and limits of a scale are marked up to so many features.
_MARKED = 40


@dataclass(kw_only=True, eq=False, repr=False)
class PrototypeProfileDisplay:
    """Each prototype as a line over the features (parallel coordinates), in the colour of its class.

    Parameters
    ----------
    prototypes : ndarray of shape (n_prototypes, n_features)
    class_indices : ndarray of int of shape (n_prototypes,)
        The class of each prototype, as an index of `classes`.
    classes : sequence of length n_classes
    feature_names : sequence of length n_features
    importance : ndarray of shape (n_features,)
        What `max_features` chooses by.
    units : str
        What the values are.
    bands : ndarray of shape (n_classes, 2, n_features), optional
        The 10 % and 90 % quantiles of the samples of each class.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With panels, an empty frame around them.
    axes_ : list of matplotlib Axes
        The panels, one a class, or `ax_` alone.
    figure_ : matplotlib Figure
    features_ : ndarray of int
        The features that are shown, by place.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import PrototypeProfileDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> display = PrototypeProfileDisplay.from_estimator(GLVQ().fit(X, y), ax=Figure().subplots())
    >>> len(display.ax_.lines)
    3
    """

    prototypes: np.ndarray
    class_indices: np.ndarray
    classes: _style.Names
    feature_names: _style.Names
    importance: np.ndarray
    units: str = "value"
    bands: np.ndarray | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        original_units: bool | None = None,
        ax: Axes | None = None,
        max_features: int | None = None,
        scale_each: bool | None = None,
        panels: bool | None = None,
    ) -> Self:
        """Draw the prototypes of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        X : array-like of shape (n_samples, n_features), optional
        y : array-like of shape (n_samples,), optional
            With samples and labels, bands show where the middle 80 % of the samples of each class are.
        original_units : bool, optional
            Whether a pipeline's steps are undone, so that values are in the units of the data. None: where they can be.
        ax, max_features, scale_each, panels
            As for `plot`.

        Raises
        ------
        ValueError
            If `original_units=True` and a step has no inverse, or one of X and y is given without the other.
        """
        _style.check_matplotlib()
        fitted = Fitted(estimator)
        if (X is None) != (y is None):
            raise ValueError("X and y must be given together, for the bands, or both left out.")
        if original_units and fitted.prototypes_in_units is None:
            raise ValueError(
                "original_units=True needs prototypes in the space of the data and pipeline steps that can be undone; "
                "original_units=None shows the values that the model sees."
            )
        shown = view(fitted, None if X is None else fitted.rows(X), undo=original_units is not False)
        bands = None
        if shown.samples is not None:
            labels = fitted.labels(X, y)
            bands = np.full((len(fitted.model.classes_), 2, shown.samples.shape[1]), np.nan)
            for c in np.unique(labels):
                bands[c] = np.nanquantile(shown.samples[labels == c], [0.1, 0.9], axis=0)
        display = cls(
            prototypes=shown.prototypes,
            class_indices=fitted.class_indices,
            classes=fitted.model.classes_,
            feature_names=shown.names,
            importance=shown.importance,
            units="value" if shown.in_units or not fitted.steps else "value, as the model sees it",
            bands=bands,
        )
        return display.plot(ax, max_features=max_features, scale_each=scale_each, panels=panels)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        max_features: int | None = None,
        scale_each: bool | None = None,
        panels: bool | None = None,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        max_features : int, optional
            Show that many features, those that count most to the model, in falling order; all, in their own order,
            when None.
        scale_each : bool, optional
            Whether each feature is drawn from its own lowest to its highest value, with these written at its ends.
            None: where the range of one is more than ten times the median range.
        panels : bool, optional
            Whether each class gets a panel, the others in grey behind it. None: for more than seven classes.
        """
        panels = len(self.classes) > _style.FEW_CLASSES if panels is None else panels
        self.features_ = chosen = _style.most_important(self.importance, max_features)
        low, high = self._limits(chosen)
        spread = high - low
        if scale_each is None:
            scale_each = bool(spread.max() > _UNLIKE * np.median(spread))
        origin, unit = (low, np.where(spread > 0, spread, 1.0)) if scale_each else (0.0, 1.0)
        self._lines = (self.prototypes[:, chosen] - origin) / unit
        self._bands = None if self.bands is None else (self.bands[:, :, chosen] - origin) / unit
        self._names = [self.feature_names[i] for i in chosen]
        self._units = "each feature: lowest to highest" if scale_each else self.units

        across = ceil(len(self.classes) ** 0.5) if panels else 1
        down = ceil(len(self.classes) / across) if panels else 1
        width = min(max(6.8, 2.4 + 0.4 * len(chosen)), 10.0)
        self.ax_ = ax = _style.axes(ax, max(width, 2.3 * across), 1.2 + 1.7 * down if panels else 4.8)
        self.figure_ = ax.figure
        self.axes_ = self._panels(ax, across, down) if panels else [self._one(ax)]
        if scale_each and not panels and len(chosen) <= _MARKED:
            for values, place, align in [(low, -0.03, "top"), (high, 1.03, "bottom")]:
                for i, value in enumerate(values):
                    ax.text(i, place, f"{value:.4g}", ha="center", va=align, fontsize="x-small", color=_style.DARK)
            ax.set(ylim=(-0.12, 1.12), yticks=[])
        return self

    def _limits(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        everything = self.prototypes if self.bands is None else np.concatenate([self.prototypes, *self.bands])
        return np.nanmin(everything[:, chosen], axis=0), np.nanmax(everything[:, chosen], axis=0)

    def _draw(self, ax: Axes, index: int, panel: bool = False) -> None:
        """Draw the prototypes of a class, and the band of its samples."""
        colour, marker, line = _style.class_style(index)
        line = "-" if panel else line  # it alone is coloured there
        positions = range(self._lines.shape[1])
        if self._bands is not None:
            ax.fill_between(positions, *self._bands[index], color=colour, alpha=0.15, linewidth=0)
        marks: dict[str, Any] = {"marker": marker, "markersize": 4} if self._lines.shape[1] <= _MARKED else {}
        for profile in self._lines[self.class_indices == index]:
            ax.plot(
                positions, profile, line, color=colour, label=_style.text(self.classes[index]), gid="prototype", **marks
            )

    def _one(self, ax: Axes) -> Axes:
        for index in range(len(self.classes)):
            self._draw(ax, index)
        lines = [line for line in ax.lines if line.get_gid() == "prototype"]
        owners = np.sort(self.class_indices, kind="stable")  # as they were drawn
        _style.legend_beside(ax, [lines[i] for i in np.unique(owners, return_index=True)[1]], title="class")
        _style.name_ticks(ax, "x", self._names)
        ax.set_ylabel(self._units)
        _style.plain(ax)
        return ax

    def _panels(self, frame: Axes, across: int, down: int) -> list[Axes]:
        frame.set(xticks=[], yticks=[])
        frame.spines[:].set_visible(False)
        frame.set_ylabel(self._units, labelpad=28)
        panels: list[Axes] = []
        for index, label in enumerate(self.classes):
            row, column = divmod(index, across)
            box = ((column + 0.03) / across, 1 - (row + 0.95) / down, 0.94 / across, 0.76 / down)
            first = panels[0] if panels else None
            ax = frame.inset_axes(box, sharex=first, sharey=first)
            positions = np.arange(self._lines.shape[1])
            ax.plot(positions, self._lines.T, color=_style.GREY, linewidth=0.5, alpha=0.7, gid="context")
            self._draw(ax, index, panel=True)
            ax.set_title(_style.text(label), fontsize="small", pad=2)
            _style.plain(ax)
            panels.append(ax)
        few = len(self._names) <= 16
        _style.name_ticks(panels[0], "x", self._names, most=16 if few else 8, slanted=False)
        rotation = panels[0].get_xticklabels()[0].get_rotation()
        for index, ax in enumerate(panels):
            ax.tick_params(labelsize="x-small", labelleft=index % across == 0)
            ax.tick_params(axis="x", rotation=rotation, labelbottom=index + across >= len(panels))
        return panels
