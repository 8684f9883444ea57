"""The interface of a distance."""

from __future__ import annotations

from jaxtyping import Array, Float

from prosemble.core.part import Part

Params = dict[str, Array]


class Distance(Part):
    """A dissimilarity of samples and prototypes. Rows of the result depend on the same row of X alone."""

    def __call__(self, params: Params, X: Float[Array, "n d"]) -> Float[Array, "n p"]:
        """Return the dissimilarities of X to `params["prototypes"]`, measured with the other parameters."""
        raise NotImplementedError

    def project(self, params: Params) -> Params:
        """Return the parameters with those of this distance put back on their constraints."""
        return params
