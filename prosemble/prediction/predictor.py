"""What a fitted model is, as a value: a distance, a decision, prototypes and their classes.

Predictions of any number of rows take bounded memory and programs that all models share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from prosemble import _words as words
from prosemble.core.blocks import by_blocks
from prosemble.core.cancellation import are_apart, nearest_to_origin, unless
from prosemble.core.part import Number
from prosemble.core.programs import compiled
from prosemble.distances import Distance, Params, evaluate
from prosemble.objectives import Decision, Nearest
from prosemble.prediction.calibration import Calibration
from prosemble.prediction.probabilities import probabilities

# Rows for each prototype from which it pays to compare the prototypes with each other first.
_MANY = 64


class Outcome(NamedTuple):
    """What is said of each row: the index of its class, the probabilities of all, and the decision's confidence."""

    nearest: Int[Array, " n"]
    probabilities: Float[Array, "n c"]
    confidence: Float[Array, " n"]


def outcome(
    distance: Distance,
    decision: Decision,
    params: Params,
    X: Float[Array, "n d"],
    labels: Any,
    n_classes: int,
    temperature: Number = 1.0,
    bounded: bool = False,
) -> Outcome:
    """Return all that is predicted of the rows, as one function that can be traced: what leaves the library is this."""
    distances = decision(params, evaluate(distance, params, X), jnp.asarray(labels), n_classes)
    nearest = distances.argmin(axis=1).astype(jnp.int32)
    proba = probabilities(distances, temperature, bounded, jnp)
    return Outcome(nearest, proba, _confidence(decision, distances))


@compiled
def _confidence(decision: Decision, distances: Float[Array, "n c"]) -> Float[Array, " n"]:
    nearest = distances.argmin(axis=1)
    others = jnp.where(jnp.arange(distances.shape[1]) == nearest[:, None], jnp.inf, distances)
    return decision.confidence(distances.min(axis=1), others.min(axis=1))


# The distances come from a program of their own: fused with what is made of them, they would be rounded in one way for
# the nearest class and in another for the distances to all, and the two would disagree where classes are almost level.
@compiled(static_argnames="compact")
def _distances(
    distance: Distance, params: Params, X: Float[Array, "n d"], compact: bool = False
) -> Float[Array, "p n"]:
    with unless(compact):
        return evaluate(distance, params, X).T


@compiled(static_argnames="n_classes")
def _class_distances(
    decision: Decision, params: Params, distances: Float[Array, "p n"], labels: Int[Array, " p"], n_classes: int
) -> Float[Array, "n c"]:
    of_classes = decision(params, distances.T, labels, n_classes)
    # Not a number where there is nothing to decide by.
    decisive = of_classes if isinstance(decision, Nearest) else distances.T
    return jnp.where(jnp.isfinite(decisive).any(axis=1, keepdims=True), of_classes, jnp.nan)


@compiled(static_argnames="together")
def _nearest_class(distances: Float[Array, "p n"], labels: Int[Array, " p"], together: int) -> Int[Array, " n"]:
    """Return the class of the nearest prototype of each row, the first class of equally near ones; -1 where none is.

    `together` neighbours are of one class, from the first on.
    """
    distances, labels = distances.reshape(-1, together, distances.shape[1]).min(axis=1), labels[::together]

    def compare(k: Int[Array, ""], so_far: tuple[Array, Array]) -> tuple[Array, Array]:
        smallest, nearest = so_far
        closer = (distances[k] < smallest) | ((distances[k] == smallest) & (labels[k] < nearest))
        return jnp.where(closer, distances[k], smallest), jnp.where(closer, labels[k], nearest)

    # In one pass along the samples: a reduction to a minimum and its index takes three times as long on a processor.
    n = distances.shape[1]
    # The stand-in is a class, which it has to be also where no distance is a number.
    start = jnp.full(n, jnp.inf, distances.dtype), jnp.full(n, labels.max())
    smallest, nearest = jax.lax.fori_loop(0, len(labels), compare, start, unroll=2)
    return jnp.where(jnp.isfinite(smallest), nearest, -1)


def as_measured(distance: Distance, params: Params) -> tuple[Params, np.ndarray | None]:
    """Return the parameters in the precision of the arithmetic, and what is to be subtracted from samples, if anything.

    Prototypes that lie so far from the origin that they are held in another precision are shifted towards it.
    """
    W = params["prototypes"]
    if not isinstance(W, np.ndarray):  # quantised, or on a device
        return params, None
    dtype = jax.dtypes.canonicalize_dtype(W.dtype)
    if dtype == W.dtype or not distance.shift_invariant:
        return params, None
    centre = nearest_to_origin(W, np)
    return {**params, "prototypes": (W - centre).astype(dtype)}, centre


@dataclass(frozen=True, eq=False)
class Predictor:
    """A fitted model as a value, which explanations, displays and files read.

    Parameters
    ----------
    distance : Distance
    decision : Decision
    params : dict
        Arrays by name: the prototypes (p, d), and what the distance and the decision have learned beside them.
    labels : ndarray of shape (p,)
        The class of each prototype, as an index of `classes`.
    classes : ndarray of shape (n_classes,)
    calibration : Calibration, optional
    bounded : bool, default=False
        Whether probabilities are kept from being rounded to 1.
    stored : dict, optional
        The parameters as a quantised model stores them.
    """

    distance: Distance
    decision: Decision
    params: Params
    labels: np.ndarray
    classes: np.ndarray
    calibration: Calibration = field(default_factory=Calibration)
    bounded: bool = False
    stored: dict[str, Any] | None = None

    @property
    def prototypes(self) -> np.ndarray:
        """The prototypes (p, d), of an encoder's model in its space."""
        return self.params["prototypes"]

    @property
    def dtype(self) -> np.dtype:
        """The type of the arithmetic, which that of the prototypes may exceed where they lie far from the origin."""
        return np.dtype(jax.dtypes.canonicalize_dtype(self.prototypes.dtype))

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return len(self.classes)

    @cached_property
    def measured(self) -> tuple[Params, np.ndarray | None]:
        """The parameters in the precision of the arithmetic, and what is subtracted from samples, if anything."""
        return as_measured(self.distance, self.params)

    @property
    def temperature(self) -> float:
        """What class distances are divided by in probabilities."""
        return self.calibration.temperature(self.class_distances)

    @cached_property
    def separated(self) -> bool:
        """Whether the nearest prototype is found by an expanded form, where the distance has one for all of them."""
        form = self.distance.quadratic(self.params)
        return form is not None and are_apart(form.project(np.asarray(self.prototypes, np.float64)))

    def distances(self, X: np.ndarray) -> np.ndarray:
        """Return the distances of the rows (n, d) to the prototypes, (n, p)."""
        result = self._by_blocks(lambda params, block: _distances(self.distance, params, block).T, X)
        with np.errstate(over="ignore", invalid="ignore"):
            if not np.isfinite(result.sum()):  # in one pass, as a rule
                self._require(np.isfinite(result).any(axis=1) & ~np.isnan(result).any(axis=1), X)
        return result

    def class_distances(self, X: np.ndarray) -> np.ndarray:
        """Return the distances of the rows (n, d) to the classes, (n, n_classes)."""

        def of_block(params: Params, block: np.ndarray) -> Array:
            distances = _distances(self.distance, params, block)
            return _class_distances(self.decision, params, distances, self.labels, self.n_classes)

        result = self._by_blocks(of_block, X)
        self._require(~np.isnan(result).any(axis=1), X)
        return result

    def nearest_class(self, X: np.ndarray) -> np.ndarray:
        """Return the index of the nearest class of each row of (n, d), the first of equally near ones, (n,)."""
        if not isinstance(self.decision, Nearest):
            return self.class_distances(X).argmin(axis=1)
        # The borders between classes and the end are multiples of it.
        together = int(np.gcd.reduce(np.append(np.flatnonzero(np.diff(self.labels)) + 1, len(self.labels))))
        compact = len(X) >= _MANY * len(self.labels) and self.separated

        def of_block(params: Params, block: np.ndarray) -> Array:
            return _nearest_class(_distances(self.distance, params, block, compact=compact), self.labels, together)

        result = self._by_blocks(of_block, X)
        self._require(result >= 0, X)
        return result

    def confidence(self, class_distances: np.ndarray) -> np.ndarray:
        """Return how sure the decision is, in [0, 1], by the distances of the rows to the classes, (n,)."""
        return by_blocks(partial(_confidence, self.decision), class_distances)

    def probabilities(self, class_distances: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes by the distances to them, (n, n_classes)."""
        return probabilities(class_distances.astype(np.float64), self.temperature, self.bounded, np)

    def _by_blocks(self, function: Callable[[Params, np.ndarray], Array], X: np.ndarray) -> np.ndarray:
        params, centre = self.measured

        def of_block(block: np.ndarray) -> Array:
            with np.errstate(over="ignore"):  # such rows are refused by name
                return function(params, (block if centre is None else block - centre).astype(self.dtype, copy=False))

        return by_blocks(of_block, X, len(params["prototypes"]))

    def _require(self, known: np.ndarray, X: np.ndarray) -> None:
        """Raise an error that names the rows of which nothing can be said: their distances are beyond all numbers."""
        if not known.all():
            rows = np.flatnonzero(~known).tolist()
            raise ValueError(
                f"X holds numbers too large for distances in {self.dtype}, up to {np.nanmax(np.abs(X[rows])):g}, in "
                f"the rows {words.listed(rows, 5)} (the first is 0)."
            )
