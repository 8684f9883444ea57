"""A fitted classifier with what scales its rows, as one pure function: what every export is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils.validation import check_is_fitted

from prosemble.io.quantization import dequantized
from prosemble.model_selection.powers import BoundedPowerTransformer
from prosemble.models import prediction
from prosemble.models.base import PrototypeModel
from prosemble.models.wrapped import unwrapped

_outcome = jax.jit(prediction.outcome, static_argnames="n_classes")


class Affine(NamedTuple):
    """(x - centre) / scale + shift, feature by feature; then within the limits, if there are any."""

    centre: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    limits: tuple[float, float] | None = None

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n d"]:
        # Centred first: what is left of a large number and a small difference is the difference.
        centre, scale, shift = (jnp.asarray(part, X.dtype) for part in self[:3])
        X = (X - centre) / scale + shift
        return X if self.limits is None else jnp.clip(X, *self.limits)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return (X - self.shift) * self.scale + self.centre


class UnitRows(NamedTuple):
    """Each row at length one in a norm; a row of zeros stays."""

    norm: str

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n d"]:
        if self.norm == "l2":
            length = jnp.sqrt((X * X).sum(axis=1, keepdims=True))
        elif self.norm == "l1":
            length = jnp.abs(X).sum(axis=1, keepdims=True)
        else:
            length = jnp.abs(X).max(axis=1, keepdims=True)
        return X / jnp.where(length > 0, length, 1.0)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return X


class Powers(NamedTuple):
    """A power of each feature (Box & Cox 1964; Yeo & Johnson 2000), as it was fitted, and what scales it then."""

    transformer: PowerTransformer
    scaling: Affine | None

    def __call__(self, X: Float[Array, "n d"]) -> Float[Array, "n d"]:
        powers = jnp.asarray(self.transformer.lambdas_, X.dtype)
        if self.transformer.method == "box-cox":
            X = _raised(jnp.log(X), powers)
        else:
            X = _raised(jnp.log1p(jnp.maximum(X, 0)), powers) - _raised(jnp.log1p(jnp.maximum(-X, 0)), 2 - powers)
        return X if self.scaling is None else self.scaling(X)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        return np.nan_to_num(self.transformer.inverse_transform(X))  # there is none for what no number is raised to


def _raised(logarithms: Float[Array, "n d"], powers: Float[Array, " d"]) -> Float[Array, "n d"]:
    """Return (x^power - 1) / power of numbers of which the logarithms are known; for a power of 0 those."""
    divisors = jnp.where(powers == 0, 1, powers)
    return jnp.where(powers == 0, logarithms, jnp.expm1(divisors * logarithms) / divisors)


Step = Affine | UnitRows | Powers


class Program(NamedTuple):
    """A classifier behind its scalers; called with the estimator's parameters and raw rows, it predicts."""

    steps: tuple[Step, ...]
    estimator: PrototypeModel
    feature_names: tuple[str, ...]

    @property
    def name(self) -> str:
        return type(self.estimator).__name__

    @property
    def classes(self) -> np.ndarray:
        return self.estimator.classes_

    @property
    def n_features(self) -> int:
        return int(self.estimator.n_features_in_)

    @property
    def dtype(self) -> np.dtype:
        """What the rows are numbers of."""
        return np.dtype(jax.dtypes.canonicalize_dtype(self.estimator.prototypes_.dtype))

    @property
    def labels(self) -> np.ndarray:
        """The class indices of the prototypes."""
        return np.searchsorted(self.classes, self.estimator.prototype_labels_).astype(np.int32)

    def __call__(self, X: Float[Array, "n d"]) -> prediction.Outcome:
        """Return what is predicted of the rows; where it is traced, the parameters are constants of the program."""
        model = self.estimator
        for step in self.steps:
            X = step(X)
        params = dequantized(jax.tree.map(jnp.asarray, model._stored()))
        return prediction.outcome(model._metric(), model._decision(), params, X, self.labels, len(self.classes))

    def predict(self, X: np.ndarray) -> prediction.Outcome:
        """Return the same as the library itself computes it, by a program that all models of a kind share."""
        model = self.estimator
        for step in self.steps:
            X = np.asarray(step(jnp.asarray(X)))
        params, labels = model._parameters(), self.labels
        return _outcome(model._metric(), model._decision(), params, X, labels, n_classes=len(self.classes))

    def probes(self) -> np.ndarray:
        """Return rows to compare what two forms of this program say of them, (64, n_features)."""
        rng = np.random.default_rng(0)
        rows = rng.standard_normal((64, self.n_features))
        prototypes = np.asarray(self.estimator.prototypes_, float)
        if prototypes.shape[1] == self.n_features:  # and do not lie in the space of an encoder
            rows = prototypes[rng.integers(len(prototypes), size=64)] + rows * prototypes.std(axis=0)
        for step in reversed(self.steps):
            rows = step.inverse(rows)
        return rows.astype(self.dtype)


def program_of(model: Any) -> Program:
    """Return the program of a fitted estimator, a pipeline or search that ends in one, or a table's model.

    Raises
    ------
    TypeError
        If there is no classifier of prototypes, or before it is a step that is not known.
    sklearn.exceptions.NotFittedError
        If it has not learned anything yet.
    """
    from prosemble.table import TableModel  # which reads tables with libraries that are slow to import

    if isinstance(model, TableModel):
        program = program_of(model.estimator)
        return program._replace(steps=_table_steps(model), feature_names=tuple(model.feature_names))
    estimator, transformers = unwrapped(model, "model")
    _require_own_prediction(estimator)
    steps = tuple(step for name, transformer in transformers for step in _steps_of(name, transformer))
    return Program(steps, estimator, tuple(map(str, getattr(model, "feature_names_in_", ()))))


def _require_own_prediction(estimator: PrototypeModel) -> None:
    for method in ("predict", "predict_proba", "_class_distances"):
        if getattr(type(estimator), method) is not getattr(PrototypeModel, method):
            raise TypeError(
                f"{type(estimator).__name__} has a {method} of its own, which an export would not follow; give it a "
                "distance (`_distance`) or a decision (`_decision`) instead."
            )


def _table_steps(model: Any) -> tuple[Affine, ...]:
    if model.scaler is None:
        return ()
    scaling = _standard(model.scaler)
    rest = len(model.feature_names) - len(model.numeric)  # columns of zeros and ones, which are not scaled
    return (
        Affine(
            np.concatenate([scaling.centre, np.zeros(rest)]),
            np.concatenate([scaling.scale, np.ones(rest)]),
            np.zeros(len(model.feature_names)),
        ),
    )


def _steps_of(name: str, transformer: Any) -> tuple[Step, ...]:
    kind = type(transformer)  # and not what derives from it, which may do something else
    if kind is Pipeline:
        return tuple(step for name, inner in transformer.steps for step in _steps_of(name, inner))
    identity = kind is FunctionTransformer and transformer.func is None
    if transformer is None or isinstance(transformer, str) or identity:  # 'passthrough'
        return ()
    if kind not in _SCALERS:
        known = ", ".join(scaler.__name__ for scaler in _SCALERS)
        raise TypeError(f"The pipeline's step {name!r} is a {kind.__name__}, which cannot be exported. Known: {known}.")
    check_is_fitted(transformer)
    return (_SCALERS[kind](transformer),)


def _affine(scaler: Any, centre: Any = None, scale: Any = None, shift: float = 0.0, limits: Any = None) -> Affine:
    d = scaler.n_features_in_
    centre = np.zeros(d) if centre is None else np.asarray(centre, float)
    scale = np.ones(d) if scale is None else np.asarray(scale, float)
    return Affine(centre, scale, np.full(d, float(shift)), limits)


def _standard(scaler: StandardScaler) -> Affine:
    return _affine(scaler, scaler.mean_ if scaler.with_mean else None, scaler.scale_ if scaler.with_std else None)


def _robust(scaler: RobustScaler) -> Affine:
    centre = scaler.center_ if scaler.with_centering else None
    return _affine(scaler, centre, scaler.scale_ if scaler.with_scaling else None)


def _range(scaler: MinMaxScaler) -> Affine:
    low, high = scaler.feature_range
    return _affine(scaler, scaler.data_min_, 1 / scaler.scale_, low, (low, high) if scaler.clip else None)


def _largest(scaler: MaxAbsScaler) -> Affine:
    limits = (-1.0, 1.0) if getattr(scaler, "clip", False) else None  # younger than the class
    return _affine(scaler, scale=scaler.scale_, limits=limits)


def _powers(transformer: PowerTransformer) -> Powers:
    return Powers(transformer, _standard(transformer._scaler) if transformer.standardize else None)


def _unit_rows(scaler: Normalizer) -> UnitRows:
    return UnitRows(scaler.norm)


_SCALERS: dict[type, Callable[[Any], Step]] = {
    StandardScaler: _standard,
    MinMaxScaler: _range,
    MaxAbsScaler: _largest,
    RobustScaler: _robust,
    Normalizer: _unit_rows,
    PowerTransformer: _powers,
    BoundedPowerTransformer: _powers,
}
