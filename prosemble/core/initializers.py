"""Where prototypes start. Host functions of NumPy arrays.

Each takes `(X, y, n_per_class, rng, sample_weight)`, with samples X (n, d), class indices y (n,), one count per
class, a NumPy generator and positive weights (n,), and returns prototypes (p, d) and their class indices (p,),
class after class. Only the weighted distribution of the samples matters: a weight k is as good as k equal rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist, pdist

from prosemble.core.sampling import evenly

Counts = Sequence[int]
Initialized = tuple[np.ndarray, np.ndarray]


def _labels(n_per_class: Counts) -> np.ndarray:
    return np.repeat(np.arange(len(n_per_class)), n_per_class)


def stratified_random(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """Samples of each class, drawn without replacement with probabilities proportional to their weights.

    Where a class has fewer distinct samples than prototypes, all of them are taken before any is taken again; a
    class without samples (in the first batch of a stream) draws from all.
    """
    drawn = []
    for label, count in enumerate(n_per_class):
        own = np.flatnonzero(y == label)
        if len(own) == 0:
            own = np.arange(len(X))
        share = sample_weight[own] / sample_weight[own].sum(dtype=np.float64)
        once = min(count, len(own))
        drawn.append(rng.choice(own, once, replace=False, p=share / share.sum()))
        if once < count:
            drawn.append(rng.choice(own, count - once, p=share / share.sum()))
    return X[np.concatenate(drawn).astype(np.intp)], _labels(n_per_class)


def stratified_noise(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """As `stratified_random`, plus normal noise of a tenth of each feature's standard deviation."""
    prototypes, labels = stratified_random(X, y, n_per_class, rng, sample_weight)
    _, deviation = _moments(X, sample_weight)
    return prototypes + 0.1 * deviation * rng.standard_normal(prototypes.shape), labels


def class_mean(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """The mean of each class.

    The second and further prototypes of a class start a hundredth of the features' standard deviations away from
    it at random: equal prototypes would receive equal gradients for ever.
    """
    means = []
    for label, count in enumerate(n_per_class):
        own = y == label
        own = own if own.any() else np.ones_like(own)
        mean, deviation = _moments(X, sample_weight * own)
        noise = rng.standard_normal((count, X.shape[1]))
        noise[:1] = 0.0
        means.append(mean + 0.01 * deviation * noise)
    return np.concatenate(means), _labels(n_per_class)


def random_normal(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """Normal draws with the mean and standard deviation of each feature."""
    mean, deviation = _moments(X, sample_weight)
    labels = _labels(n_per_class)
    return mean + deviation * rng.standard_normal((len(labels), X.shape[1])), labels


def uniform(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """Uniform draws between the smallest and the largest value of each feature."""
    labels = _labels(n_per_class)
    return rng.uniform(X.min(axis=0), X.max(axis=0), (len(labels), X.shape[1])), labels


def fill_value(
    X: np.ndarray,
    y: np.ndarray,
    n_per_class: Counts,
    rng: np.random.Generator | None = None,
    sample_weight: np.ndarray | None = None,
    value: float = 0.0,
) -> Initialized:
    """Every feature of every prototype at one value.

    For another than 0 pass `functools.partial(fill_value, value=...)` as the callable of `prototypes_initializer`.
    """
    labels = _labels(n_per_class)
    return np.full((len(labels), X.shape[1]), value, X.dtype), labels


def zeros(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """All prototypes at the origin."""
    return fill_value(X, y, n_per_class, value=0.0)


def ones(
    X: np.ndarray, y: np.ndarray, n_per_class: Counts, rng: np.random.Generator, sample_weight: np.ndarray
) -> Initialized:
    """All prototypes at (1, ..., 1)."""
    return fill_value(X, y, n_per_class, value=1.0)


# Rows that are summed at a time, in float64.
_BLOCK = 2**12


def _total(of: Callable[[np.ndarray, np.ndarray], np.ndarray], X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the sum of what a function makes of blocks of the samples and their weights, over the sum of weights."""
    there = np.flatnonzero(weight)
    blocks = [there[start : start + _BLOCK] for start in range(0, len(there), _BLOCK)]
    parts = (of(X[each].astype(np.float64), weight[each].astype(np.float64)) for each in blocks)
    return sum(parts, np.float64(0.0)) / weight.sum(dtype=np.float64)


def _mean(X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return _total(lambda rows, share: share @ rows, X, weight)


def _moments(X: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = _mean(X, weight)
    return mean, np.sqrt(_total(lambda rows, share: share @ (rows - mean) ** 2, X, weight))


def filled(X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
    """Return the samples with each missing value (NaN) at the mean of what its class has there, or else of all."""
    missing = np.isnan(X)
    if not missing.any():
        return X
    result = np.where(missing, 0.0, X).astype(X.dtype)

    def means(rows: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        weight = ~missing[rows] * sample_weight[rows, None]
        total = weight.sum(axis=0)
        return np.where(total > 0, (result[rows] * weight).sum(axis=0) / np.where(total > 0, total, 1.0), otherwise)

    everywhere = means(np.ones(len(X), bool), np.zeros(X.shape[1]))
    of_class = np.stack([means(y == label, everywhere) for label in range(y.max() + 1)])
    return np.where(missing, of_class[y], X).astype(X.dtype)


# Features up to which a matrix of all pairs of them is small.
_SMALL = 500


def principal_directions(X: np.ndarray, sample_weight: np.ndarray, count: int) -> np.ndarray:
    """Return the `count` orthonormal directions (d, count) in which the weighted samples vary most."""
    # Not np.cov, which in older NumPy takes a single sample for a single feature.
    mean = _mean(X, sample_weight)

    def scattered(rows: np.ndarray, share: np.ndarray) -> np.ndarray:
        gap = rows - mean
        return gap.T @ (gap * share[:, None])

    n, d = X.shape
    if d <= max(n, _SMALL):
        return np.linalg.eigh(_total(scattered, X, sample_weight))[1][:, ::-1][:, :count]
    gap = X - mean
    vectors = np.linalg.svd(gap * np.sqrt(sample_weight)[:, None], full_matrices=False)[2].T
    if count > n:  # directions in which they do not vary at all
        others = np.random.default_rng(0).standard_normal((d, count - n))
        vectors = np.linalg.qr(np.hstack([vectors, others]))[0]
    return vectors[:, :count]


def median_distance(X: np.ndarray, prototypes: np.ndarray) -> float:
    """Return the median Euclidean distance of (at most a thousand of) the samples to the prototypes."""
    return float(np.median(cdist(X[evenly(len(X), 1000)], prototypes)))


def estimate_sigma(X: np.ndarray, percentile: float = 50.0) -> float:
    """Return a percentile of the Euclidean distances between samples, at most a thousand: a width for kernels."""
    X = np.asarray(X, np.float64)
    return float(np.percentile(pdist(X[evenly(len(X), 1000)]), percentile))


#: The initialisers by the name that `prototypes_initializer` takes.
INITIALIZERS: dict[str, Callable[..., Any]] = {
    "stratified_random": stratified_random,
    "class_mean": class_mean,
    "class_conditional_mean": class_mean,
    "stratified_noise": stratified_noise,
    "random_normal": random_normal,
    "uniform": uniform,
    "zeros": zeros,
    "ones": ones,
    "fill_value": fill_value,
}

#: Those that take prototypes from among the samples, and so need as many samples of a class as prototypes.
DRAWN_FROM_DATA = frozenset({"stratified_random", "stratified_noise"})
