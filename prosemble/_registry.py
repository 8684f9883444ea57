"""The estimators of this library, by the names that files and the command line call them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from sklearn.base import BaseEstimator

_ESTIMATORS: dict[str, type[BaseEstimator]] = {}


def register(classes: Iterable[type[BaseEstimator]]) -> None:
    """Add classes, which files then name by their bare names."""
    _ESTIMATORS.update((cls.__name__, cls) for cls in classes)


def estimators() -> Mapping[str, type[BaseEstimator]]:
    """Return the classes by name, in the order of the names."""
    import_module("prosemble.models")  # where they are registered; a file can be read before any model is imported
    return MappingProxyType(dict(sorted(_ESTIMATORS.items())))
