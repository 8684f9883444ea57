"""The small tables that come with scikit-learn, read from its files: the library itself takes longer to import."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_CELLS = ("radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points",
          "symmetry", "fractal dimension")  # fmt: skip
_WINES = ("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
          "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines",
          "proline")  # fmt: skip
#: The file of each table and the names of its columns; the first line of the file has the names of the classes.
TABLES: dict[str, tuple[str, list[str]]] = {
    "breast_cancer": (
        "breast_cancer.csv",
        [
            *(f"mean {name}" for name in _CELLS),
            *(f"{name} error" for name in _CELLS),
            *(f"worst {name}" for name in _CELLS),
        ],
    ),
    "digits": ("digits.csv.gz", [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]),
    "iris": ("iris.csv", [f"{part} {side} (cm)" for part in ("sepal", "petal") for side in ("length", "width")]),
    "wine": ("wine_data.csv", list(_WINES)),
}


def bundled(name: str) -> pd.DataFrame:
    """Return a table with the names of the classes in the column `target`."""
    file, names = TABLES[name]
    found = find_spec("sklearn")
    path = Path(found.origin or "").parent / "datasets" / "data" / file if found is not None else Path()
    if not path.is_file():  # another version keeps it elsewhere
        return _from_library(name)
    frame = pd.read_csv(path, header=None, skiprows=0 if name == "digits" else 1, names=[*names, "target"])
    labels: Any = np.arange(10)
    if name != "digits":
        with path.open() as lines:
            labels = np.array(lines.readline().strip().split(",")[2:])
    return frame.assign(target=labels[frame["target"].astype(int)]).astype(dict.fromkeys(names, float))


def _from_library(name: str) -> pd.DataFrame:
    from sklearn import datasets

    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    return bunch.data.assign(target=np.asarray(bunch.target_names)[bunch.target])
