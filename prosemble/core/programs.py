"""Compiled programs, forgotten before they have taken all the memory maps that a process may have.

Each program holds a hundred maps and more, and Linux gives a process some 65,000: a loop over a few hundred shapes
would end in a fault of the compiler.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial, update_wrapper
from pathlib import Path
from typing import Any

import jax

# The maps of this process, a line each, and how many it may have; other systems than Linux have no such files.
_MAPS, _LIMIT = Path("/proc/self/maps"), Path("/proc/sys/vm/max_map_count")
# What all maps of the process together may be of the limit, and how many a program has at most.
_SHARE, _LARGEST = 0.5, 1000

_kept: list[Compiled] = []
_lock = threading.Lock()
_inside = threading.local()
# Programs that may be compiled before the maps are counted again.
_unseen = 0

# Whether this process has computed, and whether it was forked from one that had: JAX's threads are not there then, and
# whatever waits for them waits for ever.
_computed, _orphaned = False, False


def _forked() -> None:
    global _orphaned
    _orphaned = _orphaned or _computed


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Compiled:
    """A function that `jax.jit` compiles for each new shape; a call may forget the programs of all such functions."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.program: Any = jax.jit(function, **options)
        update_wrapper(self, function)
        _kept.append(self)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        global _computed
        if _orphaned:
            raise RuntimeError(
                "This process was forked after its parent had computed, and would wait for ever. Fork before the "
                "first fit or prediction, or start processes by 'spawn' (multiprocessing) or joblib's loky."
            )
        _computed = True
        config: Any = jax.config
        if config.jax_numpy_dtype_promotion == "strict":  # a rule for the code of users, not for this
            with jax.numpy_dtype_promotion("standard"):
                return self(*arguments, **keywords)
        if getattr(_inside, "another", False):  # which is being traced
            return self.program(*arguments, **keywords)
        before = self.program._cache_size()
        _inside.another = True
        try:
            return self.program(*arguments, **keywords)
        finally:
            _inside.another = False
            if self.program._cache_size() > before:
                _forget_in_time()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.program, name)


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Return a function that is compiled as by `jax.jit`, with its options; a decorator where none is given."""
    return partial(compiled, **options) if function is None else Compiled(function, **options)


def _forget_in_time() -> None:
    """Forget all programs of the library where the maps of the process come near their limit."""
    global _unseen
    with _lock:
        _unseen -= 1
        if _unseen >= 0 or not _MAPS.exists():
            return
        most, maps = int(_SHARE * int(_LIMIT.read_text())), _count()
        if maps > most:
            for each in _kept:
                each.program.clear_cache()
            maps = _count()
        _unseen = max(0, most - maps) // _LARGEST


def _count() -> int:
    return _MAPS.read_bytes().count(b"\n")
