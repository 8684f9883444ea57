"""A user's model, written from the specification alone."""

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from prosemble.core.distance import squared_euclidean_distance_matrix
from prosemble.core.initializers import principal_directions
from prosemble.core.losses import glvq_loss_with_transfer
from prosemble.core.pooling import stratified_min_pooling
from prosemble.distances import Distance
from prosemble.io import ModelFileError
from prosemble.models import GLVQ, PrototypeClassifier
from prosemble.models.prototype_base import SupervisedPrototypeModel
from prosemble.objectives import Decision, Difference, Objective, Pairwise


class Regularised(SupervisedPrototypeModel):
    """GLVQ whose prototypes are drawn to the origin."""

    def __init__(self, strength=0.1, **kwargs):
        super().__init__(**kwargs)
        self.strength = strength

    def _compute_loss(self, params, X, y, proto_labels):
        distances = self.distance_fn(X, params["prototypes"])
        own = y[:, None] == proto_labels[None, :]
        plus = jnp.where(own, distances, jnp.inf).min(axis=1)
        minus = jnp.where(own, jnp.inf, distances).min(axis=1)
        mu = self.transfer_fn((plus - minus) / (plus + minus) + self.margin, self.beta)
        if self.beta > 5:  # a plain branch on a constructor value
            mu = mu * 2
        return mu.mean() + self.strength * (params["prototypes"] ** 2).mean()

    def _get_hyperparams(self):
        return {**super()._get_hyperparams(), "strength": self.strength}


class Grandchild(Regularised):
    """Inherits the parent's own __init__."""


class ThroughCore(SupervisedPrototypeModel):
    def _compute_loss(self, params, X, y, proto_labels):
        distances = self.distance_fn(X, params["prototypes"])
        return glvq_loss_with_transfer(distances, y, proto_labels, self.transfer_fn, self.margin, self.beta)


class OnTopOfGLVQ(GLVQ):
    def _compute_loss(self, params, X, y, proto_labels):
        return super()._compute_loss(params, X, y, proto_labels)


@pytest.mark.parametrize("options", [{}, {"batch_size": 32}, {"use_scan": False, "max_iter": 7}])
@pytest.mark.parametrize("model", [ThroughCore, OnTopOfGLVQ])
def test_a_hook_equals_the_built_in_model(model, options, iris):
    options = {"transfer_fn": "swish_beta", "max_iter": 20, **options}
    X, y = iris
    ours, theirs = GLVQ(**options).fit(X, y), model(**options).fit(X, y)
    np.testing.assert_allclose(theirs.prototypes_, ours.prototypes_, atol=2e-3 if "batch_size" not in options else 0.05)
    assert theirs.score(X, y) > 0.8


@pytest.mark.parametrize("model", [Regularised, Grandchild])
def test_trains_clones_saves_and_loads(model, iris, tmp_path):
    X, y = iris
    fitted = model(strength=0.5, lr=0.05, margin=0.1).fit(X, y)
    assert fitted.score(X, y) > 0.8
    assert np.abs(fitted.prototypes_).mean() < np.abs(model(strength=0.0, lr=0.05).fit(X, y).prototypes_).mean()
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params() and copy.strength == 0.5 and copy.lr == 0.05
    np.testing.assert_array_equal(copy.fit(X, y).prototypes_, fitted.prototypes_)

    fitted.save(tmp_path / "model")
    loaded = model.load(tmp_path / "model")
    assert loaded.get_params() == fitted.get_params()
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    with pytest.raises(ModelFileError, match=f"call {model.__name__}.load"):
        SupervisedPrototypeModel.load(tmp_path / "model")


def test_is_searched_over(iris):
    search = GridSearchCV(Regularised(max_iter=20), {"strength": [0.0, 100.0], "lr": [0.05]}, cv=3).fit(*iris)
    assert search.best_params_ == {"strength": 0.0, "lr": 0.05}


def test_branches_and_changed_numbers_act_on_a_second_fit(iris):
    model = Regularised(beta=10.0, epsilon=0.0, max_iter=1)
    first = model.fit(*iris).loss_
    assert model.set_params(beta=4.0).fit(*iris).loss_ != first
    assert model.set_params(beta=10.0, strength=0.2).fit(*iris).loss_ > first


def test_the_estimator_itself_is_left_unresolved(iris):
    model = ThroughCore(max_iter=2).fit(*iris)
    assert model.distance_fn is None and model.transfer_fn is None


class Projected(Distance):
    """Prototypes live in the plane of the two principal directions."""

    @property
    def latent(self):
        return True

    def init(self, start):
        plane = principal_directions(start.X, start.weight, 2)
        return {"prototypes": start.prototypes @ plane, "plane": plane}

    def __call__(self, params, X):
        return squared_euclidean_distance_matrix(X @ params["plane"], params["prototypes"])


class Warped(Decision):
    def __call__(self, params, distances, labels, n_classes):
        return stratified_min_pooling(distances, labels, n_classes) * jnp.arange(1, n_classes + 1)


class OwnDecision(Objective):
    @property
    def decision(self):
        return Warped()

    def __call__(self, params, distances, y, labels, epoch):
        return Pairwise(term=Difference())(params, distances, y, labels, epoch)


@pytest.mark.parametrize("part", [{"distance": Projected()}, {"objective": OwnDecision()}], ids="{0}".format)
def test_a_file_is_read_with_the_part_that_it_was_made_with(part, iris, tmp_path):
    X, y = iris
    fitted = PrototypeClassifier(**part, max_iter=5).fit(X, y)
    fitted.save(tmp_path / "model")
    (name,) = part
    with pytest.raises(ValueError, match=rf"a {name} that a file cannot hold: call load\(path, {name}=\.\.\.\)"):
        PrototypeClassifier.load(tmp_path / "model")
    loaded = PrototypeClassifier.load(tmp_path / "model", **part)
    np.testing.assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))


def test_weights_are_refused(iris):
    X, y = iris
    with pytest.raises(ValueError, match="sample_weight and class_weight cannot act on ThroughCore"):
        ThroughCore().fit(X, y, sample_weight=np.arange(len(y)))
    with pytest.raises(ValueError, match="sample_weight and class_weight cannot act"):
        ThroughCore(class_weight="balanced").fit(X, y)


def test_a_model_without_a_loss_says_what_to_override(iris):
    with pytest.raises(NotImplementedError, match="override _compute_loss"):
        SupervisedPrototypeModel().fit(*iris)
