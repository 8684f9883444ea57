"""Transformers of scikit-learn as a file keeps them, and as functions of NumPy and JAX arrays."""

import json

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)

from prosemble.io.steps import category_name, chain, inputs_of, kept, restored, width
from prosemble.model_selection import BoundedPowerTransformer

TRANSFORMERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 2), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    Normalizer("l1"),
    Normalizer("max"),
    PowerTransformer(),
    PowerTransformer(standardize=False),
    BoundedPowerTransformer(),
    FunctionTransformer(),
    SimpleImputer(strategy="median", add_indicator=True),
    make_pipeline(SimpleImputer(), StandardScaler()),
]
GAPS = (SimpleImputer, type(make_pipeline(None)))


def encoder(**options):
    return OneHotEncoder(sparse_output=False, feature_name_combiner=category_name, **options)


def kept_in_json(transformer):
    return json.loads(json.dumps(kept(transformer)))


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=repr)
def test_what_is_kept_does_the_same(transformer):
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(40, 3)) * [1, 5, 0.1], rng.normal(size=(20, 3)) * 3
    if isinstance(transformer, GAPS):
        X[3, 1] = new[:2, 1] = np.nan
    transformer = transformer.fit(X)
    content = kept_in_json(transformer)
    expected = transformer.transform(new)
    np.testing.assert_array_equal(restored(content).transform(new), expected)
    steps = chain([content], 3)
    assert width(steps, 3) == expected.shape[1]
    by_numpy, by_jax = new, jnp.asarray(new, jnp.float32)
    for step in steps:
        by_numpy, by_jax = step(by_numpy), step(by_jax)
    np.testing.assert_allclose(by_numpy, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-4, atol=1e-5)
    undone = expected
    for step in reversed(steps):
        undone = step.inverse(undone)
    if hasattr(transformer, "inverse_transform") and not isinstance(transformer, GAPS):
        np.testing.assert_allclose(undone, transformer.inverse_transform(expected), atol=1e-6)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame({"a": rng.normal(3, 5, n), "b": np.where(rng.uniform(size=n) < 0.2, np.nan, 1.0)})
    frame["c"] = pd.Series(rng.choice(["x", "y", "z"], n), dtype=object)
    frame["d"] = pd.Series(rng.choice(np.array(["u", "v", None], object), n), dtype=object)
    frame["e"] = pd.Series(["k"] * 150 + ["l"] * 47 + ["p", "q", "r"], dtype=object)
    return frame


def test_a_table_with_categories(table):
    rare = {"handle_unknown": "infrequent_if_exist", "min_frequency": 2}
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    transformer = ColumnTransformer(
        [
            ("numbers", numbers, ["a", "b"]),
            ("c", encoder(handle_unknown="ignore"), ["c"]),
            ("de", encoder(**rare), ["d", "e"]),
        ],
        transformer_weights={"c": 1.5, "de": 0.5},
        verbose_feature_names_out=False,
    ).fit(table)
    content = kept_in_json(transformer)
    new = table[:9].copy()
    new.loc[1, "c"], new.loc[2, "e"], new.loc[3, "a"], new.loc[4, "e"] = "new", "new", np.nan, "q"
    expected = transformer.transform(new)
    again = restored(content)
    np.testing.assert_array_equal(again.transform(new), expected)
    assert again.get_feature_names_out().tolist() == transformer.get_feature_names_out().tolist()

    inputs = inputs_of([content], [])
    assert [each.name for each in inputs] == list("abcde") and inputs[3].categories == ("u", "v")
    X = np.empty((9, 5))
    for j, (name, categories) in enumerate(inputs):
        places = None if categories is None else dict(zip(categories, range(9)))  # noqa: B905
        X[:, j] = new[name] if places is None else [np.nan if v is None else places.get(v, -1) for v in new[name]]
    (columns,) = chain([content], 5)
    np.testing.assert_allclose(columns(X), expected, rtol=1e-12)
    np.testing.assert_allclose(columns(jnp.asarray(X, jnp.float32)), expected, rtol=1e-4, atol=1e-5)
    told = columns.inverse(expected)
    np.testing.assert_allclose(told[0, :2], [new.loc[0, "a"], 1.0])
    assert set(np.round(told[:, 3:], 12).ravel()) <= {0.0, 1.0}  # shares of categories


def test_what_can_not_be_kept_is_named(table):
    X = np.random.default_rng(0).normal(size=(9, 3))
    with pytest.raises(TypeError, match="step 'pca' is a PCA, which can be neither kept in a file nor exported"):
        kept(PCA().fit(X), "pca")
    with pytest.raises(TypeError, match="FunctionTransformer"):
        kept(FunctionTransformer(np.abs).fit(X))
    with pytest.raises(TypeError, match="drops a category"):
        kept(encoder(drop="first").fit(table[["c"]]))
    with pytest.raises(TypeError, match="other categories than text"):
        kept(encoder().fit([[1], [2]]))
    with pytest.raises(TypeError, match="takes the one column 'c'"):
        kept(ColumnTransformer([("s", CountVectorizer(token_pattern="."), "c")]).fit(table))
    with pytest.raises(NotFittedError):
        kept(StandardScaler())
