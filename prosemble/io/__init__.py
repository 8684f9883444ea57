"""Models as files, and as programs that run without this library."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from prosemble.io.container import ModelFileError

if TYPE_CHECKING:
    from prosemble.io.c_header import to_c_header
    from prosemble.io.files import load
    from prosemble.io.onnx import to_onnx
    from prosemble.io.stablehlo import to_stablehlo

__all__ = ["ModelFileError", "load", "to_c_header", "to_onnx", "to_stablehlo"]

_HOMES = {"load": "files", "to_c_header": "c_header", "to_onnx": "onnx", "to_stablehlo": "stablehlo"}


def __getattr__(name: str) -> Any:
    # Only when it is asked for: a file is read without JAX, and the models, which the exports import, import this
    # package.
    if name in _HOMES:
        return getattr(import_module(f"prosemble.io.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
