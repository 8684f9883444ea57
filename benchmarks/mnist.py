"""MNIST with one prototype a class beside published figures (Saralajew, arXiv 1902.00577 and thesis).

    python benchmarks/mnist.py MNIST_NPZ [--augment] [--epochs 150] [--models GLVQ GTLVQ] [--results mnist.jsonl]

`MNIST_NPZ` holds X_train, y_train, X_test and y_test. Protocol: pixels / 255, Adam 1e-3, batches of 128, prototypes
that start from the class means, GTLVQ's 12 tangents from the principal directions of the classes; `--augment` shifts
each image by up to 2 pixels and turns it by up to 15 degrees, anew in each epoch. The accuracy is that of the last
epoch; `--held-out` measures it on the last 10,000 training images instead, which then are not trained on, to choose by.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.ndimage import map_coordinates
from results import Results

from prosemble import models

MODELS = {"GLVQ": (0.833, {}), "GMLVQ": (0.883, {}), "GTLVQ": (0.946, {"subspace_dim": 12})}
SIDE = 28
SHIFT = 2.0
DEGREES = 15.0
# With augmentation, the accuracy after each so many epochs is kept as well, in case the run is cut short.
EVERY = 25


def moved(key: Any, image: Any) -> Any:
    """Return the image shifted and turned at random, interpolated linearly."""
    draws = jax.random.uniform(key, (3,), minval=-1.0, maxval=1.0)
    angle, centre = draws[0] * jnp.deg2rad(DEGREES), (SIDE - 1) / 2
    rows, columns = jnp.meshgrid(jnp.arange(SIDE) - centre, jnp.arange(SIDE) - centre, indexing="ij")
    from_row = jnp.cos(angle) * rows - jnp.sin(angle) * columns + centre + SHIFT * draws[1]
    from_column = jnp.sin(angle) * rows + jnp.cos(angle) * columns + centre + SHIFT * draws[2]
    return map_coordinates(image.reshape(SIDE, SIDE), [from_row, from_column], order=1).ravel()


@jax.jit
def augmented(X: Any, epoch: int) -> Any:
    """Return all images moved, differently in each epoch."""
    keys = jax.random.split(jax.random.fold_in(jax.random.key(0), epoch), len(X))
    return jax.lax.map(lambda pair: moved(*pair), (keys, X), batch_size=1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--schedule", help="a learning-rate schedule over the epochs, such as cosine_decay")
    parser.add_argument("--transfer", help="a transfer function, with beta 10")
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--results", type=Path, default=Path("mnist.jsonl"))
    options = parser.parse_args()
    data = np.load(options.file)
    X, Z = (data[name].reshape(-1, SIDE * SIDE) / np.float32(255) for name in ("X_train", "X_test"))
    y, w = data["y_train"], data["y_test"]
    if options.held_out:
        X, Z, y, w = X[:-10000], X[-10000:], y[:-10000], y[-10000:]
    settings = ("epochs", "lr", "batch", "schedule", "transfer", "augment", "held_out")
    setting = {name: getattr(options, name) for name in settings}
    found = Results(options.results, ("model", "epoch", *setting))
    trained: dict[str, Any] = {}
    for name in options.models:
        if {"model": name, "epoch": options.epochs, **setting} not in found:
            trained[name] = getattr(models, name)(
                lr=options.lr, lr_scheduler=options.schedule, transfer_fn=options.transfer,
                batch_size=options.batch, max_iter=options.epochs, epsilon=0.0,
                prototypes_initializer="class_mean", **MODELS[name][1],
            )  # fmt: skip
    spent = dict.fromkeys(trained, 0.0)

    def train(name: str, images: np.ndarray, epochs: int) -> None:
        begin = time.perf_counter()
        if epochs == 1:
            trained[name].partial_fit(images, y, classes=np.unique(y))
        else:
            trained[name].fit(images, y)
        spent[name] += time.perf_counter() - begin
        epoch = trained[name].n_iter_
        if epoch % EVERY == 0 or epoch == options.epochs:
            record = {"model": name, "epoch": epoch, **setting, "accuracy": trained[name].score(Z, w)}
            found.add({**record, "loss": float(trained[name].loss_), "seconds": round(spent[name], 1)})

    for epoch in range(options.epochs if trained and options.augment else 0):
        images = np.asarray(augmented(X, epoch))
        for name in trained:
            train(name, images, 1)
    if not options.augment:
        for name in trained:
            train(name, X, options.epochs)
    print("| model | published | ours | with |\n|---|---|---|---|")
    for record in found.records:
        figure, _ = MODELS[record["model"]]
        values = ", ".join(f"{name} {record[name]}" for name in settings if record[name])
        print(f"| {record['model']} | {figure:.3f} | {record['accuracy']:.4f} | epoch {record['epoch']}, {values} |")


if __name__ == "__main__":
    main()
