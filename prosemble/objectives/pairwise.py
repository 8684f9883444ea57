"""Objectives of the nearest prototype of the own class and the nearest of another: GLVQ, LVQ1, LVQ2.1."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from prosemble.core.activations import Activation, identity
from prosemble.core.losses import lvq1_term, nearest_distances, relative_difference
from prosemble.core.part import Number, Part, of_shape
from prosemble.distances import Params
from prosemble.objectives.base import Objective
from prosemble.objectives.cooperation import Cooperation

Some = Float[Array, "*any"]


class Term(Part):
    """A loss of d+ and d-."""

    def __call__(self, plus: Some, minus: Some) -> Some:
        """Return the loss of each pair."""
        raise NotImplementedError


class RelativeDifference(Term):
    """f(mu + margin, beta) (Sato & Yamada 1995)."""

    transfer: Activation = identity
    beta: Number = 10.0
    margin: Number = 0.0

    def __call__(self, plus: Some, minus: Some) -> Some:
        mu = relative_difference(plus, minus) + self.margin
        return of_shape(mu.shape, "of mu", "transfer_fn", self.transfer(mu, self.beta))


class Attraction(Term):
    """d+ where d+ <= d-, else -d- (LVQ1)."""

    def __call__(self, plus: Some, minus: Some) -> Some:
        return lvq1_term(plus, minus)


class Difference(Term):
    """d+ - d- (LVQ2.1)."""

    def __call__(self, plus: Some, minus: Some) -> Some:
        return plus - minus


class Pairwise(Objective):
    """A term of the nearest prototypes of the own and of another class.

    With a cooperation, every prototype of the own class takes the place of the nearest, by its weight.
    """

    term: Term
    cooperation: Cooperation | None = None

    def __call__(
        self,
        params: Params,
        distances: Float[Array, "n p"],
        y: Int[Array, " n"],
        labels: Int[Array, " p"],
        epoch: Int[Array, ""],
    ) -> Float[Array, " n"]:
        plus, minus = nearest_distances(distances, y, labels)
        if self.cooperation is None:
            return self.term(plus, minus)
        own = y[:, None] == labels
        # A stand-in for the others, so that their masked-out terms stay finite, and their gradients too.
        every_plus = jnp.where(own, distances, plus[:, None])
        terms = self.term(every_plus, jnp.broadcast_to(minus[:, None], distances.shape))
        weights = self.cooperation.weights(distances, labels, epoch)
        return jnp.where(own, weights * terms, 0.0).sum(axis=1)
