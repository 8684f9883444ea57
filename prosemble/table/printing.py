"""What the command line shows: columns, figures, confusions and prototypes, legible at any size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import typer

from prosemble import _words as words

# Lines and columns of what is printed.
_COLUMNS, FEATURES, _PROTOTYPES, _CLASSES, _CONFUSED = 40, 60, 100, 20, 15


_pending: ContextVar[list[str] | None] = ContextVar("pending", default=None)


@contextmanager
def said_at_the_end() -> Iterator[None]:
    """Keep back what goes to standard error until all went well: a refusal is one line and no other."""
    lines: list[str] = []
    token = _pending.set(lines)
    try:
        yield
    finally:
        _pending.reset(token)
    for line in lines:
        say(line, err=True)


def beside(text: str) -> None:
    """Say something on standard error, beside what is written to standard output."""
    pending = _pending.get()
    if pending is None:
        say(text, err=True)
    else:
        pending.append(text)


def note(text: str) -> None:
    """Say on standard error what is worth knowing."""
    beside(f"Note: {text}")


def columns(lines: Sequence[tuple[str, str, str, str]]) -> None:
    """Print a line a column: name, kind, what was done, why; of many, those with something to say come first."""
    told = sorted(range(len(lines)), key=lambda i: (not lines[i][3], i))[:_COLUMNS] if len(lines) > _COLUMNS else None
    chosen = lines if told is None else [lines[i] for i in sorted(told)]
    say("Columns:")
    widths = [max(len(words.short(line[j])) for line in chosen) for j in (0, 1)]
    for name, kind, done, why in chosen:
        what = "; ".join(filter(None, [done, why])) if done != "left out" else f"left out: {why}"
        say(f"  {words.short(name):<{widths[0]}}  {kind:<{widths[1]}}  {what}")
    if len(lines) > len(chosen):
        kinds: dict[str, int] = {}
        for _, kind, done, _ in (line for line in lines if line not in chosen):
            what = f"{kind}, left out" if done == "left out" else kind
            kinds[what] = kinds.get(what, 0) + 1
        more = ", ".join(f"{count:,} of kind {kind}" for kind, count in kinds.items())
        say(f"  and {len(lines) - len(chosen):,} more columns ({more})")


def figures(rows: Mapping[str, tuple[float, float]]) -> None:
    """Print accuracy and balanced accuracy of some classifiers."""
    width = max(map(len, rows))
    say(f"{'':<{width}}  Accuracy  Balanced accuracy")
    for name, (accuracy, balanced) in rows.items():
        say(f"{name:<{width}}  {accuracy:8.3f}  {balanced:17.3f}")


def confusion(classes: Sequence[Any], counts: Any) -> None:
    """Print what is taken for what: all of it for few classes, the most frequent mistakes for many.

    Parameters
    ----------
    classes : sequence of labels
    counts : mapping of (true, predicted) places to counts
    """
    from rich.table import Table

    names = [words.short(label) for label in classes]
    # A name at the left, and at least as much room for each column as its name or a number takes.
    width = max(map(len, names)) + sum(max(len(name), 5) + 3 for name in names) + 4
    if len(names) <= _CLASSES and width <= console().width:
        say("Confusion matrix:")
        grid = Table("true \\ predicted", *names)
        for i, name in enumerate(names):
            grid.add_row(name, *(str(counts.get((i, j), 0)) for j in range(len(names))))
        console().print(grid)
        return
    wrong = sorted(
        ((count, pair) for pair, count in counts.items() if pair[0] != pair[1]), key=lambda each: (-each[0], each[1])
    )
    if not wrong:
        say("No class was taken for another.")
        return
    total = [0] * len(names)
    for (i, _), count in counts.items():
        total[i] += count
    say("Most frequent mistakes:")
    grid = Table("true", "predicted", "rows", "of")
    for count, (i, j) in wrong[:_CONFUSED]:
        grid.add_row(names[i], names[j], f"{count:,}", f"{total[i]:,}")
    console().print(grid)
    if len(wrong) > _CONFUSED:
        say(f"and {len(wrong) - _CONFUSED:,} more pairs of classes")


def prototypes(
    labels: Sequence[Any], features: Mapping[str, Sequence[Any]], units: str, apart: Sequence[str] | None = None
) -> None:
    """Print features down and prototypes across, so that many features need no width.

    Of more than `FEATURES`, those which are most `apart` are printed, where it is known.
    """
    from rich.table import Table

    say(f"Prototypes, {units}:")
    shown = list(features.items())[:FEATURES] if apart is None else [(name, features[name]) for name in apart]
    names = [words.short(label) for label in labels[:_PROTOTYPES]]
    across = max(1, (console().width - max(len(words.short(name)) for name, _ in shown) - 4) // 14)
    for start in range(0, len(names), across):
        part = slice(start, start + across)
        grid = Table("column", *names[part])
        for name, values in shown:
            grid.add_row(words.short(name), *map(_cell, values[part]))
        console().print(grid)
    if len(features) > len(shown):
        which = "more columns" if apart is None else "columns in which the prototypes differ less"
        say(f"and {len(features) - len(shown):,} {which}")
    if len(labels) > len(names):  # each row may be a prototype
        say(f"and {len(labels) - len(names):,} more prototypes")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return "missing" if value is None else words.short(value)


def say(text: str, err: bool = False) -> None:
    """Print text, of which a file or a table may hold a part, as what it is."""
    typer.echo(words.visible(text), err=err)


def console() -> Any:
    """Return a console that prints names as they are: square brackets and colons in them are no markup."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)
