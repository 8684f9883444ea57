"""The open form: any distance, objective and cooperation, put together by the user."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from prosemble.core.part import check_part, parameter
from prosemble.distances import Distance
from prosemble.models.glvq import GLVQ, NO_TRANSFER
from prosemble.objectives import Cooperation, Objective


class PrototypeClassifier(GLVQ):
    """A classifier of parts: what it measures with, what it minimises, and how prototypes of a class cooperate.

    Every named model is one choice of these: `GMLVQ()` is `PrototypeClassifier(distance=Omega())`. Parts of your own
    derive from those in `prosemble.distances` and `prosemble.objectives`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.distances import Omega
    >>> from prosemble.models import PrototypeClassifier
    >>> from prosemble.objectives import SoftLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = PrototypeClassifier(distance=Omega(latent_dim=2), objective=SoftLVQ(sigma=0.5)).fit(X, y)
    >>> model.omega_.shape
    (4, 2)
    """

    distance: Distance | None = parameter(
        default=None,
        accepts=[Distance, None],
        kind="prosemble.distances.Distance",
        doc="What is measured with; squared Euclidean, or `distance_fn`, when None.",
    )
    objective: Objective | None = parameter(
        default=None,
        accepts=[Objective, None],
        kind="prosemble.objectives.Objective",
        doc="What is minimised; GLVQ's, with `transfer_fn`, `beta` and `margin`, when None.",
    )
    cooperation: Cooperation | None = parameter(
        default=None,
        accepts=[Cooperation, None],
        kind="prosemble.objectives.Cooperation",
        doc="How the prototypes of one class share a sample; the nearest has all when None.",
    )

    _measured_by: ClassVar[tuple[str, ...]] = ("distance", "objective")  # which may decide in its own way

    def _validate_params(self) -> None:
        super()._validate_params()
        for part in filter(None, (self.distance, self.objective, self.cooperation)):
            check_part(part)

    def _inert_options(self) -> list[str]:
        inert = super()._inert_options()
        inert += ["distance_fn"] if self.distance is not None else []
        return inert + (list(NO_TRANSFER) if self.objective is not None else [])

    def _distance(self) -> Distance:
        if self.distance is None:
            return super()._distance()
        return self.distance

    def _objective(self) -> Objective:
        objective = super()._objective() if self.objective is None else self.objective
        classes = getattr(objective, "n_classes", self.n_classes_)
        if classes != self.n_classes_:
            raise ValueError(
                f"objective={objective!r} must be of the {self.n_classes_} classes of y; it has n_classes={classes}."
            )
        if self.cooperation is None:
            return objective
        if getattr(objective, "cooperation", self) is not None:  # it has another, or cannot have any
            raise ValueError(
                f"cooperation={self.cooperation!r} has no effect with objective={objective!r}; leave it at None."
            )
        return replace(objective, cooperation=self.cooperation)  # type: ignore[call-arg]
