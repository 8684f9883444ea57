"""Many models of the same rows, trained together: those that share a program as one `vmap` of the one loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import jax
import numpy as np

from prosemble.core.blocks import rows_at_a_time
from prosemble.models.model import frozen
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.training import loop
from prosemble.training.threads import one_thread_each

T = TypeVar("T")

_OF_TRAINING = frozenset(SupervisedPrototypeModel.__annotations__)

# Distances that are computed at once, of all the models together; more do not make it faster.
_TOGETHER = 2**19


@dataclass
class _Job:
    """A model with all that trains it."""

    model: SupervisedPrototypeModel
    training: loop.Training
    data: loop.Data
    state: loop.State

    @property
    def program(self) -> Hashable:
        """What is equal for models that are trained together: their rows, and the program that trains them."""
        # Without mini-batches nothing is shuffled.
        seed = None if self.training.batch_size is None else self.model.random_seed
        shapes = tuple((np.shape(leaf), np.result_type(leaf)) for leaf in jax.tree.leaves((self.training, self.state)))
        rates = self.model._rates(self.training, self.data, 0, 1, 1).rate.ndim
        return id(self.data), seed, jax.tree.structure((self.training, self.state)), shapes, rates


def fit_together(
    models: Sequence[SupervisedPrototypeModel], X: Any, y: Any, sample_weight: Any = None
) -> list[SupervisedPrototypeModel | None]:
    """Fit the models, to what each one's own `fit` learns up to the rounding of sums.

    Parameters
    ----------
    models : sequence of SupervisedPrototypeModel
        Models of the caller's own: they are changed.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), optional

    Returns
    -------
    list
        Each model fitted, or None where its own `fit` has to do it: to run callbacks or share rows out over devices,
        or to raise what is wrong.
    """
    shared: dict[Hashable, Any] = {}
    groups: dict[Hashable, list[tuple[int, _Job]]] = defaultdict(list)
    for index, model in enumerate(models):
        if model.callbacks or model.verbose or not model.use_scan or model.devices is not None:
            continue
        try:
            job = _job(model, X, y, sample_weight, shared)
        except Exception:  # of any kind: a user's initialiser may raise what it likes
            continue
        groups[job.program].append((index, job))
    fitted: list[SupervisedPrototypeModel | None] = [None] * len(models)
    for group in groups.values():
        indices, jobs = zip(*group, strict=True)
        for index, learned in zip(indices, _train(jobs), strict=True):
            fitted[index] = models[index] if learned else None
    return fitted


def _job(model: SupervisedPrototypeModel, X: Any, y: Any, sample_weight: Any, shared: dict[Hashable, Any]) -> _Job:
    """Return what trains the model; what models read and lay out alike is done once."""

    def once(key: Hashable, make: Callable[[], T]) -> T:
        if key not in shared:
            shared[key] = make()
        return shared[key]

    def kept(act: Callable[[], T]) -> Callable[[], tuple[T, dict[str, Any]]]:
        """Return what it returns and the attributes that it sets."""

        def acted() -> tuple[T, dict[str, Any]]:
            former = set(vars(model))
            result = act()
            return result, {name: value for name, value in vars(model).items() if name not in former}

        return acted

    model._validate_params()
    kind = (type(model), model.allow_nan, model.batch_size is None, model.class_weight is not None)
    (rows, merged), read = once(kind, kept(lambda: model._arrange(*model._read(X, y, sample_weight, known=None))))
    model.__dict__.update(read)
    # What all models have beside their own parameters decides how they are trained, not how they start.
    own = {name: value for name, value in model.get_params(deep=False).items() if name not in _OF_TRAINING}
    started = once((*kind, frozen(own)), kept(lambda: model._start(merged, None, None)))[1]
    model.__dict__.update(started)
    training = model._training(len(rows.X))
    layout = (*kind, repr(model.class_weight), training.batch_size, model.prototype_labels_.tobytes())
    data = once(layout, lambda: model._lay_out(training, rows, None))
    return _Job(model, training, data, loop.template(training, model._parameters()))


def _train(jobs: Sequence[_Job]) -> list[bool]:
    """Train jobs of one program, as many at a time as is fast, and return which came to an end that can be held."""
    data = jobs[0].data
    columns = max(data.train.X.shape[1], len(data.labels))
    distances = len(data.labels) * min(len(data.train.X), rows_at_a_time(columns))
    runs = -(-len(jobs) // max(1, _TOGETHER // distances))
    size = -(-len(jobs) // runs)
    return [learned for first in range(0, len(jobs), size) for learned in _run(jobs[first : first + size], size)]


def _run(jobs: Sequence[_Job], size: int) -> list[bool]:
    """Train up to `size` jobs at once."""
    # Where there are fewer the last one is trained several times, since another size would be another program.
    filled = [*jobs, *[jobs[-1]] * (size - len(jobs))]
    data, models = jobs[0].data, [job.model for job in filled]
    structure = jax.tree.structure(jobs[0].training)
    numbers = _stacked([jax.tree.leaves(job.training) for job in filled])
    state = _stacked([job.state for job in filled])
    seed = models[0].random_seed
    until = np.array([model.max_iter for model in models])
    span = max(1, jobs[0].model._span(data) // size)
    learned = [True] * len(jobs)
    epoch = 0
    while epoch < until.max():
        rates = _stacked(
            [
                job.model._rates(job.training, data, int(step), span, job.model.max_iter)
                for job, step in zip(filled, state.step, strict=True)
            ]
        )
        stop = np.minimum(until, epoch + span)
        with one_thread_each:
            outcome = jax.tree.map(
                np.asarray, _run_together(structure, numbers, data, state, rates, seed, epoch == 0, stop)
            )
        for index, model in enumerate(models[: len(jobs)]):
            if learned[index] and model.n_iter_ < outcome.state.epoch[index]:
                try:
                    # A copy, since a view would keep what all of them have learned.
                    model._hold(jax.tree.map(lambda leaf, index=index: np.array(leaf[index]), outcome))
                except ValueError:  # it diverged
                    learned[index] = False
        state = outcome.state
        epoch += span
        if state.finished.all():
            break
    return learned


@partial(jax.jit, static_argnames="structure")
def _run_together(
    structure: Any, numbers: Any, data: loop.Data, state: Any, rates: Any, seed: int, fresh: bool, until: Any
) -> loop.Outcome:
    """Run the loop for several trainings of one structure, whose numbers differ, on the same data."""

    def run(numbers: Any, state: Any, rates: Any, until: Any) -> loop.Outcome:
        return loop.run(jax.tree.unflatten(structure, numbers), data, state, rates, seed, fresh, until)

    return jax.vmap(run)(numbers, state, rates, until)


def _stacked(trees: Sequence[T]) -> T:
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)
