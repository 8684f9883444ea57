from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Array, Float

from prosemble.core.part import of_shape
from prosemble.distances.base import Distance, Params


class FromFunction(Distance):
    """A user's function (X, W) -> (n, p). Compiled programs are kept by the function's identity."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return _of_shape("distance_fn", self.function, X, params["prototypes"])


class FromSimilarity(Distance):
    """One minus a user's similarity (X, W) -> (n, p) in [0, 1]."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return 1.0 - _of_shape("similarity_fn", self.function, X, params["prototypes"])


def _of_shape(name: str, function: Callable[[Array, Array], Array], X: Array, W: Array) -> Array:
    return of_shape((X.shape[0], W.shape[0]), "(n, p)", name, function(X, W))
