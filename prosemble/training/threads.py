"""How many threads a training takes for linear algebra."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_libraries = cache(ThreadpoolController)


def one_thread_each() -> AbstractContextManager[Any]:
    """Return a context in which matrices are factorised on one thread; products of samples are not affected.

    The matrices of a metric are too small to share, and threads that wait for each other keep the cores busy: where
    another process has one of them, a regularised training takes seventy times as long.
    """
    return _libraries().limit(limits=1, user_api="blas")
