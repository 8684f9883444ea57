"""Matrix learning: GLVQ in a learned projection, one for all or one for each prototype."""

from __future__ import annotations

from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import LocalMatrixMetric, MatrixMetric


class GMLVQ(MatrixMetric, GLVQ):
    """Generalized matrix LVQ (Schneider, Biehl & Hammer 2009): GLVQ with d(x, w) = ||omega^T (x - w)||^2."""


class LGMLVQ(LocalMatrixMetric, GLVQ):
    """Localized generalized matrix LVQ (Schneider, Biehl & Hammer 2009): d(x, w_k) = ||omega_k^T (x - w_k)||^2."""
