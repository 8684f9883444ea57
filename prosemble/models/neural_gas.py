"""Supervised neural gas: all prototypes of the own class learn, by rank, and less so as training goes on."""

from __future__ import annotations

import numpy as np

from prosemble.core.part import parameter, parameter_of
from prosemble.models.glvq import GLVQ
from prosemble.models.kernel import DKGLVQ, DKGMLVQ, DKGRLVQ
from prosemble.models.metrics import LocalMatrixMetric, MatrixMetric, RelevanceMetric, TangentMetric
from prosemble.models.probabilistic import CELVQ, LMRSLVQ, MRSLVQ, RSLVQ
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.objectives import NeuralGas


class NeuralGasCooperation(SupervisedPrototypeModel):
    """All prototypes of a class share a sample, by rank and over a range that shrinks."""

    gamma_init: float | None = parameter(
        default=None,
        accepts=[*NeuralGas.accepts["gamma_init"], None],
        kind="float",
        doc="Range at the start; half the largest number of prototypes of a class when None.",
    )
    gamma_final: float = parameter_of(NeuralGas, "gamma_final", default=0.01)
    gamma_decay: float | None = parameter(
        default=None,
        accepts=[*NeuralGas.accepts["gamma_decay"], None],
        kind="float",
        doc="Factor of the range each epoch; such that it ends at `gamma_final` when None.",
    )

    _attribute_docs = """
        gamma_ : float
            The range of the last epoch, by the parameters as they are."""

    def _cooperation(self) -> NeuralGas:
        start = self.gamma_init
        if start is None:
            labels = getattr(self, "prototype_labels_", None)  # None before they are drawn, when no range counts
            counts = self._counts() if labels is None else np.unique(labels, return_counts=True)[1]
            start = max(counts) / 2
        decay = self.gamma_decay
        if decay is None:
            decay = min(1.0, self.gamma_final / start) ** (1 / max(1, self.max_iter - 1))
        return NeuralGas(gamma_init=float(start), gamma_final=float(self.gamma_final), gamma_decay=float(decay))

    @property
    def gamma_(self) -> float:
        return float(np.asarray(self._cooperation().gamma(self.n_iter_ - 1)))


class SNG(NeuralGasCooperation, GLVQ):
    """Supervised neural gas (Hammer, Strickert & Villmann 2005).

    GLVQ's term of every prototype of the sample's class, weighted by exp(-rank / gamma), against the nearest of another
    class. The range gamma shrinks from epoch to epoch, so that where prototypes start matters little.
    """


class SRNG(RelevanceMetric, SNG):
    """Supervised relevance neural gas (Hammer, Strickert & Villmann 2005): SNG with weighted features."""


class SMNG(MatrixMetric, SNG):
    """Supervised matrix neural gas: SNG with d(x, w) = ||omega^T (x - w)||^2."""


class SLNG(LocalMatrixMetric, SNG):
    """Supervised local matrix neural gas: SNG with a matrix for each prototype."""


class STNG(TangentMetric, SNG):
    """Supervised tangent neural gas: SNG with the distance to an affine subspace."""


class SCMNG(SLNG):
    """Supervised class-wise matrix neural gas: SNG with a matrix for each class, which its prototypes share."""

    per_class: bool = True


class DKGLVQ_NG(NeuralGasCooperation, DKGLVQ):
    """DKGLVQ with neural gas cooperation: SNG with a Gaussian kernel of learned width for each prototype."""


class DKGRLVQ_NG(NeuralGasCooperation, DKGRLVQ):
    """DKGRLVQ with neural gas cooperation: the same with weighted features."""


class DKGMLVQ_NG(NeuralGasCooperation, DKGMLVQ):
    """DKGMLVQ with neural gas cooperation: SNG with an exponential kernel, whose matrix is learned."""


class RSLVQ_NG(NeuralGasCooperation, RSLVQ):
    """RSLVQ in which the prototypes of each class enter its probability weighted by exp(-rank / gamma)."""


class MRSLVQ_NG(NeuralGasCooperation, MRSLVQ):
    """MRSLVQ with neural gas cooperation: RSLVQ_NG with d(x, w) = ||omega^T (x - w)||^2."""


class LMRSLVQ_NG(NeuralGasCooperation, LMRSLVQ):
    """LMRSLVQ with neural gas cooperation: RSLVQ_NG with a matrix for each prototype."""


class CELVQ_NG(NeuralGasCooperation, CELVQ):
    """CELVQ in which the distance of a class is the mean over its prototypes, weighted by exp(-rank / gamma)."""


class MCELVQ_NG(MatrixMetric, CELVQ_NG):
    """CELVQ_NG with d(x, w) = ||omega^T (x - w)||^2."""


class LCELVQ_NG(LocalMatrixMetric, CELVQ_NG):
    """CELVQ_NG with a matrix for each prototype."""


class TCELVQ_NG(TangentMetric, CELVQ_NG):
    """CELVQ_NG with the distance to an affine subspace."""
