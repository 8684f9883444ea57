"""How many threads a training takes for linear algebra."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import cache

from threadpoolctl import ThreadpoolController

_libraries = cache(ThreadpoolController)


class OneThreadEach:
    """A context in which matrices are factorised on one thread; products of samples are not affected.

    The matrices of a metric are too small to share, and threads that wait for each other keep the cores busy: where
    another process has one of them, a regularised training takes seventy times as long.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limit = ExitStack()

    def __enter__(self) -> None:
        # The limit is the process's: of trainings that overlap in threads, the last one lifts it.
        with self._lock:
            if not self._inside:
                self._limit.enter_context(_libraries().limit(limits=1, user_api="blas"))
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.close()


one_thread_each = OneThreadEach()
