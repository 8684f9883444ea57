"""Kohonen's learning vector quantization, sample by sample: one compiled program for all of its rules."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from prosemble.core.part import Number, Part
from prosemble.core.programs import compiled
from prosemble.distances import Distance, evaluate
from prosemble.training.data import AnyArray
from prosemble.training.loop import CAPACITY, Data, shuffled

Each = Float[Array, " p"]
Moves = tuple[Each, Each]


class Rule(Part):
    """What one sample does: each prototype w_k moves by step_k (x - w_k)."""

    def __call__(self, distances: Each, right: Bool[Array, " p"], rate: Number, rates: Each) -> Moves:
        """Return the steps and the new rates.

        `right` tells the prototypes of the sample's class, `rate` is the learning rate at this time, and `rates` are
        those of a rule that keeps one for each prototype.
        """
        raise NotImplementedError


class Winner(Rule):
    """LVQ1: the nearest prototype is attracted by a sample of its class and repelled by any other."""

    def __call__(self, distances: Each, right: Bool[Array, " p"], rate: Number, rates: Each) -> Moves:
        return _winner_signs(distances, right, rates) * rate, rates


class OwnRates(Rule):
    """OLVQ1: as LVQ1, with a rate for each prototype, which falls where it is right and rises where it is wrong.

    The rate never exceeds `ceiling`.
    """

    ceiling: Number

    def __call__(self, distances: Each, right: Bool[Array, " p"], rate: Number, rates: Each) -> Moves:
        signs = _winner_signs(distances, right, rates)  # zero for all others, whose rates stay
        rates = jnp.minimum(rates / (1.0 + signs * rates), self.ceiling)
        return signs * rates, rates


class WrongBeforeRight(Rule):
    """LVQ2: in the window, where the nearest prototype is wrong and the second nearest right."""

    window: Number

    def __call__(self, distances: Each, right: Bool[Array, " p"], rate: Number, rates: Each) -> Moves:
        pair, of_class, inside = _nearest_two(distances, right, self.window)
        acts = inside & ~of_class[0] & of_class[1]
        return _steps(rates, pair, jnp.where(acts, jnp.where(of_class, rate, -rate), 0.0)), rates


class RightAndWrong(Rule):
    """LVQ2.1: in the window, where one of the two nearest prototypes is right and the other wrong.

    LVQ3 with an `epsilon`: where both are right, in the window or not, both are attracted at so many times the rate.
    """

    window: Number
    epsilon: Number = 0.0

    def __call__(self, distances: Each, right: Bool[Array, " p"], rate: Number, rates: Each) -> Moves:
        pair, of_class, inside = _nearest_two(distances, right, self.window)
        acts = inside & (of_class[0] != of_class[1])
        steps = jnp.where(acts, jnp.where(of_class, rate, -rate), 0.0)
        return _steps(rates, pair, jnp.where(of_class.all(), self.epsilon * rate, steps)), rates


def _winner_signs(distances: Each, right: Bool[Array, " p"], like: Each) -> Each:
    """Return 1 at the winner where it is right, -1 where it is wrong, and 0 at all others."""
    winner = distances.argmin()
    return jnp.zeros_like(like).at[winner].set(jnp.where(right[winner], 1.0, -1.0))


def _nearest_two(
    distances: Each, right: Bool[Array, " p"], window: Number
) -> tuple[Int[Array, "2"], Bool[Array, "2"], Bool[Array, ""]]:
    """Return the two nearest prototypes, which of them are right, and whether the sample lies in their window."""
    pair = lax.top_k(-distances, 2)[1]
    nearest, second = distances[pair]
    # The window is one of distances; these are squared.
    return pair, right[pair], nearest > ((1.0 - window) / (1.0 + window)) ** 2 * second


def _steps(like: Each, pair: Int[Array, "2"], values: Float[Array, "2"]) -> Each:
    return jnp.zeros_like(like).at[pair].set(values)


class State(NamedTuple):
    """Prototypes, their rates and the number of passes made."""

    prototypes: AnyArray
    rates: AnyArray
    epoch: AnyArray


@compiled
def run(
    rule: Rule, distance: Distance, data: Data, state: State, seed: int, lr: float, max_iter: int, until: int
) -> tuple[State, Float[Array, " capacity"]]:
    """Pass over the shuffled samples until that epoch, at most `CAPACITY` away.

    The learning rate falls linearly from `lr` to zero over all updates of `max_iter` epochs. Also returned is the
    share of samples that were decided wrongly when their turn came, by epoch; NaN where a distance was not finite.
    """
    rows, n, first = data.train, data.n, state.epoch
    dtype = state.prototypes.dtype

    def more(carry: tuple[State, Array]) -> Array:
        return carry[0].epoch < until

    def one_pass(carry: tuple[State, Array]) -> tuple[State, Array]:
        state, errors = carry
        order = shuffled(len(rows.X), n, seed, state.epoch)

        def learn(turn: Array, carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            prototypes, rates, wrong = carry
            x, label = rows.X[order[turn]], rows.y[order[turn]]
            distances = evaluate(distance, {"prototypes": prototypes}, x[None])[0]
            right = data.labels == label
            done = (state.epoch + (turn / n).astype(dtype)) / max_iter
            steps, rates = rule(distances, right, lr * (1.0 - done), rates)
            wrong += jnp.where(jnp.isfinite(distances).all(), ~right[distances.argmin()], jnp.nan)
            return prototypes + steps[:, None] * (x - prototypes), rates, wrong

        # Only the first n turns are taken: the rest is padding.
        prototypes, rates, wrong = lax.fori_loop(0, n, learn, (state.prototypes, state.rates, jnp.zeros((), dtype)))
        errors = errors.at[state.epoch - first].set(wrong / n)
        return State(prototypes, rates, state.epoch + 1), errors

    return lax.while_loop(more, one_pass, (state, jnp.zeros(CAPACITY, dtype)))
