"""Ctrl-C during a training: what is running is finished and kept."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# Where a training is one of many: what Ctrl-C cut short would be taken for a result.
_MANY = (
    "sklearn.model_selection", "sklearn.ensemble", "sklearn.calibration", "sklearn.feature_selection",
    "sklearn.multiclass", "prosemble.model_selection", "prosemble.table.recipe",
)  # fmt: skip


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed."""

    came: bool = False


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Note the first Ctrl-C in the place of a `KeyboardInterrupt`; a second one acts as it always does.

    Only the main thread hears signals; in another one this changes nothing, nor where Ctrl-C is ignored or has a
    handler of its own. Within a search, Ctrl-C ends the search.
    """
    interrupt = Interrupt()
    former = signal.getsignal(signal.SIGINT)
    if (
        threading.current_thread() is not threading.main_thread()
        or former is not signal.default_int_handler
        or _one_of_many()
    ):
        yield interrupt
        return

    def note(signum: int, frame: object) -> None:
        interrupt.came = True
        signal.signal(signal.SIGINT, former)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, former)


def _one_of_many() -> bool:
    """Whether a search, an ensemble or the like has called this training."""
    frame = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(_MANY):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
