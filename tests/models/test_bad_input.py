"""Each bad input is refused before training, by a message with the parameter and what is accepted."""

from collections.abc import Callable
from typing import Any

import numpy as np
import optax
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

from prosemble.distances import Distance, Encoded, Lp, Omega
from prosemble.encoders import MLP
from prosemble.models import GLVQ
from prosemble.objectives import NeuralGas, Objective, Reasoning, SoftLVQ
from tests.registry import MODELS


@pytest.fixture(scope="module")
def fitted(iris):
    return GLVQ(max_iter=3).fit(*iris)


PARAMETERS = [
    (
        {"n_prototypes_per_class": 0},
        "n_prototypes_per_class must hold integers >= 1|must be an int in the range",
    ),
    ({"n_prototypes_per_class": [1, 2]}, "has 2 entries, but y has 3 classes"),
    ({"n_prototypes_per_class": {0: 1, 1: 1}}, r"no count for the labels \[2\]"),
    ({"n_prototypes_per_class": {0: 1, 1: 1, 2: 1, 9: 1}}, r"labels \[9\], which y does not have"),
    ({"n_prototypes_per_class": 51}, "51 prototypes of class 0, which has 50 samples"),
    ({"n_prototypes_per_class": 51, "prototypes_initializer": "stratified_noise"}, "has 50 samples"),
    ({"class_weight": {7: 1.0}}, r"class_weight names the labels \[7\]"),
    ({"class_weight": {0: -1.0}}, "class_weight must hold numbers >= 0"),
    ({"class_weight": "uniform"}, "class_weight.*balanced"),
    ({"lr": -1}, "'lr' parameter of GLVQ must be"),
    ({"max_iter": 0}, "'max_iter' parameter"),
    ({"epsilon": -1e-3}, "'epsilon' parameter"),
    ({"random_seed": -1}, "'random_seed' parameter"),
    ({"batch_size": 0}, "'batch_size' parameter"),
    ({"patience": 0}, "'patience' parameter"),
    ({"ema_decay": 1.0}, "'ema_decay' parameter"),
    ({"mixed_precision": "int8"}, "mixed_precision.*bfloat16"),
    ({"optimizer": "adamm"}, "Unknown optimizer 'adamm'.*adam.*sgd"),
    ({"transfer_fn": "relu"}, "Unknown activation 'relu'.*swish_beta"),
    ({"lr_scheduler": "step"}, "Unknown lr_scheduler 'step'.*cosine_decay"),
    ({"lr_scheduler": "linear", "lr_scheduler_kwargs": {"gamma": 1}}, r"\['gamma'\].*end_value"),
    ({"lr_scheduler_kwargs": {"gamma": 1}}, "lr_scheduler_kwargs=.* has no effect with lr_scheduler=None"),
    ({"prototypes_initializer": "kmeans"}, "Unknown prototypes_initializer 'kmeans'.*class_mean"),
    ({"prototypes_initializer": lambda X, y, n, key: (X[:2], y[:2])}, "must give each class a prototype"),
    ({"prototypes_initializer": lambda X, y, n, key: (X[:, :2], y)}, r"of shape \(p, 4\)"),
    ({"freeze_params": ["omega"]}, r"freeze_params names \['omega'\].*prototypes"),
    ({"lookahead": {"k": 3}}, r"lookahead holds \['k'\].*sync_period"),
    ({"lookahead": {"sync_period": 0}}, "integer sync_period >= 1"),
    ({"callbacks": [print]}, "callbacks must hold"),
    ({"optimizer": optax.sgd(0.1), "lr": 0.5}, "lr=0.5 has no effect with an optimizer that is"),
    ({"optimizer": optax.sgd(0.1), "lr_scheduler": "linear"}, "lr_scheduler='linear' has no effect"),
    ({"optimizer": "lbfgs", "batch_size": 10}, "batch_size=10 has no effect with optimizer='lbfgs'"),
]


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS, ids=[message[:40] for _, message in PARAMETERS])
def test_parameters(parameters, message, iris):
    model = GLVQ(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(*iris)
    assert not hasattr(model, "classes_") and not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("name", ["GLVQ1", "GLVQ21"])
@pytest.mark.parametrize("parameter", [{"beta": 3.0}, {"margin": 0.1}, {"transfer_fn": "swish_beta"}])
def test_options_outside_the_loss(name, parameter, iris):
    with pytest.raises(ValueError, match=f"has no effect with the distance and loss of {name}"):
        MODELS[name](**parameter).fit(*iris)


def test_the_option_that_takes_the_place_of_others_is_named(iris):
    with pytest.raises(ValueError, match=r"sigma=2\.0 has no effect with a similarity_fn"):
        MODELS["CBC"](similarity_fn=lambda X, W: X @ W.T, sigma=2.0).fit(*iris)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODELS["CBC"](n_components=450), "n_components asks for 150 prototypes"),
        (MODELS["SiameseGMLVQ"](omega_dim=9), "omega_dim=9 must be at most latent_dim=2"),
        (GLVQ(class_weight=dict.fromkeys(range(3), 0)), "class_weight must leave some sample a weight"),
        (GLVQ(distance_fn=lambda X, W: (X @ W.T)[:, 0]), r"distance_fn must return .* \(n, p\), here .* got \(\d+,\)"),
        (MODELS["PrototypeClassifier"](objective=Reasoning(n_classes=2)), "3 classes of y; it has n_classes=2"),
        (
            MODELS["PrototypeClassifier"](objective=Reasoning(n_classes=3), cooperation=NeuralGas()),
            "cooperation=NeuralGas.* has no effect with objective=Reasoning",
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_the_parameter_that_is_wrong_is_named(model, message, iris):
    with pytest.raises(ValueError, match=message):
        model.fit(*iris)


class Own(Distance):
    """A user's distance, of which one thing is wrong."""

    start: object = None
    name: str = "scale"
    change: Callable[[Any], Any] = lambda distances: distances

    def init(self, start):
        return {} if self.start is None else {self.name: self.start}

    def __call__(self, params, X):
        return self.change(((X[:, None] - params["prototypes"]) ** 2).sum(axis=-1))


class OfAll(Objective):
    def __call__(self, params, distances, y, labels, epoch):
        return distances.mean()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"distance": Own(change=lambda D: D[:, :1])}, r"Own must return an array of shape \(n, p\), here .*; got"),
        ({"distance": Own(change=lambda D: D.sum())}, r"Own must return .* got \(\)"),
        ({"distance": Own(change=lambda D: D.T)}, r"Own must return an array of shape \(n, p\)"),
        ({"objective": OfAll()}, r"OfAll must return an array of shape \(n,\), here .*; got \(\)"),
        ({"transfer_fn": lambda mu, beta: mu.sum()}, "transfer_fn must return an array of shape of mu"),
        ({"distance": Own(start=2.0, name="sigma"), "objective": SoftLVQ()}, "Own and SoftLVQ both .* named 'sigma'"),
        ({"distance": Own(start=2.0, name="classes")}, "cannot be named 'classes': 'classes_' is something else"),
        ({"distance": Own(start=2.0, name="loss")}, "cannot be named 'loss'"),
        ({"distance": Lp(p=0.5)}, "'p' parameter of Lp must be"),
        ({"distance": Encoded(encoder=MLP(hidden_sizes=(3,), latent_dim=2), distance=Omega(latent_dim=0))}, "of Omega"),
        ({"objective": SoftLVQ(sigma=0.0)}, "'sigma' parameter of SoftLVQ must be"),
        ({"objective": SoftLVQ(cooperation=NeuralGas(gamma_decay=2.0))}, "'gamma_decay' parameter of NeuralGas"),
        ({"cooperation": NeuralGas(gamma_init=-1.0)}, "'gamma_init' parameter of NeuralGas"),
        (
            {"distance": Own(start=2)},
            "Own must start 'scale' at floating point numbers, .* or name it in `fixed`; got 2",
        ),
        (
            {"objective": SoftLVQ(cooperation=NeuralGas()), "cooperation": NeuralGas(gamma_init=2.0)},
            "cooperation=NeuralGas.* has no effect with objective=SoftLVQ",
        ),
        (
            {"prototypes_initializer": lambda X, y, n, key: (X[[0, 60, 120]], np.array([0.0, 1.0, 2.0]))},
            "prototypes_initializer must code classes by integers; got float64",
        ),
    ],
)
def test_a_part_that_breaks_its_promise_is_named(parts, message, iris):
    with pytest.raises(ValueError, match=message):
        MODELS["PrototypeClassifier"](max_iter=1, **parts).fit(*iris)


def spoil(X, value):
    X = X.copy()
    X[3, 1] = value
    return X


DATA = [
    (lambda X, y: (spoil(X, np.nan), y), "contains NaN"),
    (lambda X, y: (spoil(X, np.inf), y), "contains infinity"),
    (lambda X, y: (X, np.zeros_like(y)), "at least two classes.*only one class"),
    (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
    (lambda X, y: (X[:, :0], y), "0 feature"),
    (lambda X, y: (X, y + 0.5), "Unknown label type"),
]


def test_where_there_are_gaps_the_option_for_them_is_named(iris):
    X, y = iris
    with pytest.raises(ValueError, match="contains NaN") as caught:
        GLVQ().fit(spoil(X, np.nan), y)
    assert "allow_nan=True" in caught.value.__notes__[0]


@pytest.mark.parametrize(("change", "message"), DATA, ids=[message for _, message in DATA])
def test_data_leaves_the_former_fit_untouched(change, message, iris, fitted):
    before = dict(vars(fitted).items())
    with pytest.raises(ValueError, match=message):
        fitted.fit(*change(*iris))
    assert vars(fitted) == before or all(vars(fitted)[name] is value for name, value in before.items())


def test_columns_of_initial_prototypes_in_another_order(iris):
    X, y = iris
    frame = pd.DataFrame(X, columns=list("abcd"))
    with pytest.raises(ValueError, match="feature names should match"):
        GLVQ(max_iter=1).fit(frame, y, initial_prototypes=frame.iloc[[0, 60, 120], ::-1])


def test_sparse_input(iris):
    X, y = iris
    with pytest.raises(TypeError, match="dense data is required"):
        GLVQ().fit(csr_array(X), y)


def test_at_prediction(iris, fitted):
    X, _ = iris
    with pytest.raises(ValueError, match="X has 3 features, but GLVQ is expecting 4"):
        fitted.predict(X[:, :3])
    with pytest.raises(NotFittedError):
        GLVQ().predict(X)
    with pytest.raises(NotFittedError):
        GLVQ().distances(X)
    with pytest.raises(NotFittedError):
        GLVQ().fit(*iris, resume=True)


def test_weights_starts_and_validation(iris):
    X, y = iris
    with pytest.raises(ValueError, match="Negative|not negative"):
        GLVQ().fit(X, y, sample_weight=-np.ones(len(y)))
    with pytest.raises(ValueError, match="zero|some positive"):
        GLVQ().fit(X, y, sample_weight=np.zeros(len(y)))
    with pytest.raises(ValueError, match=r"validation_data holds the labels \[5\]"):
        GLVQ().fit(X, y, validation_data=(X, np.where(y == 1, 5, y)))
    with pytest.raises(ValueError, match="must be a pair"):
        GLVQ().fit(X, y, validation_data=(X, y, y))
    with pytest.raises(ValueError, match="initial_prototypes must give prototypes of shape"):
        GLVQ().fit(X, y, initial_prototypes=X[:3, :2], initial_labels=[0, 1, 2])
    with pytest.raises(ValueError, match=r"without one: \[2\]"):
        GLVQ().fit(X, y, initial_prototypes=X[:2], initial_labels=[0, 1])
    with pytest.raises(ValueError, match="initial_prototypes cannot act"):
        GLVQ(max_iter=2).fit(X, y).fit(X, y, initial_prototypes=X[:3], resume=True)
    with pytest.raises(ValueError, match="classes must be given"):
        GLVQ().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y holds the labels \[2\]"):
        GLVQ().partial_fit(X, y, classes=[0, 1])


def test_divergence_is_an_error_and_keeps_the_former_fit(iris):
    model = MODELS["GLVQ21"](max_iter=2).fit(*iris)
    before = model.prototypes_
    with pytest.raises(ValueError, match="Training diverged.*smaller lr"):
        model.set_params(optimizer="sgd", lr=1e6, max_iter=100).fit(*iris)
    assert model.prototypes_ is before
