"""Encoders: networks that users bring, and targets that are probabilities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone

from prosemble.distances import Encoded
from prosemble.encoders import from_module
from prosemble.models import PLVQ, ImageGLVQ, PrototypeClassifier, SiameseGLVQ
from prosemble.training import loop

equinox = pytest.importorskip("equinox", reason="one of the two libraries whose modules are taken")
nnx = pytest.importorskip("flax.nnx", reason="one of the two libraries whose modules are taken")


class Normalised(nnx.Module):
    def __init__(self, mean=0.0):
        rngs = nnx.Rngs(0)
        self.hidden = nnx.Linear(4, 5, rngs=rngs)
        self.norm = nnx.BatchNorm(5, rngs=rngs, use_running_average=True)
        self.norm.mean = nnx.BatchStat(jnp.full(5, mean))
        self.out = nnx.Linear(5, 2, rngs=rngs)

    def __call__(self, X):
        return self.out(nnx.tanh(self.norm(self.hidden(X))))


MODULES = {"Equinox": lambda: equinox.nn.MLP(4, 2, 5, 1, key=jax.random.key(0)), "Flax NNX": Normalised}


def of(module, **options):
    distance = Encoded(encoder=from_module(module), siamese=True)
    return PrototypeClassifier(distance=distance, max_iter=30, lr=0.03, **options)


@pytest.mark.parametrize("library", MODULES)
def test_a_users_module_trains_clones_saves_and_loads(library, iris, tmp_path):
    X, y = iris
    model = of(MODULES[library]()).fit(X, y)
    assert model.score(X, y) > 0.9 and len(model.backbone_params_) >= 4
    programs = loop.run._cache_size()
    for other in (clone(model), of(MODULES[library]())):  # an equal module is the same program
        np.testing.assert_array_equal(other.fit(X, y).prototypes_, model.prototypes_)
    assert loop.run._cache_size() == programs
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"a distance that a file cannot hold: call load\(path, distance=\.\.\.\)"):
        PrototypeClassifier.load(tmp_path / "model")
    loaded = PrototypeClassifier.load(tmp_path / "model", distance=model.distance)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_what_of_a_module_is_no_weight_is_not_taken_from_an_equal_one(iris):
    first, other = of(Normalised()).fit(*iris), of(Normalised(mean=3.0)).fit(*iris)
    assert not np.allclose(first.loss_history_, other.loss_history_)


def test_modules_that_cannot_be_used_are_refused(iris):
    with pytest.raises(TypeError, match="module must be callable"):
        from_module({"kernel": np.ones(3)})
    with pytest.raises(ValueError, match="no arrays of floating-point numbers"):
        from_module(jax.tree_util.Partial(np.tanh))
    with pytest.raises(ValueError, match=r"input_shape=\(28, 28, 1\) is that of images of 784 numbers, but X has 4"):
        ImageGLVQ().fit(*iris)


def test_the_encoder_has_its_own_rate_and_may_be_frozen(iris):
    settings = {"max_iter": 5, "optimizer": "sgd"}
    plain, same, faster = (SiameseGLVQ(bb_lr=rate, **settings).fit(*iris) for rate in (None, 0.01, 0.1))
    for name, weight in plain.backbone_params_.items():
        np.testing.assert_allclose(same.backbone_params_[name], weight, atol=1e-7)
        assert not np.allclose(faster.backbone_params_[name], weight)
    frozen = SiameseGLVQ(freeze_params=["backbone"], **settings).fit(*iris)
    begun = SiameseGLVQ(freeze_params=["backbone"], **{**settings, "max_iter": 1}).fit(*iris)
    jax.tree.map(np.testing.assert_array_equal, frozen.backbone_params_, begun.backbone_params_)
    with pytest.raises(ValueError, match="bb_lr=0.1 has no effect with freeze_params"):
        SiameseGLVQ(freeze_params=["backbone"], bb_lr=0.1).fit(*iris)


def test_prototypes_learn_also_where_the_encoder_sees_samples_alone(iris):
    both, one = (SiameseGLVQ(both_path_gradients=both, max_iter=5).fit(*iris) for both in (True, False))
    begun = SiameseGLVQ(both_path_gradients=False, max_iter=5, freeze_params=["prototypes"]).fit(*iris)
    assert not np.allclose(both.prototypes_, one.prototypes_) and not np.allclose(one.prototypes_, begun.prototypes_)


def test_targets_may_be_probabilities(iris):
    X, y = iris
    settings = {"max_iter": 10, "epsilon": 0.0}
    certain = np.eye(3)[y]
    labels = PLVQ(**settings).fit(X, y)
    np.testing.assert_array_equal(PLVQ(**settings).fit(X, certain).prototypes_, labels.prototypes_)
    unsure = PLVQ(**settings).fit(X, 0.7 * certain + 0.1, validation_data=(X, certain))
    assert not np.allclose(unsure.prototypes_, labels.prototypes_) and len(unsure.val_loss_history_) == 10
    with pytest.raises(ValueError, match="must hold probabilities"):
        PLVQ().fit(X, 2 * certain)


def test_probable_labels_that_leave_a_class_out(iris):
    X, y = iris
    targets, two = np.eye(3)[y], y < 2
    model = PLVQ(max_iter=3).fit(X, targets, validation_data=(X[two], targets[two])).partial_fit(X[two], targets[two])
    begun = PLVQ(max_iter=3).partial_fit(X[two], targets[two], classes=[0, 1, 2])
    assert model.n_iter_ == 4 and begun.classes_.tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match=r"y gives no sample a probability of \[2\]"):
        PLVQ(max_iter=3).fit(X[two], targets[two])
