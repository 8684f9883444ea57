"""Models as files."""

from prosemble.io.files import ModelFileError, load

__all__ = ["ModelFileError", "load"]
