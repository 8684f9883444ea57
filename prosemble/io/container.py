"""The file of a model as bytes: safetensors for the arrays, a JSON header for the rest, and a checksum.

What the header holds is `prosemble.io.files`' to say. Nothing here needs JAX or scikit-learn, so that a file is soon
read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from prosemble.io.writing import replacing

# Models of tables need the third, quantised ones the second; all others are written as the first.
FORMAT = 3


class ModelFileError(ValueError):
    """A file that is no model file, is damaged, is of a newer format, or holds another class."""


def write(path: str | Path, header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> None:
    """Write header and arrays, replacing the file whole or not at all."""
    text = json.dumps(header)
    metadata = {"prosemble": text, "sha256": _checksum(text, tensors)}
    with replacing(path) as temporary:
        try:
            save_file(dict(tensors), temporary, metadata=metadata)
        except SafetensorError as error:
            raise OSError(f"{path} cannot be written: {error}") from error


def read(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the header and the arrays of a model file, checked for format but not for meaning."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError) as error:
        raise ModelFileError(f"{path} is no model file or is damaged: {error}") from error
    if "prosemble" not in metadata:
        raise ModelFileError(f"{path} is a safetensors file, but not of a prosemble model.")
    try:
        header = json.loads(metadata["prosemble"])
        version = header["format"]
        kinds = {"class": str, "parameters": dict, "objects": list, "fitted": dict, "training": dict}
        if wrong := [key for key, kind in kinds.items() if not isinstance(header[key], kind)]:
            raise ValueError(f"{wrong[0]} is {header[wrong[0]]!r}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(f"{path} is damaged: its header cannot be read ({error!r}).") from error
    if version not in range(1, FORMAT + 1):
        raise ModelFileError(f"{path} has format {version!r}; this version of prosemble reads up to {FORMAT}.")
    checksum = _checksum(metadata["prosemble"], tensors)
    if metadata.get("sha256", checksum) != checksum:
        raise ModelFileError(f"{path} is damaged: its checksum is not that of what it holds.")
    return header, tensors


def is_model(path: str | Path) -> bool:
    """Whether there is a file of a model, or what has its beginning."""
    try:
        with safe_open(path, framework="numpy") as file:
            return "prosemble" in (file.metadata() or {})
    except (SafetensorError, ValueError, OSError):
        return False


def _checksum(header: str, tensors: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tensors[name].shape}".encode())
        digest.update(tensors[name].tobytes())
    return digest.hexdigest()
