"""Every loss against its definition, and at the points where derivatives are at risk."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from prosemble.core import losses
from prosemble.core.activations import ACTIVATIONS, get_activation, sigmoid_beta, swish_beta
from tests.precision import float64
from tests.registry import LOSSES, breadth_but

CLASSES = jnp.array([0, 1, 1, 2, 0])
TARGETS = jnp.array([0, 1, 2, 2, 1, 0])


@pytest.fixture(scope="module")
def distances():
    return np.random.default_rng(0).uniform(0.1, 4.0, size=(6, 5))


@pytest.mark.parametrize("name", LOSSES)
def test_value(name, distances):
    case = LOSSES[name]
    got = case.function(jnp.asarray(distances, jnp.float32), TARGETS, CLASSES)
    assert got == pytest.approx(case.reference(distances, np.asarray(TARGETS), np.asarray(CLASSES)), rel=1e-5)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("fill", [0.0, 1e-25, 1.0, 1e12])
def test_gradient_is_finite_at_ties_and_extremes(name, fill):
    case = LOSSES[name]
    value, gradient = jax.value_and_grad(case.function)(jnp.full((6, 5), fill), TARGETS, CLASSES)
    assert jnp.isfinite(value) and jnp.isfinite(gradient).all()


@pytest.mark.parametrize("dtype", breadth_but([jnp.bfloat16], [jnp.bfloat16, jnp.float16, jnp.float32]))
@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_of_the_type_of_the_distances(name, dtype, distances):
    function, D = LOSSES[name].function, jnp.asarray(distances, dtype)
    expected = jax.grad(function)(D.astype(jnp.float32), TARGETS, CLASSES)
    with float64():  # where numbers without a type are of 64 bits
        gradient = jax.grad(lambda D: function(D, TARGETS, CLASSES).astype(jnp.float32))(D)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(gradient.astype(jnp.float32), expected, atol=0.05)


@pytest.mark.parametrize("name", LOSSES)
def test_permuting_prototypes_and_samples_and_renaming_classes_changes_nothing(name, distances):
    function = LOSSES[name].function
    D = jnp.asarray(distances, jnp.float32)
    expected = float(function(D, TARGETS, CLASSES))
    rows, columns = np.random.default_rng(1).permutation(6), np.random.default_rng(2).permutation(5)
    renamed = jnp.array([2, 0, 1])
    assert function(D[rows], TARGETS[rows], CLASSES) == pytest.approx(expected, rel=1e-6)
    assert function(D[:, columns], TARGETS, CLASSES[columns]) == pytest.approx(expected, rel=1e-6)
    assert function(D, renamed[TARGETS], renamed[CLASSES]) == pytest.approx(expected, rel=1e-6)


def test_soft_losses_are_finite_where_every_probability_underflows():
    D = jnp.array([[1e6, 2e6]])
    y, c = jnp.array([1]), jnp.array([0, 1])
    assert losses.nllr_loss(D, y, c) == pytest.approx(5e5)
    assert losses.rslvq_loss(D, y, c, sigma=0.5) == pytest.approx(2e6)


def test_transfer_margin_and_beta_enter_glvq():
    D, y, c = jnp.array([[1.0, 3.0]]), jnp.array([0]), jnp.array([0, 1])
    assert losses.glvq_loss(D, y, c, margin=0.2) == pytest.approx(-0.3)
    got = losses.glvq_loss_with_transfer(D, y, c, sigmoid_beta, margin=0.1, beta=2.0)
    assert got == pytest.approx(1 / (1 + np.exp(0.8)))
    assert swish_beta(jnp.float32(0.5), 2.0) == pytest.approx(0.5 / (1 + np.exp(-1.0)))


def test_margin_loss_and_neural_gas_energy():
    y_pred = jnp.array([[0.9, 0.2, 0.1], [0.3, 0.4, 0.6]])
    one_hot = jnp.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert losses.margin_loss(y_pred, one_hot) == pytest.approx((0.0 + 0.5) / 2)
    assert losses.neural_gas_energy(jnp.array([[3.0, 1.0]]), 2.0) == pytest.approx(1 + 3 * np.exp(-0.5))


def test_unknown_activation_lists_the_known():
    assert get_activation(jnp.tanh) is jnp.tanh
    with pytest.raises(ValueError, match="Unknown activation 'relu'.*identity.*sigmoid_beta.*swish_beta"):
        get_activation("relu")
    assert {name: get_activation(name) for name in ACTIVATIONS} == ACTIVATIONS
