"""What ties the families together: parts and named models, special cases, constraints, representations."""

from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone

from prosemble import distances, encoders, models, objectives
from prosemble.core import distance, losses
from prosemble.io import files
from prosemble.models import PrototypeClassifier
from tests.precision import float64
from tests.registry import EVERY_MODEL, KINDS, MODELS, breadth_but, settings
from tests.training.programs import programs

START = {"max_iter": 10, "n_prototypes_per_class": 2, "lr": 0.05, "epsilon": 0.0}
NEURAL_GAS = objectives.NeuralGas(gamma_init=1.0, gamma_final=0.01, gamma_decay=0.01 ** (1 / 9))
DISTANCES = {
    "squared Euclidean": distances.SquaredEuclidean(),
    "Euclidean": distances.Euclidean(),
    "Manhattan": distances.Manhattan(),
    "Lp": distances.Lp(p=3.0),
    "cosine": distances.Cosine(),
    "relevance": distances.Relevance(),
    "omega": distances.Omega(),
    "omega of rank 2": distances.Omega(latent_dim=2),
    "local omega": distances.LocalOmega(),
    "tangent": distances.Tangent(),
    "Gaussian kernel": distances.GaussianKernel(),
    "relevance kernel": distances.RelevanceKernel(),
    "exponential kernel": distances.ExponentialKernel(),
    "Wasserstein": distances.Wasserstein(),
    "Wasserstein, relevance": distances.WassersteinRelevance(),
    "Wasserstein, omega": distances.WassersteinOmega(),
    "local omega of classes": distances.LocalOmega(per_class=True),
    "omega, some directions excluded": distances.Omega(excluded=jnp.eye(4)[:, 1:3]),
    "omega, regularised": distances.Omega(regularization=0.1),
    "MLP": distances.Encoded(encoder=encoders.MLP()),
    "Siamese MLP": distances.Encoded(encoder=encoders.MLP(), siamese=True),
    "Siamese MLP, omega": distances.Encoded(encoder=encoders.MLP(), distance=distances.Omega(), siamese=True),
    "Siamese MLP, tangent": distances.Encoded(encoder=encoders.MLP(), distance=distances.Tangent(), siamese=True),
    "CNN": distances.Encoded(encoder=encoders.CNN(input_shape=(1, 4, 1)), siamese=True),
    "CNN, omega": distances.Encoded(
        encoder=encoders.CNN(input_shape=(1, 4, 1)), distance=distances.Omega(), siamese=True
    ),
    "CNN, tangent": distances.Encoded(
        encoder=encoders.CNN(input_shape=(1, 4, 1)), distance=distances.Tangent(), siamese=True
    ),
    "linear": distances.Encoded(encoder=encoders.Linear(latent_dim=2)),
    "identity": distances.Encoded(encoder=encoders.Identity()),
}
OBJECTIVES = {
    "GLVQ": objectives.Pairwise(term=objectives.RelativeDifference()),
    "LVQ1": objectives.Pairwise(term=objectives.Attraction()),
    "LVQ2.1": objectives.Pairwise(term=objectives.Difference()),
    "RSLVQ": objectives.SoftLVQ(),
    "SLVQ": objectives.SoftLVQ(robust=False),
    "cross-entropy": objectives.CrossEntropy(n_classes=3),
    "CBC": objectives.Reasoning(n_classes=3),
}
# (distance, objective, cooperation) of each named model.
NAMED = {
    "GLVQ": ("squared Euclidean", "GLVQ", None),
    "GLVQ1": ("squared Euclidean", "LVQ1", None),
    "GLVQ21": ("squared Euclidean", "LVQ2.1", None),
    "GRLVQ": ("relevance", "GLVQ", None),
    "GMLVQ": ("omega", "GLVQ", None),
    "LGMLVQ": ("local omega", "GLVQ", None),
    "GTLVQ": ("tangent", "GLVQ", None),
    "RSLVQ": ("squared Euclidean", "RSLVQ", None),
    "SLVQ": ("squared Euclidean", "SLVQ", None),
    "MRSLVQ": ("omega", "RSLVQ", None),
    "LMRSLVQ": ("local omega", "RSLVQ", None),
    "CELVQ": ("squared Euclidean", "cross-entropy", None),
    "SNG": ("squared Euclidean", "GLVQ", NEURAL_GAS),
    "SRNG": ("relevance", "GLVQ", NEURAL_GAS),
    "SMNG": ("omega", "GLVQ", NEURAL_GAS),
    "SLNG": ("local omega", "GLVQ", NEURAL_GAS),
    "STNG": ("tangent", "GLVQ", NEURAL_GAS),
    "SCMNG": ("local omega of classes", "GLVQ", NEURAL_GAS),
    "DKGLVQ_NG": ("Gaussian kernel", "GLVQ", NEURAL_GAS),
    "DKGRLVQ_NG": ("relevance kernel", "GLVQ", NEURAL_GAS),
    "DKGMLVQ_NG": ("exponential kernel", "GLVQ", NEURAL_GAS),
    "RSLVQ_NG": ("squared Euclidean", "RSLVQ", NEURAL_GAS),
    "MRSLVQ_NG": ("omega", "RSLVQ", NEURAL_GAS),
    "LMRSLVQ_NG": ("local omega", "RSLVQ", NEURAL_GAS),
    "CELVQ_NG": ("squared Euclidean", "cross-entropy", NEURAL_GAS),
    "MCELVQ_NG": ("omega", "cross-entropy", NEURAL_GAS),
    "LCELVQ_NG": ("local omega", "cross-entropy", NEURAL_GAS),
    "TCELVQ_NG": ("tangent", "cross-entropy", NEURAL_GAS),
    "DKGLVQ": ("Gaussian kernel", "GLVQ", None),
    "DKGRLVQ": ("relevance kernel", "GLVQ", None),
    "DKGMLVQ": ("exponential kernel", "GLVQ", None),
    "WGLVQ": ("Wasserstein", "GLVQ", None),
    "WGRLVQ": ("Wasserstein, relevance", "GLVQ", None),
    "WGMLVQ": ("Wasserstein, omega", "GLVQ", None),
    "LVQMLN": ("MLP", "GLVQ", None),
    "PLVQ": ("MLP", "RSLVQ", None),
    "SiameseGLVQ": ("Siamese MLP", "GLVQ", None),
    "SiameseGMLVQ": ("Siamese MLP, omega", "GLVQ", None),
    "SiameseGTLVQ": ("Siamese MLP, tangent", "GLVQ", None),
    "ImageGLVQ": ("CNN", "GLVQ", None),
    "ImageGMLVQ": ("CNN, omega", "GLVQ", None),
    "ImageGTLVQ": ("CNN, tangent", "GLVQ", None),
    "CBC": ("squared Euclidean", "CBC", None),
    "ImageCBC": ("CNN", "CBC", None),
    "PrototypeClassifier": ("squared Euclidean", "GLVQ", None),
}


def composed(distance, objective, cooperation=None, **settings):
    parts = {"distance": DISTANCES[distance], "objective": OBJECTIVES[objective], "cooperation": cooperation}
    return PrototypeClassifier(**{**START, **parts, **settings})


def test_every_named_model_is_told():
    assert set(NAMED) == set(MODELS)


@pytest.mark.parametrize("name", [param for param in EVERY_MODEL if param.values[0] != "PrototypeClassifier"])
def test_a_named_model_is_a_choice_of_parts(name, iris):
    start = {**START, **settings(name, 4)}
    if name in ("CBC", "ImageCBC"):  # which counts its components otherwise
        start["n_components"] = 3 * start.pop("n_prototypes_per_class")
    named, open_form = MODELS[name](**start).fit(*iris), composed(*NAMED[name]).fit(*iris)
    np.testing.assert_array_equal(named.prototypes_, open_form.prototypes_)
    np.testing.assert_array_equal(named.loss_history_, open_form.loss_history_)
    np.testing.assert_array_equal(named.predict_proba(iris[0]), open_form.predict_proba(iris[0]))


# Each compiles two programs of all objectives.
@pytest.mark.parametrize("of", breadth_but(("squared Euclidean",), DISTANCES))
def test_every_combination_has_finite_gradients_and_does_not_mind_the_order_of_prototypes(of, iris):
    X, y = (jnp.asarray(part[::10]) for part in iris)
    model = composed(of, "GLVQ", max_iter=1).fit(*iris)
    reasonings = np.random.default_rng(0).uniform(size=(6, 3, 2)).astype(np.float32)
    params = {**model._parameters(), "sigma": np.float32(1.0), "reasonings": reasonings}
    labels, order = jnp.array([0, 0, 1, 1, 2, 2]), np.array([3, 0, 5, 2, 1, 4])
    per_prototype = {"prototypes", "sigmas", "log_variances", "reasonings", "omegas", "omega_of"}
    if "omega_of" in params:
        per_prototype.remove("omegas")
    permuted = {name: value[order] if name in per_prototype else value for name, value in params.items()}

    chosen = [*OBJECTIVES.values()]
    chosen += [replace(each, cooperation=NEURAL_GAS) for each in chosen if hasattr(each, "cooperation")]

    def loss(params, objective, X, labels):
        return objective(params, distances.evaluate(DISTANCES[of], params, X), y, labels, jnp.int32(0)).mean()

    @jax.jit
    def losses_and_gradients(params):
        return [jax.value_and_grad(loss, allow_int=True)(params, objective, X, labels) for objective in chosen]

    for value, gradient in losses_and_gradients(params):
        assert jnp.isfinite(value) and all(
            jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient) if leaf.dtype == jnp.float32
        )

    with float64():  # sums in another order agree there to more digits than a near-singular tangent keeps in float32

        @jax.jit
        def values(params, X, labels):
            return jnp.stack([loss(params, objective, X, labels) for objective in chosen])

        X, params, permuted = jax.tree.map(
            lambda a: jnp.asarray(a, jnp.float64) if a.dtype == np.float32 else a, (X, params, permuted)
        )
        np.testing.assert_allclose(values(permuted, X, labels[order]), values(params, X, labels), rtol=1e-9, atol=1e-9)


PARTS = {**DISTANCES, **OBJECTIVES, "neural gas": NEURAL_GAS}


@pytest.mark.parametrize("name", PARTS)
def test_a_file_can_hold_every_part(name):
    assert files.storable(PARTS[name])


OPEN = [
    ("Lp", "RSLVQ"),
    ("cosine", "GLVQ"),
    ("Euclidean", "cross-entropy"),
    ("linear", "RSLVQ"),
    ("Siamese MLP, omega", "GLVQ"),
    ("CNN, tangent", "cross-entropy"),
]


@pytest.mark.parametrize(("of", "objective"), OPEN)
def test_open_combinations_train_clone_save_and_load(of, objective, iris, tmp_path):
    X, y = iris
    model = composed(of, objective, NEURAL_GAS).fit(X, y)
    assert model.loss_ < model.loss_history_[0]
    np.testing.assert_array_equal(clone(model).fit(X, y).prototypes_, model.prototypes_)
    model.save(tmp_path / "model")
    loaded = PrototypeClassifier.load(tmp_path / "model")
    assert loaded.get_params() == model.get_params()
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_excluded_directions_do_not_count(iris):
    X, y = iris
    directions = np.array([[1.0, 0.0], [1.0, 2.0], [0.0, 1.0], [0.0, 0.0]])
    model = models.GMLVQ(**START, excluded_directions=directions).fit(X, y)
    np.testing.assert_allclose(model.lambda_ @ directions, 0.0, atol=1e-6)
    moved = X + np.float32([[2.0, -1.0]]) @ directions.T.astype(np.float32)
    np.testing.assert_allclose(model.distances(moved), model.distances(X), atol=1e-5)


def test_a_file_holds_the_excluded_directions(iris, tmp_path):
    model = composed("omega, some directions excluded", "GLVQ").fit(*iris)
    model.save(tmp_path / "model")
    loaded = PrototypeClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.distance.excluded, model.distance.excluded)
    again = [each.fit(*iris, resume=True).omega_ for each in (loaded, model)]
    np.testing.assert_array_equal(*again)


@pytest.mark.parametrize(
    ("directions", "given"),
    [
        (np.eye(3)[:, :1], r"shape \(3, 1\)"),
        (np.eye(4)[:1], r"shape \(1, 4\)"),
        (np.eye(4), r"shape \(4, 4\)"),
        (np.ones((4, 2)), "rank 1"),
        (np.zeros((4, 1)), "rank 0"),
        (np.full((4, 1), np.nan), "NaN"),
    ],
)
def test_directions_that_cannot_be_excluded_are_refused(directions, given, iris):
    with pytest.raises(ValueError, match=given) as error:
        models.GMLVQ(excluded_directions=directions).fit(*iris)
    assert "excluded_directions" in str(error.value)


def test_a_part_without_a_use_for_an_option_refuses_it(iris):
    with pytest.raises(ValueError, match="distance_fn=.* has no effect"):
        PrototypeClassifier(distance=distances.Omega(), distance_fn=distance.manhattan_distance_matrix).fit(*iris)
    with pytest.raises(ValueError, match=r"beta=3\.0 has no effect"):
        PrototypeClassifier(objective=objectives.SoftLVQ(), beta=3.0).fit(*iris)
    with pytest.raises(ValueError, match="distance_fn=.* has no effect with the distance and loss of GMLVQ"):
        models.GMLVQ(distance_fn=distance.manhattan_distance_matrix).fit(*iris)
    with pytest.raises(ValueError, match="latent_dim=7 is more than the 4 features"):
        models.GMLVQ(latent_dim=7).fit(*iris)
    with pytest.raises(ValueError, match="'sigma' parameter of RSLVQ"):
        models.RSLVQ(sigma=-1.0).fit(*iris)


# Special cases.


@pytest.mark.parametrize(("name", "frozen"), [("GMLVQ", "omega"), ("LGMLVQ", "omegas"), ("GRLVQ", "log_relevances")])
def test_with_a_metric_frozen_at_the_identity_it_is_glvq(name, frozen, iris):
    plain = models.GLVQ(**START).fit(*iris)
    model = MODELS[name](freeze_params=[frozen], **START).fit(*iris)
    np.testing.assert_allclose(model.prototypes_, plain.prototypes_, atol=2e-5)


def test_metrics_that_are_special_cases_of_each_other():
    rng = np.random.default_rng(0)
    X, W, omega = (jnp.asarray(rng.standard_normal(size), jnp.float32) for size in ((9, 4), (5, 4), (4, 3)))
    relevances = jnp.asarray(rng.dirichlet(np.ones(4)), jnp.float32)
    diagonal = distance.omega_distance_matrix(X, W, jnp.diag(jnp.sqrt(relevances)))
    np.testing.assert_allclose(distance.relevance_distance_matrix(X, W, relevances), diagonal, rtol=1e-5, atol=1e-6)
    tied = distance.lomega_distance_matrix(X, W, jnp.repeat(omega[None], 5, axis=0))
    np.testing.assert_allclose(distance.omega_distance_matrix(X, W, omega), tied, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("name", "winner"), [("SNG", "GLVQ"), ("SMNG", "GMLVQ"), ("CELVQ_NG", "CELVQ")])
def test_neural_gas_with_a_range_towards_zero_is_the_winner_alone(name, winner, iris):
    narrow = MODELS[name](gamma_init=1e-3, gamma_final=1e-3, **START).fit(*iris)
    np.testing.assert_allclose(narrow.prototypes_, MODELS[winner](**START).fit(*iris).prototypes_, atol=2e-5)


def test_rslvq_with_a_width_towards_zero_is_the_hard_winner(iris):
    X, y = iris
    X, y, labels = jnp.asarray(X), jnp.asarray(y), jnp.array([0, 0, 1, 1, 2, 2])
    D = distance.squared_euclidean_distance_matrix(X, X[np.array([0, 20, 60, 80, 110, 140])])
    plus, minus = losses.nearest_distances(D, y, labels)
    soft = 2 * 0.01**2 * losses.rslvq_loss(D, y, labels, sigma=0.01)
    assert soft == pytest.approx(float(jnp.maximum(plus - minus, 0).mean()), abs=1e-4)


# Constraints and representations.


@pytest.mark.parametrize("mode", [{}, {"ema_decay": 0.9}, {"lookahead": {"sync_period": 3}}], ids=str)
def test_constraints_hold_in_the_fitted_model(mode, iris):
    relevances = models.GRLVQ(**{**START, "lr": 0.2}, **mode).fit(*iris).relevances_
    assert (relevances >= 0).all() and relevances.sum() == pytest.approx(1, abs=1e-5)
    matrix = models.GMLVQ(latent_dim=2, **START, **mode).fit(*iris)
    assert matrix.omega_.shape == (4, 2) and np.trace(matrix.lambda_) == pytest.approx(1, abs=1e-5)
    bases = models.GTLVQ(**START, **mode).fit(*iris).omegas_
    np.testing.assert_allclose(bases.transpose(0, 2, 1) @ bases, np.tile(np.eye(2), (6, 1, 1)), atol=1e-5)


@pytest.mark.parametrize("of", breadth_but(("relevance", "omega", "local omega", "tangent"), DISTANCES))
def test_projecting_twice_is_projecting_once(of, iris):
    params = composed(of, "GLVQ", max_iter=2).fit(*iris)._parameters()
    moved = jax.tree.map(lambda value: jnp.asarray(value) * 1.3 + 0.1, params)
    once = DISTANCES[of].project(moved)
    for name, value in DISTANCES[of].project(once).items():
        jax.tree.map(partial(np.testing.assert_allclose, atol=1e-6), value, once[name])


@pytest.mark.parametrize(
    "name", breadth_but(KINDS, [name for name, cls in MODELS.items() if hasattr(cls, "transform")])
)
def test_distances_are_euclidean_in_the_representation(name, iris):
    pandas = pytest.importorskip("pandas", reason="data frames out need pandas")
    X, y = iris
    frame = pandas.DataFrame(X, columns=list("abcd"))
    start = {key: value for key, value in START.items() if key in ("max_iter", "lr") or name != "ImageCBC"}
    model = MODELS[name](**start, **settings(name, 4)).fit(frame, y).set_output(transform="pandas")
    shown = model.transform(frame)
    assert list(shown.columns) == list(model.get_feature_names_out())
    if name in ("GRLVQ", "GMLVQ", "SRNG", "SMNG", "MRSLVQ"):
        prototypes = model._represent(model.prototypes_)
        expected = ((shown.to_numpy()[:, None] - prototypes) ** 2).sum(axis=2)
        np.testing.assert_allclose(model.distances(frame), expected, rtol=1e-3, atol=1e-5)


def test_transform_is_on_no_other_model():
    assert {name for name, cls in MODELS.items() if hasattr(cls, "transform")} == {
        name
        for name, (of, *_) in NAMED.items()
        if of.split(", ")[-1] in ("relevance", "relevance kernel", "omega") or "MLP" in of or "CNN" in of
    }


def test_learned_widths(iris):
    fixed, learned = (models.RSLVQ(sigma=sigma, **START).fit(*iris) for sigma in (1.0, "learn"))
    assert fixed.sigma_ == 1.0 and learned.sigma_ != 1.0 and learned.loss_ < fixed.loss_
    spread = models.WGLVQ(**START).fit(*iris)
    assert spread.prototype_variances_.shape == (6, 4) and (spread.prototype_variances_ > 0).all()
    np.testing.assert_array_equal(spread.prototype_means_, spread.prototypes_)
    assert (models.DKGLVQ(sigma_init=0.5, **START).fit(*iris).sigmas_ > 0).all()


@pytest.mark.parametrize("name", EVERY_MODEL)
def test_no_array_of_samples_times_prototypes_times_features(name, monkeypatch):
    n, p, d = 128, 21, 11
    X = np.random.default_rng(0).standard_normal((n, d)).astype(np.float32)
    model = MODELS[name](max_iter=1, **settings(name, d))
    model.set_params(**({"n_components": p} if "CBC" in name else {"n_prototypes_per_class": p // 3}))
    (program,) = programs(monkeypatch, lambda: model.fit(X, np.arange(n) % 3), compiled=True)
    assert f"[{n},{d}]" in program
    assert not any(f"[{','.join(map(str, size))}]" in program for size in ((n, p, d), (p, n, d), (n, d, p)))


def test_the_range_of_neural_gas_starts_by_the_prototypes_there_are(iris):
    X, y = iris
    start = {"initial_prototypes": X[::10][:12], "initial_labels": np.repeat([0, 1, 2], [6, 3, 3])}
    given = models.SNG(max_iter=5).fit(X, y, **start)
    asked = models.SNG(max_iter=5, n_prototypes_per_class=[6, 3, 3]).fit(X, y, **start)
    np.testing.assert_array_equal(given.prototypes_, asked.prototypes_)
