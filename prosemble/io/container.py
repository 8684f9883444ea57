"""The file of a model as bytes: safetensors for the arrays, a JSON header for the rest, and a checksum.

What the header holds is `prosemble.io.files`' to say. Nothing here needs JAX or scikit-learn, so that a file is soon
read.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from prosemble import _words as words
from prosemble._writing import replacing

# Models of tables need the third, quantised ones the second; all others are written as the first.
FORMAT = 3


# Bytes of the longest header: labels and names of columns are in it.
_LONGEST_HEADER = 10**8
# Bytes of a number, by its type in the file.
_ITEM = {"BOOL": 1, "U8": 1, "I8": 1, "I16": 2, "U16": 2, "F16": 2, "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8,
         "F64": 8}  # fmt: skip


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
    """Return the header and the arrays of a model file, checked for format but not for meaning.

    The header is judged first: no array is read of a file that is none of ours or says of itself what cannot be.
    """
    header, text, stated = _header(Path(path))
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, OSError) as error:
        raise ModelFileError(f"{path} is no model file or is damaged: {error}") from error
    checksum = _checksum(text, tensors)
    if stated not in (None, checksum):
        raise ModelFileError(f"{path} is damaged: its checksum is not that of what it holds.")
    return header, tensors


def class_in(path: str | Path) -> str:
    """Return what a file calls the class of its model, by its header alone."""
    return _header(Path(path))[0]["class"]


def _header(path: Path) -> tuple[dict[str, Any], str, Any]:
    """Return the header of a file, as its text too, and the checksum that it states."""
    if not path.is_file():
        raise FileNotFoundError(f"No model file at {path}.")
    text, stated = _judged(path)
    try:
        header = json.loads(text)
        version = header["format"]
        kinds = {"class": str, "parameters": dict, "objects": list, "fitted": dict, "training": dict}
        if wrong := [key for key, kind in kinds.items() if not isinstance(header[key], kind)]:
            raise ValueError(f"{wrong[0]} is {header[wrong[0]]!r}")
        if not all(isinstance(name, str) for name in header["objects"]):
            raise ValueError("objects are no names")
        header.setdefault("table", None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{path} is damaged: its header cannot be read ({_in_short(error)}).") from error
    if isinstance(version, bool) or version not in range(1, FORMAT + 1):
        raise ModelFileError(f"{path} has format {version!r}; this version of prosemble reads up to {FORMAT}.")
    return header, text, stated


def _judged(path: Path) -> tuple[str, Any]:
    """Return our header and the checksum that a file states, where its arrays are what they are said to be."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= size - 8:
                raise ValueError("its beginning is not that of a safetensors file")
            if length > _LONGEST_HEADER:
                raise ValueError(f"its header of {length:,} bytes is longer than any that is written")
            layout = json.loads(file.read(length))
        metadata = layout.pop("__metadata__", {})
    except (ValueError, AttributeError, TypeError, RecursionError, OSError) as error:
        raise ModelFileError(f"{path} is no model file or is damaged: {_in_short(error)}") from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get("prosemble"), str):
        raise ModelFileError(f"{path} is a safetensors file, but not of a prosemble model.")
    try:
        for name, array in layout.items():
            if array["dtype"] not in _ITEM:
                raise ValueError(f"{name} is of type {array['dtype']}, which no model has")
            first, last = array["data_offsets"]
            if last - first != math.prod(array["shape"]) * _ITEM[array["dtype"]] or not 0 <= first <= last:
                raise ValueError(f"{name} has other sizes than it is said to have")
            if 8 + length + last > size:
                raise ValueError(f"{name} ends beyond the end of the file")
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is no model file or is damaged: {_in_short(error)}") from error
    return metadata["prosemble"], metadata.get("sha256")


def _in_short(error: BaseException) -> str:
    return words.short(f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else error)


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
