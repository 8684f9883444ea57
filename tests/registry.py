"""Every distance, loss and model that the laws run over. A new one enters by one line."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from prosemble.core import distance, kernel, losses
from prosemble.models import SupervisedPrototypeModel, all_estimators
from tests.reference import naive


class Case(NamedTuple):
    function: Callable
    reference: Callable
    # Beyond (X, W): names of the arguments that tests/core/test_distance.py makes.
    arguments: tuple[str, ...] = ()


DISTANCES = {
    "squared_euclidean": Case(distance.squared_euclidean_distance_matrix, naive.squared_euclidean),
    "euclidean": Case(distance.euclidean_distance_matrix, naive.euclidean),
    "manhattan": Case(distance.manhattan_distance_matrix, naive.manhattan),
    "lpnorm": Case(distance.lpnorm_distance_matrix, naive.lpnorm, ("p",)),
    "omega": Case(distance.omega_distance_matrix, naive.omega, ("omega",)),
    "lomega": Case(distance.lomega_distance_matrix, naive.lomega, ("omegas",)),
    "tangent": Case(distance.tangent_distance_matrix, naive.tangent, ("bases",)),
    "gaussian_kernel": Case(distance.gaussian_kernel_matrix, naive.gaussian_kernel, ("sigma",)),
    "wasserstein2": Case(distance.wasserstein2_distance_matrix, naive.wasserstein2, ("log_variances",)),
    "wasserstein2_omega": Case(
        distance.wasserstein2_omega_distance_matrix, naive.wasserstein2_omega, ("log_variances", "omega")
    ),
    "wasserstein2_relevance": Case(
        distance.wasserstein2_relevance_distance_matrix,
        naive.wasserstein2_relevance,
        ("log_variances", "relevances"),
    ),
    "kernel_per_proto": Case(kernel.kernel_distance_squared_per_proto, naive.kernel_per_proto, ("sigmas",)),
    "kernel_relevance": Case(
        kernel.kernel_distance_squared_relevance, naive.kernel_relevance, ("sigmas", "relevances")
    ),
    "exponential_kernel": Case(kernel.exponential_kernel_distance_squared, naive.exponential_kernel, ("omega",)),
}

LOSSES = {
    "glvq": Case(losses.glvq_loss, naive.glvq),
    "glvq_with_transfer": Case(losses.glvq_loss_with_transfer, naive.glvq),
    "lvq1": Case(losses.lvq1_loss, naive.lvq1),
    "lvq21": Case(losses.lvq21_loss, naive.lvq21),
    "nllr": Case(losses.nllr_loss, naive.nllr),
    "rslvq": Case(losses.rslvq_loss, naive.rslvq),
    "cross_entropy": Case(lambda d, y, c: losses.cross_entropy_lvq_loss(d, y, c, n_classes=3), naive.cross_entropy),
}

ESTIMATORS = dict(all_estimators())
#: Those that are trained by gradients.
MODELS = {name: cls for name, cls in ESTIMATORS.items() if issubclass(cls, SupervisedPrototypeModel)}

#: One of each kind of parameters: what the base class and the loop do alike for all is held for these.
KINDS = ["GLVQ", "GMLVQ", "GTLVQ", "RSLVQ", "SNG", "SiameseGMLVQ", "CBC"]


def breadth(name):
    """Return the marks of a law for this model: all but those of a kind may be left out on other versions."""
    return [pytest.mark.breadth] if name in MODELS and name not in KINDS else []


def breadth_but(kept, values, called=lambda value: value):
    """Return the values as parameters of a law that is held for the kept ones on other versions too."""
    return [pytest.param(value, marks=[] if called(value) in kept else [pytest.mark.breadth]) for value in values]


EVERY_MODEL = [pytest.param(name, marks=breadth(name)) for name in MODELS]


def settings(name, n_features):
    """Return what a model needs in order to be one for data of so many features."""
    return {"input_shape": (1, n_features, 1)} if hasattr(MODELS[name], "input_shape") else {}
