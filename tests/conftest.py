import os

# Read by SciPy at import: without it scikit-learn skips its array API checks.
os.environ["SCIPY_ARRAY_API"] = "1"
# Two devices, for the option that shares samples out over them.
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"

import numpy as np
import pytest
from sklearn.datasets import load_iris


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X.astype(np.float32), y
