"""A fitted classifier with what stands before it, as one pure function: what every export is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.pipeline import Pipeline

from prosemble.core.cancellation import unless
from prosemble.core.programs import compiled
from prosemble.io.steps import Columns, Input, Kept, Step, chain, inputs_of, kept
from prosemble.io.wrapped import unwrapped
from prosemble.prediction.predictor import Outcome, Predictor, as_measured, outcome
from prosemble.prediction.quantization import dequantized

# Steps of an export's numbers that have to lie within the spread of the prototypes.
_TELLS = 256

_outcome = compiled(outcome, static_argnames=("n_classes", "bounded"))


@dataclass(frozen=True, eq=False)
class Program:
    """A classifier behind its steps; called with raw rows, it predicts.

    A row has a number for each of the inputs: of a category its place among the input's, NaN where it has none.
    """

    steps: tuple[Step, ...]
    estimator: Any
    inputs: tuple[Input, ...]

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def classes(self) -> np.ndarray:
        return self.predictor.classes

    @property
    def n_features(self) -> int:
        """How many numbers a row has."""
        return len(self.inputs)

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.inputs)

    @property
    def takes_gaps(self) -> bool:
        """Whether a number may be missing."""
        return bool(getattr(self.estimator, "allow_nan", False))

    @property
    def dtype(self) -> np.dtype:
        """What the rows are numbers of."""
        return self.predictor.dtype

    @cached_property
    def predictor(self) -> Predictor:
        """The classifier as a value."""
        return self.estimator.predictor_

    def _outcome(self, function: Any, params: Any, X: Any) -> Outcome:
        by = self.predictor
        return function(by.distance, by.decision, params, X, by.labels, by.n_classes, by.temperature, by.bounded)

    def __call__(self, X: Float[Array, "n d"]) -> Outcome:
        """Return what is predicted of the rows; where it is traced, the parameters are constants of the program."""
        by = self.predictor
        for step in self.steps:
            X = step(X)
        stored, centre = as_measured(by.distance, by.stored or by.params)
        X = X if centre is None else X - jnp.asarray(centre, X.dtype)
        params = dequantized(jax.tree.map(jnp.asarray, stored))
        with unless(by.separated):
            return self._outcome(outcome, params, X)

    def predict(self, X: np.ndarray) -> Outcome:
        """Return the same as the library itself computes it, by a program that all models of a kind share."""
        for step in self.steps:
            X = np.asarray(step(jnp.asarray(X)))
        params, centre = self.predictor.measured
        X = X if centre is None else (X - centre).astype(self.dtype)
        return self._outcome(_outcome, params, X)

    def probes(self) -> np.ndarray:
        """Return rows to compare what two forms of this program say of them, (64, inputs)."""
        rng = np.random.default_rng(0)
        width = self.estimator.n_features_in_
        rows = rng.standard_normal((64, width))
        prototypes = np.asarray(self.estimator.prototypes_, float)
        if prototypes.shape[1] == width:  # and do not lie in the space of an encoder
            rows = prototypes[rng.integers(len(prototypes), size=64)] + rows * prototypes.std(axis=0)
        for step in reversed(self.steps):
            rows = step.probe(rows, rng) if isinstance(step, Columns) else step.inverse(rows)
        if self.takes_gaps:
            numbers = [input_.categories is None for input_ in self.inputs]
            rows = np.where((rng.uniform(size=rows.shape) < 0.1) & numbers, np.nan, rows)
        return rows.astype(self.dtype)


def program_of(model: Any) -> Program:
    """Return the program of a fitted estimator, or of a pipeline, search or table's classifier that ends in one.

    Raises
    ------
    TypeError
        If there is no classifier of prototypes, or before it is a step that is not known.
    sklearn.exceptions.NotFittedError
        If it has not learned anything yet.
    """
    estimator, transformers = unwrapped(model, "model")
    _require_own_prediction(estimator)
    _require_single_precision(estimator)
    estimator.temperature_  # noqa: B018  # found before anything is traced
    contents = [content for name, transformer in transformers for content in _contents(name, transformer)]
    first = next((step for _, step in transformers if hasattr(step, "n_features_in_")), estimator)
    names = getattr(model, "feature_names_in_", [f"x{j}" for j in range(first.n_features_in_)])
    inputs = inputs_of(contents, [str(name) for name in names])
    return Program(chain(contents, len(inputs)), estimator, tuple(inputs))


def _contents(name: str, transformer: Any) -> list[Kept]:
    if type(transformer) is Pipeline:
        return [content for inner, step in transformer.steps for content in _contents(inner, step)]
    return [kept(transformer, name)]


def _require_own_prediction(estimator: Any) -> None:
    if own := estimator.predicts_otherwise_by():
        raise TypeError(
            f"{type(estimator).__name__} has a {own} of its own, which an export would not follow; give it a "
            "distance (`_distance`) or a decision (`_decision`) instead."
        )


def _require_single_precision(estimator: Any) -> None:
    """Raise where rows cannot be told apart in the numbers of 32 bits that exports take."""
    W = np.asarray(estimator.prototypes_)
    if W.dtype == jax.dtypes.canonicalize_dtype(W.dtype):
        return
    lost, spread = np.spacing(np.abs(W).max(axis=0).astype(np.float32)), W.std(axis=0)
    if np.linalg.norm(lost) * _TELLS > np.linalg.norm(spread):
        j = int(lost.argmax())
        raise ValueError(
            f"{type(estimator).__name__} cannot be exported: the prototypes lie at {W[:, j].mean():.7g} in feature {j} "
            f"and differ by {spread[j]:.3g}, which the numbers of 32 bits of an export hardly tell apart. Subtract "
            "a constant before training, and in what calls the export."
        )
