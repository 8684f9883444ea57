"""Probabilities of classes by the distances to them, the same in NumPy and where JAX traces them."""

from __future__ import annotations

from typing import Any

# Temperatures apart from which on two classes count as less and less far apart, and by how many more they can at most:
# beyond that, the probability of the nearer one would be rounded to 1, and rows be level that are not.
_STRAIGHT, _FURTHER = 10.0, 5.0


def logits(distances: Any, temperature: Any, bounded: bool, xp: Any) -> Any:
    """Return the logarithms of the probabilities but for a constant of each row, (n, c) as the distances.

    They are minus the distances over the temperature, measured from the nearest class, and where `bounded` never below
    -15 and yet in their order.
    """
    gaps = (distances - distances.min(axis=1, keepdims=True)) / temperature
    if not bounded:
        return -gaps
    beyond = xp.maximum(gaps - _STRAIGHT, 0.0)
    return -(xp.minimum(gaps, _STRAIGHT) + _FURTHER * (beyond / (beyond + _FURTHER)))


def probabilities(distances: Any, temperature: Any, bounded: bool, xp: Any) -> Any:
    """Return the softmax of these, (n, c)."""
    weights = xp.exp(logits(distances, temperature, bounded, xp))
    return weights / weights.sum(axis=1, keepdims=True)
