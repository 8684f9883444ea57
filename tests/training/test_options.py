"""Training options act in every mode, and as their definitions say."""

import numpy as np
import pytest

from prosemble.core.callbacks import Callback, Checkpoint, JSONLinesLog
from prosemble.models import GLVQ

OPTIONS = [
    {"ema_decay": 0.8},
    {"lookahead": {"sync_period": 3}},
    {"gradient_accumulation_steps": 2},
    {"lr_scheduler": "linear"},
    {"mixed_precision": "bfloat16"},
    {"mixed_precision": "float16"},
    {"freeze_params": ["prototypes"]},
    {"optimizer": "sgd"},
    {"prototypes_initializer": "class_mean"},
    {"transfer_fn": "sigmoid_beta"},
]


@pytest.mark.parametrize("mode", [{}, {"batch_size": 50}], ids=["full batch", "mini-batches"])
@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_changes_the_outcome_and_not_with_use_scan(option, mode, iris):
    plain = GLVQ(max_iter=6, **mode).fit(*iris)
    scanned = GLVQ(max_iter=6, **mode, **option).fit(*iris)
    stepped = GLVQ(max_iter=6, use_scan=False, **mode, **option).fit(*iris)
    assert not np.array_equal(plain.prototypes_, scanned.prototypes_)
    np.testing.assert_array_equal(scanned.prototypes_, stepped.prototypes_)
    np.testing.assert_array_equal(scanned.loss_history_, stepped.loss_history_)


def test_lbfgs_reaches_a_lower_loss(iris):
    assert GLVQ(optimizer="lbfgs", max_iter=30).fit(*iris).loss_ < GLVQ(max_iter=30).fit(*iris).loss_


def test_frozen_prototypes_stay_where_they_started(iris):
    X, y = iris
    start = X[[0, 60, 120]]
    model = GLVQ(freeze_params=["prototypes"]).fit(X, y, initial_prototypes=start, initial_labels=[0, 1, 2])
    np.testing.assert_array_equal(model.prototypes_, start)


def test_a_step_of_sgd_is_the_gradient_step(iris):
    X, y = iris
    start = np.float64(X[[0, 60, 120]])
    model = GLVQ(optimizer="sgd", lr=0.5, max_iter=1).fit(X, y, initial_prototypes=start, initial_labels=[0, 1, 2])
    step = np.zeros_like(start)
    for x, label in zip(np.float64(X), y, strict=True):
        d = ((x - start) ** 2).sum(axis=1)
        other = min((k for k in range(3) if k != label), key=lambda k: d[k])
        total = d[label] + d[other]
        step[label] += 2 * d[other] / total**2 * 2 * (x - start[label])
        step[other] -= 2 * d[label] / total**2 * 2 * (x - start[other])
    np.testing.assert_allclose(model.prototypes_, start + 0.5 * step / len(X), rtol=1e-4, atol=1e-5)


def test_patience_and_restore_best_follow_the_history(iris):
    X, y = iris
    options = {"lr": 1.0, "max_iter": 200, "patience": 5, "restore_best": True, "epsilon": 1e-4}
    model = GLVQ(**options).fit(X[::2], y[::2], validation_data=(X[1::2], y[1::2]))
    history = model.val_loss_history_
    best, stalled, stop = np.inf, 0, len(history)
    for epoch, loss in enumerate(history):
        best, stalled = (loss, 0) if loss < best - 1e-4 else (best, stalled + 1)
        if stalled == 5:
            stop = epoch + 1
            break
    assert model.n_iter_ == stop < 200
    assert model.best_loss_ == pytest.approx(history.min())
    d = model.distances(X[1::2])
    own = y[1::2, None] == model.prototype_labels_
    plus, minus = np.where(own, d, np.inf).min(axis=1), np.where(own, np.inf, d).min(axis=1)
    assert ((plus - minus) / (plus + minus)).mean() == pytest.approx(history.min(), abs=1e-5)


@pytest.mark.parametrize("mode", [{}, {"batch_size": 50}], ids=["full batch", "mini-batches"])
def test_partial_fit_acts_after_a_fit_that_restored_its_best(mode, iris):
    X, y = iris
    model = GLVQ(max_iter=6, restore_best=True, **mode).fit(X, y)
    before = model.prototypes_.copy()
    assert not np.array_equal(model.partial_fit(X, y).prototypes_, before) and model.n_iter_ == 7


class Recorder(Callback):
    def __init__(self, stop_at=None, fail_at=None):
        self.infos, self.stop_at, self.fail_at = [], stop_at, fail_at

    def on_iteration_end(self, model, info):
        self.infos.append(info)
        if info["iteration"] == self.fail_at:
            raise RuntimeError("callback")
        if info["iteration"] == 20:
            raise KeyboardInterrupt
        return info["iteration"] == self.stop_at


def test_callbacks_see_every_epoch_and_can_stop(iris, tmp_path):
    X, y = iris
    recorder = Recorder(stop_at=7)
    log = JSONLinesLog(tmp_path / "log")
    model = GLVQ(callbacks=[recorder, log, Checkpoint(tmp_path / "m", every=4)]).fit(X, y, validation_data=(X, y))
    assert [info["iteration"] for info in recorder.infos] == list(range(8)) and model.n_iter_ == 8
    assert set(recorder.infos[0]) == {"iteration", "max_iter", "loss", "val_loss", "lr", "params"}
    assert [info["loss"] for info in recorder.infos] == model.loss_history_.tolist()
    with pytest.raises(TypeError):
        recorder.infos[0]["loss"] = 0
    assert len((tmp_path / "log").read_text().splitlines()) == 8
    np.testing.assert_array_equal(model.prototypes_, GLVQ(max_iter=8).fit(X, y, validation_data=(X, y)).prototypes_)
    assert GLVQ.load(tmp_path / "m", callbacks=None).n_iter_ == 8


def test_a_checkpoint_of_an_interrupted_training_goes_on_to_max_iter(iris, tmp_path):
    X, y = iris
    checkpoint = Checkpoint(tmp_path / "m", every=10)
    model = GLVQ(max_iter=40, callbacks=[checkpoint, Recorder(fail_at=15)])
    with pytest.raises(RuntimeError, match="callback"):
        model.fit(X, y)
    assert not hasattr(model, "prototypes_")
    with pytest.warns(UserWarning, match="callbacks"):
        resumed = GLVQ.load(tmp_path / "m")
    resumed.fit(X, y, resume=True)
    assert resumed.n_iter_ == 40
    np.testing.assert_array_equal(resumed.prototypes_, GLVQ(max_iter=40).fit(X, y).prototypes_)


def test_ctrl_c_keeps_what_was_learned(iris):
    with pytest.warns(UserWarning, match="interrupted after epoch 21"):
        model = GLVQ(callbacks=[Recorder()]).fit(*iris)
    assert model.n_iter_ == 21 and model.score(*iris) > 0.5


def test_verbose_shows_a_bar(iris, capsys):
    GLVQ(max_iter=3, verbose=True).fit(*iris)
    assert "GLVQ" in capsys.readouterr().out
