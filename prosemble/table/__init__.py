"""Tables as people have them: reading, kinds of columns, and a classifier over them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosemble.table.classifier import TableClassifier
    from prosemble.table.reading import read_table

__all__ = ["TableClassifier", "read_table"]

_HOMES = {"TableClassifier": "classifier", "read_table": "reading"}


def __getattr__(name: str) -> Any:
    # Only when it is asked for: a table is read without what trains on it.
    if name in _HOMES:
        return getattr(import_module(f"prosemble.table.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
