"""Prototypes with a spread: GLVQ with the 2-Wasserstein distance to diagonal Gaussians."""

from __future__ import annotations

from prosemble.distances import Distance, WassersteinOmega, WassersteinRelevance
from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import GaussianPrototypes, MatrixMetric, RelevanceMetric


class WGLVQ(GaussianPrototypes, GLVQ):
    """Wasserstein GLVQ: GLVQ whose prototypes are N(w, diag(variance)).

    The squared 2-Wasserstein distance of a point to such a Gaussian is ||x - w||^2 plus the sum of its variances.
    """


class WGRLVQ(GaussianPrototypes, RelevanceMetric, GLVQ):
    """Wasserstein GRLVQ: the same with weighted features."""

    def _distance(self) -> Distance:
        return WassersteinRelevance()


class WGMLVQ(GaussianPrototypes, MatrixMetric, GLVQ):
    """Wasserstein GMLVQ: the same after a learned projection."""

    def _distance(self) -> Distance:
        return WassersteinOmega(metric=self._omega())
