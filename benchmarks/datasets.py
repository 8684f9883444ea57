"""The nine data sets of the accuracy tables, and their protocol of splits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

BUNDLED = ("iris", "wine", "breast_cancer", "digits")
NAMES = ("iris", "wine", "breast_cancer", "ionosphere", "diabetes", "segment", "vowel", "digits", "spambase")


def load(name: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return features and class indices; `folder` holds one folder of CSV per data set that is not bundled."""
    if name in BUNDLED:
        return getattr(datasets, f"load_{name}")(return_X_y=True)
    table = pd.read_csv(folder / name / f"{name}.csv")
    y = table.pop("class")
    return table.select_dtypes("number").to_numpy(float), np.unique(y, return_inverse=True)[1]


def splits(name: str, folder: Path, seeds: range) -> Iterator[tuple[int, np.ndarray, ...]]:
    """Yield (seed, X_train, X_test, y_train, y_test): stratified 70/30, standardised on the training part."""
    X, y = load(name, folder)
    for seed in seeds:
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, stratify=y, random_state=seed)
        scaler = StandardScaler().fit(X_train)
        yield seed, scaler.transform(X_train), scaler.transform(X_test), y_train, y_test
