"""Tangent learning: GLVQ with the distance to an affine subspace."""

from __future__ import annotations

from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import TangentMetric


class GTLVQ(TangentMetric, GLVQ):
    """Generalized tangent LVQ (Saralajew & Villmann 2016): GLVQ with the distance to w_k + span(omega_k)."""
