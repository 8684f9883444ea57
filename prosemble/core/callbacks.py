"""What happens beside a training: the callback protocol and the ready-made ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from numbers import Integral
from pathlib import Path
from typing import Any


def _count(every: int) -> int:
    if not isinstance(every, Integral) or every < 1:
        raise ValueError(f"every must be an int >= 1; got {every!r}.")
    return int(every)


class Callback:
    """Override what you need; every method does nothing here.

    `info` is a read-only mapping with `iteration` (from 0), `max_iter`, `loss`, `val_loss` (None without validation
    data), `lr` (None where the optimiser has a rate of its own) and `params` (the parameters now, NumPy arrays).
    """

    def on_fit_start(self, model: Any, X: Any) -> None:
        """Run before the first epoch."""

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> bool | None:
        """Run after each epoch, when `model` already predicts; return True to stop the training."""

    def on_fit_end(self, model: Any, info: Mapping[str, Any]) -> None:
        """Run after the last epoch, with its info."""

    def close(self) -> None:
        """Release what `on_fit_start` took: runs last, also where the training failed."""


class ProgressBar(Callback):
    """A bar with epoch, loss and validation loss (what `verbose=True` shows).

    In a notebook it moves where ipywidgets is installed; elsewhere its last state is printed.
    """

    def on_fit_start(self, model: Any, X: Any) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            # Without ipywidgets rich would warn in a notebook and show nothing.
            console=None if find_spec("ipywidgets") else Console(force_jupyter=False),
        )  # fmt: skip
        self._progress.start()
        self._task = self._progress.add_task(type(model).__name__, total=model.max_iter, losses="")

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> None:
        losses = f"loss {info['loss']:.5g}"
        if info["val_loss"] is not None:
            losses += f", validation loss {info['val_loss']:.5g}"
        self._progress.update(self._task, completed=info["iteration"] + 1, total=info["max_iter"], losses=losses)

    def close(self) -> None:
        self._progress.refresh()  # rich leaves out the last state in a notebook
        self._progress.stop()
        del self._progress  # it can be neither copied nor pickled


class JSONLinesLog(Callback):
    """Append a line of JSON per epoch to a file: iteration, loss, val_loss, lr."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> None:
        line = {name: info[name] for name in ("iteration", "loss", "val_loss", "lr")}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")


class TensorBoard(Callback):
    """Write loss, validation loss and learning rate as scalars for TensorBoard (extra `tensorboard`)."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def on_fit_start(self, model: Any, X: Any) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise ImportError("The TensorBoard callback needs: pip install 'prosemble[tensorboard]'") from error
        self._writer = SummaryWriter(str(self.folder))

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> None:
        for name in ("loss", "val_loss", "lr"):
            if info[name] is not None:
                self._writer.add_scalar(name, info[name], info["iteration"])

    def close(self) -> None:
        self._writer.close()


class PrototypeHistory(Callback):
    """Record the prototypes at the start and every so many epochs, and the last.

    `epochs` lists after how many epochs, `prototypes` what they then were, arrays (n_prototypes, n_features); with
    `restore_best` or an average, that is what was trained, which the model need not hold in the end. A training that
    goes on (`resume=True`) is added to what is there. `prosemble.inspection.TrajectoryDisplay` draws it.
    """

    def __init__(self, every: int = 1) -> None:
        self.every = _count(every)
        self.epochs: list[int] = []
        self.prototypes: list[Any] = []

    def on_fit_start(self, model: Any, X: Any) -> None:
        if model.n_iter_ == 0 or not self.epochs or self.epochs[-1] > model.n_iter_:
            self.epochs, self.prototypes = [], []
            self._record(model.n_iter_, model.prototypes_)

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> None:
        if (info["iteration"] + 1) % self.every == 0:
            self._record(info["iteration"] + 1, info["params"]["prototypes"])

    def on_fit_end(self, model: Any, info: Mapping[str, Any]) -> None:
        if self.epochs[-1] != info["iteration"] + 1:
            self._record(info["iteration"] + 1, info["params"]["prototypes"])

    def _record(self, epoch: int, prototypes: Any) -> None:
        self.epochs.append(epoch)
        self.prototypes.append(prototypes)


class Checkpoint(Callback):
    """Save the model, with all that `fit(..., resume=True)` needs, every so many epochs."""

    def __init__(self, path: str | Path, every: int = 10) -> None:
        self.path = Path(path)
        self.every = _count(every)

    def on_fit_start(self, model: Any, X: Any) -> None:
        from prosemble._writing import writable

        writable(self.path)

    def on_iteration_end(self, model: Any, info: Mapping[str, Any]) -> None:
        if (info["iteration"] + 1) % self.every == 0:
            model.save(self.path)
