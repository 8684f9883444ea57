"""The one training loop: epochs, batches, stopping, best parameters, averaging.

`run` is one compiled `while_loop` over epochs. A whole fit is one call of it; callbacks, progress bars and
`use_scan=False` call the same program for a few epochs at a time, so that the results are the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from jaxtyping import Array, Int

from prosemble.core.cancellation import unless
from prosemble.core.part import Number, Part
from prosemble.core.programs import compiled
from prosemble.distances import about_origin
from prosemble.training.data import AnyArray, Rows, rows_trained_at_a_time
from prosemble.training.optimizers import Optimizer
from prosemble.training.precision import LossScale, initial_loss_scale, lower
from prosemble.training.trainable import Params, Trainable

#: Most epochs of one call of `run`: its histories have room for so many, whatever `max_iter` is.
CAPACITY = 1024


class Lookahead(Part):
    """k steps forward, one step back (Zhang, Lucas, Hinton & Ba 2019)."""

    sync_period: Number
    slow_step_size: Number


class GroupRate(Part):
    """One group of parameters takes its steps at another learning rate, `factor` times that of the rest."""

    group: str
    factor: Number

    def applied(self, changes: Params) -> Params:
        """Return the changes of an update, those of the group at its own rate."""
        return {**changes, self.group: jax.tree.map(lambda change: change * self.factor, changes[self.group])}


class Training(Part):
    """A model and everything that decides how it is trained. What is None costs nothing in the program.

    Of rows that are `compact` (`prosemble.core.cancellation`) no distance loses its digits, and none is looked at.
    """

    model: Trainable
    optimizer: Optimizer
    group_rate: GroupRate | None
    lookahead: Lookahead | None
    ema_decay: Number | None
    epsilon: Number
    patience: Number | None
    batch_size: int | None
    blocks: bool
    early_stopping: bool
    restore_best: bool
    frozen: frozenset[str]
    mixed_precision: str | None
    checkpointing: bool
    compact: bool = False

    def with_batch_size(self, batch_size: int) -> Training:
        """Return the same training with another batch size."""
        return replace(self, batch_size=batch_size)

    def constrained(self, params: Params) -> Params:
        """Return the parameters put back on their constraints; what is frozen stays to the last bit."""
        projected = self.model.project(params)
        return {name: params[name] if name in self.frozen else value for name, value in projected.items()}

    def blended(self, new: Params, old: Params, share: Number) -> Params:
        """Return `share` of the new parameters and the rest of the old; what is frozen stays to the last bit."""
        moved = optax.incremental_update(new, old, share)
        return {name: old[name] if name in self.frozen else value for name, value in moved.items()}

    def held(self, state: State) -> Params:
        """Return the parameters that the fitted model would hold now."""
        if state.average is not None:
            return self.constrained(state.average)
        return state.params if state.slow is None else state.slow


class Stall(NamedTuple):
    """The loss that an epoch has to improve on, and the epochs since one did."""

    loss: AnyArray
    epochs: AnyArray


class State(NamedTuple):
    """All that a training needs to go on as if it had never stopped."""

    params: Params
    optimizer: Any
    average: Params | None
    slow: Params | None
    best: Params | None
    loss_scale: LossScale | None
    stall: Stall | None
    best_loss: AnyArray
    previous_loss: AnyArray
    epoch: AnyArray
    step: AnyArray
    finished: AnyArray


class Data(NamedTuple):
    """Training rows, the number of them that is not padding, validation rows, and the prototypes' classes.

    Where the loss does not change with it, `centre` is what was subtracted from the rows, and is from prototypes.
    """

    train: Rows
    n: AnyArray
    validation: Rows | None
    labels: AnyArray
    centre: AnyArray | None


class Rates(NamedTuple):
    """The learning rate, or the rate of each update from the `first` on."""

    rate: AnyArray
    first: AnyArray

    def at(self, update: Int[Array, ""] | int) -> Any:
        """Return the rate of that update."""
        return self.rate if np.ndim(self.rate) == 0 else self.rate[update - self.first]


class History(NamedTuple):
    """Losses of the epochs of one call, from its first epoch on."""

    loss: AnyArray
    val_loss: AnyArray


class Outcome(NamedTuple):
    """Where a call of `run` ended, the parameters that a model fitted so far holds, and the losses."""

    state: State
    fitted: Params
    history: History


def initial_state(training: Training, params: Params, rate: AnyArray) -> State:
    """Return the state before the first epoch, whose learning rate is `rate`."""
    infinity = jnp.full((), jnp.inf, params["prototypes"].dtype)
    zero = jnp.int32(0)
    trained = {name: value for name, value in params.items() if name not in training.frozen}
    return State(
        params=params,
        optimizer=training.optimizer.transformation(rate).init(trained),
        average=params if training.ema_decay is not None else None,
        slow=params if training.lookahead is not None else None,
        best=params if training.restore_best else None,
        loss_scale=initial_loss_scale(training.mixed_precision),
        stall=Stall(infinity, zero) if training.patience is not None else None,
        best_loss=infinity,
        previous_loss=infinity,
        epoch=zero,
        step=zero,
        finished=jnp.bool_(False),
    )


def template(training: Training, params: dict[str, AnyArray]) -> State:
    """Return a state of those parameters and of zeros: what the first call of `run` is given to start from."""
    shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), params)
    leaves, structure = jax.tree.flatten((training, shapes))
    forms = tuple(map(np.shape, leaves)), tuple(jax.tree.leaves(shapes))
    state = _abstract_state(_Beginning((structure, forms), training, shapes))
    return jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), state)._replace(params=params)


@dataclass(frozen=True)
class _Beginning:
    """A training and the shapes of its parameters, equal to another of the same form."""

    form: Any
    training: Training = field(compare=False)
    shapes: Params = field(compare=False)


@lru_cache(maxsize=64)
def _abstract_state(beginning: _Beginning) -> State:
    return jax.eval_shape(initial_state, beginning.training, beginning.shapes, 0.0)


def adapted(training: Training, state: State, fitted: dict[str, AnyArray], rate: AnyArray) -> State:
    """Return the state that this training goes on from: what another one lacks or has otherwise begins anew.

    Where that decides which parameters the model holds, it begins from those that were `fitted`.
    """

    def form(field: Any) -> Any:
        return jax.tree.structure(field), [(np.shape(leaf), np.result_type(leaf)) for leaf in jax.tree.leaves(field)]

    wanted = template(training, state.params)
    other = [name for name in State._fields if form(getattr(state, name)) != form(getattr(wanted, name))]
    if not other:
        return state
    if {"best", "average", "slow"} & set(other):
        average, slow = (None if held is None else fitted for held in (state.average, state.slow))
        state = state._replace(params=fitted, average=average, slow=slow)
    if "best" in other and wanted.best is not None:
        other.append("best_loss")
    begun = jax.tree.map(np.asarray, initial_state(training, state.params, rate))
    return state._replace(**{name: getattr(begun, name) for name in other})


@compiled
def run(training: Training, data: Data, state: State, rates: Rates, seed: int, fresh: bool, until: int) -> Outcome:
    """Train until that epoch, at most `CAPACITY` away, or until a stopping rule holds.

    Where `fresh`, only the parameters of `state` count and the rest is initialised: within this program, since
    another would have to be compiled.
    """
    state = lax.cond(fresh, lambda: initial_state(training, state.params, rates.at(0)), lambda: state)
    first = state.epoch
    empty = jnp.zeros(CAPACITY, state.best_loss.dtype)
    history = History(empty, None if data.validation is None else empty)

    def body(carry: tuple[State, History]) -> tuple[State, History]:
        state, history = carry
        before = state.params if training.restore_best else None
        state, loss = _epoch(training, data, state, rates, seed)
        history = history._replace(loss=history.loss.at[state.epoch - first].set(loss))
        after = training.held(state)
        rows = data.validation
        if rows is None and training.restore_best and after is not state.params:
            rows = data.train  # `loss` is not that of what the model holds, an average or the slow weights
        if rows is None:
            monitored = loss
            # A full batch's loss is that of the parameters before the update.
            measured = before if training.batch_size is None else after
        else:
            total, epoch = _total_weight(rows.weight), state.epoch

            def loss_of_held(params: Params, rows: Rows) -> Array:
                return _mean_loss(training, data, params, rows, total, epoch)

            monitored = _by_blocks(training, data, loss_of_held, after, rows).astype(loss.dtype)
            if history.val_loss is not None:
                history = history._replace(val_loss=history.val_loss.at[state.epoch - first].set(monitored))
            measured = after
        return _monitor(training, state, monitored, measured), history

    def more(carry: tuple[State, History]) -> Array:
        return (carry[0].epoch < until) & ~carry[0].finished

    state, history = lax.while_loop(more, body, (state, history))
    return Outcome(state, training.held(state) if state.best is None else state.best, history)


def unmonitored(state: State) -> State:
    """Return the state of a training whose losses so far cannot be compared with those to come."""
    infinity = np.full_like(state.best_loss, np.inf)
    stall = None if state.stall is None else Stall(infinity, np.int32(0))
    return state._replace(best_loss=infinity, previous_loss=infinity, stall=stall)


def _monitor(training: Training, state: State, monitored: Array, measured: Params | None) -> State:
    """Close an epoch: keep the best, and decide whether to stop."""
    better = monitored < state.best_loss
    finished = ~jnp.isfinite(monitored)
    stall = state.stall
    if training.early_stopping:
        if stall is None:
            # No change at all is no sign of an end: nothing was updated (accumulation, a warm-up that starts at
            # zero, an overflow in float16), or the optimiser's first step is empty.
            change = jnp.abs(state.previous_loss - monitored)
            finished |= (change > 0) & (change < training.epsilon)
        else:
            improved = monitored < stall.loss - training.epsilon
            stall = Stall(
                jnp.where(improved, monitored, stall.loss), jnp.where(improved, jnp.int32(0), stall.epochs + 1)
            )
            finished |= stall.epochs >= training.patience
    best = state.best
    if best is not None:
        best = jax.tree.map(partial(jnp.where, better), measured, best)
    return state._replace(
        best=best,
        stall=stall,
        best_loss=jnp.where(better, monitored, state.best_loss),
        previous_loss=monitored,
        epoch=state.epoch + 1,
        finished=finished,
    )


def _epoch(training: Training, data: Data, state: State, rates: Rates, seed: Any) -> tuple[State, Array]:
    """Pass once over the rows and return the mean loss over them."""
    rows = data.train
    total = _total_weight(rows.weight)
    if training.batch_size is None:
        return _step(training, data, state, rows, rates)

    order = shuffled(len(rows.X), data.n, seed, state.epoch)

    def step(state: State, index: Array) -> tuple[State, Array]:
        batch = Rows(*(part[index] for part in rows))
        weight = batch.weight.sum()
        state, loss = _step(training, data, state, batch, rates)
        return state, loss * weight / total

    size = min(training.batch_size, len(order))
    whole, rest = divmod(len(order), size)
    state, losses = lax.scan(step, state, order[: whole * size].reshape(whole, size))
    loss = losses.sum()
    if rest and not training.model.row_wise:  # otherwise it is padding, so that devices have equal shares
        state, last = step(state, order[whole * size :])
        loss += last
    return state, loss


def shuffled(length: int, n: Array | int, seed: Array | int, epoch: Array | int) -> Int[Array, " length"]:
    """Return the order of the rows in that epoch: the first `n` shuffled, the padding behind them last.

    Sorted are single words, random bits above the place of a row, which takes a third or less of the time of sorting
    places by random numbers beside them. Rows of the same bits keep their order; where that would be many, another
    round follows.
    """
    place = jnp.arange(length, dtype=jnp.uint32)
    width = max(length - 1, 1).bit_length()
    rounds = -(-(width + 4) // (32 - width))  # together at least 16 times as many random numbers as rows
    key = jax.random.fold_in(jax.random.key(seed), epoch)
    order = place
    for draws in jax.random.bits(key, (rounds, length), jnp.uint32):
        chance = jnp.where(place < n, draws, jnp.uint32(0xFFFFFFFF)) >> width << width
        order = order[lax.sort(chance | place) & jnp.uint32((1 << width) - 1)]
    return order.astype(jnp.int32)


def _step(training: Training, data: Data, state: State, rows: Rows, rates: Rates) -> tuple[State, Array]:
    """Take one gradient step (which accumulation may only store) and return the loss before it."""
    frozen = {name: value for name, value in state.params.items() if name in training.frozen}
    trained = {name: value for name, value in state.params.items() if name not in training.frozen}
    total = _total_weight(rows.weight)
    scale = state.loss_scale

    def objective(trained: Params, rows: Rows) -> Array:
        loss = _mean_loss(training, data, {**frozen, **trained}, rows, total, state.epoch)
        return loss if scale is None else loss * scale.scale

    loss, gradient = _by_blocks(training, data, jax.value_and_grad(objective), trained, rows)
    if scale is not None:
        loss = loss / scale.scale
        gradient = jax.tree.map(lambda g: g / scale.scale, gradient)

    optimizer = training.optimizer.transformation(rates.at(training.optimizer.updates(state.step)))
    extra = {}
    if training.optimizer.line_search:
        extra["value_fn"] = lambda trained: _by_blocks(training, data, objective, trained, rows)
    changes, optimizer_state = optimizer.update(gradient, state.optimizer, trained, value=loss, grad=gradient, **extra)
    if training.group_rate is not None:
        changes = training.group_rate.applied(changes)
    moved = training.constrained({**frozen, **optax.apply_updates(trained, changes)})
    new = state._replace(params=moved, optimizer=optimizer_state, step=state.step + 1)
    new = _average(training, new)
    if scale is not None:
        finite = jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((gradient, loss))]).all()
        new = jax.tree.map(partial(jnp.where, finite), new, state)
        new = new._replace(loss_scale=scale.adjust(finite))
    return new, loss


def _average(training: Training, state: State) -> State:
    """Bring the slow weights and the moving average up to the parameters, where an update was made."""
    count = training.optimizer.updates
    if training.lookahead is not None and state.slow is not None:
        due = (count(state.step) > count(state.step - 1)) & (count(state.step) % training.lookahead.sync_period == 0)
        synced = training.constrained(training.blended(state.params, state.slow, training.lookahead.slow_step_size))
        choose = partial(jnp.where, due)
        state = state._replace(
            slow=jax.tree.map(choose, synced, state.slow), params=jax.tree.map(choose, synced, state.params)
        )
    if training.ema_decay is not None and state.average is not None:
        moved = training.blended(state.params, state.average, 1.0 - training.ema_decay)
        updated = count(state.step) > count(state.step - 1)
        state = state._replace(average=jax.tree.map(partial(jnp.where, updated), moved, state.average))
    return state


def _mean_loss(training: Training, data: Data, params: Params, rows: Rows, total: Array, epoch: Array) -> Array:
    """Return the weighted sum of the rows' losses over the `total` weight."""
    if data.centre is not None:
        params = about_origin(params, data.centre)
    params, X = lower((params, rows.X), training.mixed_precision)
    loss = jax.checkpoint(training.model.loss) if training.checkpointing else training.model.loss
    with unless(training.compact):
        return loss(params, rows._replace(X=X), total, data.labels, epoch)


def _by_blocks(training: Training, data: Data, function: Any, params: Params, rows: Rows) -> Any:
    """Sum a function of rows over blocks of them, so that distances to all prototypes never exist for all rows."""
    n, d = rows.X.shape
    blocks = -(-n // rows_trained_at_a_time(d, len(data.labels)))
    if blocks == 1 or n % blocks or not training.blocks:
        return function(params, rows)
    blocked = jax.tree.map(lambda part: part.reshape(blocks, n // blocks, *part.shape[1:]), rows)
    first = jax.tree.map(lambda part: part[0], blocked)
    zeros = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(function, params, first))

    def add(total: Any, block: Rows) -> tuple[Any, None]:
        return jax.tree.map(jnp.add, total, function(params, block)), None

    return lax.scan(add, zeros, blocked)[0]


def _total_weight(weight: Array) -> Array:
    total = weight.sum()
    return jnp.where(total > 0, total, 1.0).astype(weight.dtype)
