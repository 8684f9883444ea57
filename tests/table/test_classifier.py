"""A classifier over data frames: scikit-learn's interface, gaps, new values, and what it tells in the table's units."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from prosemble import AutoPrototypeClassifier
from prosemble.inspection import PrototypeProfileDisplay
from prosemble.model_selection import BatchedSearchCV
from prosemble.models import CBC, GLVQ, GMLVQ, GRLVQ, KNN, LGMLVQ, LVQMLN, NPC
from prosemble.table import TableClassifier
from prosemble.table.recipe import Recipe
from prosemble.table.rows import TableWarning

FEW = {"max_iter": 5}


@parametrize_with_checks([TableClassifier(GLVQ(max_iter=30, lr=0.1))])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.breadth
@parametrize_with_checks([TableClassifier(Recipe(settings={"max_iter": 10}))])
def test_scikit_learns_checks_of_the_recipe(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def visits():
    """A table of every kind of column, and labels that age and ward tell."""
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame(
        {
            "visit": np.arange(n),
            "age": rng.normal(50, 10, n).round(1),
            "crp": np.where(rng.uniform(size=n) < 0.2, np.nan, rng.exponential(5, n)),
            "ward": rng.choice(["north", "south", "west"], n),
            "sex": pd.Series(rng.choice(np.array(["f", "m", None], object), n), dtype=object),
            "fever": rng.uniform(size=n) < 0.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), "D"),
            "note": [f"came in with {i} days of fever" for i in range(n)],
        }
    ).set_axis([f"row {i}" for i in range(n)])
    return frame, np.where((frame["age"] > 50) ^ (frame["ward"] == "north"), "flu", "cold")


@pytest.fixture(scope="module")
def fitted(visits):
    return TableClassifier(GMLVQ(max_iter=60)).fit(*visits)


READ = ["age", "crp", "ward", "sex", "fever", "day"]


def test_every_kind_of_column_is_learned_from(fitted, visits):
    X, y = visits
    assert fitted.score(X, y) > 0.7 and fitted.classes_.tolist() == ["cold", "flu"]
    told = fitted.columns_.set_index("name")
    assert told.loc[READ, "kind"].tolist() == ["number", "number", "category", "category", "yes/no", "date"]
    assert told.loc[["visit", "note"], "done"].tolist() == ["left out", "left out"]
    assert fitted.n_features_in_ == 8 and fitted.feature_names_in_.tolist() == X.columns.tolist()
    features = ["age", "crp", "day: days since 2024-01-01", "day: month", "day: weekday"]
    features += [
        "ward=north",
        "ward=south",
        "ward=west",
        "sex=f",
        "sex=m",
        "sex is missing",
        "fever=False",
        "fever=True",
    ]
    assert fitted.estimator_.feature_names_in_.tolist() == features
    # Other columns, and another order, change nothing.
    other = X[READ[::-1]].assign(unknown=1)
    np.testing.assert_array_equal(fitted.predict_proba(other), fitted.predict_proba(X))


def test_frames_of_other_libraries(fitted, visits):
    X, y = visits
    plain = X.reset_index(drop=True)
    frames = [pa.Table.from_pandas(plain)]
    try:
        import polars
    except ImportError:
        pass  # not among the oldest versions
    else:
        frames.append(polars.from_pandas(plain))
    for frame in frames:
        np.testing.assert_allclose(fitted.predict_proba(frame), fitted.predict_proba(X), atol=1e-6)
        again = clone(fitted).fit(frame, y)
        np.testing.assert_allclose(again.predict_proba(frame), fitted.predict_proba(X), atol=1e-5)


def test_searches_and_cross_validation(visits):
    X, y = visits
    table = TableClassifier(GLVQ(max_iter=30, transfer_fn="sigmoid_beta"))
    grid = {"estimator__beta": [2.0, 10.0], "estimator__lr": [0.03, 0.1]}
    with warnings.catch_warnings(action="ignore", category=TableWarning):
        assert len(cross_val_score(table, X, y, cv=3)) == 3
        one = GridSearchCV(table, grid, cv=3).fit(X, y)
        together = BatchedSearchCV(table, grid, cv=3).fit(X, y)
    np.testing.assert_allclose(
        together.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"], atol=1.01 / 40
    )
    np.testing.assert_array_equal(together.best_estimator_.predict(X), one.best_estimator_.predict(X))


def test_tables_are_trained_together(visits, monkeypatch):
    from prosemble.model_selection import batch

    X, y = visits
    seen = []
    monkeypatch.setattr(
        batch, "fit_all_together", lambda problems, n, real=batch.fit_all_together: seen.append(n) or real(problems, n)
    )
    fits = batch.fit_candidates([TableClassifier(GLVQ(lr=lr, **FEW)) for lr in (0.1, 0.2)], [(X, y, None)], 1)
    assert seen == [1] and all(fit is not None for fit in fits[0])
    for fit in fits[0]:
        alone = clone(fit).fit(X, y)
        np.testing.assert_allclose(fit.predict_proba(X), alone.predict_proba(X), atol=1e-4)


def test_the_automatic_choice(visits, tmp_path):
    X, y = visits
    chosen = TableClassifier(AutoPrototypeClassifier(time_budget=0, max_prototypes=2)).fit(X, y)
    chosen.save(tmp_path / "m")
    again = TableClassifier.load(tmp_path / "m")
    np.testing.assert_allclose(again.predict_proba(X), chosen.predict_proba(X), rtol=1e-6)
    pd.testing.assert_frame_equal(again.prototypes_frame_, chosen.prototypes_frame_)


def test_any_classifier_may_learn(visits):
    X, y = visits
    table = TableClassifier(GaussianNB()).fit(X, y)
    assert table.score(X, y) > 0.6 and "filled with the median" in table.columns_["done"][2]
    with pytest.raises(AttributeError):
        table.prototypes_frame_  # noqa: B018
    with pytest.raises(TypeError, match="must be a classifier of prosemble"):
        table.save("nowhere")


def test_gaps(visits):
    X, y = visits
    for estimator, missing, left in [
        (GMLVQ(**FEW), "auto", True),
        (LGMLVQ(**FEW), "auto", False),  # has no form for missing values
        (GRLVQ(**FEW), "impute", False),
        (NPC(), "auto", False),
    ]:
        table = TableClassifier(estimator, missing=missing).fit(X, y)
        assert getattr(table.estimator_, "allow_nan", False) == left
        assert ("crp is missing" in table.table_.features_.names) != left
        assert not np.isnan(table.predict_proba(X)).any()
    with pytest.raises(ValueError, match="missing='metric' cannot act with LGMLVQ"):
        TableClassifier(LGMLVQ(), missing="metric").fit(X, y)


def test_a_table_without_gaps_takes_them_later(visits):
    X, y = visits
    table = TableClassifier(GMLVQ(**FEW)).fit(X[["age", "ward"]], y)
    assert not table.estimator_.allow_nan
    new = X[["age", "ward"]][:9].copy()
    new.iloc[2, 0] = np.nan
    with pytest.warns(TableWarning, match="age: 1 gap in 9 rows, where training had none"):
        assert len(table.predict(new)) == 9


def test_values_that_training_did_not_see(fitted, visits):
    X, _ = visits
    new = X[:6].copy()
    new.iloc[1, 3] = "east"
    with pytest.warns(TableWarning, match=r"ward: training did not see 'east' \(row 2\), which counts as none"):
        assert fitted.predict(new)[[0, 2]].tolist() == fitted.predict(X[:6])[[0, 2]].tolist()
    with pytest.warns(
        TableWarning, match=r"age: 6 values of 6 \(\S+\) far from what training saw .*; in other units\?"
    ):
        fitted.predict(X[:6].assign(age=X["age"][:6] * 365))
    with pytest.warns(TableWarning, match=r"age: 512 far from what training saw .*: row 2$"):
        fitted.predict(X[:6].assign(age=[51, 512, 48, 44, 61, 50]))
    with pytest.warns(TableWarning, match=r"age: no number in 'n.d.' \(6\): gaps"):
        fitted.predict(X[:6].assign(age="n.d."))
    with pytest.raises(ValueError, match="No column 'crp', 'sex'. Columns: visit, age"):
        fitted.predict(X.drop(columns=["sex", "crp"]))


def test_rows_of_which_nothing_is_known(visits):
    X, y = visits
    holes = X[["age", "ward"]].copy()
    holes.iloc[[3, 50]] = None
    with pytest.warns(TableWarning, match="nothing is known of it: rows 4, 51"):
        table = TableClassifier(GLVQ(max_iter=5)).fit(holes, y, sample_weight=np.ones(len(y)))
    with pytest.warns(TableWarning, match="Nothing is known of rows 4, 51"):
        assert len(table.predict(holes)) == len(y)
    ages = X[["age"]].copy()
    ages.iloc[[3, 50]] = None
    usual = pd.DataFrame({"age": [ages["age"].mean(), ages["age"].median()]})
    for missing, like in (("auto", 0), ("impute", 1)):
        numbers = TableClassifier(GLVQ(max_iter=5), missing=missing)
        with warnings.catch_warnings(action="ignore", category=TableWarning):
            found = numbers.fit(ages, y).predict_proba(ages)
            np.testing.assert_allclose(found[3], numbers.predict_proba(usual)[like], atol=0.02)
            assert np.isfinite(cross_val_score(numbers, ages, y, cv=3)).all()


def test_rare_categories_are_one(visits):
    X, y = visits
    rare = X[["age"]].assign(town=["a"] * 60 + ["b"] * 57 + ["c", "d", "e"])
    table = TableClassifier(NPC()).fit(rare, y)
    assert table.table_.features_.names == ["age", "town=a", "town=b", "town=rare"]
    new = rare[-1:].assign(town="f")
    with pytest.warns(TableWarning, match="training did not see 'f'"):
        np.testing.assert_array_equal(table.predict_proba(new), table.predict_proba(rare[-1:]))


def test_a_column_of_categories_counts_like_one_of_numbers(visits):
    X, y = visits
    rng = np.random.default_rng(1)
    for values in (2, 3, 20):
        frame = X[["age"]].assign(town=rng.choice([f"t{i}" for i in range(values)], len(X)))
        table = TableClassifier(NPC()).fit(frame, y)
        features = table.table_.transform(frame).to_numpy()
        assert features[:, 0].var() == pytest.approx(1) and features[:, 1:].var(axis=0).sum() == pytest.approx(1)


def test_explanations_are_by_column(fitted, visits):
    X, _ = visits
    why = fitted.explain(X)
    assert why.index.tolist() == X.index.tolist() and list(why.columns[-6:]) == READ
    np.testing.assert_array_equal(why["prediction"], fitted.predict(X))
    np.testing.assert_allclose(why[READ].sum(axis=1), why["d_minus"] - why["d_plus"], rtol=1e-3, atol=1e-4)


def test_prototypes_are_rows_of_the_table(fitted, visits):
    X, y = visits
    frame = fitted.prototypes_frame_
    assert frame.columns.tolist() == [*READ, "nearest_rows"] and frame.index.tolist() == ["cold", "flu"]
    assert set(frame["ward"]) <= {"north", "south", "west"} and frame["day"].dtype.kind == "M"
    assert frame["age"].between(0, 100).all()
    for label, rows in zip(frame.index, frame["nearest_rows"], strict=True):
        assert len(rows) == 3 and (y[X.index.get_indexer(rows)] == label).all()
    means = TableClassifier(NPC(), missing="impute").fit(X, y).prototypes_frame_
    assert means["age"].tolist() == pytest.approx([X["age"][y == label].mean() for label in ("cold", "flu")], rel=1e-5)
    assert means["ward"].tolist() == [X["ward"][y == label].mode()[0] for label in ("cold", "flu")]


def test_counterfactuals_are_rows_that_are_predicted_otherwise(visits):
    X, y = visits
    X = X.drop(columns="crp")
    for estimator in (GMLVQ(max_iter=40), KNN(n_neighbors=3)):
        table = TableClassifier(estimator).fit(X, y)
        other = table.counterfactual(X[:12])
        assert other.index.tolist() == X.index[:12].tolist() and set(other["ward"].dropna()) <= {
            "north",
            "south",
            "west",
        }
        found = other.notna().any(axis=1)
        assert found.mean() > 0.7 and (table.predict(other[found]) != table.predict(X[:12])[found]).all()
        same = table.counterfactual(X[:12], target=table.predict(X[:12]))
        pd.testing.assert_frame_equal(same, X[same.columns][:12], check_dtype=False)
    with pytest.raises(ValueError, match="numbers are missing in rows"):
        TableClassifier(NPC(), missing="impute").fit(*visits)
        TableClassifier(GMLVQ(**FEW)).fit(*visits).counterfactual(visits[0])


def test_without_prototypes_among_the_rows(visits):
    X, y = visits
    table = TableClassifier(LVQMLN(max_iter=2)).fit(X, y)
    with pytest.raises(AttributeError, match="LVQMLN has no prototypes that are points of the table"):
        table.prototypes_frame_  # noqa: B018
    assert len(table.explain(X).columns) == 7
    assert TableClassifier(CBC(max_iter=2)).fit(X, y).prototypes_frame_.shape[0] == 5


def test_weights_equal_rows(visits):
    X, y = visits
    X = X[["age", "ward"]]
    weight = np.where(y == "flu", 3, 1)
    weighted = TableClassifier(GLVQ(**FEW)).fit(X, y, sample_weight=weight)
    repeated = TableClassifier(GLVQ(**FEW)).fit(X.loc[X.index.repeat(weight)], y.repeat(weight))
    scaler = [table.transformer_.named_transformers_["numbers"][-1] for table in (weighted, repeated)]
    np.testing.assert_allclose(scaler[0].mean_, scaler[1].mean_)


def test_what_is_refused(visits):
    X, y = visits
    for arguments, message in [
        ((X, np.where(np.arange(len(y)) == 4, None, y)), "no label in row 5; leave these rows out"),
        ((X, y[:-1]), "inconsistent numbers of samples"),
        ((X.rename(columns={"age": "crp"}), y), "Two columns are called 'crp'"),
        ((X[:0], y[:0]), "0 sample"),
    ]:
        with pytest.raises(ValueError, match=message):
            TableClassifier(NPC()).fit(*arguments)
    with pytest.raises(ValueError, match="'missing' parameter"):
        TableClassifier(NPC(), missing="drop").fit(X, y)


def test_a_failed_fit_leaves_the_former(visits, fitted):
    X, y = visits
    before = fitted.predict_proba(X)
    fitted.drop = ["nothing"]
    with pytest.raises(ValueError, match="No column 'nothing'"):
        fitted.fit(X, y)
    fitted.drop = ()
    np.testing.assert_array_equal(fitted.predict_proba(X), before)


def test_it_is_drawn_and_has_a_place_in_pipelines(fitted, visits):
    X, y = visits
    display = PrototypeProfileDisplay.from_estimator(fitted)
    assert "ward=north" in list(display.feature_names) and "crp" in list(display.feature_names)
    place = list(display.feature_names).index("age")
    np.testing.assert_allclose(display.prototypes[:, place], fitted.prototypes_frame_["age"], rtol=1e-6)
    table = make_pipeline(clone(fitted.table_), StandardScaler(), NPC())
    assert table.fit(X.drop(columns="crp"), y).score(X, y) > 0.5


def test_values_that_all_are_held_out(visits):
    X, y = visits
    rare = X[["age"]].assign(crp=np.nan, town=pd.Series([None] * len(X), dtype=object, index=X.index))
    rare.iloc[:3, 1], rare.iloc[:3, 2] = [1.0, 2.0, 3.0], ["a", "b", "a"]
    for missing in ("metric", "impute"):
        table = TableClassifier(GLVQ(max_iter=5), missing=missing, keep=["town"])
        columns, rows = table._table(table.estimator).read(rare)
        table.fit_read(columns, rows.frame.iloc[3:], y[3:])
        assert table.columns_["why"].tolist() == ["", *["no value in the rows to train on"] * 2]
        assert len(table.predict(rare)) == len(y)
        with pytest.raises(ValueError, match="none has a value in the rows to train on"):
            table.fit_read(columns[1:], rows.frame.iloc[3:, 1:], y[3:])


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_whatever_transformers_are_said_to_return(container, visits, fitted, tmp_path):
    pytest.importorskip(container)
    X, y = visits
    fitted.save(tmp_path / "m")
    with config_context(transform_output=container):
        again = TableClassifier(GMLVQ(max_iter=60)).fit(X, y)
        for table in (again, TableClassifier.load(tmp_path / "m")):
            np.testing.assert_allclose(table.predict_proba(X), fitted.predict_proba(X), atol=1e-5)
            assert len(table.explain(X)) == len(X)


def test_numbered_columns_are_named_by_their_numbers(visits):
    X, y = visits
    numbered = pd.DataFrame(X[["age", "crp", "fever"]].to_numpy(), columns=range(3)).convert_dtypes()
    table = TableClassifier(GLVQ(max_iter=2), drop=[0], kinds={2: "category"}).fit(numbered, y)
    assert table.columns_["kind"].tolist() == ["", "number", "category"]
    chosen = TableClassifier(GLVQ(max_iter=2), columns=X.columns[1:3]).fit(X, y)
    assert chosen.columns_["done"].ne("left out").tolist() == [name in ("age", "crp") for name in X]


def test_folds_take_columns_as_the_whole_table_has_them():
    rng = np.random.default_rng(0)
    days = [f"{day}/{month}/2024" for day, month in rng.integers(1, 13, (59, 2))] + ["25/12/2024"]
    frame = pd.DataFrame({"day": days, "weight": [f"{w:.3f} kg".replace(".", ",") for w in rng.uniform(1, 2, 60)]})
    frame.loc[59, "weight"] = "1,5 kg"
    whole = TableClassifier(NPC()).fit(frame, ["a", "b"] * 30)
    fold = whole.with_columns_as_judged().set_params(estimator=NPC()).fit(frame[:40], ["a", "b"] * 20)
    for old, new in zip(whole.table_.judged_, fold.table_.judged_, strict=True):
        assert (old.kind, old.form, old.unit, old.decimal) == (new.kind, new.form, new.unit, new.decimal)
    assert whole.table_.judged_[0].form == "%d/%m/%Y" and whole.table_.judged_[1].decimal == ","


def test_rows_of_one_label(visits, fitted):
    X, y = visits
    same = X[:9].dropna().set_axis(["p"] * len(X[:9].dropna()))
    changed = fitted.counterfactual(same)
    assert len(changed) == len(same) and changed.index.tolist() == same.index.tolist()
    kept = fitted.counterfactual(same, target="flu")
    assert len(kept) == len(same)
    stays = fitted.predict(same) == "flu"
    pd.testing.assert_frame_equal(kept[stays], same[READ][stays], check_dtype=False)


def test_nearest_rows_are_not_the_prototypes_by_their_number(visits):
    X, y = visits
    few = X[["age", "fever"]][:8]
    table = TableClassifier(GLVQ(n_prototypes_per_class=4, max_iter=5, prototypes_initializer="class_mean"))
    table.fit(few, ["a", "b"] * 4)
    assert all(len(rows) == 3 for rows in table.prototypes_frame_["nearest_rows"])
    every = TableClassifier(KNN()).fit(few, ["a", "b"] * 4).prototypes_frame_["nearest_rows"]
    assert every.tolist() == [[label] for label in few.index]


def test_labels_of_any_type(visits):
    X, _ = visits
    y = np.arange(len(X)) % 2
    table = TableClassifier(NPC())
    for labels, classes in [
        (pd.array(y, dtype="Int64"), [0, 1]),
        (pd.array(y == 1, dtype="boolean"), [False, True]),
        (pd.array(y.astype(str), dtype="string"), ["0", "1"]),
        (pd.Categorical(y), [0, 1]),
    ]:
        found = table.fit(X[["age"]], pd.Series(labels)).classes_.tolist()
        assert found == classes and type(found[0]) is type(classes[0])
    with pytest.raises(ValueError, match="labels of several types, int and str; make all of them text"):
        table.fit(X[["age"]], np.array([1, "b"] * 60, dtype=object))


def test_what_is_no_table(visits):
    X, y = visits
    with pytest.raises(ValueError, match="X must be a table of columns; got a Series"):
        TableClassifier(NPC()).fit(X["age"], y)
    unnamed = X[["age", "fever"]].set_axis(["age", None], axis=1)
    assert TableClassifier(NPC()).fit(unnamed, y).columns_["name"].isin(["age", "None", "nan"]).all()
    polars = pytest.importorskip("polars")
    lazy = polars.from_pandas(X[["age"]].reset_index(drop=True)).lazy()
    assert len(TableClassifier(NPC()).fit(lazy, y).predict(lazy)) == len(y)
