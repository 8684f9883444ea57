"""Training at ten million samples against the ceilings of the device, measured in the same run.

    python benchmarks/gpu.py [--samples 10000000] [--features 64] [--prototypes 100 1000]

An epoch's operations are those of its two matrix products; its bytes are at least one
reading of the samples, and what XLA counts for the compiled program otherwise. The ceilings are a product of square
float32 matrices, in the precision that the distances are computed in, and a copy. Where an epoch takes more than twice
what the higher of the two ceilings allows, XLA leaves that much on the table.
"""

from __future__ import annotations

import argparse
from statistics import median

import jax
import jax.numpy as jnp
import numpy as np
from limits import Epochs
from results import markdown, seconds

from prosemble.models import GLVQ

RUNS = 7


def ceilings(size: int = 8192) -> tuple[float, float]:
    """Return the operations and the bytes a second that the device does at most, in units of 10^12."""
    A = jax.random.normal(jax.random.key(0), (size, size))
    product = jax.jit(lambda A: jnp.matmul(A, A, precision=jax.lax.Precision.HIGHEST))
    long = jax.random.normal(jax.random.key(1), (size * size,))
    copy = jax.jit(lambda a: a + 1.0)

    def taken(act: object, argument: jax.Array) -> float:
        jax.block_until_ready(act(argument))  # type: ignore[operator]
        return median(seconds(lambda: jax.block_until_ready(act(argument))) for _ in range(RUNS))  # type: ignore[operator]

    return 2 * size**3 / taken(product, A) / 1e12, 2 * long.nbytes / taken(copy, long) / 1e12


def problem(n: int, d: int, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return overlapping Gaussian classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, classes, n)
    return rng.standard_normal((classes, d), np.float32)[y] + rng.standard_normal((n, d), np.float32), y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--prototypes", type=int, nargs="+", default=[100, 1000])
    options = parser.parse_args()
    n, d = options.samples, options.features
    operations, moved = ceilings()
    device = jax.devices()[0]
    print(f"{device.device_kind}, JAX {jax.__version__}: at most {operations:.1f} TFLOP/s and {moved:.2f} TB/s")
    X, y = problem(n, d)
    lines = []
    for p in options.prototypes:
        model = GLVQ(n_prototypes_per_class=p // 10, max_iter=1, epsilon=0.0)
        epochs = Epochs(model, X, y)
        epochs.run(4)
        epoch = median(epochs.seconds_of_one(3) for _ in range(RUNS))
        compiled = epochs.compiled()
        counted = compiled.cost_analysis()
        lines.append(
            {
                "prototypes": p,
                "epoch, ms": epoch * 1e3,
                "products, TFLOP": 4 * n * d * p / 1e12,
                "share of the product ceiling": 4 * n * d * p / 1e12 / epoch / operations,
                "samples read once, GB": X.nbytes / 1e9,
                "bytes by XLA's count, GB": counted.get("bytes accessed", float("nan")) / 1e9,
                "share of the copy ceiling": X.nbytes / 1e12 / epoch / moved,
                "times the higher ceiling": epoch / max(4 * n * d * p / 1e12 / operations, X.nbytes / 1e12 / moved),
                "memory, GB": compiled.memory_analysis().temp_size_in_bytes / 1e9,
            }
        )
    print(markdown(lines))


if __name__ == "__main__":
    main()
