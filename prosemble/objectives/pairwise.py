"""Objectives of the nearest prototype of the own class and the nearest of another: GLVQ, LVQ1, LVQ2.1."""

from __future__ import annotations

from jaxtyping import Array, Float, Int

from prosemble.core.activations import Activation
from prosemble.core.losses import lvq1_term, nearest_distances, relative_difference
from prosemble.core.part import Number, Part
from prosemble.objectives.base import Objective

PerSample = Float[Array, " n"]


class Term(Part):
    """A loss of d+ and d-."""

    def __call__(self, plus: PerSample, minus: PerSample) -> PerSample:
        """Return the loss of each sample."""
        raise NotImplementedError


class RelativeDifference(Term):
    """f(mu + margin, beta) (Sato & Yamada 1995)."""

    transfer: Activation
    beta: Number
    margin: Number

    def __call__(self, plus: PerSample, minus: PerSample) -> PerSample:
        return self.transfer(relative_difference(plus, minus) + self.margin, self.beta)


class Attraction(Term):
    """d+ where d+ <= d-, else -d- (LVQ1)."""

    def __call__(self, plus: PerSample, minus: PerSample) -> PerSample:
        return lvq1_term(plus, minus)


class Difference(Term):
    """d+ - d- (LVQ2.1)."""

    def __call__(self, plus: PerSample, minus: PerSample) -> PerSample:
        return plus - minus


class Pairwise(Objective):
    """A term of the nearest prototypes of the own and of another class."""

    term: Term

    def __call__(self, distances: Float[Array, "n p"], y: Int[Array, " n"], labels: Int[Array, " p"]) -> PerSample:
        return self.term(*nearest_distances(distances, y, labels))
