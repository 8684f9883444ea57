"""A report: one HTML file that tells somebody who knows the data what a model has learned, and how far to trust it."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

import prosemble
from prosemble._writing import replacing, writable
from prosemble.inspection import _cases, _pictures, _tables
from prosemble.inspection._fitted import Fitted
from prosemble.inspection._metric import curvature, prototype_names
from prosemble.inspection._view import View, view
from prosemble.inspection.validation import HeldOut, held_out
from prosemble.models import description


def report(
    model: Any,
    X: Any,
    y: Any,
    path: str | Path,
    *,
    title: str | None = None,
    image_shape: tuple[int, ...] | None = None,
    n_splits: int = 5,
    n_repeats: int = 5,
    random_state: int = 0,
) -> None:
    """Write a report about a fitted model as one HTML file that needs no network.

    It shows what the model is, how good (clones are refitted by repeated stratified cross-validation, and judged by
    samples that were held out), its prototypes in the units of the data, which features count, where it is unsure, and
    the five most typical and five most doubtful samples with the reasons. Needs `pip install 'prosemble[report]'`.

    Parameters
    ----------
    model : estimator
        A fitted classifier of this package, or a pipeline or search that ends with one. Of a search, what it found is
        refitted and not the search; the report says so.
    X : array-like of shape (n_samples, n_features)
        Samples: names of columns and the index of a data frame are shown.
    y : array-like of shape (n_samples,)
        Their labels: those the model knows, each at least twice.
    path : str or Path
        The file to write; it is replaced whole or not at all.
    title : str, optional
        The heading; the kind of the model when None.
    image_shape : (height, width) or (height, width, channels), optional
        What a sample is, where it is an image. None: where the model has an `input_shape`, or features are pixels
        (a square number from 64, without names or named pixel...).
    n_splits, n_repeats : int, default=5
        Parts that are held out in turn, fewer where a class has fewer samples, and how often all of it is repeated.
    random_state : int, default=0
        Seed of the splits.

    Raises
    ------
    ImportError
        If jinja2 or matplotlib is missing.
    TypeError, ValueError
        If the model is another estimator or not fitted, X has other features than it was fitted on, y holds unknown
        labels or a class less than twice, or another parameter is of no use; nothing has been trained then.
    FileNotFoundError, IsADirectoryError
        If the folder of `path` is missing, or path is a folder.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from prosemble.inspection import report
    >>> from prosemble.models import NPC
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> with TemporaryDirectory() as folder:
    ...     report(NPC().fit(X, y), X, y, Path(folder) / "iris.html", n_repeats=1)
    ...     "petal width" in (Path(folder) / "iris.html").read_text()
    True
    """
    path = writable(path)
    template = _template()
    fitted = Fitted(model)
    rows = fitted.rows(X)
    truth = fitted.labels(X, y)
    # Says which rows cannot be predicted, before folds number them anew.
    fitted.predictor.nearest_class(rows)
    n_splits = _splits(fitted, truth, n_splits, n_repeats)
    shape = _pictures.image_shape(fitted, image_shape)

    classes = fitted.model.classes_
    held = held_out(model, X, classes[truth], n_splits=n_splits, n_repeats=n_repeats, random_state=random_state)
    shown = view(fitted, rows)
    look = None if shape is None else _cases.Look(fitted, rows, shape)
    names = np.asarray(X.index) if hasattr(X, "index") and hasattr(X, "columns") else np.arange(len(rows))
    page = template.render(
        title=title or type(fitted.model).__name__,
        version=prosemble.__version__,
        date=date.today().isoformat(),
        searched=model is not fitted.model and _searched(model),
        marks=_tables.marks(len(classes)),
        classes=classes.tolist(),
        **_described(fitted, rows, truth),
        **_judged(held, fitted, names, n_splits),
        **_learned(fitted, shown, truth, look),
        **_sampled(fitted, shown, rows, truth, names, look),
        pictures=_pictures.of(model, fitted, X, truth, held),
        **_assets(),
    )
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _template() -> Any:
    try:
        import matplotlib  # noqa: F401
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ImportError("Reports need jinja2 and matplotlib: pip install 'prosemble[report]'") from error
    # All that a template writes is escaped, whatever it is called.
    environment = Environment(
        loader=PackageLoader("prosemble.inspection", "page"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html")


def _assets() -> dict[str, Any]:
    """Return style and script; the page allows no other script than that of this hash."""
    from markupsafe import Markup

    folder = files("prosemble.inspection") / "page"
    style, script = ((folder / name).read_text("utf-8") for name in ("report.css", "report.js"))
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return {"style": Markup(style), "script": Markup(script), "script_hash": digest}


def _splits(fitted: Fitted, truth: np.ndarray, n_splits: int, n_repeats: int) -> int:
    for name, value, least in [("n_splits", n_splits, 2), ("n_repeats", n_repeats, 1)]:
        if not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be an int >= {least}; got {value!r}.")
    counts = np.bincount(truth, minlength=len(fitted.model.classes_))
    if counts.min() < 2:
        rare = fitted.model.classes_[counts < 2].tolist()
        raise ValueError(f"y must hold each class of the model at least twice, to hold samples out; too rare: {rare}.")
    return min(n_splits, int(counts.min()))


def _searched(estimator: Any) -> bool:
    while hasattr(estimator, "steps"):
        estimator = estimator.steps[-1][1]
    return hasattr(estimator, "best_estimator_")


def _described(fitted: Fitted, rows: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    model = fitted.model
    return {
        "kind": type(model).__name__,
        "summary": description.summary(model),
        "metric": description.metric(model),
        "training": description.training(model),
        "settings": description.settings(model),
        "steps": [repr(step) for step in fitted.steps],
        "n_samples": len(rows),
        "n_features": len(fitted.data_names),
        "n_prototypes": len(model.prototypes_),
        "largest": float(np.bincount(truth).max() / len(truth)),
    }


def _judged(held: HeldOut, fitted: Fitted, names: np.ndarray, n_splits: int) -> dict[str, Any]:
    classes = fitted.model.classes_
    scores = {"accuracy": held.accuracy, "balanced": held.balanced_accuracy, "auc": held.auc.mean(axis=1)}
    return {
        "scores": {name: (float(values.mean()), float(values.std())) for name, values in scores.items()},
        "n_splits": n_splits,
        "n_repeats": len(held.fold),
        "per_class": _tables.per_class(held, fitted),
        "confusion": _tables.confusion(held, classes) if len(classes) <= _tables.MOST_CLASSES else [],
        "confusions": _tables.confusions(held, classes),
        "rejection": _tables.rejection(held),
        "mistakes": _tables.mistakes(held, classes, names),
    }


def _learned(fitted: Fitted, shown: View, truth: np.ndarray, look: _cases.Look | None) -> dict[str, Any]:
    found = curvature(fitted)
    matrices = 0 if found is None else len(found.factors)
    images, counting = [], None
    if look is not None:
        owners = zip(prototype_names(fitted), fitted.class_indices.tolist(), strict=True)
        images = [(look.prototype(k), name, c) for k, (name, c) in enumerate(owners)][: 2 * _tables.MOST_PROTOTYPES]
        counting = look.features(shown.importance) if shown.explains else None
    return {
        "weighted": matrices > 0,
        "mixed": shown.in_units and not shown.explains,
        "local": matrices > 1,
        "in_units": shown.in_units,
        "latent": shown.samples is None,
        "prototypes": _tables.prototypes(fitted, shown, truth),
        "prototype_images": images,
        "relevance_image": counting,
        "relevances": _tables.relevances(shown),
    }


def _sampled(
    fitted: Fitted, shown: View, rows: np.ndarray, truth: np.ndarray, names: np.ndarray, look: _cases.Look | None
) -> dict[str, Any]:
    labels = fitted.model.classes_[truth]
    why = fitted.model.explain(_cases._named(fitted, rows), as_frame=False, contributions=False)
    groups = zip(("typical", "doubtful"), _cases.typical_and_doubtful(why, labels), strict=True)
    return {
        name: [_cases.case(fitted, shown, rows, place, names[place], labels[place], look) for place in places]
        for name, places in groups
    }
