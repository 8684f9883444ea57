"""Many models trained together, also on several sets of rows: those that share a program as one `vmap` of the loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

import jax
import numpy as np
from sklearn.base import clone

from prosemble.core.programs import compiled
from prosemble.models.composition import frozen
from prosemble.models.options import TrainingOptions
from prosemble.training import loop
from prosemble.training.data import Rows, Selection, rows_trained_at_a_time
from prosemble.training.threads import one_thread_each

if TYPE_CHECKING:
    from prosemble.models.prototype_base import SupervisedPrototypeModel

T = TypeVar("T")
Fitted = list["SupervisedPrototypeModel | None"]
#: Models, and the X, y and sample_weight that they are fitted to.
Problem = tuple[Sequence["SupervisedPrototypeModel"], Any, Any, Any]

_OF_TRAINING = frozenset(TrainingOptions.__annotations__)

# Distances that are computed at once, of all the models together; more do not make it faster. Of problems that are
# solved together it bounds the numbers in their rows, too.
_TOGETHER = 2**19


@dataclass
class _Job:
    """A model with all that trains it, and whether it came to an end that can be held."""

    model: SupervisedPrototypeModel
    training: loop.Training
    data: loop.Data
    state: loop.State
    learned: bool = True

    @property
    def program(self) -> Hashable:
        """What is equal for models that are trained together."""
        # Without mini-batches nothing is shuffled.
        seed = None if self.training.batch_size is None else self.model.random_seed
        leaves, structure = jax.tree.flatten((self.training, self.data, self.state))
        rates = self.model._rates(self.training, self.data, 0, 1, 1).rate.ndim
        return seed, structure, tuple((np.shape(leaf), np.result_type(leaf)) for leaf in leaves), rates

    @property
    def distances(self) -> int:
        """How many distances are computed at once."""
        rows, prototypes = len(self.data.train.X), len(self.data.labels)
        return prototypes * min(rows, rows_trained_at_a_time(self.data.train.X.shape[1], prototypes))


def fit_together(models: Sequence[SupervisedPrototypeModel], X: Any, y: Any, sample_weight: Any = None) -> Fitted:
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
        to raise what is wrong, or since it is as fast by itself.
    """
    return fit_all_together([(models, X, y, sample_weight)], 1)[0]


def fit_from(
    model: SupervisedPrototypeModel, seeds: int | Sequence[int], X: Any, y: Any, sample_weight: Any = None
) -> None:
    """Do what `SupervisedPrototypeModel.fit_many` describes."""
    if isinstance(seeds, Integral):
        seeds = range(model.random_seed, model.random_seed + int(seeds))
    if not isinstance(seeds, Iterable) or not len(seeds := list(seeds)):
        raise ValueError(f"seeds must be a positive number or hold at least one seed; got {seeds!r}.")
    own = model.get_params(deep=False)

    def start(seed: int) -> SupervisedPrototypeModel:
        return clone(model).set_params(**{**own, "random_seed": seed})

    starts = [start(seed) for seed in seeds]
    for each in starts:
        each._validate_params()
    fits = fit_together(starts, X, y, sample_weight)
    failure = None
    for index, seed in enumerate(seeds):
        if fits[index] is None:
            try:
                fits[index] = start(seed).fit(X, y, sample_weight)
            except ValueError as error:  # it diverged, or all of them will fail
                failure = error
    final = "best_loss_" if model.restore_best else "loss_"
    losses = np.array([getattr(each, final, np.inf) for each in fits])
    best = int(losses.argmin())
    if failure is not None and not np.isfinite(losses[best]):
        raise failure
    model.__dict__ = {**vars(fits[best]), **own}  # and nothing of a former fit
    model.best_seed_, model.seed_losses_ = seeds[best], losses


def fit_all_together(problems: Iterable[Problem], like: int) -> list[Fitted]:
    """Return what `fit_together` does of each problem, all small ones together.

    Small is one of which as many as `like` fit the cache. Every other one is solved before the next is asked for, so
    that their rows are not held side by side.
    """
    results: list[Fitted] = []
    small: list[tuple[_Job, Fitted, int]] = []
    for models, X, y, sample_weight in problems:
        fitted: Fitted = [None] * len(models)
        results.append(fitted)
        shared: dict[Hashable, Any] = {}
        jobs = []
        for index, model in enumerate(models):
            if model.callbacks or model.verbose or not model.use_scan or model.devices is not None:
                continue
            try:
                job = _job(model, X, y, sample_weight, shared)
                if not getattr(getattr(job.training.model, "distance", None), "alone", False):
                    jobs.append((job, fitted, index))
            except Exception:  # of any kind: a user's initialiser may raise what it likes
                continue
        if jobs and like * (jobs[0][0].data.train.X.size + sum(job.distances for job, _, _ in jobs)) > _TOGETHER:
            _fill(jobs)
        else:
            small += jobs
    _fill(small)
    return results


def _fill(jobs: Sequence[tuple[_Job, Fitted, int]]) -> None:
    """Train jobs and put the model of each that came to an end in its place in a list."""
    groups: dict[Hashable, list[_Job]] = defaultdict(list)
    for job, _, _ in jobs:
        groups[job.program].append(job)
    for group in groups.values():
        _train(group)
    for job, fitted, index in jobs:
        fitted[index] = job.model if job.learned else None


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

    def arranged() -> tuple[Rows, Selection, Selection]:
        given = Rows(*model._read(X, y, sample_weight, known=None))
        return given, *model._arrange(given)

    (given, rows, distinct), read = once(kind, kept(arranged))
    model.__dict__.update(read)
    # What all models have beside their own parameters decides how they are trained, not how they start.
    own = {name: value for name, value in model.get_params(deep=False).items() if name not in _OF_TRAINING}
    started = once((*kind, frozen(own)), kept(lambda: model._start(distinct.rows(), given, None, None)))[1]
    model.__dict__.update(started)
    model._learn_from(rows)
    training = model._training(len(rows))
    layout = (*kind, repr(model.class_weight), training.batch_size, model.prototype_labels_.tobytes())
    data = once(layout, lambda: model._lay_out(training, rows, None))
    training = model._judged(training, rows, data)
    return _Job(model, training, data, loop.template(training, model._trained_parameters()))


def _train(jobs: Sequence[_Job]) -> None:
    """Train jobs of one program, as many at a time as is fast."""
    on_rows: dict[int, list[_Job]] = defaultdict(list)
    for job in jobs:
        on_rows[id(job.data)].append(job)
    at_once = _TOGETHER // jobs[0].distances
    size = _share(max(map(len, on_rows.values())), at_once)
    runs = [some[first : first + size] for some in on_rows.values() for first in range(0, len(some), size)]
    beside = _share(len(runs), at_once // size)
    for first in range(0, len(runs), beside):
        _run(runs[first : first + beside], size, beside)


def _share(n: int, most: int) -> int:
    """Return how many each turn takes of n, where it can take so many, so that all take about the same."""
    return -(-n // -(-n // max(1, most)))


def _run(sets: Sequence[Sequence[_Job]], size: int, beside: int) -> None:
    """Train jobs at once, up to `size` on each of up to `beside` sets of rows."""
    # Where there are fewer the last one is trained several times, since another size would be another program.
    sets = [*sets, *[sets[-1]] * (beside - len(sets))]
    jobs = [job for some in sets for job in (*some, *[some[-1]] * (size - len(some)))]
    first = jobs[0]
    data = first.data if beside == 1 else _stacked([some[0].data for some in sets])
    structure = jax.tree.structure(first.training)
    numbers = _stacked([jax.tree.leaves(job.training) for job in jobs])
    state = _stacked([job.state for job in jobs])
    until = np.array([job.model.max_iter for job in jobs])
    span = first.model._span(first.data, len(jobs))
    seed = np.uint32(first.model.random_seed)
    epoch = 0
    while epoch < until.max():
        rates = _stacked(
            [
                job.model._rates(job.training, job.data, int(step), span, job.model.max_iter)
                for job, step in zip(jobs, state.step, strict=True)
            ]
        )
        stop = np.minimum(until, epoch + span)
        with one_thread_each:
            outcome = jax.tree.map(
                np.asarray,
                _run_together(structure, numbers, data, state, rates, seed, epoch == 0, stop),
            )
        for index, job in enumerate(jobs):
            if job.learned and job.model.n_iter_ < outcome.state.epoch[index]:
                try:
                    # A copy, since a view would keep what all of them have learned.
                    job.model._hold(jax.tree.map(lambda leaf, index=index: np.array(leaf[index]), outcome))
                except ValueError:  # it diverged
                    job.learned = False
        state = outcome.state
        epoch += span
        if state.finished.all():
            break


@compiled(static_argnames="structure")
def _run_together(
    structure: Any, numbers: Any, data: loop.Data, state: Any, rates: Any, seed: int, fresh: bool, until: Any
) -> loop.Outcome:
    """Run the loop for several trainings of one structure, whose numbers differ, an equal share on each set of rows."""

    def run(data: loop.Data, numbers: Any, state: Any, rates: Any, until: Any) -> loop.Outcome:
        return loop.run(jax.tree.unflatten(structure, numbers), data, state, rates, seed, fresh, until)

    on_same_rows = jax.vmap(run, in_axes=(None, 0, 0, 0, 0))
    if np.ndim(data.n) == 0:
        return on_same_rows(data, numbers, state, rates, until)
    shares = jax.tree.map(lambda leaf: leaf.reshape(len(data.n), -1, *leaf.shape[1:]), (numbers, state, rates, until))
    return jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), jax.vmap(on_same_rows)(data, *shares))


def _stacked(trees: Sequence[T]) -> T:
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)
