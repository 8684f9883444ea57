"""Kernel learning: GLVQ with distances in the feature space of a differentiable kernel."""

from __future__ import annotations

from prosemble.distances import Distance, RelevanceKernel
from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import ExponentialKernelMetric, GaussianKernelMetric, RelevanceMetric


class DKGLVQ(GaussianKernelMetric, GLVQ):
    """Differentiating kernel GLVQ (Villmann, Haase & Kaden 2015): a Gaussian kernel of learned width per prototype."""


class DKGRLVQ(GaussianKernelMetric, RelevanceMetric, GLVQ):
    """Differentiating kernel GRLVQ (Villmann, Haase & Kaden 2015): the same with weighted features."""

    def _distance(self) -> Distance:
        return RelevanceKernel(**self._widths())


class DKGMLVQ(ExponentialKernelMetric, GLVQ):
    """Differentiating kernel GMLVQ (Villmann, Haase & Kaden 2015): the exponential kernel exp(v^T L w), L learned.

    The kernel grows exponentially with the length of the samples: scale the features.
    """
