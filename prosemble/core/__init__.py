"""Pure functions of arrays; nothing in here knows of estimators.

The functions for people who compose by hand can be imported from here, too; each is loaded when it is asked for.
"""

from importlib import import_module
from typing import Any

_FUNCTIONS = {
    "activations": ("ACTIVATIONS", "get_activation", "identity", "sigmoid_beta", "swish_beta"),
    "competitions": ("cbcc", "knnc", "wtac"),
    "distance": (
        "cosine_distance_matrix", "euclidean_distance_matrix", "gaussian_kernel_matrix", "lomega_distance_matrix",
        "lpnorm_distance_matrix", "manhattan_distance_matrix", "omega_distance_matrix", "relevance_distance_matrix",
        "squared_euclidean_distance_matrix", "tangent_distance_matrix", "wasserstein2_distance_matrix",
        "wasserstein2_omega_distance_matrix", "wasserstein2_relevance_distance_matrix",
    ),
    "initializers": ("estimate_sigma",),
    "kernel": (
        "exponential_kernel_distance_squared", "kernel_distance_squared_per_proto", "kernel_distance_squared_relevance",
    ),
    "losses": (
        "cross_entropy_lvq_loss", "glvq_loss", "glvq_loss_with_transfer", "lvq1_loss", "lvq21_loss", "margin_loss",
        "neural_gas_energy", "ng_rslvq_loss", "nllr_loss", "rslvq_loss",
    ),
    "pairs": (
        "euclidean_distance", "lpnorm_distance", "manhattan_distance", "omega_distance", "squared_euclidean_distance",
    ),
    "pooling": (
        "stratified_max_pooling", "stratified_min_pooling", "stratified_prod_pooling", "stratified_sum_pooling",
    ),
    "similarities": (
        "cosine_similarity_matrix", "euclidean_similarity", "gaussian_similarity", "polynomial_kernel_matrix",
    ),
}  # fmt: skip
_MODULE_OF = {name: module for module, names in _FUNCTIONS.items() for name in names}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
