"""The three founding models: GLVQ, and LVQ1 and LVQ2.1 as gradient losses."""

from __future__ import annotations

from typing import ClassVar

from prosemble.core.activations import get_activation
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.objectives import Attraction, Difference, Objective, Pairwise, RelativeDifference

#: What does not enter the loss of a model without GLVQ's term.
NO_TRANSFER = ("transfer_fn", "beta", "margin")


class GLVQ(SupervisedPrototypeModel):
    """Generalized learning vector quantization (Sato & Yamada 1995).

    Minimises the mean of f(mu + margin, beta) with mu = (d+ - d-) / (d+ + d-), the relative difference of the
    distances to the nearest prototype of the sample's own class and of any other.

    With the defaults all samples count alike and the model underfits; `transfer_fn='swish_beta'` or
    `'sigmoid_beta'` lets the samples near the border count most and is recommended.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import GLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> model = GLVQ(transfer_fn="swish_beta", lr=0.05).fit(X, y)
    >>> model.prototypes_.shape
    (3, 4)
    """

    def _objective(self) -> Objective:
        transfer = get_activation(self.transfer_fn or "identity")
        term = RelativeDifference(transfer=transfer, beta=float(self.beta), margin=float(self.margin))
        return Pairwise(term=term, cooperation=self._cooperation())


class GLVQ1(SupervisedPrototypeModel):
    """LVQ1 as a gradient loss: d+ where d+ <= d-, else -d- (Kohonen 1990).

    The loss has no lower bound where classes overlap: use few epochs or a small learning rate. `transfer_fn`,
    `beta` and `margin` do not enter it and are refused.
    """

    _inert: ClassVar[tuple[str, ...]] = NO_TRANSFER

    def _objective(self) -> Objective:
        return Pairwise(term=Attraction())


class GLVQ21(SupervisedPrototypeModel):
    """LVQ2.1 as a gradient loss, without its window: d+ - d- (Kohonen 1990).

    The loss has no lower bound where prototypes can be pushed away for ever: use few epochs or a small learning
    rate. `transfer_fn`, `beta` and `margin` do not enter it and are refused.
    """

    _inert: ClassVar[tuple[str, ...]] = NO_TRANSFER

    def _objective(self) -> Objective:
        return Pairwise(term=Difference())
