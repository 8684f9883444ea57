"""How a training went: the losses, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingCurveDisplay:
    """Training and validation loss by epoch, with the lowest of what the training watched.

    Parameters
    ----------
    loss : ndarray of shape (n_epochs,)
        `loss_history_`: in full batch, the loss of an epoch is that before its update.
    val_loss : ndarray of shape (n_epochs,), optional
        `val_loss_history_`, the loss on validation data after each epoch.
    name : str, optional
        What the legend calls the model.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Training loss, then validation loss where there is one.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import TrainingCurveDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GLVQ(max_iter=30).fit(X[::2], y[::2], validation_data=(X[1::2], y[1::2]))
    >>> display = TrainingCurveDisplay.from_estimator(model, ax=Figure().subplots())
    >>> len(display.lines_)
    2
    """

    loss: np.ndarray
    val_loss: np.ndarray | None = None
    name: str | None = None

    @classmethod
    def from_estimator(cls, estimator: Any, *, name: str | None = None, ax: Axes | None = None) -> Self:
        """Draw the losses of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A classifier that is trained epoch by epoch, or a pipeline or search that ends with one.
        name : str, optional
            What the legend calls it.
        ax : matplotlib Axes, optional

        Raises
        ------
        ValueError
            If the model was not trained in epochs.
        """
        _style.check_matplotlib()
        model: Any = Fitted(estimator).model
        loss = getattr(model, "loss_history_", None)
        if loss is None or not len(loss):
            raise ValueError(f"{type(model).__name__} has no loss_history_: it is not trained in epochs.")
        val_loss = getattr(model, "val_loss_history_", np.empty(0))
        return cls(loss=loss, val_loss=val_loss if len(val_loss) else None, name=name).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw; on axes that hold other curves already, in the next colours.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        from matplotlib.ticker import MaxNLocator

        self.ax_ = ax = _style.axes(ax, 6.4, 4.0)
        self.figure_ = ax.figure
        prefix = f"{_style.text(self.name)}: " if self.name else ""
        first = sum(line.get_gid() == "loss" for line in ax.lines)
        self.lines_ = []
        for i, (values, what) in enumerate([(self.loss, "training"), (self.val_loss, "validation")]):
            if values is None:
                continue
            style = _style.class_style(first + i)
            marker = "o" if np.isfinite(values).sum() == 1 else ""
            self.lines_ += ax.plot(
                np.arange(1, len(values) + 1), values, "-" if i == 0 else "--", color=style.colour, marker=marker,
                label=f"{prefix}{what}", gid="loss",
            )  # fmt: skip
        watched = self.loss if self.val_loss is None else self.val_loss
        lowest, epoch = float(np.nanmin(watched)), int(np.nanargmin(watched)) + 1
        label = f"{prefix}lowest: {lowest:.3g}, epoch {epoch}"
        ax.plot(epoch, lowest, "D", color=self.lines_[-1].get_color(), markeredgecolor="black", label=label, zorder=3)
        ax.set(xlabel="epoch", ylabel="loss")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(frameon=False, fontsize="small")
        _style.plain(ax)
        return self
