"""Median learning vector quantization: prototypes that are training samples."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, NamedTuple, Self

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from prosemble.core.losses import relative_difference
from prosemble.core.part import COUNT, parameter
from prosemble.core.programs import compiled
from prosemble.models.drawn import DrawnPrototypes
from prosemble.models.one_fit import all_at_once
from prosemble.prediction.predictor import Predictor
from prosemble.training.data import AnyArray, Rows, merge_equal_rows, padded_length
from prosemble.training.interrupts import deferred_interrupt


class MedianLVQ(DrawnPrototypes):
    """Median GLVQ: every prototype is a training sample (Nebel, Hammer, Frohberg & Villmann 2015).

    For any dissimilarity, symmetric or not, that is finite and not negative: nothing is ever computed between samples.
    Each prototype starts at the sample of its class that is nearest to where the initialiser puts it. A sweep takes
    the prototypes in turn, and moves each to the sample of its class which, with all others in place, lowers the GLVQ
    cost most, the mean of mu = (d+ - d-) / (d+ + d-); equally good samples do not make it move. Training ends with a
    sweep in which none moves: no single move then lowers the cost, though two at once may.

    This differs from the paper in what a step improves. Its generalized expectation maximization transforms the cost
    to a sum of logarithms and lets a step improve a bound of that sum, for fixed assignments of the samples, by any
    amount; here the nearest prototypes are found anew for every candidate, and the cost itself falls with each step.

    The dissimilarities of all pairs of distinct samples are held in memory, n x n numbers, as in all median methods;
    a sweep takes time n x n for each prototype.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import MedianLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MedianLVQ().fit(X, y)
    >>> bool((X.astype("float32") == model.prototypes_[0]).all(axis=1).any())
    True
    """

    max_iter: int = parameter(default=100, accepts=[COUNT], kind="int", doc="Most sweeps over the prototypes.")

    _progress: ClassVar[tuple[str, ...]] = ("n_iter_", "loss_", "loss_history_")
    _attribute_docs = """
        n_iter_ : int
        loss_history_ : ndarray of shape (n_epochs,)
            The cost after each sweep; it never rises.
        loss_ : float
            The last of these."""

    @all_at_once
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose the prototypes among the samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
            Factors of the samples' costs; an integer is as good as so many rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data, a parameter or a dissimilarity cannot be used; the estimator then keeps its former state.
        """
        self._validate_params()
        given = Rows(*self._read(X, y, sample_weight, known=None))
        distinct = merge_equal_rows(given)
        self._learn_from(distinct)
        start, indices = self._draw(distinct.rows(), given)
        rows = distinct.padded(padded_length(len(distinct), None))
        self._learn(rows, np.asarray(start, rows.X.dtype), indices.astype(np.int32))
        return self

    def _learn(self, rows: Rows, start: np.ndarray, indices: np.ndarray) -> None:
        own = rows.y[:, None] == indices
        to_start = self._dissimilarities(rows.X, start)
        chosen = np.where(own, to_start, np.inf).argmin(axis=0).astype(np.int32)
        problem = Problem(jax.device_put(self._dissimilarities(rows.X, rows.X).T), rows.y, rows.weight, indices)
        history: list[float] = []
        with deferred_interrupt() as interrupt:
            while len(history) < self.max_iter and not interrupt.came:
                former = chosen
                moved, loss = _sweep(problem, chosen)
                chosen = np.asarray(moved)
                history.append(float(loss))
                if (chosen == former).all():
                    break
        self._hold_parameters({"prototypes": rows.X[chosen]}, indices)
        self.n_iter_ = len(history)
        self.loss_history_ = np.array(history)
        self.loss_ = history[-1]
        if interrupt.came:
            warnings.warn(f"Training interrupted after sweep {self.n_iter_}.", stacklevel=5)

    def _dissimilarities(self, X: np.ndarray, W: np.ndarray) -> np.ndarray:
        labels = np.zeros(len(W), np.int32)  # which nothing here asks for
        result = Predictor(self._distance(), self._decision(), {"prototypes": W}, labels, self.classes_).distances(X)
        if not np.isfinite(result).all() or (result < 0).any():
            raise ValueError(
                "The dissimilarities of the samples must be finite and not negative; distance_fn="
                f"{self.distance_fn!r} gave others."
            )
        return result


class Problem(NamedTuple):
    """Dissimilarities (n, n), a row for each candidate; classes and weights of the samples; the prototypes' classes."""

    dissimilarities: AnyArray
    y: AnyArray
    weight: AnyArray
    labels: AnyArray


@compiled
def _sweep(problem: Problem, chosen: Int[Array, " p"]) -> tuple[Int[Array, " p"], Float[Array, ""]]:
    """Move each prototype in turn to its best sample; return their places and the cost then."""
    D, y, weight, labels = problem

    def move(k: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        chosen, _ = carry
        # The nearest of the other prototypes, and then with each candidate in the place of this one.
        distances = jnp.where(jnp.arange(len(labels))[:, None] == k, jnp.inf, D[chosen])
        own = labels[:, None] == y
        plus = jnp.where(own, distances, jnp.inf).min(axis=0)
        minus = jnp.where(own, jnp.inf, distances).min(axis=0)
        attracted = y == labels[k]
        mu = relative_difference(
            jnp.where(attracted, jnp.minimum(plus, D), plus), jnp.where(attracted, minus, jnp.minimum(minus, D))
        )
        costs = (weight * mu).sum(axis=1) / weight.sum()
        costs = jnp.where(attracted & (weight > 0), costs, jnp.inf)
        best = costs.argmin()
        best = jnp.where(costs[best] < costs[chosen[k]], best, chosen[k])
        return chosen.at[k].set(best), costs[best]

    return lax.fori_loop(0, len(labels), move, (chosen, jnp.zeros((), D.dtype)))
