"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def writable(path: str | Path, name: str = "path") -> Path:
    """Return the path of a file that can be written, or say before any work is done why there can be none."""
    place = Path(os.path.realpath(path))  # where links lead to
    if place.is_dir():
        raise IsADirectoryError(f"{name} must be a file to write; {path} is a folder.")
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise FileExistsError(f"{name} must be a file to write; {path} is a device, a pipe or a link to itself.")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"{name} {path}: no folder {place.parent}.")
    return place


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a file to write to, which takes the place of the one at the path where all goes well, and else vanishes.

    The place is that which links lead to, and who may read it is as before.
    """
    path = writable(path)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise type(error)(f"{path} cannot be written: {error.strerror}.") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink()
        raise


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, replacing it whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
