"""Programs that are compiled are forgotten in time."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from prosemble.core import programs
from prosemble.core.programs import compiled
from prosemble.models import GLVQ, GMLVQ, LVQ1
from prosemble.training import loop

needs_maps = pytest.mark.skipif(not programs._MAPS.exists(), reason="only Linux tells of memory maps")


@compiled(static_argnames="power")
def raised(x, power):
    """Return a power."""
    return x**power


def test_it_is_jax_jit():
    assert raised(jnp.arange(3.0), 2).tolist() == [0, 1, 4] and raised.__doc__ == "Return a power."
    raised(jnp.arange(3.0), 2)
    assert raised._cache_size() <= 1  # it may have been forgotten meanwhile
    assert "multiply" in raised.lower(jnp.arange(3.0), 3).as_text()
    assert jax.vmap(lambda x: raised(x, 2))(jnp.arange(3.0)).tolist() == [0, 1, 4]  # within another


@needs_maps
def test_programs_are_forgotten_before_the_maps_run_out(monkeypatch, tmp_path):
    limit = tmp_path / "limit"
    monkeypatch.setattr(programs, "_LIMIT", limit)
    monkeypatch.setattr(programs, "_unseen", 0)
    monkeypatch.setattr(programs, "_LARGEST", 400)
    jax.clear_caches()
    most = programs._count() + 1500
    limit.write_text(str(round(most / programs._SHARE)))
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    sizes = []
    for features in range(2, 14):
        X = rng.normal(size=(40, features))
        for model in (GLVQ, GMLVQ):
            labels = model(max_iter=2).fit(X, y).predict(X)
            assert len(labels) == 40 and programs._count() < most + 800
        sizes.append(loop.run._cache_size())
    assert min(np.diff(sizes)) < 0 < max(sizes)


@needs_maps
@pytest.mark.breadth
def test_programs_are_forgotten_while_others_run(monkeypatch):
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 3
    model = GLVQ(max_iter=3).fit(X, y)
    expected, wrong, stop = model.predict(X), [], threading.Event()

    def predict():
        while not stop.is_set():
            wrong.extend(model.predict(X)[model.predict(X) != expected])

    threads = [threading.Thread(target=predict) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        for each in programs._kept:
            each.program.clear_cache()
        LVQ1(max_iter=2).fit(X, y)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


@needs_maps
@pytest.mark.breadth
def test_more_shapes_than_a_process_has_maps_for():
    rng = np.random.default_rng(0)
    y = np.arange(30) % 3
    for features in range(2, 182):
        X = rng.normal(size=(30, features))
        for model in (GLVQ, GMLVQ, LVQ1):
            model(max_iter=1).fit(X, y).predict(X)
    assert programs._count() < int(programs._LIMIT.read_text())
