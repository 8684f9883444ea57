"""What a file holds, and what happens to files that hold something else."""

import json
import os
import pickle

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors.numpy import save_file

from prosemble.io import ModelFileError, container, files
from prosemble.models import CBC, GLVQ, GLVQ1, SupervisedPrototypeModel
from tests.precision import float64


@pytest.fixture(scope="module")
def model(iris):
    return GLVQ(
        max_iter=5, n_prototypes_per_class={0: 1, 1: 2, 2: 1}, class_weight={0: 2.0}, transfer_fn="swish_beta"
    ).fit(*iris)


@pytest.fixture
def path(model, tmp_path):
    model.save(tmp_path / "model.prosemble")
    return tmp_path / "model.prosemble"


def test_everything_comes_back(model, path, iris):
    X, y = iris
    loaded = SupervisedPrototypeModel.load(path)
    assert type(loaded) is GLVQ and loaded.get_params() == model.get_params()
    fitted = [name for name in vars(model) if name.endswith("_")]
    assert {name for name in vars(loaded) if name.endswith("_")} == set(fitted)
    for name in fitted:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(model, name))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    again = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    np.testing.assert_array_equal(loaded.partial_fit(X, y).prototypes_, again.prototypes_)


def test_column_names_come_back(iris, tmp_path):
    pandas = pytest.importorskip("pandas", reason="column names need pandas, which is a core dependency")
    X, y = iris
    frame = pandas.DataFrame(X, columns=list("abcd"))
    GLVQ(max_iter=2).fit(frame, y).save(tmp_path / "m")
    assert GLVQ.load(tmp_path / "m").feature_names_in_.tolist() == list("abcd")


def test_saving_replaces_the_file_whole_or_not_at_all(model, path, monkeypatch):
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(container, "save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        model.save(path)
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_objects_are_asked_for(iris, tmp_path):
    def distance(X, W):
        return jnp.abs(X[:, None, :] - W[None]).sum(axis=2)

    X, y = iris
    model = GLVQ(max_iter=5, distance_fn=distance).fit(X, y)
    model.save(tmp_path / "m")
    with pytest.raises(ValueError, match=r"load\(path, distance_fn=...\)"):
        GLVQ.load(tmp_path / "m")
    with pytest.raises(TypeError, match="no parameters"):
        GLVQ.load(tmp_path / "m", distance=distance)
    with pytest.raises(TypeError, match=r"holds \['lr'\] itself"):
        GLVQ.load(tmp_path / "m", distance_fn=distance, lr=0.5)
    with pytest.raises(ValueError, match="Unknown optimizer 'adamm'") as caught:
        GLVQ(max_iter=1, optimizer=optax.sgd(0.1)).fit(X, y).save(tmp_path / "o")
        GLVQ.load(tmp_path / "o", optimizer="adamm")
    assert not isinstance(caught.value, ModelFileError)
    loaded = GLVQ.load(tmp_path / "m", distance_fn=distance)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def with_header(path, **changes):
    header, tensors = files.read(path)
    header |= changes
    save_file(tensors, path, metadata={"prosemble": json.dumps(header)})


DAMAGE = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-10]),
    "truncated header": lambda path: path.write_bytes(path.read_bytes()[:60]),
    "flipped header": lambda path: path.write_bytes(path.read_bytes().replace(b'"format', b'"fromat').replace(
        b'\\"format', b'\\"fromat')),
    "text": lambda path: path.write_text("class,1\n"),
    "pickle": lambda path: path.write_bytes(pickle.dumps({"a": 1})),
    "foreign": lambda path: save_file({"prototypes": np.zeros((2, 2))}, path, metadata={"format": "pt"}),
    "no JSON": lambda path: save_file({"prototypes": np.zeros((2, 2))}, path, metadata={"prosemble": "{"}),
    "no object": lambda path: save_file({"prototypes": np.zeros((2, 2))}, path, metadata={"prosemble": "[1]"}),
    "newer": lambda path: with_header(path, format=files.FORMAT + 1),
    "unknown class": lambda path: with_header(path, **{"class": "os.system"}),
    "other class": lambda path: with_header(path, **{"class": "GLVQ1"}),
    "no fitted part": lambda path: with_header(path, fitted={}),
    "unknown parameter": lambda path: with_header(path, parameters={"exploit": 1}),
    "wrong width": lambda path: with_header(path, fitted=files.read(path)[0]["fitted"] | {"n_features_in": 3}),
    "no class": lambda path: with_header(path, **{"class": ["GLVQ"]}),
    "no parameters": lambda path: with_header(path, parameters=None),
    "older than the first": lambda path: with_header(path, format=0),
    "deep": lambda path: save_file({"prototypes": np.zeros((2, 2))}, path, metadata={"prosemble": "[" * 100_000}),
    "labels of another type": lambda path: with_header(
        path, fitted=files.read(path)[0]["fitted"] | {"labels": {"dtype": "<i8", "values": ["a", "b", "c"]}}),
    "no such label": lambda path: with_header(
        path, fitted=files.read(path)[0]["fitted"] | {"prototype_labels": [0, 1, 1, -1]}),
    "labels of objects": lambda path: with_header(
        path, fitted=files.read(path)[0]["fitted"] | {"labels": {"dtype": "V8", "values": [0, 1, 2]}}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_and_foreign_files(damage, path):
    DAMAGE[damage](path)
    with pytest.raises(ModelFileError, match=str(path)):
        GLVQ.load(path)


def test_no_bit_can_be_flipped(path):
    whole = path.read_bytes()
    for place in {*range(0, len(whole), 23), *range(len(whole) - 16, len(whole))}:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        if b'"sha256"' in path.read_bytes():
            with pytest.raises(ModelFileError):
                GLVQ.load(path)


def test_labels_that_no_file_holds(iris, tmp_path):
    X, y = iris
    with pytest.raises(ValueError, match=r"numbers, booleans or text; these are of type datetime64"):
        GLVQ(max_iter=2).fit(X, np.datetime64("2026-01-01") + y).save(tmp_path / "m")
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(ValueError, match=r"these are of type (float128|float96|longdouble)"):
            GLVQ(max_iter=2).fit(X, y.astype(np.longdouble)).save(tmp_path / "m")
    assert not os.listdir(tmp_path)


def test_what_is_no_file_is_left_as_it_is(model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="is a device, a pipe"):
        model.save(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        model.save(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        model.save(tmp_path / "nowhere" / "model")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileExistsError, match="a link to itself"):
        model.save(tmp_path / "loop")
    (tmp_path / "astray").symlink_to(tmp_path / "nowhere" / "model")
    with pytest.raises(FileNotFoundError, match="no folder"):
        model.save(tmp_path / "astray")
    assert sorted(os.listdir(tmp_path)) == ["astray", "loop", "pipe"]


def test_a_link_leads_to_the_file_and_permissions_stay(model, path):
    path.chmod(0o600)
    link = path.with_name("link")
    link.symlink_to(path)
    before = path.read_bytes()
    model.set_params(verbose=True).save(link)
    model.set_params(verbose=False)
    assert link.is_symlink() and path.read_bytes() != before and path.stat().st_mode & 0o777 == 0o600


def test_a_class_of_the_users_is_not_taken_for_the_librarys_of_that_name(iris, tmp_path):
    own = type("GLVQ", (GLVQ,), {"__module__": __name__, "_inert": ("margin",)})
    own(max_iter=1).fit(*iris).save(tmp_path / "m")
    assert type(own.load(tmp_path / "m")) is own
    for load in (GLVQ.load, SupervisedPrototypeModel.load, files.load):
        with pytest.raises(ModelFileError, match="holds a tests.io.test_files.GLVQ"):
            load(tmp_path / "m")


@pytest.mark.parametrize("model", [GLVQ(max_iter=5), CBC(max_iter=5)], ids=lambda model: type(model).__name__)
def test_a_training_goes_on_in_the_precision_that_it_began_in(model, tmp_path, iris):
    X, y = iris
    load, path = type(model).load, tmp_path / "m"
    model.fit(X, y).save(path)
    expected = load(path).partial_fit(X, y).fit(X, y, validation_data=(X, y), resume=True)
    with float64():
        loaded = load(path).partial_fit(X, y).fit(X, y, validation_data=(X, y), resume=True)
    assert loaded.prototypes_.dtype == np.float32
    np.testing.assert_allclose(loaded.prototypes_, expected.prototypes_, atol=1e-5)


def test_the_class_is_checked(path, tmp_path):
    with pytest.raises(ModelFileError, match=r"holds a GLVQ, not a GLVQ1: call GLVQ.load"):
        GLVQ1.load(path)
    with pytest.raises(FileNotFoundError, match="No model file at"):
        GLVQ.load(tmp_path / "nothing")
