"""Objective parts: what training minimises, sample by sample."""

from prosemble.objectives.base import Objective
from prosemble.objectives.cooperation import Cooperation, NeuralGas
from prosemble.objectives.decision import Decision, Nearest, Votes
from prosemble.objectives.pairwise import Attraction, Difference, Pairwise, RelativeDifference, Term
from prosemble.objectives.probabilistic import CrossEntropy, SoftLVQ
from prosemble.objectives.reasoning import Agreement, Reasoning

__all__ = [
    "Agreement",
    "Attraction",
    "Cooperation",
    "CrossEntropy",
    "Decision",
    "Difference",
    "Nearest",
    "NeuralGas",
    "Objective",
    "Pairwise",
    "Reasoning",
    "RelativeDifference",
    "SoftLVQ",
    "Term",
    "Votes",
]
