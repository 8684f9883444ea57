"""Which features count: relevance profiles and relevance matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from prosemble import _words as words
from prosemble.inspection import _style
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import learned_curvature, shares

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(kw_only=True, eq=False, repr=False)
class RelevanceDisplay:
    """How much each feature counts: bars where all prototypes share a metric, a map where each has its own.

    The relevance of a feature is its share of the trace of the metric's matrix, which for GRLVQ is `relevances_` and
    for GMLVQ the diagonal of `lambda_`. It depends on the scale of the feature: relevances of features that were not
    scaled alike cannot be compared.

    Parameters
    ----------
    relevances : ndarray of shape (k, n_features)
        One row for all prototypes, or one for each prototype or class. Rows have sum one.
    feature_names : sequence of length n_features
    owners : sequence of length k
        Whose the rows are.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import RelevanceDisplay
    >>> from prosemble.models import GRLVQ
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> display = RelevanceDisplay.from_estimator(GRLVQ().fit(X, y), ax=Figure().subplots())
    >>> len(display.ax_.patches)
    4
    """

    relevances: np.ndarray
    feature_names: _style.Names
    owners: _style.Names = ("all prototypes",)

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None, max_features: int | None = 20) -> Self:
        """Draw the relevances that a fitted model has learned.

        Parameters
        ----------
        estimator : estimator
            A classifier with a relevance, matrix, local matrix, tangent or exponential kernel metric, or a pipeline
            or search that ends with one.
        ax, max_features
            As for `plot`.

        Raises
        ------
        ValueError
            If the model learns no weights of features.
        """
        _style.check_matplotlib()
        found, owners, names = learned_curvature(Fitted(estimator))
        return cls(relevances=shares(found), feature_names=names, owners=owners).plot(ax, max_features=max_features)

    def plot(self, ax: Axes | None = None, *, max_features: int | None = 20) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        max_features : int, optional
            How many features are shown, those that count most (on average over the rows); all when None.
        """
        means = self.relevances.mean(axis=0)
        chosen = _style.most_important(means, max_features)
        chosen = chosen[np.argsort(-means[chosen], kind="stable")]
        self._chosen = chosen
        draw = self._bars if len(self.relevances) == 1 else self._map
        self.ax_ = draw(ax)
        self.figure_ = self.ax_.figure
        if len(chosen) < len(means):
            share = means[chosen].sum()
            self.ax_.set_title(
                f"{len(chosen)} of {len(means)} features, {share:.0%} of the relevance", fontsize="medium"
            )
        return self

    def _bars(self, ax: Axes | None) -> Axes:
        names = [self.feature_names[i] for i in self._chosen]
        ax = _style.axes(ax, 6.4, min(1.6 + 0.22 * len(names), 12))
        ax.barh(range(len(names)), self.relevances[0][self._chosen], color=_style.COLOURS[0])
        _style.name_ticks(ax, "y", names, most=60)
        ax.invert_yaxis()
        even = 1 / self.relevances.shape[1]
        ax.axvline(even, color=_style.DARK, linestyle="--", linewidth=0.8, label=f"all equal: {even:.2g}")
        ax.set(xlabel="relevance (sum 1)", xlim=(0, None))
        ax.legend(loc="lower right", frameon=False, fontsize="small")
        _style.plain(ax)
        return ax

    def _map(self, ax: Axes | None) -> Axes:
        names = [self.feature_names[i] for i in self._chosen]
        ax = _style.axes(
            ax,
            min(2.6 + 0.3 * len(names), 12),
            min(2.0 + 0.05 * max(map(len, map(str, names))) + 0.24 * len(self.owners), 12),
        )
        values = self.relevances[:, self._chosen]
        image = ax.imshow(values, cmap="cividis", vmin=0, aspect="auto", interpolation="nearest")
        _style.name_ticks(ax, "x", names, most=60)
        _style.name_ticks(ax, "y", self.owners, most=40)
        ax.set_ylabel("prototype of class" if any("#" in str(owner) for owner in self.owners) else "class")
        ax.figure.colorbar(image, ax=ax, label="relevance")
        return ax


@dataclass(kw_only=True, eq=False, repr=False)
class RelevanceMatrixDisplay:
    """The matrix in which a model measures: which features count, and which count together.

    An entry off the diagonal, where it is positive, makes differences of equal sign in two features add up, where it
    is negative cancel; d(x, w) = (x - w)^T lambda (x - w) (Schneider, Biehl & Hammer 2009).

    Parameters
    ----------
    matrix : ndarray of shape (n_features, n_features)
    feature_names : sequence of length n_features
    owner : str
        Whose the matrix is.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    im_ : matplotlib AxesImage

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import RelevanceMatrixDisplay
    >>> from prosemble.models import GMLVQ
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> display = RelevanceMatrixDisplay.from_estimator(GMLVQ().fit(X, y), ax=Figure().subplots())
    >>> display.im_.get_array().shape
    (4, 4)
    """

    matrix: np.ndarray
    feature_names: _style.Names
    owner: str = "all prototypes"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        prototype: int | None = None,
        ax: Axes | None = None,
        max_features: int | None = 30,
        cmap: str = "PuOr_r",
        colorbar: bool = True,
    ) -> Self:
        """Draw the matrix that a fitted model has learned.

        Parameters
        ----------
        estimator : estimator
            As for `RelevanceDisplay.from_estimator`.
        prototype : int, optional
            Whose matrix, a row of `lambdas_`: needed where there are several, refused where there is one.
        ax, max_features, cmap, colorbar
            As for `plot`.

        Raises
        ------
        ValueError
            If the model learns no weights of features, or `prototype` does not say which of its matrices.
        """
        _style.check_matplotlib()
        found, owners, names = learned_curvature(Fitted(estimator))
        count = len(found.factors)
        wanted = f"an int from 0 to {count - 1}" if count > 1 else "None"
        if (count > 1) != (prototype is not None) or not 0 <= (prototype or 0) < count:
            raise ValueError(
                f"prototype must be {wanted}: this model has {words.count(count, 'matrix', 'matrices')}; got "
                f"{prototype!r}."
            )
        index = prototype or 0
        display = cls(
            matrix=found._replace(factors=found.factors[index : index + 1]).matrices()[0],
            feature_names=names,
            owner=owners[index],
        )
        return display.plot(ax, max_features=max_features, cmap=cmap, colorbar=colorbar)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        max_features: int | None = 30,
        cmap: str = "PuOr_r",
        colorbar: bool = True,
    ) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        max_features : int, optional
            How many features are shown, those with the largest diagonal entries; all when None.
        cmap : str
            A diverging colour map: zero is its middle.
        colorbar : bool, default=True
        """
        diagonal = np.diagonal(self.matrix)
        # In their own order: neighbours may mean something, as in a spectrum.
        chosen = np.sort(_style.most_important(diagonal, max_features))
        names = [self.feature_names[i] for i in chosen]
        size = min(2.8 + 0.25 * len(names), 10)
        self.ax_ = ax = _style.axes(ax, size + 0.8, size)
        self.figure_ = ax.figure
        shown = self.matrix[np.ix_(chosen, chosen)]
        limit = float(np.abs(shown).max()) or 1.0
        self.im_ = ax.imshow(shown, cmap=cmap, vmin=-limit, vmax=limit, interpolation="nearest")
        _style.name_ticks(ax, "x", names)
        _style.name_ticks(ax, "y", names)
        if len(names) <= 8:
            for (i, j), value in np.ndenumerate(shown):
                colour = "white" if abs(value) > 0.6 * limit else "black"
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=colour, fontsize="small")
        title = "" if self.owner == "all prototypes" else f"class {self.owner}"
        if len(chosen) < len(diagonal):
            part = (
                f"{len(chosen)} of {len(diagonal)} features, {diagonal[chosen].sum() / diagonal.sum():.0%} of the trace"
            )
            title = f"{title}: {part}" if title else part
        ax.set_title(_style.text(title, 80), fontsize="medium")
        if colorbar:
            ax.figure.colorbar(self.im_, ax=ax, shrink=0.8, label="entry of lambda")
        return self
