"""A whole search as one program."""

from prosemble.model_selection.search import BatchedSearchCV

__all__ = ["BatchedSearchCV"]
