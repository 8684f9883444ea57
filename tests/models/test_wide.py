"""More features than samples cost what the samples do."""

import tracemalloc

import numpy as np
import pytest

from prosemble.core.initializers import principal_directions
from prosemble.models import GMLVQ, GTLVQ, LGMLVQ, metrics
from tests.registry import breadth_but

N, D = 24, 3000


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    X = rng.standard_normal((N, D)).astype(np.float32)
    X[:, :60] += 2 * y[:, None]
    return X, y


@pytest.mark.parametrize(
    "model",
    breadth_but(
        ("GMLVQ()", "GTLVQ()"),
        [
            GMLVQ(),
            GMLVQ(latent_dim=2),
            LGMLVQ(),
            LGMLVQ(latent_dim=2),
            GTLVQ(),
            GMLVQ(excluded_directions=np.eye(D, 1)),
        ],
        str,
    ),
    ids=str,
)
def test_no_array_of_all_pairs_of_features(model, wide):
    tracemalloc.start()
    model.set_params(max_iter=3).fit(*wide)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < D * D * 8 / 2 and model.score(*wide) > 0.9


def test_the_rank_is_that_of_the_samples(wide):
    model = GMLVQ(max_iter=3).fit(*wide)
    assert model.omega_.shape == (D, N) and LGMLVQ(max_iter=1).fit(*wide).omegas_.shape == (2, D, N)
    start = GMLVQ(max_iter=1, freeze_params=["omega"]).fit(*wide)
    gap = (wide[0] - start.prototypes_[0]).astype(float)
    # It starts as the identity does, on all that samples and prototypes differ by.
    np.testing.assert_allclose(start.distances(wide[0])[:, 0] * N, (gap**2).sum(axis=1), rtol=1e-4, atol=0.5)
    assert model.relevant_directions(2).shape == (D, 2) and model.feature_importances_.shape == (D,)


def test_a_matrix_too_large_says_how_large(wide, monkeypatch):
    model = GMLVQ(max_iter=1).fit(*wide)
    assert model.lambda_.shape == (D, D)
    monkeypatch.setattr(metrics, "_LARGE", 10**7)
    for each, name in ((model, "lambda_"), (LGMLVQ(max_iter=1).fit(*wide), "lambdas_")):
        with pytest.raises(ValueError, match=r"0.0|0.1 GB to write out all pairs of the 3000 features; omegas?_ of"):
            getattr(each, name)


@pytest.mark.parametrize("count", [2, 9, 30])
def test_directions_are_the_same_by_either_way(count):
    rng = np.random.default_rng(1)
    X, weight = rng.standard_normal((10, 600)) * np.linspace(1, 3, 600), rng.uniform(1, 2, 10)
    thin = principal_directions(X, weight, count)
    np.testing.assert_allclose(thin.T @ thin, np.eye(count), atol=1e-9)
    gap = X - np.average(X, axis=0, weights=weight)
    full = np.linalg.eigh(gap.T @ (gap * weight[:, None]))[1][:, ::-1][:, : min(count, 9)]
    np.testing.assert_allclose(np.abs((thin[:, : min(count, 9)] * full).sum(axis=0)), 1, atol=1e-9)
