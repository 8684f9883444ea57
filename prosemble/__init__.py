"""Prototype classifiers that can be understood: the Generalized LVQ family on JAX, with scikit-learn's interface."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["AutoPrototypeClassifier", "enable_compile_cache"]

if TYPE_CHECKING:
    from prosemble.compile_cache import enable_compile_cache
    from prosemble.model_selection import AutoPrototypeClassifier

_HOMES = {"AutoPrototypeClassifier": "model_selection", "enable_compile_cache": "compile_cache"}


def __getattr__(name: str) -> Any:
    # Only when it is asked for: `import prosemble` alone imports nothing.
    if name in _HOMES:
        return getattr(import_module(f"prosemble.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if os.environ.get("PROSEMBLE_COMPILE_CACHE", "0") != "0":
    from prosemble import compile_cache

    compile_cache.enable_as_environment_says()
