"""Distance parts: what a model measures with, and the parameters of it that are learned."""

from prosemble.distances.base import Curvature, Distance, Params, Quadratic, Start, about_origin, evaluate, measured
from prosemble.distances.cosine import Cosine
from prosemble.distances.encoded import Encoded
from prosemble.distances.from_function import FromFunction, FromSimilarity
from prosemble.distances.kernel import ExponentialKernel, GaussianKernel, RelevanceKernel
from prosemble.distances.local_omega import LocalOmega
from prosemble.distances.minkowski import Euclidean, Lp, Manhattan
from prosemble.distances.omega import Omega
from prosemble.distances.relevance import Relevance
from prosemble.distances.squared_euclidean import SquaredEuclidean
from prosemble.distances.tangent import Tangent
from prosemble.distances.wasserstein import Wasserstein, WassersteinOmega, WassersteinRelevance

__all__ = [
    "Cosine",
    "Curvature",
    "Distance",
    "Encoded",
    "Euclidean",
    "ExponentialKernel",
    "FromFunction",
    "FromSimilarity",
    "GaussianKernel",
    "LocalOmega",
    "Lp",
    "Manhattan",
    "Omega",
    "Params",
    "Quadratic",
    "Relevance",
    "RelevanceKernel",
    "SquaredEuclidean",
    "Start",
    "Tangent",
    "Wasserstein",
    "WassersteinOmega",
    "WassersteinRelevance",
    "about_origin",
    "evaluate",
    "measured",
]
