"""Distance parts: what a model measures with, and the parameters of it that are learned."""

from prosemble.distances.base import Distance, Params, about_origin, evaluate
from prosemble.distances.from_function import FromFunction
from prosemble.distances.squared_euclidean import SquaredEuclidean

__all__ = ["Distance", "FromFunction", "Params", "SquaredEuclidean", "about_origin", "evaluate"]
