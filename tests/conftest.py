import os
import signal

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

import numpy as np
import pytest
from sklearn.datasets import load_iris

# What is started in the background of a script ignores Ctrl-C, and tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X.astype(np.float32), y


@pytest.fixture(scope="module", autouse=True)
def programs_of_the_tests_themselves():
    """Forget what tests have compiled without the library, which forgets only its own, before maps run out."""
    yield
    import jax

    maps = "/proc/self/maps"
    if os.path.exists(maps):
        with open(maps, encoding="utf-8", errors="replace") as lines:
            if sum(1 for _ in lines) > 20_000:
                jax.clear_caches()
