"""What a file holds, and what happens to files that hold something else."""

import json
import os
import pickle
import random
import subprocess
import sys
import warnings

import jax.numpy as jnp
import numpy as np
import optax
import pytest
from safetensors.numpy import save_file

from prosemble import _writing
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


_JUNK = [None, True, -1, 0, 1e400, "x", "", [], {}, [[]], {"a": 1}, "nan", 10**30, 3.5, ["a"] * 3, "<U100000000"]


def edited(header, rng):
    """Change, remove, double or rename something of a header."""
    path, place = [], header
    while isinstance(place, dict | list) and place and rng.random() < 0.8:
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        path.append((place, key))
        place = place[key]
    if path:
        owner, key = path[-1]
        chance = rng.random()
        if chance < 0.25:
            del owner[key]
        elif chance < 0.8:
            owner[key] = rng.choice(_JUNK)
        elif isinstance(owner, list):
            owner.append(owner[key])
        else:
            owner[f"{key}x"] = owner.pop(key)


@pytest.mark.parametrize("times", [200, pytest.param(10_000, marks=pytest.mark.breadth)])
def test_edits_whose_checksum_is_right_raise_one_type_of_error(times, path, tmp_path):
    header, tensors = container.read(path)
    rng = random.Random(times)
    refused = 0
    for _ in range(times):
        changed, arrays = json.loads(json.dumps(header)), dict(tensors)
        for _ in range(rng.randint(1, 2)):
            edited(changed, rng)
        name, chance = rng.choice(list(arrays)), rng.random()
        if chance < 0.1:
            del arrays[name]
        elif chance < 0.2:
            arrays[name] = arrays[name][:-1]
        elif chance < 0.3:
            arrays[name] = arrays[name].astype(rng.choice(["f8", "i4", "u1", "f2", "bool"]))
        text = json.dumps(changed)
        metadata = {"prosemble": text, "sha256": container._checksum(text, arrays)}
        save_file(arrays, tmp_path / "edited", metadata=metadata)
        try:
            with warnings.catch_warnings(action="ignore"):
                SupervisedPrototypeModel.load(tmp_path / "edited")
        except ModelFileError as error:
            assert "\n" not in str(error) and len(str(error)) < 400
            refused += 1
        except TypeError as error:  # a file may say that it lacks an object that a distance is made of
            assert "call load" in str(error)
        except ValueError as error:
            assert "call load(path" in str(error)
    assert refused > times / 3


def with_layout(path, layout, arrays=b""):
    text = json.dumps(layout).encode() if isinstance(layout, dict) else layout
    path.write_bytes(len(text).to_bytes(8, "little") + text + arrays)


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        ({"a": {"dtype": "F32", "shape": [3, 10**9], "data_offsets": [0, 12 * 10**9]}}, "not of a prosemble model"),
        ({"__metadata__": {"prosemble": "[" * 600 + "]" * 600}}, "header cannot be read"),
        (
            {
                "__metadata__": {"prosemble": "{}"},
                "a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]},
            },
            "of type F8_E4M3",
        ),
        (
            {
                "__metadata__": {"prosemble": "{}"},
                "a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4 * 10**9]},
            },
            "ends beyond the end of the file",
        ),
        (b"[" * 5000, "is no model file"),
    ],
    ids=range(5),
)
def test_a_header_is_judged_before_anything_is_read(layout, said, tmp_path, monkeypatch):
    with_layout(tmp_path / "m", layout)
    monkeypatch.setattr(container, "safe_open", None)
    with pytest.raises(ModelFileError, match=said):
        SupervisedPrototypeModel.load(tmp_path / "m")


def test_files_of_killed_processes_are_cleared_up_and_others_left(model, path):
    code = (
        "import os, signal, sys\nfrom prosemble._writing import replacing\n"
        "with replacing(sys.argv[1]) as part:\n    part.write_bytes(b'half')\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert len(os.listdir(path.parent)) == 2
    with _writing.replacing(path) as begun:  # that of the killed one is gone, this one is not in the way of others
        model.save(path)
        assert sorted(os.listdir(path.parent)) == sorted([path.name, begun.name])
        begun.write_bytes(path.read_bytes())
    assert os.listdir(path.parent) == [path.name]


def test_the_umask_of_the_process_is_never_changed(model, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", None)
    model.save(tmp_path / "m")


def test_a_folder_that_cannot_be_written_is_noticed_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="cannot be written into the folder"):
        _writing.writable(tmp_path / "m")


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
