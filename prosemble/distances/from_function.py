from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Array, Float

from prosemble.distances.base import Distance, Params


class FromFunction(Distance):
    """A user's function (X, W) -> (n, p). Compiled programs are kept by the function's identity."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return self.function(X, params["prototypes"])


class FromSimilarity(Distance):
    """One minus a user's similarity (X, W) -> (n, p) in [0, 1]."""

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        return 1.0 - self.function(X, params["prototypes"])
