"""A whole search as one program, and an automatic choice of the model."""

from prosemble.core.powers import BoundedPowerTransformer
from prosemble.model_selection.auto import AutoPrototypeClassifier
from prosemble.model_selection.search import BatchedSearchCV

__all__ = ["AutoPrototypeClassifier", "BatchedSearchCV", "BoundedPowerTransformer"]
