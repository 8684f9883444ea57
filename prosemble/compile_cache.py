"""Compiled programs kept on disk, so that a new process need not compile them again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import jax

#: Environment variable that switches the cache on: a folder, or 1 for the default one. On the command line, where the
#: default one is used without it, 0 switches it off.
VARIABLE = "PROSEMBLE_COMPILE_CACHE"
#: Bytes of programs that the command line leaves in the folder.
MOST_BYTES = 200_000_000


def default_folder() -> Path:
    """Return the folder that is used where none is named: `~/.cache/prosemble`, or below `$XDG_CACHE_HOME`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prosemble"


def enable_compile_cache(folder: str | Path | None = None) -> Path:
    """Keep the programs that JAX compiles from now on in a folder, and take those that are there.

    The first fit of a process compiles a program, which a later process then only reads. Programs of other versions,
    machines or shapes do not match and are compiled and added; the folder can be deleted at any time. It applies to
    everything that JAX compiles in this process. `PROSEMBLE_COMPILE_CACHE=FOLDER` in the environment, or `=1` for
    the default folder, does the same without a change of code; the command line does so by itself, keeps the default
    folder below 200 MB, and leaves it alone with `=0`.

    Parameters
    ----------
    folder : str or Path, optional
        Made where it is missing; `~/.cache/prosemble` when None.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OSError
        If the folder cannot be made or written to.
    RuntimeError
        If JAX is older than 0.6.2: programs that 0.6.0 reads back from the folder give wrong results.
    """
    if jax.__version_info__ < (0, 6, 2):
        raise RuntimeError(
            f"The compile cache needs JAX 0.6.2 or newer, whose programs survive it; got {jax.__version__}."
        )
    folder = default_folder() if folder is None else Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"folder={str(folder)!r} cannot be written to; name another one.")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # Ours compile in less than the second, and are smaller than the size, below which JAX does not keep programs.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    return folder


def enable_as_environment_says() -> None:
    """Enable the cache where `PROSEMBLE_COMPILE_CACHE` asks for it."""
    value = os.environ.get(VARIABLE)
    if value and value != "0":
        enable_compile_cache(None if value == "1" else value)


@contextmanager
def kept_programs() -> Iterator[None]:
    """Use the cache as the command line does: in the default folder, bounded, unless the environment says otherwise.

    Where it cannot be used, programs are compiled as without it.
    """
    value = os.environ.get(VARIABLE, "1")
    if value != "0":
        with suppress(OSError, RuntimeError):
            enable_compile_cache(None if value == "1" else value)
    try:
        yield
    finally:
        if value == "1" and default_folder().is_dir():
            _forget_oldest(default_folder())


def _forget_oldest(folder: Path) -> None:
    """Delete the programs that were not used for longest, until the others are no more than `MOST_BYTES`."""
    used: list[tuple[float, int, Path]] = []
    for path in [*folder.glob("*-cache"), *folder.glob("*-atime")]:  # as JAX calls them
        with suppress(OSError):  # another process may have deleted it
            status = path.stat()
            used.append((max(status.st_atime, status.st_mtime), status.st_size, path))
    excess = sum(size for _, size, _ in used) - MOST_BYTES
    for _, size, path in sorted(used):
        if excess <= 0:
            break
        with suppress(OSError):
            path.unlink()
        excess -= size
