"""The ways that prototypes took while they were trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.core.callbacks import PrototypeHistory
from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._plane import Plane
from prosemble.inspection.projection import class_handle, draw_prototypes, draw_samples, map_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class TrajectoryDisplay:
    """The paths of the prototypes in two dimensions, from where they started (hollow) to where they ended.

    Where the metric is learned, too, all of a path is shown in the metric that was learned in the end.

    Parameters
    ----------
    paths : ndarray of shape (n_epochs, n_prototypes, 2)
    epochs : ndarray of int of shape (n_epochs,)
        Epochs after which the prototypes were there; 0 is the start.
    class_indices : ndarray of int of shape (n_prototypes,)
        The class of each prototype, as an index of `classes`.
    classes : sequence of length n_classes
    axis_labels : (str, str)
    samples : ndarray of shape (n_samples, 2)
    sample_classes : ndarray of int of shape (n_samples,)
    limits : (left, right, bottom, top)
    isometric : bool
        Whether both axes have one scale.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        The paths, in the order of the prototypes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.core.callbacks import PrototypeHistory
    >>> from prosemble.inspection import TrajectoryDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GLVQ(max_iter=20, callbacks=[PrototypeHistory()]).fit(X, y)
    >>> display = TrajectoryDisplay.from_estimator(model, X, y, ax=Figure().subplots())
    >>> display.paths.shape
    (21, 3, 2)
    """

    paths: np.ndarray
    epochs: np.ndarray
    class_indices: np.ndarray
    classes: _style.Names
    axis_labels: Sequence[str]
    samples: np.ndarray
    sample_classes: np.ndarray
    limits: tuple[float, float, float, float]
    isometric: bool = False

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        history: PrototypeHistory | None = None,
        projection: Any = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw what a `PrototypeHistory` recorded.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,), optional
            True labels, which colour the samples; those that are predicted, when None.
        history : PrototypeHistory, optional
            That among the model's `callbacks` when None.
        projection
            As for `ProjectionDisplay.from_estimator`.
        ax : matplotlib Axes, optional

        Raises
        ------
        ValueError
            If there is no history of this model.
        """
        _style.check_matplotlib()
        fitted = Fitted(estimator)
        if history is None:
            callbacks = getattr(fitted.model, "callbacks", None) or []
            history = next((callback for callback in callbacks if isinstance(callback, PrototypeHistory)), None)
        shape = fitted.model.prototypes_.shape
        if history is None or not history.prototypes or history.prototypes[0].shape != shape:
            raise ValueError(
                "history must have recorded the training of this model: fit it with callbacks=[PrototypeHistory()], of "
                "prosemble.core.callbacks."
            )
        plane = Plane(fitted, fitted.rows(X), projection)
        truth = fitted.model.predict(fitted.inputs(X)) if y is None else y
        paths = np.stack([plane.prototypes(prototypes) for prototypes in history.prototypes])
        display = cls(
            paths=paths,
            epochs=np.asarray(history.epochs),
            class_indices=fitted.class_indices,
            classes=fitted.model.classes_,
            axis_labels=plane.labels,
            samples=plane.samples,
            sample_classes=fitted.labels(X, truth),
            limits=plane.limits(np.concatenate([plane.samples, *paths])),
            isometric=plane.isometric,
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        from matplotlib.lines import Line2D

        self.ax_ = ax = map_axes(ax, self.limits, self.axis_labels, self.isometric)
        self.figure_, self.lines_ = ax.figure, []
        draw_samples(ax, self.samples, self.sample_classes, alpha=0.3)
        for k, index in enumerate(self.class_indices.tolist()):
            colour, marker, _ = _style.class_style(index)
            path = self.paths[:, k]
            ax.plot(*path.T, color="white", linewidth=3.4, zorder=3, gid="halo")
            self.lines_ += ax.plot(*path.T, color=colour, linewidth=1.8, zorder=3, gid="path")
            ax.plot(
                *path[0],
                marker=marker,
                color="white",
                markeredgecolor=colour,
                markeredgewidth=1.5,
                zorder=4,
                gid="start",
            )
        draw_prototypes(ax, self.paths[-1], self.class_indices, self.classes)
        first, last = self.epochs[[0, -1]].tolist()
        look: dict[str, Any] = {"marker": "o", "linestyle": "", "markeredgecolor": "black"}
        marks = [
            Line2D([], [], color="white", label=f"after epoch {first}", **look),
            Line2D([], [], color="grey", label=f"after epoch {last}", markersize=9, **look),
        ]
        _style.legend_beside(ax, [*map(class_handle, range(len(self.classes)), self.classes), *marks], title="class")
        return self
