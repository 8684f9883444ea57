"""A model as a map: samples, prototypes and the regions of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._plane import Plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class ProjectionDisplay:
    """Samples and prototypes in two dimensions, with the class that the model predicts at each place.

    A place stands for the point in the drawn plane, which goes through the mean of the samples; a sample lies off the
    plane, and may be predicted otherwise than its place. `agreement` says for how many samples place and prediction
    agree: with two features for all, and the fewer, the less the plane shows of how the model decides.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, 2)
    prototypes : ndarray of shape (n_prototypes, 2)
    class_indices : ndarray of int of shape (n_prototypes,)
        The class of each prototype, as an index of `classes`.
    classes : sequence of length n_classes
    axis_labels : (str, str)
    predicted : ndarray of int of shape (n_samples,)
        The predicted classes.
    sample_classes : ndarray of int of shape (n_samples,), optional
        The true classes.
    regions : ndarray of int of shape (height, width), optional
        The class that is predicted at each place of a grid, row 0 at the bottom.
    limits : (left, right, bottom, top)
        What the grid covers.
    agreement : float, optional
        Share of the samples whose prediction is that of their place.
    isometric : bool
        Whether both axes have one scale.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import ProjectionDisplay
    >>> from prosemble.models import GMLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GMLVQ(latent_dim=2).fit(X, y)
    >>> display = ProjectionDisplay.from_estimator(model, X, y, ax=Figure().subplots())
    >>> bool(display.agreement > 0.99)
    True
    """

    samples: np.ndarray
    prototypes: np.ndarray
    class_indices: np.ndarray
    classes: _style.Names
    axis_labels: Sequence[str]
    limits: tuple[float, float, float, float]
    predicted: np.ndarray
    sample_classes: np.ndarray | None = None
    regions: np.ndarray | None = None
    agreement: float | None = None
    isometric: bool = False

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        projection: Any = None,
        resolution: int = 300,
        ax: Axes | None = None,
        errors: bool = True,
    ) -> Self:
        """Draw a fitted model as samples see it.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), optional
            True labels, which colour the samples; those that are predicted, when None.
        projection : 'pca', 'learned' or transformer, optional
            Principal components of what the model gets, or of the representation in which it measures; or a fitted
            transformer of what the model gets to two columns, with an `inverse_transform` where regions are to be
            drawn. None: 'learned' where the model learns one representation, else 'pca'.
        resolution : int, default=300
            Places of the grid in each direction; 0 for no regions.
        ax, errors
            As for `plot`.

        Raises
        ------
        ValueError
            If the model cannot be shown so, or X holds missing values.
        """
        _style.check_matplotlib()
        fitted = Fitted(estimator)
        rows = fitted.rows(X)
        truth = None if y is None else fitted.labels(X, y)
        plane = Plane(fitted, rows, projection)
        predicted = np.searchsorted(fitted.predictor.classes, fitted.model.predict(fitted.inputs(X)))
        prototypes = plane.prototypes(fitted.model.prototypes_)
        limits = left, right, bottom, top = plane.limits(np.concatenate([plane.samples, prototypes]))
        regions = agreement = None
        if plane.invertible and resolution:
            grid = np.meshgrid(np.linspace(left, right, resolution), np.linspace(bottom, top, resolution))
            regions = plane.predict(np.stack([axis.ravel() for axis in grid], axis=1)).reshape(resolution, resolution)
            agreement = float((plane.predict(plane.samples) == predicted).mean())
        display = cls(
            samples=plane.samples,
            prototypes=prototypes,
            class_indices=fitted.class_indices,
            classes=fitted.model.classes_,
            axis_labels=plane.labels,
            limits=limits,
            sample_classes=truth,
            predicted=predicted,
            regions=regions,
            agreement=agreement,
            isometric=plane.isometric,
        )
        return display.plot(ax, errors=errors)

    def plot(self, ax: Axes | None = None, *, errors: bool = True) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        errors : bool, default=True
            Whether samples that are predicted wrongly are ringed.
        """
        from matplotlib.lines import Line2D

        self.ax_ = ax = map_axes(ax, self.limits, self.axis_labels, self.isometric)
        self.figure_ = ax.figure
        self._draw_regions(ax)
        draw_samples(ax, self.samples, self.predicted if self.sample_classes is None else self.sample_classes)
        handles = [class_handle(index, label) for index, label in enumerate(self.classes)]
        if errors and self.sample_classes is not None:
            wrong = self.samples[self.sample_classes != self.predicted]
            size = float(np.clip(60 / max(len(wrong), 1) ** 0.5, 3, 7))
            handles += ax.plot(
                *wrong.T, marker="o", linestyle="", fillstyle="none", color="black", markersize=size,
                markeredgewidth=size / 8, label=f"wrong: {len(wrong)}", gid="wrong", zorder=2,
            )  # fmt: skip
        draw_prototypes(ax, self.prototypes, self.class_indices, self.classes)
        mark = {"marker": "o", "color": "white", "markeredgecolor": "black", "markersize": 9}
        handles.append(Line2D([], [], linestyle="", label="prototype", **mark))  # type: ignore[arg-type]
        _style.legend_beside(ax, handles, title="class")
        if self.agreement is not None and self.agreement < 1:
            ax.set_title(f"the region tells the prediction of {self.agreement:.0%} of the samples", fontsize="medium")
        return self

    def _draw_regions(self, ax: Axes) -> None:
        if self.regions is None:
            return
        from matplotlib.colors import to_rgb

        tints = np.array([to_rgb(_style.class_style(index).colour) for index in range(len(self.classes))])
        image = (0.22 * tints + 0.78)[self.regions]
        ax.imshow(
            image, extent=self.limits, origin="lower", aspect=ax.get_aspect(), interpolation="nearest", zorder=0
        )  # fmt: skip
        left, right, bottom, top = self.limits
        columns = np.linspace(left, right, self.regions.shape[1])
        lines = np.linspace(bottom, top, self.regions.shape[0])
        for index in np.unique(self.regions)[:-1]:
            inside = (self.regions == index).astype(float)
            ax.contour(columns, lines, inside, levels=[0.5], colors=[_style.DARK], linewidths=0.6, zorder=1)


def map_axes(ax: Axes | None, limits: tuple[float, float, float, float], names: Sequence[str], isometric: bool) -> Axes:
    """Return the given axes, or new ones, with these limits and names, and one scale where both measure the same."""
    left, right, bottom, top = limits
    height = float(np.clip(5 * (top - bottom) / (right - left) + 1, 3.8, 6)) if isometric else 5.2
    ax = _style.axes(ax, 7.2, height)
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal" if isometric else "auto")
    ax.set(xlabel=_style.text(names[0], 60), ylabel=_style.text(names[1], 60))
    return ax


def draw_samples(ax: Axes, samples: np.ndarray, classes: np.ndarray, alpha: float = 0.7) -> None:
    """Draw samples as small points, smaller where there are many."""
    size = float(np.clip(60 / len(samples) ** 0.5, 1.5, 4.5))
    for index in np.unique(classes):
        colour, marker, _ = _style.class_style(int(index))
        ax.plot(
            *samples[classes == index].T, marker=marker, linestyle="", color=colour, markersize=size, alpha=alpha,
            markeredgewidth=0, rasterized=len(samples) > 2000, gid="samples", zorder=2,
        )  # fmt: skip


def draw_prototypes(ax: Axes, prototypes: np.ndarray, class_indices: np.ndarray, classes: _style.Names) -> None:
    """Draw prototypes large, with the name of the class where a legend could not tell the classes apart."""
    from matplotlib.patheffects import withStroke

    for place, index in zip(prototypes, class_indices.tolist(), strict=True):
        colour, marker, _ = _style.class_style(index)
        ax.plot(
            *place, marker=marker, color=colour, markersize=10, markeredgecolor="black", markeredgewidth=1.3,
            linestyle="", gid="prototype", zorder=4,
        )  # fmt: skip
        if len(classes) > _style.FEW_CLASSES:
            halo = [withStroke(linewidth=2.5, foreground="white")]
            ax.annotate(
                _style.text(classes[index]), place, xytext=(7, 5), textcoords="offset points", fontsize="small",
                path_effects=halo, zorder=5,
            )  # fmt: skip


def class_handle(index: int, label: Any) -> Any:
    """Return the legend's entry of a class."""
    from matplotlib.lines import Line2D

    colour, marker, _ = _style.class_style(index)
    return Line2D([], [], marker=marker, color=colour, linestyle="", label=_style.text(label))
