"""What the reference library has, by the same names."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from prosemble import core
from prosemble.distances import Relevance
from prosemble.models import DKGMLVQ, GLVQ, PLVQ, SCMNG, ImageCBC, PrototypeClassifier


def test_functions_can_be_imported_from_core():
    assert callable(core.squared_euclidean_distance_matrix) and set(core.__all__) <= set(dir(core))
    assert all(getattr(core, name) is not None for name in core.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        core.nothing  # noqa: B018
    X = np.array([[0.0], [1.0], [3.0]])
    assert core.estimate_sigma(X) == 2.0 and core.estimate_sigma(X, percentile=100.0) == 3.0
    X = jnp.asarray(X)
    np.testing.assert_allclose(core.polynomial_kernel_matrix(X, X, degree=2.0)[2], [1.0, 16.0, 100.0])


def test_pairs_are_entries_of_matrices():
    x, w, omega = np.array([1.0, -2.0]), np.array([4.0, 2.0]), jnp.array([[1.0], [2.0]])
    assert float(core.squared_euclidean_distance(x, w)) == 25.0 and float(core.euclidean_distance(x, w)) == 5.0
    assert float(core.manhattan_distance(x, w)) == 7.0 and float(core.omega_distance(x, w, omega)) == 121.0
    assert [float(core.lpnorm_distance(x, w, p)) for p in (1.0, np.inf)] == [7.0, 4.0]
    with pytest.raises(ValueError, match=r"two vectors of one length; got the shapes \(2,\) and \(1, 2\)"):
        core.euclidean_distance(x, w[None])


def test_relevances_below_zero_are_refused():
    X, spread = jnp.ones((2, 3)), jnp.zeros((2, 3))
    for call in (
        core.relevance_distance_matrix,
        lambda *a: core.wasserstein2_relevance_distance_matrix(*a[:2], spread, a[2]),
    ):
        with pytest.raises(ValueError, match=r"must not be negative; the smallest is -0.5. Of logits"):
            call(X, X, jnp.array([0.5, -0.5, 1.0]))


def test_ng_rslvq_weights_by_rank():
    rng = np.random.default_rng(0)
    D, y, c = rng.exponential(size=(9, 6)), rng.integers(3, size=9), np.arange(6) % 3
    rank = D.argsort(axis=1).argsort(axis=1)
    log = -D / (2 * 0.7**2) - rank / 1.3
    expected = np.mean([logsumexp(row) - logsumexp(row[c == label]) for row, label in zip(log, y, strict=True)])
    D, y, c = jnp.asarray(D, jnp.float32), jnp.asarray(y), jnp.asarray(c)
    assert float(core.ng_rslvq_loss(D, y, c, sigma=0.7, gamma=1.3)) == pytest.approx(expected, rel=1e-5)
    assert jnp.isfinite(jax.grad(core.ng_rslvq_loss)(D, y, c)).all()


def test_a_matrix_a_class_and_its_relatives(iris):
    model = SCMNG(max_iter=3, n_prototypes_per_class=2).fit(*iris)
    assert model.omegas_.shape == (3, 4, 4)
    kernel = DKGMLVQ(max_iter=3).fit(*iris)
    np.testing.assert_allclose(kernel.lambda_hat_, kernel.omega_hat_ @ kernel.omega_hat_.T)
    assert ImageCBC(input_shape=(1, 4, 1), max_iter=3).fit(*iris).components_.shape == (5, 4)


def test_plvq_takes_either_loss(iris):
    one, other = (PLVQ(loss_type=kind, max_iter=3).fit(*iris) for kind in ("rslvq", "nllr"))
    assert (one.loss_history_ != other.loss_history_).all()
    with pytest.raises(ValueError, match="loss_type"):
        PLVQ(loss_type="other").fit(*iris)


def test_sparsity_leaves_weight_to_few_features(iris):
    X, y = iris
    dense, sparse = (
        PrototypeClassifier(distance=Relevance(sparsity=s), lr=0.1, max_iter=150).fit(X, y) for s in (None, 0.5)
    )
    weights = [np.exp(model.log_relevances_) for model in (dense, sparse)]
    assert np.sqrt(weights[1]).sum() < np.sqrt(weights[0]).sum() and weights[1].max() > 0.95


def test_win_ratios_add_up(iris):
    X, y = iris
    model = GLVQ(n_prototypes_per_class=2, max_iter=5).fit(X, y)
    wins = model.prototype_win_ratios(X, y)
    assert wins.decides.sum() == pytest.approx(1) and wins.label.tolist() == model.prototype_labels_.tolist()
    assert (wins.decides * wins.rightly.fillna(0)).sum() == pytest.approx(model.score(X, y))
