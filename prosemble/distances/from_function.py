from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Array, Float

from prosemble.distances.base import Distance, Params


class FromFunction(Distance):
    """A user's function (X, W) -> (n, p). Compiled programs are kept by the function's identity."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return _checked("distance_fn", self.function, X, params["prototypes"])


class FromSimilarity(Distance):
    """One minus a user's similarity (X, W) -> (n, p) in [0, 1]."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return 1.0 - _checked("similarity_fn", self.function, X, params["prototypes"])


def _checked(name: str, function: Callable[[Array, Array], Array], X: Array, W: Array) -> Array:
    values, shape = function(X, W), (X.shape[0], W.shape[0])
    if values.shape != shape:
        raise ValueError(f"{name} must return an array of shape (n, p), here {shape}; got {values.shape}.")
    return values
