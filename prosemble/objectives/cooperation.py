"""Cooperation: how the prototypes of one class share a sample."""

from __future__ import annotations

from numbers import Real

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from sklearn.utils._param_validation import Interval

from prosemble.core.part import POSITIVE, Number, Part, parameter


class Cooperation(Part):
    """Weights of the prototypes of each class; where there is none, the nearest has all."""

    def weights(
        self, distances: Float[Array, "n p"], labels: Int[Array, " p"], epoch: Int[Array, ""]
    ) -> Float[Array, "n p"]:
        """Return for each sample what each prototype weighs in its own class; a class sums to one."""
        raise NotImplementedError


class NeuralGas(Cooperation):
    """Weights exp(-rank / gamma) by the rank of a prototype in its class (Hammer, Strickert & Villmann 2005).

    The range gamma is `gamma_init * gamma_decay ** epoch`, but not below `gamma_final`; towards zero the nearest
    prototype has all the weight.
    """

    gamma_init: Number = parameter(default=1.0, accepts=[POSITIVE], kind="float")
    gamma_final: Number = parameter(default=0.01, accepts=[POSITIVE], kind="float", doc="Range that is not gone below.")
    gamma_decay: Number = parameter(default=0.95, accepts=[Interval(Real, 0, 1, closed="right")], kind="float")

    def gamma(self, epoch: Int[Array, ""] | int) -> Float[Array, ""]:
        """Return the range in that epoch."""
        return jnp.maximum(self.gamma_init * self.gamma_decay ** jnp.float32(epoch), self.gamma_final)

    def weights(
        self, distances: Float[Array, "n p"], labels: Int[Array, " p"], epoch: Int[Array, ""]
    ) -> Float[Array, "n p"]:
        closeness = (-1.0 / self.gamma(epoch)).astype(distances.dtype)
        size = (labels[:, None] == labels).sum(axis=0)
        total = jnp.expm1(closeness * size) / jnp.expm1(closeness)  # of a geometric series
        ranks = ranks_within_class(jax.lax.stop_gradient(distances), labels)
        return jnp.exp(closeness * ranks) / total


def ranks_within_class(distances: Float[Array, "n p"], labels: Int[Array, " p"]) -> Int[Array, "n p"]:
    """Return for each sample how many prototypes of its class each prototype has before it."""
    n, p = distances.shape
    by_class = jnp.broadcast_to(labels, (n, p))
    columns = jnp.broadcast_to(jnp.arange(p), (n, p))
    order = jax.lax.sort((by_class, distances, columns), dimension=1, num_keys=2)[2]
    first = (labels[:, None] > labels).sum(axis=1)  # the place at which a prototype's class begins in that order
    return jnp.argsort(order, axis=1) - first
