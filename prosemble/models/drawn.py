"""Models whose prototypes start where an initialiser puts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, cast

import jax
import numpy as np
from sklearn.utils._param_validation import Interval

from prosemble import _words as words
from prosemble.core.initializers import DRAWN_FROM_DATA
from prosemble.core.part import COUNT, parameter
from prosemble.models import _settings
from prosemble.models.base import PrototypeModel
from prosemble.training.data import Rows


class DrawnPrototypes(PrototypeModel):
    """A model whose prototypes start where an initialiser puts them, so many for each class."""

    n_prototypes_per_class: int | Sequence[int] | Mapping[Any, int] = parameter(
        default=1,
        accepts=[COUNT, "array-like", dict],
        kind="int, list of int or dict",
        doc="A number for all classes, a list in the order of the sorted labels, or a dict by label.",
    )
    random_seed: int = parameter(
        default=42,
        accepts=[Interval(Integral, 0, 2**32 - 1, closed="both")],
        kind="int",
        doc="Same seed, data and machine: the same bits.",
    )
    prototypes_initializer: str | Callable[..., Any] | None = parameter(
        default=None,
        accepts=[callable, str, None],
        kind="str or callable",
        doc="'stratified_random' (when None), 'class_mean', 'class_conditional_mean', 'stratified_noise', "
        "'random_normal', 'uniform', 'zeros', 'ones', 'fill_value', or `(X, y, n_per_class, key) -> (prototypes, "
        "labels)` with classes coded 0 .. n_classes-1.",
    )

    _every_class_has_prototypes: ClassVar[bool] = True
    _counted_by: ClassVar[str] = "n_prototypes_per_class"

    def _counts(self) -> list[int]:
        """Return the number of prototypes of each class."""
        return _settings.counts_of(self, self.classes_)

    def _draw(self, rows: Rows, given: Rows, stream: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return the first prototypes and their class indices, drawn from distinct rows.

        A user's function sees the rows as they were given. A `stream` may lack samples of a class so far.
        """
        X, y, weight = (cast(np.ndarray, part) for part in rows)
        counts = self._counts()
        initializer = _settings.initializer_of(self)
        if callable(self.prototypes_initializer):
            drawn = initializer(
                self._from_origin(given.X), given.y, counts, jax.random.key(np.uint32(self.random_seed))
            )
            if not isinstance(drawn, tuple | list) or len(drawn) != 2:
                raise ValueError(
                    f"prototypes_initializer must return prototypes and their classes; got a {type(drawn).__name__}."
                )
            prototypes, indices = self._about_origin(np.asarray(drawn[0]), X.dtype), np.asarray(drawn[1])
            self._check_prototypes("prototypes_initializer", prototypes, indices, X.shape[1])
            if not np.issubdtype(indices.dtype, np.integer):
                raise ValueError(f"prototypes_initializer must code classes by integers; got {indices.dtype}.")
            return prototypes, indices.astype(np.int32)
        if (self.prototypes_initializer or "stratified_random") in DRAWN_FROM_DATA and not stream:
            for label, count, index in zip(self.classes_.tolist(), counts, range(len(counts)), strict=True):
                # Merged rows stand for as many samples as they weigh, or for one.
                samples = np.maximum(weight[y == index], 1).sum()
                if count > samples:
                    raise ValueError(
                        f"{self._counted_by} asks for {count} prototypes of class {label!r}, which has "
                        f"{samples:.0f} samples; ask for fewer or choose a prototypes_initializer that does not "
                        "draw samples, such as 'class_mean'."
                    )
        return initializer(X, y, counts, np.random.default_rng(self.random_seed), weight)

    def _check_prototypes(self, source: str, prototypes: np.ndarray, indices: np.ndarray, n_features: int) -> None:
        if prototypes.ndim != 2 or prototypes.shape[1] != n_features or indices.shape != prototypes.shape[:1]:
            raise ValueError(
                f"{source} must give prototypes of shape (p, {n_features}) and p labels; got the shapes "
                f"{prototypes.shape} and {indices.shape}."
            )
        if not np.isfinite(prototypes).all():
            raise ValueError(f"{source} holds NaN or infinite values.")
        classes = self.classes_
        present = indices if self._every_class_has_prototypes else np.arange(len(classes))
        missing = np.setdiff1d(np.arange(len(classes)), present)
        if len(missing) or (indices < 0).any() or (indices >= len(classes)).any():
            raise ValueError(
                f"{source} must give each class a prototype; without one: {words.some(classes[missing].tolist())}, "
                f"classes: {words.some(classes.tolist())}."
            )
