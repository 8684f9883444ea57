"""What `show` of the command line prints of a model file, read without JAX, scikit-learn and pandas."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from prosemble import _words as words
from prosemble.io import container
from prosemble.table import printing


def show(path: Path) -> None:
    """Print what a model is, what it reads, and its prototypes.

    Raises
    ------
    prosemble.io.ModelFileError
        If the file is no usable model.
    """
    header, tensors = container.read(path)
    fitted, table = header["fitted"], header["table"]
    try:
        printing.say(header.get("shown") or f"{header['class']}()")
        labels = fitted["labels"]["values"]
        target = f" of {table['target']!r}" if table and table.get("target") else ""
        printing.say(f"Classes{target}: {words.listed([words.short(label) for label in labels], 40)}")
        if table and "columns" in table:
            lines = [[column.get(name, "") for name in ("name", "kind", "done", "why")] for column in table["columns"]]
            printing.columns([(name, kind, done, why) for name, kind, done, why in lines])
        epochs, loss = header["training"].get("n_iter_"), header["training"].get("loss_")
        if epochs is not None and loss is not None:  # others are not trained
            printing.say(f"Epochs: {epochs}, loss: {loss:.5g}")
        printing.prototypes(**((table or {}).get("prototypes") or _as_given(header, tensors)))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise container.ModelFileError(f"{path} is damaged: it cannot be shown ({error!r}).") from error


def _as_given(header: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the prototypes of a model that was saved without a table."""
    fitted = header["fitted"]
    values = tensors["prototypes"].astype(float).reshape(fitted["groups"]["prototypes"])
    if "prototypes:step" in tensors:
        offset, step = (tensors[f"prototypes:{part}"].reshape(1, -1) for part in ("offset", "step"))
        values = offset + step * values
    latent = values.shape[1] != fitted["n_features_in"] or (header.get("predictor") or {}).get("latent", False)
    names = [f"latent {j}" for j in range(values.shape[1])] if latent else fitted["feature_names_in"]
    names = names or [f"x{j}" for j in range(values.shape[1])]
    return {
        "labels": [fitted["labels"]["values"][k] for k in fitted["prototype_labels"]],
        "features": dict(zip(names, values.T.tolist(), strict=True)),
        "units": "as coordinates of what the model's encoder makes of a row"
        if latent
        else "as the model was given its features",
    }
