"""Soft LVQ: prototypes as the centres of a Gaussian mixture; and LVQ as a softmax classifier."""

from __future__ import annotations

from typing import ClassVar

from sklearn.utils._param_validation import StrOptions

from prosemble.core.part import parameter
from prosemble.models.glvq import NO_TRANSFER
from prosemble.models.metrics import LocalMatrixMetric, MatrixMetric
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.objectives import CrossEntropy, Objective, SoftLVQ


class Mixture(SupervisedPrototypeModel):
    """A mixture of Gaussians of one width around the prototypes."""

    sigma: float | str = parameter(
        default=1.0,
        accepts=[*SoftLVQ.accepts["sigma"], StrOptions({"learn"})],
        kind="float or 'learn'",
        doc="Width of the Gaussians, in units of the distance; learned from 1 on with 'learn'.",
    )

    _inert: ClassVar[tuple[str, ...]] = NO_TRANSFER
    _robust: ClassVar[bool] = True
    _attribute_docs = """
        sigma_ : ndarray of shape ()
            The width."""

    def _objective(self) -> Objective:
        learn = self.sigma == "learn"
        width = 1.0 if learn else float(self.sigma)
        return SoftLVQ(robust=self._robust, learn=learn, sigma=width, cooperation=self._cooperation())


class RSLVQ(Mixture):
    """Robust soft LVQ: minimises -log P(own class | x) under the mixture (Seo & Obermayer 2003)."""


class SLVQ(Mixture):
    """Soft LVQ: minimises -log of P(own class) / P(other classes) under the mixture (Seo & Obermayer 2003).

    The loss has no lower bound: use few epochs or a small learning rate.
    """

    _robust = False


class MRSLVQ(MatrixMetric, RSLVQ):
    """Matrix robust soft LVQ: RSLVQ with d(x, w) = ||omega^T (x - w)||^2 (Schneider, Biehl & Hammer 2009)."""


class LMRSLVQ(LocalMatrixMetric, RSLVQ):
    """Local matrix robust soft LVQ: RSLVQ with a matrix for each prototype (Schneider, Biehl & Hammer 2009)."""


class CELVQ(SupervisedPrototypeModel):
    """Cross-entropy LVQ: minus the distances to the nearest prototype of each class are the logits of a softmax."""

    _inert: ClassVar[tuple[str, ...]] = NO_TRANSFER

    def _objective(self) -> Objective:
        return CrossEntropy(n_classes=self.n_classes_, cooperation=self._cooperation())
