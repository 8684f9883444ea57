"""Words of messages: lists and values cut to what a person reads, and options in the form of the call."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: Values of a list that are written out, and characters of one value.
MOST, LONGEST = 12, 40

# Characters that turn the direction in which text is shown.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_on_command_line: ContextVar[bool] = ContextVar("on_command_line", default=False)


@contextmanager
def command_line() -> Iterator[None]:
    """Name options as on the command line, `--header none`, and not as in Python, `header='none'`."""
    token = _on_command_line.set(True)
    try:
        yield
    finally:
        _on_command_line.reset(token)


def option(name: str, value: Any) -> str:
    """Return how an option is given a value."""
    if _on_command_line.get():
        return f"--{name} {value}"
    return f"{name}={value!r}"


def drop(column: str) -> str:
    """Return how a column is left out."""
    return option("drop", short(column)) if _on_command_line.get() else f"drop=[{column!r}]"


def keep(column: str) -> str:
    """Return how a column is taken that would be left out."""
    return option("keep", short(column)) if _on_command_line.get() else f"keep=[{column!r}]"


def as_kind(column: str, kind: str) -> str:
    """Return how a column is said to be of a kind."""
    if _on_command_line.get():
        return f"--as {short(column)}={kind}"
    return f"kinds={{{column!r}: {kind!r}}}"


def visible(text: str) -> str:
    """Return text in which what steers a terminal, or turns its direction, is written out."""
    return "".join(ascii(character)[1:-1] if _steers(character) else character for character in text)


def _steers(character: str) -> bool:
    return character in _TURNING or (unicodedata.category(character) == "Cc" and character not in "\n\t")


def short(value: Any) -> str:
    """Return a value in one line, cut where it is long."""
    text = visible(" ".join(str(value).split()))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def quoted(value: Any) -> str:
    """Return the same in quotes."""
    return f"'{short(value)}'"


def listed(values: Sequence[Any], most: int = MOST) -> str:
    """Return the first values of a list, and how many more there are."""
    shown = ", ".join(map(str, values[:most]))
    more = len(values) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def some(values: Sequence[Any], most: int = MOST) -> str:
    """Return the same as a list of Python's, strings in quotes: `['a', 'b'] and 3 more`."""
    more = len(values) - most
    return f"{list(values[:most])} and {more:,} more" if more > 0 else str(list(values))


def count(number: int, thing: str, things: str | None = None) -> str:
    """Return a number of things in words: `1 row`, `2,000 rows`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def rows(places: Sequence[int], most: int = MOST) -> str:
    """Return the numbers of rows, counted from 1 as a person does: `rows 3, 7 and 12 more`."""
    return f"row{'' if len(places) == 1 else 's'} {listed([f'{place + 1:,}' for place in places], most)}"
