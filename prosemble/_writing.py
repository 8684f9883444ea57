"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# The end of the name of a file that is being written.
_PART = ".part"


def writable(path: str | Path, name: str = "path") -> Path:
    """Return the path of a file that can be written, or say before any work is done why there can be none."""
    place = Path(os.path.realpath(path))  # where links lead to
    if place.is_dir():
        raise IsADirectoryError(f"{name} must be a file to write; {path} is a folder.")
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise FileExistsError(f"{name} must be a file to write; {path} is a device, a pipe or a link to itself.")
    if not place.parent.is_dir():
        raise FileNotFoundError(f"{name} {path}: no folder {place.parent}.")
    if not os.access(place.parent, os.W_OK | os.X_OK):
        raise PermissionError(f"{name} {path}: files cannot be written into the folder {place.parent}.")
    return place


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a file to write to, which takes the place of the one at the path where all goes well, and else vanishes.

    The place is that which links lead to, and who may read it is as before.
    """
    path = writable(path)
    _clear_up(path)
    handle, temporary = _begun(path)
    try:
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def _begun(path: Path) -> tuple[int, Path]:
    """Make a file beside the path, and lock it while it is written; who may read it, the process's umask says."""
    while True:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_PART}")
        try:
            # As private as what it is to replace from the first moment on.
            mode = path.stat().st_mode & 0o777 if path.exists() else 0o666
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        except OSError as error:
            raise type(error)(f"{path} cannot be written: {error.strerror}.") from error
        if fcntl is None:
            return handle, temporary
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # a file system without locks
            return handle, temporary
        if temporary.exists():
            return handle, temporary
        os.close(handle)  # somebody who cleared up was faster


def _clear_up(path: Path) -> None:
    """Remove what processes that were killed have left of files for this path: what nobody holds a lock on."""
    if fcntl is None:
        return
    with os.scandir(path.parent) as entries:
        left = [e.path for e in entries if e.name.startswith(f".{path.name}.") and e.name.endswith(_PART)]
    for name in left:
        try:
            handle = os.open(name, os.O_WRONLY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name)
        except OSError:  # it is being written
            pass
        finally:
            os.close(handle)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file, replacing it whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
