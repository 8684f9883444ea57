"""Estimators: declarations over the parts."""

from prosemble.models.glvq import GLVQ, GLVQ1, GLVQ21
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.models.registry import all_estimators

__all__ = ["GLVQ", "GLVQ1", "GLVQ21", "SupervisedPrototypeModel", "all_estimators"]
