"""Kohonen's learning vector quantization: rules that move prototypes sample by sample, without a loss."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import Interval

from prosemble.core.part import COUNT, parameter
from prosemble.models.drawn import DrawnPrototypes
from prosemble.models.one_fit import all_at_once
from prosemble.training import kohonen, loop
from prosemble.training.data import Rows, Selection, merge_equal_rows, padded_length
from prosemble.training.interrupts import deferred_interrupt

# Epochs are run in chunks of about so many multiplications, a second or so, between which Ctrl-C is heard. An update
# costs as much as `_UPDATE` of them and three for each number of the prototypes.
_CHUNK, _UPDATE = 1e9, 500

_SHARE = Interval(Real, 0, 1, closed="neither")


class KohonenModel(DrawnPrototypes):
    """A classifier whose prototypes are moved towards and away from one sample after the other."""

    max_iter: int = parameter(
        default=100, accepts=[COUNT], kind="int", doc="Passes over the samples, each in another order."
    )
    lr: float = parameter(
        default=0.05,
        accepts=[_SHARE],
        kind="float",
        doc="Learning rate, in (0, 1). It falls linearly to zero over all updates; that of OLVQ1 is where the rates "
        "of all prototypes start.",
    )

    distance_fn: Callable[..., Any] | None = parameter(
        default=None,
        accepts=None,
        kind="callable",
        doc="`(X, W) -> (n, p)` of JAX arrays, row by row; squared Euclidean when None. It finds the nearest "
        "prototypes, which move on the straight line through the sample whatever it is. LVQ2, LVQ2.1 and LVQ3 "
        "take what it returns for squared.",
    )

    _progress: ClassVar[tuple[str, ...]] = ("n_iter_", "loss_", "loss_history_")
    _attribute_docs = """
        n_iter_ : int
        loss_history_ : ndarray of shape (n_epochs,)
            Share of the samples that were decided wrongly when their turn came, by pass.
        loss_ : float
            The last of these."""

    def _rule(self) -> kohonen.Rule:
        raise NotImplementedError

    @all_at_once
    def fit(self, X: Any, y: Any) -> Self:
        """Learn the prototypes; equal data, parameters and seed give equal prototypes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the estimator then keeps its former state.
        """
        self._validate_params()
        given = Rows(*self._read(X, y, None, known=None))
        prototypes, indices = self._draw(merge_equal_rows(given).rows(), given)
        rows = Selection.whole(given)
        self._learn_from(rows)
        n = len(rows)
        data = loop.Data(rows.padded(padded_length(n, None)), np.int32(n), None, indices.astype(np.int32), None)
        self._learn(data, np.asarray(prototypes, data.train.X.dtype))
        return self

    def _learn(self, data: loop.Data, prototypes: np.ndarray) -> None:
        state = kohonen.State(prototypes, np.full(len(prototypes), self.lr, prototypes.dtype), np.int32(0))
        rule, distance = self._rule(), self._distance()
        chunk = max(1, min(loop.CAPACITY, int(_CHUNK / (len(data.train.X) * (_UPDATE + 3 * prototypes.size)))))
        history: list[np.ndarray] = []
        epoch = 0
        with deferred_interrupt() as interrupt:
            while epoch < self.max_iter and not interrupt.came:
                until = min(epoch + chunk, self.max_iter)
                state, errors = kohonen.run(
                    rule, distance, data, state, np.uint32(self.random_seed), float(self.lr), self.max_iter, until
                )
                history.append(np.asarray(errors[: until - epoch], float))
                epoch = until
        prototypes = np.asarray(state.prototypes)
        self._hold_parameters({"prototypes": prototypes}, data.labels)
        self.n_iter_ = epoch
        self.loss_history_ = np.concatenate(history)
        self.loss_ = float(self.loss_history_[-1])
        if not np.isfinite(self.loss_) or not np.isfinite(prototypes).all():
            raise ValueError(
                f"Training diverged: a distance or a prototype is not finite after epoch {epoch}. A smaller lr (now "
                f"{self.lr!r}), fewer epochs or scaled features may help, or a distance_fn that is finite."
            )
        if interrupt.came:
            warnings.warn(f"Training interrupted after epoch {epoch}.", stacklevel=5)


class LVQ1(KohonenModel):
    """LVQ1 (Kohonen 1990): the nearest prototype is attracted by samples of its class and repelled by others.

    w += lr (x - w) where the nearest prototype w is of the class of x, w -= lr (x - w) where it is not. `GLVQ1` is the
    same idea as a loss to be minimised by gradients.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import LVQ1
    >>> X, y = load_iris(return_X_y=True)
    >>> LVQ1(n_prototypes_per_class=2).fit(X, y).prototypes_.shape
    (6, 4)
    """

    def _rule(self) -> kohonen.Rule:
        return kohonen.Winner()


class OLVQ1(KohonenModel):
    """LVQ1 with an optimized learning rate for each prototype (Kohonen 1992).

    Before it moves, the rate a of the nearest prototype becomes a / (1 + a) where it is of the sample's class, and
    a / (1 - a), at most `lr`, where it is not: all samples so far then count alike. This learns fast, and few passes
    are enough; no rate falls with time alone, and where classes cannot be told apart many passes push the prototypes
    ever further away.
    """

    max_iter: int = 10
    lr: float = 0.3

    def _rule(self) -> kohonen.Rule:
        return kohonen.OwnRates(ceiling=float(self.lr))


class WindowedModel(KohonenModel):
    """A model that learns from the samples which lie in a window around the border of two prototypes.

    Kohonen has these rules refine what LVQ1 has found, with a small rate and few passes; so are the defaults.
    """

    max_iter: int = 20
    lr: float = 0.02
    window: float = parameter(
        default=0.3,
        accepts=[_SHARE],
        kind="float",
        doc="Relative width w of the window, in (0, 1): the ratio of the smaller to the larger of the two distances "
        "(not squared) exceeds (1 - w) / (1 + w). Kohonen recommends 0.2 to 0.3.",
    )


class LVQ2(WindowedModel):
    """LVQ2 (Kohonen 1988): corrects where the nearest prototype is wrong and the second nearest right.

    Where the sample lies in their window, the nearest is repelled and the second nearest attracted. Samples that are
    decided rightly teach nothing: start from prototypes that are placed well.
    """

    def _rule(self) -> kohonen.Rule:
        return kohonen.WrongBeforeRight(window=float(self.window))


class LVQ21(WindowedModel):
    """LVQ2.1 (Kohonen 1990): moves the two nearest prototypes where just one of them is of the sample's class.

    Where the sample lies in their window, the right one, be it nearest or second, is attracted and the wrong one
    repelled. This goes on where all is decided rightly, and with a large rate or many passes the prototypes of
    neighbouring classes push each other away from the samples, most where each class has just one: `LVQ3` counters
    that with several. `GLVQ21` is the same idea, without the window, as a loss to be minimised by gradients.
    """

    def _rule(self) -> kohonen.Rule:
        return kohonen.RightAndWrong(window=float(self.window))


class LVQ3(WindowedModel):
    """LVQ3 (Kohonen 1990): LVQ2.1 which also attracts the two nearest prototypes where both are of the sample's class.

    These move at `epsilon` times the learning rate, in the window or not, which keeps prototypes among the samples of
    their class. With one prototype for each class two are never right, and this is LVQ2.1.
    """

    epsilon: float = parameter(
        default=0.2,
        accepts=[Interval(Real, 0, 1, closed="both")],
        kind="float",
        doc="Factor of the learning rate where both prototypes are right, in [0, 1]. Kohonen recommends 0.1 to 0.5, "
        "the smaller the narrower the window; with 0 this is LVQ2.1.",
    )

    def _rule(self) -> kohonen.Rule:
        return kohonen.RightAndWrong(window=float(self.window), epsilon=float(self.epsilon))
