"""A classifier over data frames of any columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, check_X_y

from prosemble import _words as words
from prosemble.io.wrapped import unwrapped
from prosemble.models.base import PrototypeModel
from prosemble.models.one_fit import all_at_once
from prosemble.prediction.explanations import COLUMNS
from prosemble.table import prototypes
from prosemble.table.kinds import Column
from prosemble.table.recipe import Recipe
from prosemble.table.rows import TableWarning
from prosemble.table.transformer import TableTransformer


def _estimator_has(name: str) -> Any:
    def check(self: TableClassifier) -> bool:
        chosen = getattr(self, "estimator_", self.estimator)
        return chosen is None or hasattr(chosen, name)

    return available_if(check)


class TableClassifier(ClassifierMixin, BaseEstimator):
    """A classifier over tables with numbers, categories, booleans, dates and gaps.

    What kind each column is, its values decide and not its type: text that is numbers is numbers, with a gap where it
    is none. Numbers are standardised, a category becomes a feature for each of its values, weighted so that the column
    counts like a number; a date becomes days, month and weekday. What says who a row is and not what it is like is left
    out: numbers of rows, keys, names, free text. `columns_` tells all of it, a line a column.

    Nothing is refused for gaps in features, nor for a category that training did not see: a `TableWarning` tells of
    what is not as in training.

    Parameters
    ----------
    estimator : classifier, optional
        What learns from the features, any classifier of scikit-learn's interface. None: the best of some models of
        prototypes, by cross-validation on the training rows, with settings that hold on most tables (`Recipe`).
    columns : 'auto' or list of str, default='auto'
        The columns to learn from; all that are of use when 'auto'.
    keep : list of str
        Columns to take that would be left out.
    drop : list of str
        Columns to leave out.
    kinds : dict of str, optional
        The kind of columns of which the values say another: 'number', 'category', 'yes/no' or 'date'. Codes that are
        whole numbers are numbers unless it is said here that they are categories.
    missing : {'auto', 'metric', 'impute'}, default='auto'
        What is done with gaps in numbers: 'metric' compares rows by what is known of them, where the model can
        (`allow_nan`); 'impute' fills in the median, and a feature says where; 'auto' is 'metric' where the model can. A
        gap in a category is a category.
    dates : {'auto', 'drop'}, default='auto'
        Whether dates become numbers or are left out.

    Attributes
    ----------
    columns_ : DataFrame
        A line a column: name, kind, what was done, why.
    transformer_ : ColumnTransformer
        From columns, read by their kinds, to features.
    estimator_ : classifier
        Fitted to the features.
    prototypes_frame_ : DataFrame
        A row a prototype, its label in the index, in the units and categories of the table, and `nearest_rows`: the
        labels of the nearest rows of the class in the index of the training frame. Of classifiers with prototypes.
    recipe_ : Recipe
        Present where `estimator` is None: which models were tried, and how good each was.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        How many columns the table had.
    feature_names_in_ : ndarray of str
        Their names, where it had names.

    Examples
    --------
    >>> import pandas as pd
    >>> from prosemble.models import GMLVQ
    >>> from prosemble.table import TableClassifier
    >>> ages = [33, 61, 29, 56, None, 58, 34, 64]
    >>> table = pd.DataFrame({"age": ages, "ward": list("nssnnsns"), "dx": ["cold", "flu"] * 4})
    >>> model = TableClassifier(GMLVQ()).fit(table[["age", "ward"]], table["dx"])
    >>> model.predict(table[["age", "ward"]][:2]).tolist()
    ['cold', 'flu']
    >>> model.columns_[["name", "kind", "done"]]
       name      kind                                    done
    0   age    number  standardised; 1 gap left to the metric
    1  ward  category   a feature for each of 2 values (n, s)
    """

    # What `fit` sets, of types that are told nowhere else.
    table_: TableTransformer
    estimator_: Any
    classes_: np.ndarray
    _nearest: list[list[Any]] | None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "columns": [StrOptions({"auto"}), "array-like"],
        "keep": ["array-like"],
        "drop": ["array-like"],
        "kinds": [dict, None],
        "missing": [StrOptions({"auto", "metric", "impute"})],
        "dates": [StrOptions({"auto", "drop"})],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        columns: str | Sequence[str] = "auto",
        keep: Sequence[str] = (),
        drop: Sequence[str] = (),
        kinds: Mapping[str, str] | None = None,
        missing: str = "auto",
        dates: str = "auto",
    ) -> None:
        self.estimator = estimator
        self.columns = columns
        self.keep = keep
        self.drop = drop
        self.kinds = kinds
        self.missing = missing
        self.dates = dates

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        tags.classifier_tags.poor_score = True  # as of the models within, in as few epochs as its checks train
        return tags

    # Training.

    @all_at_once
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Judge the columns, and learn from them.

        Parameters
        ----------
        X : DataFrame of pandas, polars or pyarrow, or array-like of shape (n_samples, n_columns)
        y : array-like of shape (n_samples,)
            Labels, one for each row.
        sample_weight : array-like of shape (n_samples,), optional
            Of the scaling of numbers and of the estimator's training. Kinds of columns, medians and what categories
            are rare are those of the rows, whatever they weigh.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If rows have no label, an option names no column, or nothing is left to learn from.
        """
        return self._trained(*self.begin_fit(X, y, sample_weight))

    @all_at_once
    def fit_read(self, columns: Sequence[Column], rows: pd.DataFrame, y: np.ndarray) -> Self:
        """Fit to rows of a table that were read by its columns, which may be some of those that it has."""
        estimator = self._untrained()
        features = self.table_.learn(columns, rows)
        self._begin(estimator, y)
        return self._trained(features, y, None)

    def begin_fit(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[pd.DataFrame, np.ndarray, Any]:
        """Hold all but what the estimator learns, and return features, labels and weights that it is to be trained on.

        A search trains the estimators of several of them together.
        """
        estimator = self._untrained()
        columns, rows = self.table_.read(X)
        y = self._labels(rows.frame, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, rows.frame)
        frame = rows.frame
        if rows.empty.any():
            where = words.rows(np.flatnonzero(rows.empty).tolist())
            warnings.warn(f"Left out of the training, nothing is known of it: {where}.", TableWarning, stacklevel=3)
            frame, y = frame[~rows.empty], y[~rows.empty]
            sample_weight = None if sample_weight is None else sample_weight[~rows.empty]
        features = self.table_.learn(columns, frame, sample_weight)
        self._begin(estimator, y)
        return features, y, sample_weight

    def begin_like(self, other: Self) -> None:
        """Hold what another holds, which has begun on the same rows and differs in its estimator alone."""
        estimator = self._untrained()
        self.table_ = other.table_
        self._begin(estimator, other.classes_)

    def _untrained(self) -> Any:
        """Return the estimator to train, and hold what is to stand before it."""
        self._validate_params()
        estimator = Recipe() if self.estimator is None else clone(self.estimator)
        self.table_ = self._table(estimator)
        return estimator

    def _begin(self, estimator: Any, y: np.ndarray) -> None:
        for name in ("feature_names_in_", "n_features_in_", "recipe_"):
            self.__dict__.pop(name, None)
            if hasattr(self.table_, name):
                setattr(self, name, getattr(self.table_, name))
        if self.table_.gaps_left_:
            estimator.set_params(allow_nan=True)
        self.estimator_, self.classes_, self._nearest = estimator, np.unique(y), None

    def _trained(self, features: pd.DataFrame, y: np.ndarray, sample_weight: Any) -> Self:
        self.estimator_.fit(features, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
        if isinstance(self.estimator_, Recipe):
            self.recipe_, self.estimator_ = self.estimator_, self.estimator_.best_estimator_
        self._nearest = prototypes.nearest_rows(self, features, y)
        return self

    def _table(self, estimator: Any) -> TableTransformer:
        """Return what stands before the estimator, unfitted."""
        can = isinstance(estimator, Recipe) or (isinstance(estimator, PrototypeModel) and estimator.takes_gaps())
        if self.missing == "metric" and not can:
            raise ValueError(
                f"missing='metric' cannot act with {type(estimator).__name__}, which has no form for missing values; "
                "those with squared Euclidean, Euclidean, relevance and omega distances have one."
            )
        given = {name: getattr(self, name) for name in ("columns", "keep", "drop", "kinds", "dates")}
        missing = "metric" if can and self.missing != "impute" else "impute"
        # The models within take what it returns, whatever the configuration says that transformers return.
        return TableTransformer(**given, missing=missing).set_output(transform="default")

    def _labels(self, rows: pd.DataFrame, y: Any) -> np.ndarray:
        given = np.asarray(y, object)
        if given.ndim == 1 and (gaps := np.flatnonzero(pd.isna(given))).size:
            raise ValueError(f"Input y contains NaN: no label in {words.rows(gaps.tolist())}; leave these rows out.")
        if isinstance(getattr(y, "dtype", None), pd.api.extensions.ExtensionDtype):
            y = np.array(given.tolist())  # as numbers, booleans or text of NumPy
        types = {type(label).__name__ for label in given.ravel().tolist()} if np.asarray(y).dtype == object else set()
        if len(types) > 1 and "str" in types:
            raise ValueError(f"y holds labels of several types, {' and '.join(sorted(types))}; make all of them text.")
        _, y = check_X_y(np.empty((len(rows), 1)), y, ensure_all_finite=False, dtype=None, estimator=self)
        check_classification_targets(y)
        return y

    @property
    def columns_(self) -> pd.DataFrame:
        check_is_fitted(self)
        return self.table_.columns_

    @property
    def transformer_(self) -> Any:
        check_is_fitted(self)
        return self.table_.transformer_

    # Prediction.

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, (n_samples,)."""
        features = self._features(X)  # says where nothing is fitted
        return self.estimator_.predict(features)

    @_estimator_has("predict_proba")
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the classes, (n_samples, n_classes)."""
        features = self._features(X)
        return self.estimator_.predict_proba(features)

    @_estimator_has("decision_function")
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the estimator's decision function, (n_samples, n_classes), or (n_samples,) for two classes."""
        features = self._features(X)
        return self.estimator_.decision_function(features)

    def _features(self, X: Any) -> pd.DataFrame:
        check_is_fitted(self)
        return self.table_.transform(X)

    # Explanation, in the units of the table.

    @property
    def prototypes_frame_(self) -> pd.DataFrame:
        check_is_fitted(self)
        return prototypes.frame_of(self)

    def explain(self, X: Any) -> pd.DataFrame:
        """Return why each row is predicted as it is, as `explain` of the models does, with what each column adds.

        Returns
        -------
        DataFrame
            With the index of X: `prediction`, `prototype`, `d_plus`, `runner_up`, `runner_up_prototype`, `d_minus`,
            `confidence`, and for each column that the model reads what its features add to d_minus - d_plus together,
            in favour of the prediction where positive; not where the metric is no sum over features.
        """
        return self.explained(self._features(X))

    def explained(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the same of features that the transformer made."""
        model, steps = unwrapped(self.estimator_, "estimator")
        rows: Any = features
        for _, step in steps:
            rows = step.transform(rows)
        why = model.explain(rows, as_frame=False)
        result = pd.DataFrame({name: why[name] for name in COLUMNS}, index=features.index)
        added = [values for name, values in why.items() if name not in COLUMNS]
        owners = self.table_.features_.owners
        if len(added) == len(owners):
            for place in sorted(set(owners)):
                name = self.table_.judged_[place].name
                of_column = [values for values, owner in zip(added, owners, strict=True) if owner == place]
                result[name if name not in COLUMNS else f"{name} (column)"] = np.sum(of_column, axis=0)
        return result

    def quantize(self, dtype: str = "int8") -> Self:
        """Return this fitted classifier with the parameters of its model stored in 8 or 16 bits, as models do."""
        check_is_fitted(self)
        model, _ = unwrapped(self.estimator_, "estimator")
        if model is not self.estimator_:
            raise ValueError(f"A {type(self.estimator_).__name__} cannot be quantised; take the model within.")
        small = copy(self)
        small.estimator_ = model.quantize(dtype)
        return small

    def counterfactual(self, X: Any, target: Any = None) -> pd.DataFrame:
        """Return for each row a near one that is predicted otherwise, in the units and categories of the table.

        It is the model's `counterfactual`, its categories set to the nearest ones there are; where that is not far
        enough, the row goes on towards the nearest prototype of the class. Every row has been predicted anew; one for
        which nothing was found is a row of gaps.

        Parameters
        ----------
        X : DataFrame or array-like
        target : label or array-like of shape (n_samples,), optional
            The class that is to be predicted; any but the present one when None.

        Returns
        -------
        DataFrame
            The columns that the model reads, with the index of X.
        """
        check_is_fitted(self)
        return prototypes.counterfactual(self, X, target)

    def with_columns_as_judged(self) -> Self:
        """Return an unfitted clone that takes the columns that this one does, as what it takes them for."""
        check_is_fitted(self)
        kinds = {column.name: column for column in self.table_.judged_ if column.used}
        return clone(self).set_params(columns=list(kinds), keep=(), drop=(), kinds=kinds, dates="auto")

    def fitted_steps(self) -> tuple[list[tuple[str, Any]], Any]:
        """Return what stands before the classifier, by name, and the classifier, for pictures and exports."""
        check_is_fitted(self)
        return [("table", self.table_)], self.estimator_

    # Files.

    def save(self, path: str | Path) -> None:
        """Write columns, steps and model to one file, without pickle, replacing it whole or not at all.

        Raises
        ------
        TypeError
            If the estimator is no classifier of this package, or a step before it cannot be kept.
        """
        from prosemble.table.saved import save

        check_is_fitted(self)
        save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file of `save`, or of the command line.

        Raises
        ------
        prosemble.io.ModelFileError
            If the file is no usable model of a table.
        """
        from prosemble.table.saved import load

        return load(path, cls)
