"""Relevance learning: GLVQ that weights the features."""

from __future__ import annotations

from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import RelevanceMetric


class GRLVQ(RelevanceMetric, GLVQ):
    """Generalized relevance LVQ (Hammer & Villmann 2002): GLVQ with d(x, w) = sum_j relevances_j (x_j - w_j)^2."""
