"""Probabilities out of distances: one temperature, whatever the units of the features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

#: Samples (n, d), class indices (n,) and weights (n,).
Labelled = tuple[np.ndarray, np.ndarray, np.ndarray]

# Rows that are looked at, and numbers that they have at most.
ROWS, _NUMBERS = 1000, 2**22
# Temperatures that the two nearest classes may be apart in nine rows of ten: where all rows are on the right side, no
# temperature is too low for them, and it says nothing of others.
_APART = 100.0


def most_rows(n_features: int) -> int:
    """Return how many rows of so many features a temperature is fitted to at most."""
    return max(1, min(ROWS, _NUMBERS // n_features))


def fitted_temperature(distances: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return T for which softmax(-distances / T) fits the classes best: Platt's scaling with one number (Guo 2017).

    Parameters
    ----------
    distances : ndarray of shape (n_samples, n_classes)
    y : ndarray of shape (n_samples,)
        Class indices.
    weight : ndarray of shape (n_samples,)
    """
    gaps = distances - distances.min(axis=1, keepdims=True)
    own = gaps[np.arange(len(y)), y]
    usual = float(np.quantile(np.partition(gaps, 1, axis=1)[:, 1], 0.9))
    if not 0 < usual < np.inf:
        return 1.0

    def loss(log_temperature: float) -> float:
        t = np.exp(log_temperature)
        return float(np.average(logsumexp(-gaps / t, axis=1) + own / t, weights=weight))

    coldest = float(np.log(usual / _APART))
    return float(np.exp(minimize_scalar(loss, bounds=(coldest, coldest + 10.0), method="bounded").x))


class Calibration:
    """Some of the rows that a model was trained on, and the temperature that is fitted to them when it is asked for.

    So that a model which only predicts labels need not compile what a fit would take.
    """

    def __init__(self, rows: Labelled | None = None, temperature: float | None = None) -> None:
        self.rows, self._temperature = rows, temperature

    def taught(self, rows: Labelled, beside: bool) -> Calibration:
        """Return one of these rows, at most `most_rows`, `beside` those of before or in their place."""
        if beside and self.rows is not None:
            most = most_rows(rows[0].shape[1])
            X, y, weight = (np.concatenate(pair)[-most:] for pair in zip(self.rows, rows, strict=True))
            rows = X, y, weight
        return Calibration(rows, self._temperature)

    def anew(self) -> Calibration:
        """Return one of the same rows whose temperature is fitted anew."""
        return Calibration(self.rows, self._temperature if self.rows is None else None)

    def temperature(self, class_distances: Callable[[np.ndarray], np.ndarray]) -> float:
        """Return the temperature, of a model that measures such distances; 1 where nothing is known of its rows."""
        if self._temperature is None:
            if self.rows is None:
                return 1.0
            X, y, weight = self.rows
            self._temperature = fitted_temperature(class_distances(X).astype(np.float64), y, weight)
        return self._temperature
