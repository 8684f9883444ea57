"""Classification by components: prototypes without a class, and what each says of the classes."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from prosemble.distances import Distance, FromSimilarity
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.objectives import Objective, Reasoning


class CBC(SupervisedPrototypeModel):
    """Classification by components (Saralajew, Holdijk, Rees, Asan & Villmann 2019).

    Components are points that a sample resembles or not. The probability of a class is how far what is found, and
    what is missing, agrees with the reasoning of the class: a component may speak for it, against it, or not matter.
    Training minimises max(0, margin + largest wrong probability - right probability).

    Components belong to no class: `prototype_labels_` tells which class each was drawn from.
    """

    n_components: int = 5
    sigma: float = 1.0
    similarity_fn: Callable[..., Any] | None = None
    margin: float = 0.3

    _inert: ClassVar[tuple[str, ...]] = ("transfer_fn", "beta", "n_prototypes_per_class")
    _measured_by: ClassVar[tuple[str, ...]] = ("similarity_fn",)
    _every_class_has_prototypes: ClassVar[bool] = False
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "sigma": [Interval(Real, 0, None, closed="neither")],
        "similarity_fn": [callable, None],
    }
    _parameter_docs = """
        n_components : int, default=5
            Number of components.
        sigma : float, default=1.0
            A component at distance d is detected by exp(-d / (2 sigma^2)).
        similarity_fn : callable, optional
            `(X, W) -> (n, p)` of JAX arrays, detections in [0, 1], in the place of `distance_fn` and `sigma`.
        margin : float, default=0.3
            By how much the right probability should exceed the largest wrong one."""
    _attribute_docs = """
        components_ : ndarray of shape (n_components, n_features)
            The same as prototypes_.
        reasonings_ : ndarray of shape (n_components, n_classes, 2)
            a and b in [0, 1]: it speaks for a class by a, against it by (1 - a) b; the rest does not matter."""

    def _inert_options(self) -> list[str]:
        return super()._inert_options() + ([] if self.similarity_fn is None else ["distance_fn", "sigma"])

    def _distance(self) -> Distance:
        return super()._distance() if self.similarity_fn is None else FromSimilarity(function=self.similarity_fn)

    def _objective(self) -> Objective:
        width = float(self.sigma) if self.similarity_fn is None else None
        return Reasoning(n_classes=self.n_classes_, margin=float(self.margin), sigma=width)

    def _counts(self) -> list[int]:
        return [len(share) for share in np.array_split(np.arange(self.n_components), self.n_classes_)]

    @property
    def components_(self) -> np.ndarray:
        return self._parameters()["prototypes"]
