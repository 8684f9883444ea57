"""What callbacks see and may do, and trainings that end before their time."""

import json
import os
import pickle
import signal
import struct
import subprocess
import sys

import numpy as np
import optax
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from prosemble.core.callbacks import Callback, Checkpoint, JSONLinesLog, ProgressBar, PrototypeHistory, TensorBoard
from prosemble.models import GLVQ


class Recorder(Callback):
    def __init__(self, stop_at=None, fail_at=None, interrupt_at=None):
        self.infos, self.stop_at, self.fail_at, self.interrupt_at = [], stop_at, fail_at, interrupt_at

    def on_iteration_end(self, model, info):
        self.infos.append(info)
        if info["iteration"] == self.fail_at:
            raise RuntimeError("callback")
        if info["iteration"] == self.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        return info["iteration"] == self.stop_at


def test_callbacks_see_every_epoch_and_can_stop(iris, tmp_path):
    X, y = iris
    recorder = Recorder(stop_at=7)
    log = JSONLinesLog(tmp_path / "log")
    model = GLVQ(callbacks=[recorder, log, Checkpoint(tmp_path / "m", every=4)]).fit(X, y, validation_data=(X, y))
    assert [info["iteration"] for info in recorder.infos] == list(range(8)) and model.n_iter_ == 8
    assert set(recorder.infos[0]) == {"iteration", "max_iter", "loss", "val_loss", "lr", "params"}
    assert [info["loss"] for info in recorder.infos] == model.loss_history_.tolist()
    assert type(recorder.infos[0]["params"]["prototypes"]) is np.ndarray
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


def test_ctrl_c_finishes_the_epoch_and_keeps_what_was_learned(iris):
    X, y = iris
    with pytest.warns(UserWarning, match="interrupted after epoch 21"):
        model = GLVQ(max_iter=40, callbacks=[Recorder(interrupt_at=20)]).fit(X, y)
    assert model.n_iter_ == 21 and len(model.loss_history_) == 21
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    model.set_params(callbacks=None).fit(X, y, resume=True)
    np.testing.assert_array_equal(model.prototypes_, GLVQ(max_iter=40).fit(X, y).prototypes_)


def test_a_second_ctrl_c_acts_at_once_and_leaves_the_former_fit(iris):
    model = GLVQ(max_iter=2).fit(*iris)
    before = model.prototypes_
    model.set_params(max_iter=40, callbacks=[Recorder(interrupt_at=5), Recorder(interrupt_at=5)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(*iris)
    assert model.prototypes_ is before


def test_verbose_shows_a_bar(iris, capsys):
    X, y = iris
    GLVQ(max_iter=3, verbose=True).fit(X, y, validation_data=(X, y))
    shown = capsys.readouterr().out
    assert "GLVQ" in shown and "3/3" in shown and "validation loss" in shown


def test_a_fitted_model_with_a_bar_is_cloned_and_pickled(iris):
    model = GLVQ(max_iter=2, callbacks=[ProgressBar()]).fit(*iris)
    assert pickle.loads(pickle.dumps(clone(model).fit(*iris))).n_iter_ == 2


def test_a_checkpoint_is_refused_before_the_training(iris, tmp_path):
    for every in (0, -1):
        with pytest.raises(ValueError, match="every must be an int >= 1"):
            Checkpoint(tmp_path / "m", every=every)
    recorder = Recorder()
    with pytest.raises(FileNotFoundError, match="no folder"):
        GLVQ(callbacks=[recorder, Checkpoint(tmp_path / "nowhere" / "m")]).fit(*iris)
    assert not recorder.infos


def test_a_model_is_saved_before_its_first_epoch(iris, tmp_path):
    class Start(Callback):
        def on_fit_start(self, model, X):
            model.save(tmp_path / "m")

    model = GLVQ(max_iter=4, callbacks=[Start()]).fit(*iris)
    with pytest.warns(UserWarning, match="callbacks"):
        started = GLVQ.load(tmp_path / "m")
    assert started.n_iter_ == 0
    np.testing.assert_array_equal(started.fit(*iris, resume=True).prototypes_, model.prototypes_)


def test_callbacks_see_the_one_pass_of_partial_fit(iris):
    recorder = Recorder()
    model = GLVQ(callbacks=[recorder]).fit(*iris)
    model.partial_fit(*iris)
    assert len(recorder.infos) == model.n_iter_ and recorder.infos[-1]["loss"] == model.loss_


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda signum, frame: None])
def test_a_process_that_heeds_no_ctrl_c_trains_on(handler, iris):
    former = signal.signal(signal.SIGINT, handler)
    try:
        assert GLVQ(max_iter=9, callbacks=[Recorder(interrupt_at=3)], epsilon=0.0).fit(*iris).n_iter_ == 9
    finally:
        signal.signal(signal.SIGINT, former)


def test_only_what_was_started_is_closed(iris):
    closed = []

    class Closing(Callback):
        def close(self):
            closed.append(self)

    class Failing(Closing):
        def on_fit_start(self, model, X):
            raise RuntimeError("no start")

    opened = Closing()
    with pytest.raises(RuntimeError, match="no start"):
        GLVQ(callbacks=[opened, Failing()]).fit(*iris)
    assert closed == [opened]


def test_the_log_of_an_optimizer_with_its_own_rate(iris, tmp_path):
    GLVQ(optimizer=optax.sgd(0.1), max_iter=2, callbacks=[JSONLinesLog(tmp_path / "log")]).fit(*iris)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["lr"] for line in lines] == [None, None] and lines[0]["loss"] > lines[1]["loss"]


def test_tensorboard_gets_the_scalars(iris, tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    X, y = iris
    model = GLVQ(max_iter=3, callbacks=[TensorBoard(tmp_path)]).fit(X, y, validation_data=(X, y))
    data, scalars = next(tmp_path.glob("events.*")).read_bytes(), {}
    while data:  # records of length, checksum, event, checksum
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        for value in event.summary.value:
            scalars.setdefault(value.tag, {})[event.step] = value.simple_value
        data = data[16 + length :]
    assert set(scalars) == {"loss", "val_loss", "lr"} and list(scalars["lr"]) == [0, 1, 2]
    np.testing.assert_allclose(list(scalars["loss"].values()), model.loss_history_, rtol=1e-6)


KILLED = """
import os, signal
import numpy as np
from prosemble.core.callbacks import Callback, Checkpoint
from prosemble.models import GLVQ

class Kill(Callback):
    def on_iteration_end(self, model, info):
        if info["iteration"] == 16:
            os.kill(os.getpid(), signal.SIGKILL)

data = np.load("data.npz")
GLVQ(**{settings!r}, callbacks=[Checkpoint("checkpoint", every=7), Kill()]).fit(
    data["X"], data["y"], validation_data=(data["X"][::3], data["y"][::3])
)
"""


@pytest.mark.parametrize("batch_size", [pytest.param(None, marks=pytest.mark.breadth), 40])
def test_a_killed_training_goes_on_from_its_checkpoint_to_the_same_bits(batch_size, iris, tmp_path):
    X, y = iris
    settings = {
        "max_iter": 30, "batch_size": batch_size, "lr": 0.05, "lr_scheduler": "cosine_decay", "ema_decay": 0.9,
        "lookahead": {"sync_period": 4}, "patience": 12, "restore_best": True, "gradient_accumulation_steps": 3,
        "transfer_fn": "swish_beta", "class_weight": "balanced",
    }  # fmt: skip
    np.savez(tmp_path / "data.npz", X=X, y=y)
    process = subprocess.run([sys.executable, "-c", KILLED.format(settings=settings)], cwd=tmp_path, env=os.environ)
    assert process.returncode == -signal.SIGKILL
    resumed = GLVQ.load(tmp_path / "checkpoint", callbacks=None)
    assert resumed.n_iter_ == 14
    validation = (X[::3], y[::3])
    resumed.fit(X, y, validation_data=validation, resume=True)
    never_killed = GLVQ(**settings).fit(X, y, validation_data=validation)
    assert resumed.n_iter_ == never_killed.n_iter_
    for name in ("prototypes_", "loss_history_", "val_loss_history_", "best_loss_"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(never_killed, name))


def test_the_history_of_the_prototypes(iris):
    X, y = iris
    history = PrototypeHistory(every=3)
    model = GLVQ(max_iter=5, callbacks=[history]).fit(X, y)
    assert history.epochs == [0, 3, 5] and np.isin(history.prototypes[0], X).all()
    np.testing.assert_array_equal(history.prototypes[1], GLVQ(max_iter=3).fit(X, y).prototypes_)
    np.testing.assert_array_equal(history.prototypes[2], model.prototypes_)
    model.fit(X, y, resume=True)  # goes on
    assert history.epochs == [0, 3, 5, 6, 9, 10]
    np.testing.assert_array_equal(history.prototypes[-1], model.prototypes_)
    model.fit(X, y)  # begins anew
    assert history.epochs == [0, 3, 5]
    with pytest.raises(ValueError, match="every must be an int >= 1; got 0"):
        PrototypeHistory(every=0)


def test_ctrl_c_ends_a_search_and_not_one_of_its_fits(iris):
    class Presses(Callback):
        def on_iteration_end(self, model, info):
            if info["iteration"] == 2:
                signal.raise_signal(signal.SIGINT)

    model = GLVQ(max_iter=9, callbacks=[Presses()])
    with pytest.warns(UserWarning, match="Training interrupted after epoch 3"):
        assert model.fit(*iris).n_iter_ == 3
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(model, {"lr": [0.1, 0.2]}, cv=2).fit(*iris)
