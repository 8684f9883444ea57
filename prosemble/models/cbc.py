"""Classification by components: prototypes without a class, and what each says of the classes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from prosemble.core.part import COUNT, parameter
from prosemble.models.metrics import Similarity
from prosemble.objectives import Objective, Reasoning


class CBC(Similarity):
    """Classification by components (Saralajew, Holdijk, Rees, Asan & Villmann 2019).

    Components are points that a sample resembles or not. The probability of a class is how far what is found, and
    what is missing, agrees with the reasoning of the class: a component may speak for it, against it, or not matter.
    Training minimises max(0, margin + largest wrong probability - right probability).

    Components belong to no class: `prototype_labels_` tells which class each was drawn from.
    """

    n_components: int = parameter(default=5, accepts=[COUNT], kind="int", doc="Number of components.")
    margin: float = parameter(
        default=0.3,
        accepts=None,
        kind="float",
        doc="By how much the right probability should exceed the largest wrong one.",
    )

    _inert: ClassVar[tuple[str, ...]] = ("transfer_fn", "beta", "n_prototypes_per_class")
    _every_class_has_prototypes: ClassVar[bool] = False
    _counted_by: ClassVar[str] = "n_components"
    _attribute_docs = """
        components_ : ndarray of shape (n_components, n_features)
            The same as `prototypes_`.
        reasonings_ : ndarray of shape (n_components, n_classes, 2)
            a and b in [0, 1]: it speaks for a class by a, against it by (1 - a) b; the rest does not matter."""

    def _objective(self) -> Objective:
        return Reasoning(n_classes=self.n_classes_, margin=float(self.margin), sigma=self._width())

    def _counts(self) -> list[int]:
        return [len(share) for share in np.array_split(np.arange(self.n_components), self.n_classes_)]

    @property
    def components_(self) -> np.ndarray:
        return self.prototypes_
