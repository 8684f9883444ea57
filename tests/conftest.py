import itertools
import os
from pathlib import Path

# Read by SciPy at import: without it scikit-learn skips its array API checks.
os.environ["SCIPY_ARRAY_API"] = "1"
# Read by matplotlib at import: figures are made, but no window.
os.environ["MPLBACKEND"] = "agg"
# Two devices, for the option that shares samples out over them; and compilers in a hurry, since most of the time of
# these tests is compilation of programs that run for a moment.
os.environ["XLA_FLAGS"] = " ".join(
    [
        os.environ.get("XLA_FLAGS", ""),
        "--xla_force_host_platform_device_count=2",
        "--xla_backend_optimization_level=0",
        "--xla_llvm_disable_expensive_passes=true",
        "--xla_cpu_use_fusion_emitters=false",
    ]
)
# Programs are made faster where nothing says which line of ours each operation comes from.
os.environ["JAX_TRACEBACK_IN_LOCATIONS_LIMIT"] = "0"

import jax
import numpy as np
import pytest
from sklearn.datasets import load_iris


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X.astype(np.float32), y


MAPS = Path("/proc/self/maps")
RAN = itertools.count(1)


@pytest.fixture(autouse=True)
def few_programs():
    """Forget compiled programs before they have taken all the memory maps that Linux allows a process (65,530)."""
    yield
    # Not after each test, since a long list of maps takes as long to read as a short test.
    if next(RAN) % 10 == 0 and MAPS.exists() and MAPS.read_bytes().count(b"\n") > 25_000:
        jax.clear_caches()
