"""Looking a name up in a table of named things, with one wording for the unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def lookup(table: Mapping[str, T], name: object, kind: str, also: str = "a callable") -> T:
    """Return `table[name]`, or raise a `ValueError` that lists what is known."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise ValueError(f"Unknown {kind} {name!r}. Accepted: {', '.join(sorted(table))}; or {also}.")
