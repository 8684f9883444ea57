"""Pickles, forked processes, and threads that predict while another fits."""

import io
import os
import pickle
import subprocess
import sys
import threading
import warnings

import jax
import joblib
import numpy as np
import optax
import pytest

from prosemble.models import GLVQ, GMLVQ


def kept(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def test_devices_are_found_again(iris):
    X, y = iris
    model = GLVQ(devices=jax.devices(), max_iter=3).fit(X, y)
    again = kept(model)
    assert again.devices == jax.devices()
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    again.fit(X, y, resume=True)


def test_what_a_pickle_cannot_hold_is_said(iris):
    X, y = iris
    model = GLVQ(optimizer=optax.adam(0.01), lr_scheduler=None, max_iter=3).fit(X, y)
    with pytest.warns(UserWarning, match="cannot hold the optimizer that this GLVQ was made with"):
        again = kept(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):  # it would train in another way elsewhere
        pickle.dumps(GLVQ(optimizer=optax.adam(0.01)))
    with pytest.warns(UserWarning, match="cannot hold the lr_scheduler"):
        kept(GLVQ(lr_scheduler=optax.cosine_decay_schedule(0.1, 9), max_iter=3).fit(X, y))


FORKED = """
import os, sys, warnings
warnings.simplefilter("ignore")
from sklearn.datasets import load_iris
from prosemble.models import GLVQ
X, y = load_iris(return_X_y=True)
model = GLVQ.load(sys.argv[1])
if sys.argv[2] == "computed":
    model.predict(X)
child = os.fork()
if child == 0:
    try:
        model.predict(X)
        os._exit(0)
    except RuntimeError as error:
        os._exit(3 if "forked after its parent had computed" in str(error) else 4)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize(("before", "code"), [("loaded", 0), ("computed", 3)])
def test_a_forked_child_computes_or_says_why_not(before, code, iris, tmp_path):
    GLVQ(max_iter=2).fit(*iris).save(tmp_path / "m")
    command = [sys.executable, "-c", FORKED, str(tmp_path / "m"), before]
    assert subprocess.run(command, timeout=120, check=False).returncode == code


def test_predictions_are_of_one_fit_while_another_thread_fits(iris):
    X, y = iris
    classes = np.array(["a", "b", "c"])[y], y + 10
    model = GMLVQ(max_iter=2).fit(X, classes[0])
    done, strange = threading.Event(), []

    def ask():
        while not done.is_set():
            said = model.predict(X)
            if not (np.isin(said, classes[0]).all() or np.isin(said, classes[1]).all()):
                strange.append(said)

    asking = [threading.Thread(target=ask) for _ in range(2)]
    for thread in asking:
        thread.start()
    with warnings.catch_warnings(action="ignore"):
        for turn in range(40):
            model.fit(X if turn % 3 else X[:, :4] * 2, classes[turn % 2])
    done.set()
    for thread in asking:
        thread.join()
    assert not strange
