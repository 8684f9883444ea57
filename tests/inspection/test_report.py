"""The report: its figures against scikit-learn's, its page in a browser, and what it refuses."""

import re
import sys
from html import unescape

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from prosemble.core.callbacks import Callback
from prosemble.inspection import report
from prosemble.inspection._cases import typical_and_doubtful
from prosemble.inspection.validation import held_out
from prosemble.models import GLVQ, GMLVQ, GRLVQ, NPC
from tests.inspection.browser import browse  # noqa: F401
from tests.inspection.test_laws import fitted
from tests.registry import breadth, breadth_but

EVIL = "<script>alert('x')</script>\"'&<img src=x onerror=alert(1)>"


def flowers():
    X, y = load_iris(return_X_y=True, as_frame=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


def text_of(path):
    """Return what a reader sees, tips included, in one line."""
    page = re.sub(r"<(style|script)>.*?</\1>", "", path.read_text(), flags=re.DOTALL)
    tips = re.findall(r'title="([^"]*)"', page)
    return unescape(" ".join([re.sub(r"<[^>]+>", " ", page), *tips]).replace("\n", " "))


@pytest.fixture(scope="module")
def iris_report(tmp_path_factory):
    """Return a pipeline and the report about it."""
    X, y = flowers()
    model = make_pipeline(StandardScaler(), GMLVQ(max_iter=10, lr=0.05)).fit(X, y)
    path = tmp_path_factory.mktemp("report") / "iris.html"
    report(model, X, y, path, title="Flowers")
    return model, path


@pytest.mark.parametrize("name", [pytest.param(name, marks=breadth(name)) for name in ("GLVQ", "RSLVQ", "CBC", "KNN")])
def test_validation_is_that_of_scikit_learn(name, iris):
    X, y = iris
    model = fitted(name, X, y)
    held = held_out(model, X, y, n_splits=3, n_repeats=2, random_state=1)
    splits = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=1)
    scores = cross_validate(clone(model), X, y, cv=splits, scoring=["accuracy", "balanced_accuracy"])
    np.testing.assert_allclose(held.accuracy, scores["test_accuracy"])
    np.testing.assert_allclose(held.balanced_accuracy, scores["test_balanced_accuracy"])
    assert ((held.confidence >= 0) & (held.confidence <= 1)).all()

    # Held-out predictions of a repeat, put together by hand.
    predicted, proba = np.empty(len(y), int), np.empty((len(y), 3))
    for train, test in list(splits.split(X, y))[3:]:
        learner = clone(model).fit(X[train], y[train])
        predicted[test], proba[test] = learner.predict(X[test]), learner.predict_proba(X[test])
    np.testing.assert_array_equal(held.predicted[1], predicted)
    np.testing.assert_array_equal(held.confusion[1], confusion_matrix(y, predicted))
    np.testing.assert_allclose(1 / (1 + np.exp(-held.log_odds[1])), proba, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(held.auc[1], [roc_auc_score(y == c, proba[:, c]) for c in range(3)], atol=2e-3)


def test_refits_are_quiet_and_of_what_a_search_found(iris):
    X, y = iris

    class Counts(Callback):
        fits = 0

        def on_fit_start(self, model, X):
            Counts.fits += 1

    search = GridSearchCV(GLVQ(callbacks=[Counts()], verbose=False), {"max_iter": [2]}, cv=2).fit(X, y)
    before = Counts.fits
    assert before and held_out(search, X, y, n_splits=2, n_repeats=1).predicted.shape == (1, len(y))
    assert Counts.fits == before


def test_figures_of_the_page(iris_report):
    model, path = iris_report
    X, y = flowers()
    held = held_out(model, X, y)
    seen = text_of(path)
    assert f"{100 * held.accuracy.mean():.1f} % ± {100 * held.accuracy.std():.1f}" in re.sub(r"\s+", " ", seen)
    assert "GMLVQ" in seen and "<title>Flowers: report</title>" in path.read_text()
    # Prototypes and samples are in centimetres.
    prototype = model[:-1].inverse_transform(model[-1].prototypes_)[0]
    assert f"petal length (cm): {prototype[2]:.2f} in a prototype of setosa; samples of setosa: median 1.50" in seen
    doubtful = int(model[-1].explain(model[:-1].transform(X))["confidence"].argmin())
    assert f"Sample {doubtful}" in seen and f"petal width (cm) is {X.iloc[doubtful, 3]:.2f} here" in seen
    assert all(name in seen for name in X.columns) and path.stat().st_size < 1_000_000


def test_typical_and_doubtful():
    why = {"confidence": np.array([0.9, 0.8, 0.7, 0.95, 0.1, 0.2, 0.6]), "prediction": np.array([0, 0, 0, 0, 1, 1, 1])}
    truth = np.array([0, 0, 0, 1, 1, 1, 1])
    # Number 3 is sure and wrong; the classes take turns.
    assert typical_and_doubtful(why, truth, 4) == ([0, 6, 1, 5], [4, 5, 6, 2])


def test_in_a_browser(iris_report, browse):  # noqa: F811
    page = browse(iris_report[1])
    assert page.complaints == [] and page.requests == [iris_report[1].as_uri()]
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")

    column = "[...document.querySelectorAll('#classes tbody tr')].map((row) => Number(row.cells[3].dataset.value))"
    for arrow, order in (("descending", -1), ("ascending", 1)):
        page.point("#classes th:nth-child(4) button", click=True)
        values = page.evaluate(column)
        assert len(set(values)) == 3 and values == sorted(values, key=lambda value: order * value)
        assert page.evaluate("document.querySelector('#classes th:nth-child(4)').ariaSort") == arrow

    page.point("h1")
    assert page.evaluate("document.querySelector('#tip').hidden")
    page.point("#prototypes tbody td")
    assert page.evaluate("document.querySelector('#tip').hidden") is False
    assert "in a prototype of setosa; samples of setosa: median" in page.evaluate(
        "document.querySelector('#tip').textContent"
    )
    assert page.evaluate("document.querySelectorAll('[title]').length") == 0
    page.point("h1")
    assert page.evaluate("document.querySelector('#tip').hidden") and page.complaints == []


def test_on_a_phone_nothing_sticks_out(iris_report, browse):  # noqa: F811
    page = browse(iris_report[1], width=500)
    page.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.documentElement.clientWidth") == 360


def test_names_are_escaped(tmp_path, browse):  # noqa: F811
    X, y = load_iris(return_X_y=True, as_frame=True)
    X.columns = [f"{i}{EVIL}" for i in range(4)]
    X.index = [f"{i}{EVIL}" for i in range(len(X))]
    y = np.array([f"{c}{EVIL}" for c in y])
    path = tmp_path / "evil.html"
    report(NPC().fit(X, y), X, y, path, title=EVIL, n_repeats=1)
    page = path.read_text()
    assert "<script>alert" not in page and "<img src=x" not in page and page.count("<script") == 1
    assert EVIL in text_of(path)
    opened = browse(path)
    opened.point("#prototypes tbody td")
    assert EVIL in opened.evaluate("document.querySelector('#tip').textContent")
    assert opened.evaluate("document.querySelectorAll('script').length") == 1 and opened.complaints == []
    assert opened.evaluate("document.querySelectorAll('img[src=x]').length") == 0


def test_wide_data_are_images(tmp_path, browse):  # noqa: F811
    X, y = load_digits(return_X_y=True)
    wide = np.kron(X.reshape(-1, 8, 8), np.ones((4, 4)))[:, 2:-2, 2:-2].reshape(len(X), 784)[:300]
    y = y[:300]
    path = tmp_path / "digits.html"
    report(NPC().fit(wide, y), wide, y, path, n_splits=2, n_repeats=1)
    assert path.stat().st_size < 5_000_000
    page = browse(path)
    assert page.complaints == []
    assert page.evaluate("document.querySelectorAll('#prototypes .gallery img').length") == 10
    assert page.evaluate("document.querySelector('#prototypes .gallery img').naturalWidth") == 28
    assert page.evaluate("document.querySelectorAll('.case .images img').length") == 40
    with pytest.raises(ValueError, match=r"image_shape must be \(height, width\).* of 784 values in all.*got \(3, 3\)"):
        report(NPC().fit(wide, y), wide, y, path, image_shape=(3, 3))


@pytest.mark.parametrize("name", breadth_but(("CBC",), ["KNN", "CBC", "LVQMLN", "LGMLVQ"]))
def test_models_of_all_kinds(name, iris, tmp_path):
    X, y = iris
    report(fitted(name, X, y), X, y, tmp_path / "r.html", n_splits=2, n_repeats=1)
    seen = text_of(tmp_path / "r.html")
    assert f"A {name} model" in re.sub(r"\s+", " ", seen)
    assert ("latent 0" in seen) == (name == "LVQMLN")
    assert ("no sum over the features" in seen) == (name in ("CBC", "LVQMLN"))


def test_steps_that_mix_features(iris, tmp_path):
    X, y = iris
    model = make_pipeline(PCA(2), NPC()).fit(X, y)
    report(model, X, y, tmp_path / "r.html", n_splits=2, n_repeats=1)
    seen = text_of(tmp_path / "r.html")
    assert "x3: " in seen and "pca1 is " in seen and "PCA(n_components=2)" in seen


@pytest.mark.parametrize(
    ("step", "mixed"),
    [(PCA(2), True), (FunctionTransformer(np.negative, np.negative), True),
     (FunctionTransformer(np.negative, np.negative, feature_names_out="one-to-one"), False)],
)  # fmt: skip
def test_learned_weights_are_told_of_the_features_that_have_them(step, mixed, iris, tmp_path):
    X, y = iris
    model = make_pipeline(step, GRLVQ(max_iter=10)).fit(X - X.min(axis=0), y)
    report(model, X - X.min(axis=0), y, tmp_path / "r.html", n_splits=2, n_repeats=1)
    seen = text_of(tmp_path / "r.html")
    assert ("which may be mixtures" in seen) == mixed
    assert ("has learned how much each feature counts" in seen) != mixed


def test_what_is_refused_before_any_work(iris, tmp_path, monkeypatch):
    X, y = iris
    model, path = NPC().fit(X, y), tmp_path / "r.html"
    monkeypatch.setattr("prosemble.inspection.reporting.held_out", None)
    rare = np.where(np.arange(len(y)) == 149, 2, np.where(y == 2, 1, y))
    for wrong, error, message in [
        ((NPC(), X, y, path), NotFittedError, "not fitted"),
        ((GaussianNB().fit(X, y), X, y, path), TypeError, "classifier of prosemble"),
        ((model, X[:, :3], y, path), ValueError, "X has 3 features, but NPC is expecting 4"),
        ((model, X, y[1:], path), ValueError, "inconsistent numbers of samples"),
        ((model, X, y + 1, path), ValueError, r"y holds the labels \[3\]; known are \[0, 1, 2\]"),
        ((model, X, rare, path), ValueError, r"each class of the model at least twice.*: \[2\]"),
        ((model, X, y, tmp_path / "no" / "r.html"), FileNotFoundError, "no folder"),
        ((model, X, y, tmp_path), IsADirectoryError, "is a folder"),
    ]:
        with pytest.raises(error, match=message):
            report(*wrong)
    for shape in [(-2, -2), (2.0, 2.0), 4, (2, 3)]:
        with pytest.raises(ValueError, match="image_shape must be"):
            report(model, X, y, path, image_shape=shape)
    for name, value in [("n_splits", 1), ("n_splits", 2.5), ("n_repeats", 0)]:
        with pytest.raises(ValueError, match=f"{name} must be an int >= .; got {value}"):
            report(model, X, y, path, **{name: value})
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"pip install 'prosemble\[report\]'"):
        report(model, X, y, path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays_where_writing_fails(iris, tmp_path, monkeypatch):
    X, y = iris
    path = tmp_path / "r.html"
    path.write_text("former")

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        report(NPC().fit(X, y), X, y, path, n_splits=2, n_repeats=1)
    assert path.read_text() == "former" and list(tmp_path.iterdir()) == [path]


def test_notebooks_show_what_was_learned(iris):
    X, y = iris
    for model in (GLVQ(max_iter=2), NPC()):
        assert "prosemble-summary" not in model._repr_html_()
        labels = np.array(["<b>", "b", "c"])[y]
        model.fit(pd.DataFrame(X, columns=["<i>", "u", "v", "w"]), labels)
        shown = model._repr_html_()
        assert "sk-container" in shown and "&lt;b&gt; (1), b (1), c (1)" in shown and "4: &lt;i&gt;, u, v, w" in shown
        assert ("2 epochs of at most 2" in shown) == isinstance(model, GLVQ)
        assert model._repr_mimebundle_()["text/html"].count("prosemble-summary") == 1
