"""Networks that a user has written with another library."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from prosemble.encoders.base import Encoder, Weights


class _Network:
    """A module taken apart; equal to another one by all but the values of its weights."""

    def __init__(self, module: Any) -> None:
        self.module = module
        nnx = sys.modules.get("flax.nnx")  # a module of it can only exist once it is imported
        self.is_nnx = nnx is not None and isinstance(module, nnx.Module)
        if self.is_nnx:
            assert nnx is not None
            self.definition, tree, self.rest = nnx.split(module, nnx.Param, ...)
        elif callable(module):
            self.definition, tree, self.rest = None, module, None
        else:
            raise TypeError(f"module must be callable on samples; got {module!r}.")
        paths, self.structure = jax.tree_util.tree_flatten_with_path(tree)
        names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in paths]
        self.leaves = {name: leaf for name, (_, leaf) in zip(names, paths, strict=True)}
        self.weights = {name: np.asarray(leaf) for name, leaf in self.leaves.items() if _is_weight(leaf)}
        if not self.weights:
            raise ValueError(f"module {type(module).__name__} has no arrays of floating-point numbers to learn.")
        shapes = tuple((name, weight.shape) for name, weight in self.weights.items())
        # All else is a constant of the compiled program.
        constants = [leaf for name, leaf in self.leaves.items() if name not in self.weights]
        constants += jax.tree.leaves(self.rest)
        self._key = (self.structure, self.definition, shapes, tuple(map(_hashable, constants)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Network) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Network:
        return self  # nothing of it ever changes, and copies of a module's functions would be other functions

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.module,)

    def __call__(self, weights: Weights, X: Array) -> Array:
        tree = jax.tree.unflatten(self.structure, [weights.get(name, leaf) for name, leaf in self.leaves.items()])
        if self.is_nnx:
            # By convention modules of Flax take a batch, those that are themselves trees (Equinox) one sample.
            return sys.modules["flax.nnx"].merge(self.definition, tree, self.rest)(X)
        return jax.vmap(tree)(X)


class FromModule(Encoder):
    """A user's network, made by `from_module`."""

    network: _Network

    def init(self, n_features: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        shape = jax.eval_shape(self.network, self.network.weights, jax.ShapeDtypeStruct((2, n_features), jnp.float32))
        if getattr(shape, "ndim", None) != 2 or len(shape) != 2:
            raise ValueError(f"module must make of samples (n, {n_features}) latent vectors (n, r); it makes {shape}.")
        return self.network.weights

    def __call__(self, weights: Weights, X: Float[Array, "n d"]) -> Float[Array, "n r"]:
        return self.network(weights, X)


def from_module(module: Any) -> FromModule:
    """Make an encoder of a module of Equinox, of Flax NNX, or any other JAX tree that can be called.

    Parameters
    ----------
    module : equinox.Module, flax.nnx.Module or callable pytree
        Takes a sample (d,), or for Flax a batch (n, d), and returns latent vectors. Training starts from its weights;
        the module itself is left as it is. What is not a parameter (the statistics of a batch normalisation, a random
        state) stays as it was given.

    Returns
    -------
    FromModule

    Raises
    ------
    TypeError
        If the module cannot be called.
    ValueError
        If it has no weights.
    """
    return FromModule(network=_Network(module))


def _hashable(leaf: Any) -> Any:
    if not hasattr(leaf, "dtype"):
        return leaf
    array = np.asarray(jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf)
    return array.shape, array.dtype.str, array.tobytes()


def _is_weight(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray) and jnp.issubdtype(leaf.dtype, jnp.floating)
