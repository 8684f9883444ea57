"""Times trainings of one library: runs in that library's environment, asked by `peers.py`.

A line of standard input is a JSON list, the fields of a `peers.Fit`; the answer is the seconds of a training that is
not the first of its kind, or NaN where the library has no such model or fails.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from functools import cache, partial

import numpy as np

CLASSES = 10


def blobs(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return samples of overlapping Gaussian classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES, n)
    return (rng.standard_normal((CLASSES, d))[y] * 1.5 + rng.standard_normal((n, d))).astype(np.float32), y


@cache
def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised features and classes, of a set of scikit-learn's or of such a shape as 100000x64."""
    if "x" in name:
        return blobs(*map(int, name.split("x")))
    from sklearn import datasets

    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return ((X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1.0)).astype(np.float32), y


def jax_library(X, y, kind, count, epochs, batch_size):
    """Ours, and the reference, whose surface is the same."""
    from prosemble import models

    # An epsilon of zero: all epochs are run.
    model = getattr(models, kind)(
        n_prototypes_per_class=count, max_iter=epochs, batch_size=batch_size, epsilon=0.0, lr=0.01
    )
    np.asarray(model.fit(X, y).prototypes_)


def sklvq(X, y, kind, count, epochs, batch_size):
    import sklvq

    # Its batch size of 0 is the full batch, which its other solvers always take.
    solver = {"max_runs": epochs, "batch_size": batch_size or 0, "step_size": 0.01}
    getattr(sklvq, kind)(
        prototype_n_per_class=count, solver_type="steepest-gradient-descent", solver_params=solver, random_state=0
    ).fit(X, y)


def prototorch(X, y, kind, count, epochs, batch_size):
    import prototorch
    import prototorch.models
    import pytorch_lightning
    import torch

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    rows = torch.utils.data.TensorDataset(torch.as_tensor(X), torch.as_tensor(y))
    # Whole batches are indexed at once: its loaders' own way, row by row, takes ten times as long as the training.
    order = torch.utils.data.RandomSampler(rows) if batch_size else range(len(X))
    batches = torch.utils.data.BatchSampler(order, batch_size or len(X), drop_last=False)
    loader = torch.utils.data.DataLoader(rows, sampler=batches, batch_size=None)
    shape = {"input_dim": X.shape[1], "latent_dim": X.shape[1]}
    counts = {"num_classes": int(y.max()) + 1, "per_class": count}
    model = getattr(prototorch.models, kind)(
        {"distribution": counts, "lr": 0.01, **shape}, prototypes_initializer=prototorch.initializers.SMCI(rows)
    )
    quiet = dict.fromkeys(("enable_progress_bar", "logger", "enable_checkpointing", "enable_model_summary"), False)
    pytorch_lightning.Trainer(max_epochs=epochs, accelerator="cpu", **quiet).fit(model, loader)


LIBRARIES = {"ours": jax_library, "reference": jax_library, "sklvq": sklvq, "prototorch": prototorch}


def main() -> None:
    """Answer until standard input ends."""
    warnings.simplefilter("ignore")
    fit, known = LIBRARIES[sys.argv[1]], set()
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    for line in sys.stdin:
        name, *settings = json.loads(line)
        act = partial(fit, *data(name), *settings)
        try:
            if line not in known:
                act()  # the first compiles
            known.add(line)
            start = time.perf_counter()
            act()
            print(time.perf_counter() - start, file=answers, flush=True)
        except Exception as error:
            print(f"{name} {settings}: {error!r}", file=sys.stderr)
            print("nan", file=answers, flush=True)


if __name__ == "__main__":
    main()
