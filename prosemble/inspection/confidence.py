"""How sure a model is, and what is gained by not deciding where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _confidence_and_right(estimator: Any, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    fitted = Fitted(estimator)
    explained = fitted.model.explain(fitted.inputs(X), as_frame=False, contributions=False)
    truth = fitted.model.classes_[fitted.labels(X, y)]
    return explained["confidence"], explained["prediction"] == truth


@dataclass(kw_only=True, eq=False, repr=False)
class ConfidenceDisplay:
    """Histogram of the confidence of right and of wrong predictions.

    The confidence of a prediction is what `explain` tells: (d- - d+) / (d- + d+), with the distances to the predicted
    class d+ and to the runner-up d-, zero on a border between classes and one on a prototype; for `KNN` and `CBC` the
    same of the probabilities.

    Parameters
    ----------
    confidence : ndarray of shape (n_samples,)
        In [0, 1].
    right : ndarray of bool of shape (n_samples,)
        Which predictions are right.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import ConfidenceDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> display = ConfidenceDisplay.from_estimator(GLVQ().fit(X, y), X, y, ax=Figure().subplots())
    >>> display.confidence.shape
    (150,)
    """

    confidence: np.ndarray
    right: np.ndarray

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, bins: int = 20, ax: Axes | None = None) -> Self:
        """Draw the confidence of a fitted model, best on samples that it was not trained on.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        bins, ax
            As for `plot`.
        """
        _style.check_matplotlib()
        confidence, right = _confidence_and_right(estimator, X, y)
        return cls(confidence=confidence, right=right).plot(ax, bins=bins)

    def plot(self, ax: Axes | None = None, *, bins: int = 20) -> Self:
        """Draw: right predictions upwards, wrong ones, which may be far fewer, downwards on a scale of their own.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        bins : int, default=20
        """
        self.ax_ = ax = _style.axes(ax, 6.4, 4.0)
        self.figure_ = ax.figure
        edges = np.linspace(0, 1, bins + 1)
        ticks = {0.0: "0"}
        for name, chosen, sign, colour in [("right", self.right, 1, 0), ("wrong", ~self.right, -1, 3)]:
            counts = np.histogram(self.confidence[chosen], edges)[0]
            median = f", median {np.median(self.confidence[chosen]):.2f}" if chosen.any() else ""
            ax.bar(
                edges[:-1], sign * counts / max(counts.max(), 1), np.diff(edges), align="edge", edgecolor="white",
                color=_style.COLOURS[colour], label=f"{name}: {chosen.sum()}{median}",
            )  # fmt: skip
            ticks[float(sign)] = f"{counts.max()}"
        ax.axhline(0, color=_style.DARK, linewidth=0.8)
        ax.set_yticks(list(ticks), list(ticks.values()))
        ax.set(xlim=(0, 1), ylim=(-1.05, 1.05), xlabel="confidence (0: on the border, 1: on a prototype)")
        ax.set_ylabel("wrong      predictions      right")
        ax.legend(frameon=False, fontsize="small")
        _style.plain(ax)
        return self


@dataclass(kw_only=True, eq=False, repr=False)
class RejectionCurveDisplay:
    """Accuracy of what is kept, by the share that is rejected for low confidence.

    The curve of a confidence that is worth something rises; the best one could do, to reject what is wrong first, is
    drawn with it (Nadeem, Zucker & Hanczar 2010; Fischer, Hammer & Wersing 2015, who call this confidence RelSim).

    Parameters
    ----------
    rejected : ndarray of shape (n_thresholds,)
        Shares of the samples, rising from 0. Equally confident samples are rejected together.
    accuracy : ndarray of shape (n_thresholds,)
        Of the samples that are kept.
    threshold : ndarray of shape (n_thresholds,)
        What is less confident than this is rejected.
    name : str, optional
        What the legend calls the model.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import RejectionCurveDisplay
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GLVQ().fit(X, y)
    >>> display = RejectionCurveDisplay.from_estimator(model, X, y, ax=Figure().subplots())
    >>> bool(display.accuracy[0] == model.score(X, y))
    True
    """

    rejected: np.ndarray
    accuracy: np.ndarray
    threshold: np.ndarray
    name: str | None = None

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any, *, name: str | None = None, ax: Axes | None = None) -> Self:
        """Draw the curve of a fitted model, best on samples that it was not trained on.

        Parameters
        ----------
        estimator : estimator
            A classifier, or a pipeline or search that ends with one.
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        name : str, optional
            What the legend calls it.
        ax : matplotlib Axes, optional
        """
        _style.check_matplotlib()
        return cls.from_confidence(*_confidence_and_right(estimator, X, y), name=name, ax=ax)

    @classmethod
    def from_confidence(
        cls, confidence: np.ndarray, right: np.ndarray, *, name: str | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw the curve of predictions of which the confidence is known, and whether they are right.

        Parameters
        ----------
        confidence : ndarray of shape (n_samples,)
        right : ndarray of bool of shape (n_samples,)
        name, ax
            As for `from_estimator`.
        """
        threshold = np.unique(confidence)
        order = np.argsort(confidence, kind="stable")
        below = np.searchsorted(confidence[order], threshold)  # how many are rejected
        kept = np.cumsum(right[order][::-1])[::-1]  # how many right ones are left
        accuracy = kept[below] / (len(right) - below)
        return cls(rejected=below / len(right), accuracy=accuracy, threshold=threshold, name=name).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw; on axes that hold other curves already, in the next colour.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        """
        self.ax_ = ax = _style.axes(ax, 6.4, 4.0)
        self.figure_ = ax.figure
        curves = sum(line.get_gid() == "rejection" for line in ax.lines)
        style = _style.class_style(curves)
        share = np.linspace(0, 1, 201)[:-1]
        best = np.minimum(self.accuracy[0] / (1 - share), 1)
        label = _style.text(self.name or "least confident rejected")
        (self.line_,) = ax.plot(
            self.rejected, self.accuracy, style.line, color=style.colour, label=label,
            gid="rejection",
        )  # fmt: skip
        best_label = None if curves else "wrong ones rejected first: the best possible"
        ax.plot(share, best, ":", color=style.colour if curves else _style.DARK, linewidth=1, label=best_label)
        lowest = min(np.min(line.get_ydata()) for line in ax.lines if line.get_gid() == "rejection")
        ax.set(xlim=(0, 1), ylim=(lowest - 0.08 * (1.02 - lowest), 1 + 0.04 * (1.02 - lowest)))
        ax.set(xlabel="share of the samples rejected", ylabel="accuracy of the others")
        ax.legend(frameon=False, fontsize="small", loc="lower right")
        _style.plain(ax)
        return self
