"""What every classifier of prototypes is to scikit-learn: its parameters, its data, its predictions and its files."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar, Self, cast, dataclass_transform

import jax
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import estimator_html_repr
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from prosemble.core.part import accepted, parameter, parameter_of
from prosemble.distances import Distance, FromFunction, SquaredEuclidean
from prosemble.io import files
from prosemble.models import storing
from prosemble.models._docs import documented
from prosemble.models.notebook import summary
from prosemble.models.one_fit import of_one_fit, shared
from prosemble.models.quantized import Quantizable, attribute_of
from prosemble.objectives import Decision, Nearest
from prosemble.prediction.calibration import Calibration, most_rows
from prosemble.prediction.counterfactuals import counterfactuals
from prosemble.prediction.explanations import decomposes_by_features, explained, feature_names
from prosemble.prediction.labels import class_indices
from prosemble.prediction.predictor import Predictor
from prosemble.training.data import Selection, far_from_origin, require_range

# Numbers of other types become such of 64 bits, which hold them all.
AS_GIVEN = (np.float64, np.float32)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(parameter, parameter_of))
@dataclass(kw_only=True, eq=False, repr=False)
class PrototypeModel(Quantizable, ClassifierMixin, BaseEstimator):
    """A classifier that predicts by the nearest of its labelled prototypes.

    `fit` of a subclass reads its data by `_read` and hands what it has learned to `_hold_parameters`.
    """

    distance_fn: Callable[..., Any] | None = parameter(
        default=None,
        accepts=[callable, None],
        kind="callable",
        doc="`(X, W) -> (n, p)` of JAX arrays, row by row; squared Euclidean when None.",
    )

    # Constructor values without which nothing can be predicted; those of all parents count.
    _measured_by: ClassVar[tuple[str, ...]] = ("distance_fn",)
    # The fitted attributes that tell how training went; a file keeps them.
    _progress: ClassVar[tuple[str, ...]] = ()
    # What was subtracted from samples and prototypes in training, (n_features,), where they lie far from the origin.
    _origin: ClassVar[np.ndarray | None] = None
    _calibration: ClassVar[Calibration] = Calibration()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    _attribute_docs = """
        prototypes_ : ndarray of shape (n_prototypes, n_features)
        prototype_labels_ : ndarray of shape (n_prototypes,)
        classes_ : ndarray of shape (n_classes,)
        n_classes_ : int
        temperature_ : float
            What class distances are divided by in `predict_proba`, fitted on (at most a thousand of) the training rows
            when it is first asked for: probabilities do not depend on the units of the features. Models with
            probabilities of their own keep them: of RSLVQ and its kin it is 2 sigma^2, of CBC and KNN 1.
        n_features_in_ : int
        feature_names_in_ : ndarray of shape (n_features,)
            Present where X had string column names.
        quantization_ : dict
            Present where `quantize` made the model: sizes and accuracies before and after."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # A model that writes its own __init__, and what derives from it, keeps it.
        if all(
            "__dataclass_fields__" in b.__dict__ for b in cls.__mro__ if "__init__" in b.__dict__ and b is not object
        ):
            dataclass(kw_only=True, eq=False, repr=False)(cls)
        tables = [base.__dict__.get("_parameter_constraints", {}) for base in reversed(cls.__mro__)]
        cls._parameter_constraints = {
            name: kinds for table in (*tables, accepted(cls)) for name, kinds in table.items()
        }
        if cls.__doc__:
            cls.__doc__ = documented(cls)

    @classmethod
    @cache  # scikit-learn asks for them several times a fit
    def _get_param_names(cls) -> list[str]:
        # scikit-learn passes over **kwargs; here they are the parameters of the parent.
        names: set[str] = set()
        for base in cls.__mro__:
            if "__init__" not in base.__dict__:
                continue
            parameters = list(signature(base.__dict__["__init__"]).parameters.values())[1:]
            names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
            if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                break
        return sorted(names)

    @classmethod
    def _all_of(cls, table: str) -> list[str]:
        """Return what this class and all that it derives from name in such a table."""
        return [name for base in cls.__mro__ for name in base.__dict__.get(table, ())]

    def _distance(self) -> Distance:
        return SquaredEuclidean() if self.distance_fn is None else FromFunction(function=self.distance_fn)

    def _metric(self) -> Distance:
        """Return the distance that is trained and predicted with."""
        return self._distance()

    def _decision(self) -> Decision:
        return Nearest()

    def _own_temperature(self) -> float | None:
        """Return the temperature of a model that is trained on probabilities, where it is so."""
        return None

    def takes_gaps(self) -> bool:
        """Whether the metric has a form for missing values, which `allow_nan=True` switches on."""
        return False

    # Data.

    def _validated(self, X: Any, y: Any = "no_validation", **options: Any) -> Any:
        """Return X, or X and y, as scikit-learn validates them."""
        defaults = {"dtype": jax.dtypes.canonicalize_dtype(np.float64), "order": "C", "reset": False}
        return validate_data(self, X, y, **{**defaults, **options})

    def _read(
        self, X: Any, y: Any, sample_weight: Any, known: np.ndarray | None, reset: bool | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Validate and return samples, class indices and weights; `classes_` becomes known."""
        X, y, sample_weight = self._labelled(X, y, sample_weight, every_class=known is None)
        reset = known is None if reset is None else reset
        X, y = self._validated(X, y, reset=reset, dtype=AS_GIVEN)
        whole = y.dtype.kind in "biu"
        if not whole:
            check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        if reset:
            self.__dict__["_origin"] = far_from_origin(X) if self._shift_invariant() else None
        # A training goes on in the precision that it began in.
        dtype = jax.dtypes.canonicalize_dtype(np.float64) if reset else self._precision()
        X = self._about_origin(X, dtype)
        if self._shift_invariant():
            require_range(X)
        weight = _check_sample_weight(sample_weight, X, dtype=dtype)
        if not np.isfinite(weight).all() or (weight < 0).any() or not (weight > 0).any():
            raise ValueError("sample_weight must hold finite, not negative numbers, some positive.")
        with np.errstate(over="ignore"):
            if not np.isfinite(weight.sum()):
                raise ValueError(
                    f"sample_weight holds numbers up to {weight.max():g}, whose sum is too large for {weight.dtype}; "
                    "divide them by their mean."
                )
        if (weight == 0).any():  # a weight of zero means that the row is not there
            X, y, weight = X[weight > 0], y[weight > 0], weight[weight > 0]
        if known is None:
            classes, indices = np.unique(y, return_inverse=True)
            if whole and 2 * len(classes) > len(y):  # fewer whole numbers are classes, and need no look
                check_classification_targets(y)
        else:
            classes, indices = known, class_indices(y, known, "y")
        if len(classes) < 2:
            raise ValueError(f"y must hold at least two classes; got only one class: {classes.tolist()}.")
        self.classes_, self.n_classes_ = classes, len(classes)
        return X, indices.astype(np.int32), weight

    def _labelled(self, X: Any, y: Any, sample_weight: Any, every_class: bool) -> tuple[Any, Any, Any]:
        """Return samples with a label each, where a model takes targets of another form."""
        return X, y, sample_weight

    # Where samples lie. Far from the origin (map coordinates, unix seconds) an update would be lost to rounding, and
    # numbers of 64 bits lose their digits when they become such of 32: models learn about an origin of the data's own.

    def _shift_invariant(self) -> bool:
        """Whether the model does not change where samples and prototypes are shifted together."""
        return self._metric().shift_invariant

    def _precision(self) -> np.dtype:
        """Return the type that the fitted model was trained in."""
        return self.prototypes_.dtype if self._origin is None else jax.dtypes.canonicalize_dtype(np.float64)

    def _about_origin(self, X: np.ndarray, dtype: Any) -> np.ndarray:
        """Return samples or prototypes as they are trained."""
        with np.errstate(over="ignore"):  # which is refused where it matters
            return np.asarray(X if self._origin is None else X - self._origin, dtype, order="C")

    def _from_origin(self, X: Any) -> Any:
        """Return samples or prototypes as they were given, of those that are trained."""
        return X if self._origin is None else np.asarray(X, np.float64) + self._origin

    def _trained_parameters(self) -> dict[str, Any]:
        """Return the parameters as they are trained."""
        params = self._parameters()
        return {**params, "prototypes": self._about_origin(params["prototypes"], self._precision())}

    # What is learned.

    def _learn_from(self, rows: Selection, more: bool = False) -> None:
        """Take note of the rows that are trained on, as they are trained; more of them where a stream goes on."""
        X, y, weight = rows.some(most_rows(rows.table.X.shape[1]))
        self.__dict__["_calibration"] = self._calibration.taught((self._from_origin(X), y, weight), beside=more)

    def _hold_parameters(self, params: Mapping[str, Any], indices: np.ndarray) -> None:
        """Take over the parameters as they were trained, by group, and the class indices of the prototypes."""
        self._forget_quantized()
        self.__dict__["_calibration"] = self._calibration.anew()
        self._groups = tuple(params)
        for name, value in params.items():
            setattr(self, attribute_of(name), self._from_origin(value) if name == "prototypes" else value)
        self.prototype_labels_ = self.classes_[indices]

    def _parameters(self) -> dict[str, Any]:
        return {name: getattr(self, attribute_of(name)) for name in self._groups}

    def _prototype_classes(self) -> np.ndarray:
        """Return the class index of each prototype, (n_prototypes,)."""
        return np.searchsorted(self.classes_, self.prototype_labels_).astype(np.int32)

    # Prediction.

    @property
    def predictor_(self) -> Predictor:
        """The fitted model as a value, which explanations, displays, files and exports are made of."""
        if not hasattr(self, "classes_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'predictor_' before it is fitted")
        decision, own = self._decision(), self._own_temperature()
        fits = isinstance(decision, Nearest) and own is None
        return Predictor(
            distance=self._metric(),
            decision=decision,
            params=self._parameters(),
            labels=self._prototype_classes(),
            classes=self.classes_,
            calibration=self._calibration if fits else Calibration(temperature=own or 1.0),
            bounded=fits,
            stored=self.__dict__.get("_quantized"),
        )

    @classmethod
    def predicts_otherwise_by(cls) -> str | None:
        """Return the method by which a subclass predicts in another way than `predictor_` does, if there is one."""
        methods = ("predict", "predict_proba", "_class_distances")
        return next((name for name in methods if getattr(cls, name) is not getattr(PrototypeModel, name)), None)

    def check_rows(self, X: Any, dtype: Any = None) -> np.ndarray:
        """Return samples as they are measured; or of other types, as what goes on by blocks takes without a copy."""
        check_is_fitted(self)
        dtype = dtype or (self.prototypes_.dtype if self._origin is None else AS_GIVEN)
        return self._validated(X, dtype=dtype)

    @of_one_fit
    def distances(self, X: Any) -> np.ndarray:
        """Return the dissimilarities of the samples to the prototypes, (n_samples, n_prototypes)."""
        X = self.check_rows(X, AS_GIVEN)  # says where the model is not fitted
        return self.predictor_.distances(X)

    def _class_distances(self, X: Any) -> np.ndarray:
        """Return the distance to each class, by default to the nearest of its prototypes, (n_samples, n_classes)."""
        X = self.check_rows(X, AS_GIVEN)
        return self.predictor_.class_distances(X)

    @of_one_fit
    def predict(self, X: Any) -> np.ndarray:
        """Return the label of the nearest class of each sample, by default of the nearest prototype, (n_samples,)."""
        X = self.check_rows(X, AS_GIVEN)
        return self.classes_[self.predictor_.nearest_class(X)]

    @of_one_fit
    def decision_function(self, X: Any) -> np.ndarray:
        """Return minus the distance to each class, (n_samples, n_classes).

        For two classes, as scikit-learn wants it, (n_samples,): positive where the second class is nearer.
        """
        distances = self._class_distances(X)
        return distances[:, 0] - distances[:, 1] if self.n_classes_ == 2 else -distances

    @property
    def temperature_(self) -> float:
        return self.predictor_.temperature

    @of_one_fit
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the softmax of minus the distances to the classes over the temperature, (n_samples, n_classes).

        Where one class is more than ten temperatures farther than another, as on rows far from all prototypes, it
        counts as less far, at most fifteen: nothing is rounded to 1, and what `decision_function` orders keeps its
        order.
        """
        distances = self._class_distances(X)
        return self.predictor_.probabilities(distances)

    def __copy__(self) -> Self:
        return cast(Self, shared(self))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        for name, value in self.__dict__.items():
            # Devices can be shared, but not copied.
            copied.__dict__[name] = value if name == "devices" else copy.deepcopy(value, memo)
        return copied

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "_calibration" in state:  # which holds rows of the training, that are nobody else's
            state = {**state, "_calibration": Calibration(temperature=self.temperature_)}
        return state

    # Explanation.

    @of_one_fit
    def explain(self, X: Any, as_frame: bool = True, contributions: bool | None = None) -> Any:
        """Return why each sample is predicted as it is: the two prototypes that are compared, and what features add.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        as_frame : bool, default=True
            A pandas data frame, with the index of X where that is one; else a dict of arrays by column.
        contributions : bool, optional
            Whether to add a column for each feature; where the metric allows when None.

        Returns
        -------
        DataFrame or dict of ndarray, by column
            - `prediction`: what `predict` says.
            - `prototype`, `d_plus`: index of the nearest prototype of that class, and the distance to it.
            - `runner_up`: the class that comes second.
            - `runner_up_prototype`, `d_minus`: index of its nearest prototype, and the distance to it.
            - `confidence`: (d_minus - d_plus) / (d_minus + d_plus), in [0, 1]; zero where both are. This is minus mu
              of the predicted class, and what displays and exported files tell too.
            - a column by the name of each feature, or `x0`, `x1`, ...: what it adds to d_minus - d_plus, in favour of
              the prediction where positive. They add up to it. A feature with the name of a column above is called
              '<name> (feature)'.

            The features are left out where the metric is no sum over them: kernels, encoders, `distance_fn`. `KNN`
            decides by votes and `CBC` by reasoning, not by these distances: `confidence` there is (p - p') / (p + p')
            of the two largest probabilities p and p', and d_minus - d_plus of `KNN` may be negative. The components
            of `CBC` belong to no class: told are those that add most to the probabilities of the two classes, and
            features are left out.

        Raises
        ------
        ValueError
            If `contributions` is True and the model has none.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from prosemble.models import GLVQ
        >>> X, y = load_iris(return_X_y=True, as_frame=True)
        >>> why = GLVQ().fit(X, y).explain(X)
        >>> why[["prediction", "runner_up", "confidence"]].round(1).head(1)
           prediction  runner_up  confidence
        0           0          1         1.0
        """
        rows = self.check_rows(X)
        predictor = self.predictor_
        decomposes = decomposes_by_features(predictor, rows)
        if contributions and not decomposes:
            raise ValueError(
                f"contributions=True has nothing to show for {type(self).__name__}: its decision is no comparison of "
                f"distances that are sums over the features. Leave it out, or give False."
            )
        names = feature_names(self) if decomposes and contributions is not False else None
        columns = explained(predictor, rows, names)
        if not as_frame:
            return columns
        import pandas as pd

        return pd.DataFrame(columns, index=X.index if isinstance(X, pd.DataFrame) else None)

    @of_one_fit
    def counterfactual(self, X: Any, target: Any = None) -> np.ndarray:
        """Return for each sample the nearest point that is predicted otherwise.

        Where distances come from one projection for all prototypes (squared Euclidean, Euclidean, relevance, omega,
        Wasserstein), it is the nearest in that projection: the sample is projected onto the cells of the prototypes,
        which planes bound, and the result is the smallest change up to rounding. Features that do not count are left
        as they are; those that hardly count may change much.

        For other metrics it is the best found in the Euclidean sense: first on the straight lines to some near
        prototypes, then, but for `KNN` and `CBC`, by a sequence of such projections with the boundaries made straight.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples without missing values.
        target : label or array-like of shape (n_samples,), optional
            The class that is to be predicted, of all or of each; any but the present one when None.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Points for which `predict` has been seen to give the target; the sample itself where it is predicted so
            already, and a row of NaN where nothing was found, as for a class that is nowhere predicted.

        Raises
        ------
        ValueError
            If the target is no class, or the prototypes are in another space than the samples (an encoder's).

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from prosemble.models import GMLVQ
        >>> X, y = load_iris(return_X_y=True)
        >>> model = GMLVQ(random_seed=0).fit(X, y)
        >>> model.predict(X[:2]), model.predict(model.counterfactual(X[:2], target=2))
        (array([0, 0]), array([2, 2]))
        """
        rows = self.check_rows(X)
        if self._metric().latent:
            raise ValueError(
                f"{type(self).__name__} has no counterfactual: its prototypes are points of the encoder's space, and "
                "nothing leads back from there to the features."
            )
        if np.isnan(rows).any():
            raise ValueError(f"X must be complete; row {int(np.isnan(rows).any(axis=1).argmax())} has missing values.")
        if target is None:
            return counterfactuals(self.predictor_, rows, None)
        labels = np.full(len(rows), target) if np.ndim(target) == 0 else np.asarray(target)
        if labels.shape != (len(rows),):
            raise ValueError(
                f"target must be one label, or one for each of the {len(rows)} rows of X; got the shape {labels.shape}."
            )
        return counterfactuals(self.predictor_, rows, class_indices(labels, self.classes_, "target"))

    @of_one_fit
    def prototype_win_ratios(self, X: Any, y: Any) -> Any:
        """Return how often each prototype decides, and decides rightly.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Returns
        -------
        DataFrame, a row for each prototype
            - `label`: of the prototype.
            - `decides`: the share of the samples for whose predicted class it says most; the sum is one.
            - `rightly`: the share of these that are of that class; NaN where there are none.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from prosemble.models import NPC
        >>> X, y = load_iris(return_X_y=True)
        >>> NPC().fit(X, y).prototype_win_ratios(X, y).round(2)
           label  decides  rightly
        0      0     0.33     1.00
        1      1     0.35     0.87
        2      2     0.31     0.91
        """
        import pandas as pd

        check_consistent_length(X, y)
        why = self.explain(X, as_frame=False, contributions=False)
        right = why["prediction"] == column_or_1d(y)
        count = np.bincount(why["prototype"], minlength=len(self.prototype_labels_))
        rightly = np.bincount(why["prototype"], weights=right, minlength=len(count))
        share = np.divide(rightly, count, out=np.full(len(count), np.nan), where=count > 0)
        return pd.DataFrame({"label": self.prototype_labels_, "decides": count / len(right), "rightly": share})

    # Notebooks.

    def _repr_html_inner(self) -> str:
        """Return what a notebook shows: scikit-learn's diagram, and what was learned."""
        return estimator_html_repr(self) + summary(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**kwargs)
        return {kind: self._repr_html_inner() if kind == "text/html" else shown for kind, shown in bundle.items()}

    # Files.

    def _get_hyperparams(self) -> dict[str, Any]:
        """Return the constructor values that a file can hold; a subclass may extend the dict of `super()`."""
        return {name: value for name, value in self.get_params(deep=False).items() if files.storable(value)}

    def save(self, path: str | Path) -> None:
        """Write the fitted model to a file, replacing it whole or not at all.

        Functions and other objects among the constructor values are not written: `load` takes them as keywords.
        """
        check_is_fitted(self)
        files.save(storing.stored(self), path)

    @classmethod
    def load(cls, path: str | Path, **objects: Any) -> Self:
        """Read a model that `save` wrote; nothing in the file is executed.

        Parameters
        ----------
        path : str or Path
        **objects
            Constructor values that the file could not hold, such as `distance_fn`.

        Raises
        ------
        prosemble.io.ModelFileError
            If the file is no model file, damaged, of a newer format, or of another class.
        """
        return storing.load(path, cls, objects)
