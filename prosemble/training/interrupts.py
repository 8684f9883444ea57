"""Ctrl-C during a training: what is running is finished and kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Interrupt:
    """Whether Ctrl-C was pressed."""

    came: bool = False


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Note the first Ctrl-C in the place of a `KeyboardInterrupt`; a second one acts as it always does.

    Only the main thread hears signals; in another one this changes nothing, nor where Ctrl-C is ignored or has a
    handler of its own.
    """
    interrupt = Interrupt()
    former = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or former is not signal.default_int_handler:
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
