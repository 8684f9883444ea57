"""Prototypes as images, where a row of the data is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._pictures import checked_shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class PrototypeImageDisplay:
    """Prototypes as images in a grid, those of a class next to each other.

    Parameters
    ----------
    images : ndarray of shape (n_prototypes, height, width) or (n_prototypes, height, width, 3 or 4)
    class_indices : ndarray of int of shape (n_prototypes,)
        The class of each prototype, as an index of `classes`.
    classes : sequence of length n_classes

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    images_ : list of matplotlib AxesImage
        By class, and within a class in the order of the prototypes.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_digits
    >>> from prosemble.inspection import PrototypeImageDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_digits(return_X_y=True)
    >>> model = GLVQ(max_iter=5).fit(X, y)
    >>> display = PrototypeImageDisplay.from_estimator(model, image_shape=(8, 8), ax=Figure().subplots())
    >>> len(display.images_)
    10
    """

    images: np.ndarray
    class_indices: np.ndarray
    classes: _style.Names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        image_shape: Sequence[int] | None = None,
        ax: Axes | None = None,
        cmap: str = "gray",
    ) -> Self:
        """Draw the prototypes of a fitted model; the steps of a pipeline are undone.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        image_shape : (height, width) or (height, width, channels), optional
            What a row of the data is; the model's `input_shape` when None, where it has one. Channels: 1, 3 (red,
            green, blue) or 4 (with opacity).
        ax, cmap
            As for `plot`.

        Raises
        ------
        ValueError
            If the prototypes are no images of that shape, or a step has no inverse.
        """
        _style.check_matplotlib()
        fitted = Fitted(estimator)
        if fitted.prototypes_in_units is None:
            raise ValueError(
                "The prototypes cannot be shown as images: they live in the space of an encoder, or a step of the "
                "pipeline cannot be undone."
            )
        rows = np.nan_to_num(fitted.prototypes_in_units)
        own = getattr(fitted.model, "input_shape", None)
        shape = checked_shape(own if image_shape is None else image_shape, rows.shape[1])
        images = rows.reshape(-1, *(shape[:2] if shape[2:] == (1,) else shape))
        display = cls(images=images, class_indices=fitted.class_indices, classes=fitted.model.classes_)
        return display.plot(ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str = "gray") -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        cmap : str, default='gray'
            Colour map of images of one channel, from the 1 % quantile of the values of all prototypes to the 99 %
            quantile. Those of several channels are drawn from zero to the highest value.
        """
        from matplotlib.patches import Rectangle

        # Each class has a block of as many cells as the largest needs; blocks fill rows.
        block = int(np.bincount(self.class_indices).max())
        fitting = max(1, round((len(self.classes) / block) ** 0.5 * 1.5))
        lines = ceil(len(self.classes) / fitting)
        per_row = ceil(len(self.classes) / lines)
        height, width = self.images.shape[1:3]
        # Gaps are in pixels of the images; a class name stands above its first image.
        step, gap, line = width * 1.08, width * 0.25, height * 1.4
        full = per_row * (block * step + gap)
        inches = float(np.clip(1.1 * per_row * block, 4.0, 10.0))
        ax = _style.axes(ax, inches, inches * lines * line / full)
        self.ax_, self.figure_, self.images_ = ax, ax.figure, []
        grey = self.images.ndim == 3
        # One prototype that went far out would leave no contrast to the others.
        low, high = np.quantile(self.images, [0.01, 0.99])
        look: dict[str, Any] = {"cmap": cmap, "vmin": low, "vmax": high} if grey else {}
        shown = self.images if grey else np.clip(self.images / (self.images.max() or 1.0), 0, 1)
        for index, label in enumerate(self.classes):
            row, column = divmod(index, per_row)
            left, top = column * (block * step + gap), row * line
            for k, image in enumerate(shown[self.class_indices == index]):
                x = left + k * step
                extent = (x, x + width, top + height, top)
                self.images_.append(ax.imshow(image, extent=extent, interpolation="nearest", **look))
                ax.add_patch(Rectangle((x, top), width, height, fill=False, linewidth=0.5, edgecolor=_style.DARK))
            ax.text(left, top - 0.04 * height, _style.text(label), va="bottom", fontsize="small")
        ax.set(
            xlim=(-0.02 * width, full - gap), ylim=((lines - 1) * line + 1.05 * height, -0.35 * height), aspect="equal"
        )
        ax.axis("off")
        return self
