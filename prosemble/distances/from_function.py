from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from jaxtyping import Array, Float

from prosemble.distances.base import Distance, Params


class FromFunction(Distance):
    """A user's function (X, W) -> (n, p). Compiled programs are kept by the function's identity."""

    given_as: ClassVar[str] = "distance_fn"

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Array:  # whatever it is: `measured` looks
        return self.function(X, params["prototypes"])


class FromSimilarity(Distance):
    """One minus a user's similarity (X, W) -> (n, p) in [0, 1]."""

    given_as: ClassVar[str] = "similarity_fn"

    function: Callable[[Array, Array], Array]

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Array:  # whatever it is: `measured` looks
        return 1.0 - self.function(X, params["prototypes"])
