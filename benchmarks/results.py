"""What is measured: seconds, tables, and files of one JSON object a line where nothing is measured twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def seconds(act: Callable[[], Any]) -> float:
    """Return how long it takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


class Results:
    """The records of a file; those of equal values under `keys` are one and the same measurement."""

    def __init__(self, path: Path, keys: tuple[str, ...]) -> None:
        self.path = path
        self.keys = keys
        lines = path.read_text().splitlines() if path.exists() else []
        self.records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self._known = {self._key(record) for record in self.records}

    def _key(self, record: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(record.get(key) for key in self.keys)

    def __contains__(self, record: dict[str, Any]) -> bool:
        return self._key(record) in self._known

    def add(self, record: dict[str, Any]) -> None:
        """Append a record to the file, at once."""
        self.records.append(record)
        self._known.add(self._key(record))
        with self.path.open("a") as file:
            file.write(json.dumps(record) + "\n")

    def values(self, field: str, **where: Any) -> list[Any]:
        """Return a field of the records that have these values."""
        return [r[field] for r in self.records if field in r and where.items() <= r.items()]


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return a table of rows that have the same columns; numbers to three digits."""

    def cell(value: Any) -> str:
        if value != value:
            return "-"
        if isinstance(value, float):
            return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell(value) for value in row.values()] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
