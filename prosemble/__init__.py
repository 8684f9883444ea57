"""Prototype classifiers that can be understood: the Generalized LVQ family on JAX, with scikit-learn's manners."""

__version__ = "0.1.0"
