"""The libraries that ours is compared with, each pinned, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

PEERS = {
    # Its import name is the same as ours.
    "reference": ["prosemble[jax]==2.4.0", "jax==0.10.2", "optax==0.2.8", "chex", "pandas"],
    "sklvq": ["sklvq==0.1.2", "scikit-learn==1.2.2", "numpy==1.24.4"],
    # It imports pkg_resources, which setuptools had until then.
    "prototorch": ["prototorch-models==0.7.1", "prototorch==0.7.6", "setuptools<80"],
}


class Fit(NamedTuple):
    """A training to time: data set, model, prototypes a class, epochs, and whether in batches."""

    data: str
    model: str
    count: int
    epochs: int
    batch_size: int | None = None


def python_of(peer: str, folder: Path) -> Path:
    """Return the interpreter of a peer's environment, which is made where it is not there yet."""
    if peer == "ours":
        return Path(sys.executable)
    python = folder / peer / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(folder / peer, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PEERS[peer]], check=True)
    return python


def clean_environment() -> dict[str, str]:
    """Return the variables of this process, but for those that change what is imported or keep it from being cached."""
    apart = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PROSEMBLE_COMPILE_CACHE")
    return {name: value for name, value in os.environ.items() if name not in apart}


class Server:
    """A process of a library's environment that times trainings, one at a time."""

    def __init__(self, peer: str, folder: Path) -> None:
        command = [python_of(peer, folder), str(Path(__file__).with_name("serve.py")), peer]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=clean_environment(),
        )  # fmt: skip

    def ask(self, *question: Any) -> float:
        """Return the seconds that the library took, NaN where it has no such model or fails."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


@contextmanager
def servers(peers: list[str], folder: Path) -> Iterator[dict[str, Server]]:
    """Start a server a library, and end them."""
    started = {peer: Server(peer, folder) for peer in peers}
    try:
        yield started
    finally:
        for server in started.values():
            server.process.kill()
            server.process.wait()
