"""Objective parts: what training minimises, sample by sample."""

from prosemble.objectives.base import Objective
from prosemble.objectives.pairwise import Attraction, Difference, Pairwise, RelativeDifference, Term

__all__ = ["Attraction", "Difference", "Objective", "Pairwise", "RelativeDifference", "Term"]
