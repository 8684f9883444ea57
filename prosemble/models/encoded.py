"""Deep relatives: GLVQ and RSLVQ of what a network makes of the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar, cast

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils import _safe_indexing, check_array, check_consistent_length
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import _check_sample_weight

from prosemble import _words as words
from prosemble.core.part import COUNT, POSITIVE, parameter
from prosemble.distances import Distance, Encoded, Omega
from prosemble.encoders import CNN, MLP, Encoder, encode, layer_activation
from prosemble.models.cbc import CBC
from prosemble.models.glvq import GLVQ
from prosemble.models.metrics import OmegaMetric, Representation, TangentMetric
from prosemble.models.probabilistic import RSLVQ
from prosemble.objectives import Objective, SoftLVQ


class LatentMetric(ClassNamePrefixFeaturesOutMixin, Representation):
    """The distance of what an encoder makes of the samples."""

    activation: str | Callable[..., Any] = parameter(
        default="sigmoid",
        accepts=[str, callable],
        kind="str or callable",
        doc="What follows each hidden layer: 'elu', 'gelu', 'identity', 'leaky_relu', 'relu', 'sigmoid', 'silu', "
        "'softplus', 'tanh', or a function of arrays.",
    )
    bb_lr: float | None = parameter(
        default=None, accepts=[POSITIVE, None], kind="float", doc="Learning rate of the encoder; `lr` when None."
    )

    _siamese: ClassVar[bool] = True
    _measured_by: ClassVar[tuple[str, ...]] = ("activation",)
    _attribute_docs = """
        backbone_params_ : dict of ndarray
            The weights of the encoder."""

    def _encoder(self) -> Encoder:
        raise NotImplementedError

    def _distance(self) -> Encoded:
        return Encoded(encoder=self._encoder(), distance=super()._distance(), siamese=self._siamese)

    def _represent(self, X: np.ndarray) -> np.ndarray:
        return encode(self._encoder(), self.backbone_params_, X)

    @property
    def _n_features_out(self) -> int:
        return self.latent_dim


class PerceptronMetric(LatentMetric):
    """The encoder is a multilayer perceptron."""

    hidden_sizes: Sequence[int] | None = parameter(
        default=None,
        accepts=["array-like", None],
        kind="list of int",
        doc="Neurons of each hidden layer; one layer of 10 when None.",
    )
    latent_dim: int = parameter(
        default=2, accepts=[COUNT], kind="int", doc="Numbers that the encoder makes of a sample."
    )

    def _encoder(self) -> Encoder:
        sizes = _sizes("hidden_sizes", self.hidden_sizes, (10,))
        return MLP(hidden_sizes=sizes, latent_dim=self.latent_dim, activation=layer_activation(self.activation))


class SiamesePerceptron(PerceptronMetric):
    """Samples and prototypes pass through the same perceptron."""

    both_path_gradients: bool = parameter(
        default=True,
        accepts=["boolean"],
        kind="bool",
        doc="Whether the encoder learns from what it makes of the prototypes, too, or of the samples alone.",
    )

    def _distance(self) -> Encoded:
        return replace(super()._distance(), both_path_gradients=self.both_path_gradients)


class ConvolutionalMetric(LatentMetric):
    """Samples and prototypes are images and pass through the same convolutional network."""

    input_shape: Sequence[int] = parameter(
        default=(28, 28, 1),
        accepts=["array-like"],
        kind="(int, int, int)",
        doc="Height, width and channels of the images; a row of X is such an image, flat.",
    )
    channels: Sequence[int] | None = parameter(
        default=None,
        accepts=["array-like", None],
        kind="list of int",
        doc="Channels after each stage; (16, 32) when None.",
    )
    kernel_sizes: Sequence[int] | None = parameter(
        default=None,
        accepts=["array-like", None],
        kind="list of int",
        doc="Width of the kernels of each stage; 3 for all when None.",
    )
    latent_dim: int = parameter(
        default=32, accepts=[COUNT], kind="int", doc="Numbers that the encoder makes of an image."
    )
    activation: str | Callable[..., Any] = "relu"

    def _encoder(self) -> Encoder:
        channels = _sizes("channels", self.channels, (16, 32))
        shape = _sizes("input_shape", self.input_shape, ())
        if len(shape) != 3:
            raise ValueError(f"input_shape must be height, width and channels; got {self.input_shape!r}.")
        return CNN(
            input_shape=shape,
            channels=channels,
            kernel_sizes=_sizes("kernel_sizes", self.kernel_sizes, (3,) * len(channels)),
            latent_dim=self.latent_dim,
            activation=layer_activation(self.activation),
        )


class LatentMatrix(OmegaMetric):
    """One matrix for all prototypes, of the latent vectors."""

    omega_dim: int | None = parameter(
        default=None,
        accepts=Omega.accepts["latent_dim"],
        kind="int",
        doc="Columns of omega, the rank of the metric; `latent_dim` when None.",
    )

    def _distance(self) -> Distance:
        if self.omega_dim is not None and self.omega_dim > self.latent_dim:
            raise ValueError(f"omega_dim={self.omega_dim} must be at most latent_dim={self.latent_dim}.")
        return Omega(latent_dim=self.omega_dim, regularization=self._eta())


def _sizes(name: str, given: Sequence[int] | None, default: tuple[int, ...]) -> tuple[Any, ...]:
    sizes = default if given is None else tuple(given)
    if not all(isinstance(size, Integral) and int(size) >= 1 for size in sizes):
        raise ValueError(f"{name} must hold integers >= 1; got {given!r}.")
    return tuple(int(size) for size in sizes)


class LVQMLN(PerceptronMetric, GLVQ):
    """LVQ multilayer network: GLVQ with prototypes in the latent space of a perceptron (Villmann et al. 2017)."""

    _siamese = False


class PLVQ(PerceptronMetric, RSLVQ):
    """Probabilistic LVQ: RSLVQ with prototypes in the latent space of a perceptron, and probabilities as targets.

    Targets may be labels or, where a label would claim more than is known, probabilities of the classes: `y` of shape
    (n_samples, n_classes), not negative, rows of sum one; the classes are the columns of a data frame, or 0, 1, ...
    Minimised is the cross-entropy of the targets and the mixture's class probabilities (Villmann, Kaden, Saralajew &
    Villmann 2018), which for labels is RSLVQ's loss.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.models import PLVQ
    >>> X, y = load_iris(return_X_y=True)
    >>> unsure = 0.9 * np.eye(3)[y] + 0.1 / 3
    >>> PLVQ(max_iter=20).fit(X, unsure).predict(X[:1])
    array([0])
    """

    _siamese = False

    loss_type: str = parameter(
        default="rslvq",
        accepts=[StrOptions({"rslvq", "nllr"})],
        kind="{'rslvq', 'nllr'}",
        doc="-log P(own class), or 'nllr' for -log of P(own class) / P(other classes), which has no lower bound.",
    )

    def _objective(self) -> Objective:
        return replace(cast(SoftLVQ, super()._objective()), robust=self.loss_type == "rslvq")

    def _labelled(self, X: Any, y: Any, sample_weight: Any, every_class: bool) -> tuple[Any, Any, Any]:
        shape: tuple[int, ...] = np.shape(y) if isinstance(y, list) else getattr(y, "shape", ())
        if len(shape) != 2 or shape[1] < 2:
            return X, y, sample_weight
        classes = np.asarray(getattr(y, "columns", np.arange(shape[1])))
        targets = check_array(y, dtype=np.float64, input_name="y")
        if (targets < 0).any() or not np.allclose(targets.sum(axis=1), 1.0, atol=1e-5):
            raise ValueError("y of shape (n_samples, n_classes) must hold probabilities, rows of sum one.")
        if every_class and not targets.any(axis=0).all():
            raise ValueError(
                f"y gives no sample a probability of {words.some(classes[~targets.any(axis=0)].tolist())}."
            )
        check_consistent_length(X, targets)
        weight = _check_sample_weight(sample_weight, targets)
        # A sample of uncertain class is as good as one of each class, weighted by its probability.
        row, label = np.nonzero(targets)
        return _safe_indexing(X, row), classes[label], weight[row] * targets[row, label]


class SiameseGLVQ(SiamesePerceptron, GLVQ):
    """GLVQ of what a perceptron makes of samples and prototypes."""


class SiameseGMLVQ(SiamesePerceptron, LatentMatrix, GLVQ):
    """GMLVQ of what a perceptron makes of samples and prototypes."""


class SiameseGTLVQ(SiamesePerceptron, TangentMetric, GLVQ):
    """GTLVQ of what a perceptron makes of samples and prototypes."""


class ImageGLVQ(ConvolutionalMetric, GLVQ):
    """GLVQ of what a convolutional network makes of images and prototypes; prototypes are images."""


class ImageGMLVQ(ConvolutionalMetric, LatentMatrix, GLVQ):
    """GMLVQ of what a convolutional network makes of images and prototypes."""


class ImageGTLVQ(ConvolutionalMetric, TangentMetric, GLVQ):
    """GTLVQ of what a convolutional network makes of images and prototypes."""


class ImageCBC(ConvolutionalMetric, CBC):
    """Classification by components of what a convolutional network makes of images; components are images."""

    margin: float = 0.3  # CBC's, which the metric's own base would hide
