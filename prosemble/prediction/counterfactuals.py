"""The nearest point that is predicted otherwise.

Where all distances come from one projection, a prototype's cell is bounded by planes, and the nearest point of it is
the solution of a small quadratic program. Other cells are approached along straight lines, and then by a sequence of
such programs, with the boundaries made straight about the point that was found last.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float
from scipy.optimize import nnls
from scipy.spatial.distance import cdist

from prosemble.core.programs import compiled
from prosemble.distances import Distance, Params, Quadratic, evaluate
from prosemble.objectives import Nearest
from prosemble.prediction.predictor import Predictor

# Straight lines to so many prototypes are tried, halved so often; then at most so many programs for each sample.
LINES, HALVINGS, PROGRAMS = 3, 30, 20
# How far to go into a cell for the rounded distances to agree, in multiples of their rounding: the first that does.
DEPTHS = [4.0 * 8.0**k for k in range(7)]


def counterfactuals(predictor: Predictor, rows: np.ndarray, targets: np.ndarray | None) -> np.ndarray:
    """Return what `PrototypeModel.counterfactual` describes, of complete rows.

    Parameters
    ----------
    predictor : Predictor
        One whose prototypes are points of the space of the rows.
    rows : ndarray of shape (n, d)
    targets : ndarray of shape (n,), optional
        The index of the class that is wanted of each row.

    Returns
    -------
    ndarray of shape (n, d)
    """
    former, classes = _predicted(predictor, rows), np.arange(predictor.n_classes)
    wanted = former[:, None] != classes if targets is None else targets[:, None] == classes
    # In double precision, so that undoing a scaling loses nothing.
    result = rows.astype(np.float64)
    todo = np.flatnonzero(~wanted[np.arange(len(rows)), former])
    if len(todo):
        result[todo] = _found(predictor, result[todo], wanted[todo])
    return result


def _found(predictor: Predictor, X: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    form = predictor.distance.quadratic(predictor.params)
    by_nearest = isinstance(predictor.decision, Nearest)
    if by_nearest and form is not None:
        return _by_cells(predictor, form, X, wanted)
    return _approached(predictor, X, wanted, refine=by_nearest)


def _predicted(predictor: Predictor, X: np.ndarray) -> np.ndarray:
    return predictor.nearest_class(X.astype(predictor.prototypes.dtype))


def _met(predictor: Predictor, X: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return which rows are predicted as is wanted; not those of NaN."""
    there = ~np.isnan(X).any(axis=1)
    return there & wanted[np.arange(len(X)), _predicted(predictor, np.where(there[:, None], X, 0.0))]


# One projection for all: cells that are bounded by planes.


class Cells(NamedTuple):
    """Prototypes (p, r) where distances are squared Euclidean, but for an offset (p,), and how far they are apart.

    `rivals` (p, p) tells which a prototype has to be nearer than for its class to be predicted.
    """

    points: np.ndarray
    offset: np.ndarray
    apart: np.ndarray
    rivals: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, offset: np.ndarray, labels: np.ndarray) -> Cells:
        apart = cdist(points, points)
        # Of two at the same place the first class is predicted.
        first = (apart == 0) & (offset[:, None] == offset) & (labels[:, None] < labels)
        return cls(points, offset, apart, (labels[:, None] != labels) & ~first)

    def smallest_change(self, u: np.ndarray, wanted: np.ndarray, depth: float) -> np.ndarray:
        """Return the smallest change of u (r,) that makes one of the wanted prototypes (p,) the nearest, by the depth.

        NaN where none does.
        """
        distances = ((self.points - u) ** 2).sum(axis=1) + self.offset
        excess = distances[:, None] - distances + depth
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = excess / (2.0 * self.apart)  # to the plane between two prototypes
        bound = np.where(self.rivals, reach, -np.inf).max(axis=1)
        candidates = np.flatnonzero(wanted)
        best, length = np.full_like(u, np.nan), np.inf
        for t in candidates[bound[candidates].argsort()]:
            if bound[t] >= length:  # the cells that follow are further away than what was found
                break
            rivals = self.rivals[t]
            change = smallest_step(2.0 * (self.points[rivals] - self.points[t]), -excess[t, rivals])
            if change is not None and np.linalg.norm(change) < length:
                best, length = change, float(np.linalg.norm(change))
        return best


def smallest_step(G: np.ndarray, h: np.ndarray) -> np.ndarray | None:
    """Return the shortest s (r,) with G s <= h, or None where there is none.

    Least distance programming by non-negative least squares (Lawson & Hanson 1974, chapter 23).
    """
    lengths = np.linalg.norm(G, axis=1)
    if not np.isfinite(lengths).all() or (h[lengths == 0] < 0).any():
        return None
    G, h = (part[lengths > 0] for part in (G, h))
    lengths = lengths[lengths > 0]
    G, h = G / lengths[:, None], h / lengths
    farthest = -h.min(initial=0.0)
    if farthest <= 0:
        return np.zeros(G.shape[1])
    unit = np.eye(1, G.shape[1] + 1, G.shape[1])[0]
    A = np.vstack([-G.T, -h / farthest])
    try:
        residual = A @ nnls(A, unit, maxiter=30 * len(h))[0] - unit
    except RuntimeError:  # it did not end
        return None
    if residual[-1] > -1e-12:  # the constraints contradict each other
        return None
    return -residual[:-1] / residual[-1] * farthest


def _by_cells(predictor: Predictor, form: Quadratic, X: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    dtype, W = predictor.prototypes.dtype, predictor.prototypes.astype(np.float64)
    points, U = form.project(W - W.mean(axis=0)), form.project(X - W.mean(axis=0))
    offset = np.zeros(len(W)) if form.offset is None else form.offset.sum(axis=1)
    labels = predictor.labels
    cells = Cells.of(points, offset, labels)
    eps = float(np.finfo(predictor.dtype).eps)
    rounding = eps * np.maximum((U**2).sum(axis=1), (points**2).sum(axis=1).max())

    result, todo = np.full_like(X, np.nan), np.arange(len(X))
    for depth in DEPTHS:
        changes = [cells.smallest_change(U[i], wanted[i, labels], depth * rounding[i]) for i in todo]
        result[todo] = X[todo] + form.restore(np.array(changes), 10 * eps)
        result = result.astype(dtype).astype(np.float64)
        todo = todo[~_met(predictor, result[todo], wanted[todo]) & ~np.isnan(result[todo, 0])]
        if not len(todo):
            break
    result[todo] = np.nan
    return result


# Any metric: straight lines, and programs with the boundaries made straight.


def _approached(predictor: Predictor, X: np.ndarray, wanted: np.ndarray, refine: bool) -> np.ndarray:
    """Return the nearest points found from the lines to the nearest prototypes that are predicted as is wanted."""
    ends, dtype = predictor.prototypes, predictor.prototypes.dtype
    reachable = wanted[:, _predicted(predictor, ends)]
    distances = predictor.distances(X.astype(dtype))
    order = np.where(reachable, distances, np.inf).argsort(axis=1)[:, :LINES]
    best = np.full_like(X, np.nan)
    for end in order.T:
        rows = np.flatnonzero(reachable[np.arange(len(X)), end])
        if len(rows):
            found = _crossing(predictor, X[rows], ends[end[rows]].astype(np.float64), wanted[rows])
            if refine:
                found = _refined(predictor, X[rows], found, wanted[rows])
            best[rows] = _nearer(X[rows], best[rows], found)
    return _inside(predictor, X, best, wanted)


def _inside(predictor: Predictor, X: np.ndarray, found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the points so far on, in the direction that led to them, that rounding decides nothing there.

    Predictions of blocks of other lengths are rounded in other ways.
    """
    dtype, W = predictor.prototypes.dtype, predictor.prototypes.astype(np.float64)
    extent = np.linalg.norm(found - W.mean(axis=0), axis=1) + np.linalg.norm(W.std(axis=0))
    length = np.linalg.norm(found - X, axis=1)
    unit = (found - X) / np.where(length > 0, length, 1.0)[:, None]
    result = found
    for depth in DEPTHS[:3]:
        further = depth * np.finfo(predictor.dtype).eps * extent
        moved = (found + unit * further[:, None]).astype(dtype).astype(np.float64)
        result = np.where(_met(predictor, moved, wanted)[:, None], moved, result)
    return result


def _crossing(predictor: Predictor, begin: np.ndarray, end: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return the first point found, on the way to an end that is predicted as is wanted, which is so too."""
    dtype = predictor.prototypes.dtype

    def at(share: np.ndarray) -> np.ndarray:
        return ((1.0 - share) * begin + share * end).astype(dtype).astype(np.float64)

    low, high = np.zeros((len(begin), 1)), np.ones((len(begin), 1))
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        met = _met(predictor, at(middle), wanted)[:, None]
        low, high = np.where(met, low, middle), np.where(met, middle, high)
    return at(high)


def _nearer(X: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return of each row the point that is nearer to it; NaN is the farthest."""
    one, other = (np.linalg.norm(points - X, axis=1) for points in (first, second))
    return np.where((np.isnan(one) | (other < one))[:, None], second, first)


@compiled
def _distances_and_slopes(distance: Distance, params: Params, x: Float[Array, " d"]) -> tuple[Array, Array]:
    def distances(x: Array) -> Array:
        return evaluate(distance, params, x[None])[0]

    return distances(x), jax.jacrev(distances)(x)


def _refined(predictor: Predictor, X: np.ndarray, found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return points at least as near as those found, each from a program about the one before."""
    best, todo = found.copy(), np.arange(len(found))
    for _ in range(PROGRAMS):
        if not len(todo):
            break
        cells = _predicted(predictor, best[todo])
        reached = np.array([_straightened(predictor, X[i], best[i], cell) for i, cell in zip(todo, cells, strict=True)])
        tried = _crossing(predictor, reached, best[todo], wanted[todo])
        nearer = _nearer(X[todo], best[todo], tried)
        gain = np.linalg.norm(best[todo] - X[todo], axis=1) - np.linalg.norm(nearer - X[todo], axis=1)
        best[todo] = nearer
        todo = todo[gain > 1e-3 * np.linalg.norm(nearer - X[todo], axis=1)]
    return best


def _straightened(predictor: Predictor, x: np.ndarray, z: np.ndarray, cell: int) -> np.ndarray:
    """Return the nearest point to x of the class's cell that z lies in, were it bounded by planes as it is about z."""
    params, centre = predictor.measured
    there = (z if centre is None else z - centre).astype(params["prototypes"].dtype)
    distances, slopes = map(np.asarray, _distances_and_slopes(predictor.distance, params, there))
    # On the border, rounding decides which class is nearer, and these distances are rounded in another way than those
    # of a prediction.
    own = predictor.labels == cell
    chosen, rivals = np.where(own, distances, np.inf).argmin(), ~own
    G = slopes[chosen].astype(np.float64) - slopes[rivals]
    depth = DEPTHS[1] * np.finfo(distances.dtype).eps * distances.max()
    step = smallest_step(G, distances[rivals] - distances[chosen] - depth + G @ (z - x))
    return z if step is None else x + step
