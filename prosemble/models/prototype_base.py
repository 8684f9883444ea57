"""The estimator that all supervised models derive from: scikit-learn's surface over the parts and the loop."""

from __future__ import annotations

import copy
import gc
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self, cast

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d

from prosemble.core.activations import get_activation, identity
from prosemble.core.cancellation import are_compact
from prosemble.core.distance import squared_euclidean_distance_matrix
from prosemble.core.initializers import filled
from prosemble.core.missing import has_gaps
from prosemble.distances import Distance, Start, evaluate
from prosemble.models import _docs, _settings, pickling
from prosemble.models.base import AS_GIVEN
from prosemble.models.composition import Composition, LossOf, UserLoss
from prosemble.models.convergence import warn_of_ascent, warn_of_standstill
from prosemble.models.one_fit import all_at_once
from prosemble.models.options import TrainingOptions
from prosemble.models.quantized import attribute_of
from prosemble.models.together import fit_from
from prosemble.objectives import Cooperation, Decision, Objective
from prosemble.prediction.labels import class_indices
from prosemble.training import loop
from prosemble.training.data import (
    Rows,
    Selection,
    merge_equal_rows,
    middle,
    padded_length,
    rows_trained_at_a_time,
    shard,
)
from prosemble.training.interrupts import deferred_interrupt
from prosemble.training.optimizers import get_schedule, rate_table
from prosemble.training.precision import in_precision
from prosemble.training.threads import one_thread_each

# Epochs are run in chunks of about this many multiplications, a second or so, between which Ctrl-C is heard.
_CHUNK = 2e10

# Epochs after which a training is judged by what it has moved and where it has come to.
_PATIENT = 10

# Rows by which distances are judged.
_LOOKED_AT = 300

# Fitted attributes beside those that tell of the training, whose names no parameter can have.
_TAKEN = ("classes_", "n_classes_", "prototype_labels_", "n_features_in_", "feature_names_in_", "quantization_")


class SupervisedPrototypeModel(TrainingOptions):
    """A classifier that learns labelled prototypes and predicts by the nearest.

    Derive from it and override `_compute_loss(self, params, X, y, proto_labels)`, a scalar made with
    `params["prototypes"]` (p, d), samples `X` (n, d), class indices `y` (n,) and `proto_labels` (p,), and
    `self.distance_fn`, `self.transfer_fn`, `self.margin`, which are resolved while it runs. That is all a new
    model needs in order to train, predict, clone, save and load.
    """

    _attribute_docs = _docs.TRAINING_ATTRIBUTES
    _progress: ClassVar[tuple[str, ...]] = (
        "n_iter_",
        "loss_",
        "best_loss_",
        "loss_history_",
        "val_loss_history_",
        "_interrupted",
        "_origin",
    )
    # Options that the model's objective has no use for.
    _inert: ClassVar[tuple[str, ...]] = ()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Euclidean prototypes move by about lr an update, in the units of the features. scikit-learn's check of
        # class_weight gives them features of standard deviation 20 and 1,000 updates of the default 0.01, too few to
        # get there; this tag spares us its threshold (our tests hold us to it on the same data, scaled).
        tags.classifier_tags.poor_score = True
        tags.input_tags.allow_nan = self.allow_nan
        return tags

    def __sklearn_clone__(self) -> Self:
        # Devices can be shared, but not copied.
        bare = copy.copy(self)
        bare.devices = None
        cloned = cast(Self, super(SupervisedPrototypeModel, bare).__sklearn_clone__())
        cloned.devices = self.devices
        return cloned

    def __getstate__(self) -> dict[str, Any]:
        return pickling.to_pickle(self, super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(pickling.from_pickle(type(self).__name__, state))

    # What a model is made of: named models override these three, a user's may override `_compute_loss`.

    def _objective(self) -> Objective | None:
        return None

    def _cooperation(self) -> Cooperation | None:
        return None

    def _decision(self) -> Decision:
        objective = self._objective()
        return super()._decision() if objective is None else objective.decision

    def _own_temperature(self) -> float | None:
        objective = None if self._has_own_loss() else self._objective()
        return None if objective is None else objective.temperature(self._parameters())

    def _metric(self) -> Distance:
        distance = self._distance()
        if not self.allow_nan:
            return distance
        if "allow_nan" not in {field.name for field in fields(distance)}:
            raise ValueError(
                f"allow_nan=True cannot act on {type(self).__name__}: {type(distance).__name__} has no form for "
                "missing values. The squared Euclidean, Euclidean, relevance and omega distances have one."
            )
        return replace(cast(Any, distance), allow_nan=True)

    def takes_gaps(self) -> bool:
        return not self._has_own_loss() and "allow_nan" in {field.name for field in fields(self._distance())}

    def _compute_loss(self, params: Mapping[str, Any], X: Any, y: Any, proto_labels: Any) -> Any:
        """Return the scalar that training minimises."""
        objective = self._objective()
        if objective is None:
            raise NotImplementedError(f"{type(self).__name__} has no loss: override _compute_loss.")
        distances = evaluate(self._metric(), dict(params), X)
        return objective(dict(params), distances, y, proto_labels, jnp.int32(0)).mean()

    def _inert_options(self) -> list[str]:
        return self._all_of("_inert")

    def _refuse_inert(self) -> None:
        """Raise where an option of the loss has another value than its default and cannot act."""
        _settings.refuse(self, self._inert_options(), f"the distance and loss of {type(self).__name__}")
        transfer = getattr(getattr(self._objective(), "term", None), "transfer", None)
        if transfer is identity and not self._has_own_loss():
            _settings.refuse(self, ["beta"], f"transfer_fn={self.transfer_fn!r}")

    @classmethod
    def _has_own_loss(cls) -> bool:
        return cls._compute_loss is not SupervisedPrototypeModel._compute_loss

    def _trainable(self) -> Composition | UserLoss:
        objective = self._objective()
        if not self._has_own_loss():
            if objective is None:
                self._compute_loss({}, None, None, None)  # says what to override
            return Composition(distance=self._metric(), objective=cast(Objective, objective))
        if self.allow_nan:
            raise ValueError(f"allow_nan=True cannot act on {type(self).__name__}, which has its own _compute_loss.")
        resolved = copy.copy(self)
        resolved.distance_fn = self.distance_fn or squared_euclidean_distance_matrix
        resolved.transfer_fn = get_activation(self.transfer_fn or "identity")
        return UserLoss(distance=self._metric(), of=LossOf(resolved, self.get_params(deep=False)))

    def _shift_invariant(self) -> bool:
        return not self._has_own_loss() and super()._shift_invariant()

    def _validated(self, X: Any, y: Any = "no_validation", **options: Any) -> Any:
        if not self.allow_nan:
            try:
                return super()._validated(X, y, **options)
            except ValueError as error:
                if has_gaps(X):
                    error.add_note("With allow_nan=True, Euclidean, relevance and omega distances take missing values.")
                raise
        result = super()._validated(X, y, ensure_all_finite="allow-nan", **options)
        X = result[0] if isinstance(result, tuple) else result
        missing = np.isnan(X)
        if missing.all(axis=1).any():
            row = int(missing.all(axis=1).argmax())
            raise ValueError(f"X must hold at least one value in each row; row {row} has none.")
        return result

    # Training.

    @all_at_once
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        validation_data: tuple[Any, Any] | None = None,
        X_val: Any = None,
        y_val: Any = None,
        initial_prototypes: Any = None,
        initial_labels: Any = None,
        resume: bool = False,
    ) -> Self:
        """Learn the prototypes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels of any kind that scikit-learn's classifiers take, of two classes at least.
        sample_weight : array-like of shape (n_samples,), optional
            Factors, not negative, of the samples' losses; an integer weight equals so many rows.
        validation_data : (X, y), optional
            Samples whose loss is recorded after each epoch, and monitored in the place of the training loss. They are
            taken as they are: steps of a pipeline before the model do not see them.
        X_val : array-like of shape (n_validation_samples, n_features), optional
        y_val : array-like of shape (n_validation_samples,), optional
            The same by scikit-learn's names, which metadata routing passes on: `Pipeline(...,
            transform_input=["X_val"])` transforms them as it does X.
        initial_prototypes : array-like of shape (n_prototypes, n_features), optional
            Where to start, in the place of the initialiser.
        initial_labels : array-like of shape (n_prototypes,), optional
            Labels of the initial prototypes; each class of `y` needs at least one. Where left out, the prototypes
            are taken class after class, as many as `n_prototypes_per_class` says.
        resume : bool, default=False
            Go on from the fitted state, optimiser included. A training that was interrupted (a checkpoint, Ctrl-C)
            runs up to `max_iter`, a finished one for `max_iter` further epochs; `n_iter_` and histories go on. Where
            an option was changed since, what it keeps (an average, the state of another optimiser) begins anew. What
            decides only where a training starts (the number of prototypes, the size of a metric) is as it was.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data or a parameter cannot be used; the estimator then keeps its former state.
        """
        self._validate_params()
        validation_data = _validation(validation_data, X_val, y_val)
        if resume and (initial_prototypes is not None or initial_labels is not None):
            raise ValueError("resume=True starts from the fitted prototypes; initial_prototypes cannot act.")
        if resume:
            check_is_fitted(self)
            self._require_full_precision("fit(resume=True)")
        given = Rows(*self._read(X, y, sample_weight, known=self.classes_ if resume else None))
        rows, distinct = self._arrange(given)
        if not resume:
            self._start(distinct.rows(), given, initial_prototypes, initial_labels)
        del distinct  # while it trains, memory is for the rows
        first = self.n_iter_ if resume else 0
        # A training that was killed after its last epoch has nothing left to do.
        until = max(first, self.max_iter) if resume and self._interrupted else first + self.max_iter
        self._train(rows, self._read_validation(validation_data), until)
        return self

    def fit_many(self, X: Any, y: Any, seeds: int | Sequence[int] = 10, sample_weight: Any = None) -> Self:
        """Learn the prototypes from several starts, trained together, and keep those of the lowest loss.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        seeds : int or sequence of int, default=10
            What `random_seed` is in each of the fits; a number stands for so many from `random_seed` on.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
            Fitted as by `fit` with the seed `best_seed_`; `seed_losses_` holds the loss that each seed ended with,
            infinite where its training diverged. `random_seed` stays as it was.
        """
        fit_from(self, seeds, X, y, sample_weight)
        return self

    @all_at_once
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn from one pass over `X`; the optimiser's state is kept from call to call.

        Callbacks see it as a training of one epoch; stopping rules and `restore_best` do not act on it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,), optional
            All labels that will ever be seen: needed on the first call of an unfitted model only.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self._validate_params()
        fitted = hasattr(self, "classes_")
        if fitted:
            self._require_full_precision("partial_fit")
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"classes={classes!r} differs from that of the first call: {self.classes_}.")
            known = self.classes_
        elif classes is None:
            raise ValueError("classes must be given on the first call of partial_fit; got None.")
        else:
            known = np.unique(classes)
        given = Rows(*self._read(X, y, sample_weight, known=known, reset=not fitted))
        rows, distinct = self._arrange(given)
        if not fitted:
            self._start(distinct.rows(), given, None, None, stream=True)
        self._train(rows, None, self.n_iter_ + 1, one_pass=True)
        return self

    def _arrange(self, given: Rows) -> tuple[Selection, Selection]:
        """Return the rows to train on and the distinct ones, from which prototypes are drawn in every mode."""
        distinct = merge_equal_rows(given)
        if self._trainable().row_wise:
            return (distinct if self.batch_size is None else Selection.whole(given)), distinct
        if self.class_weight is not None or (given.weight != 1).any():
            raise ValueError(
                f"sample_weight and class_weight cannot act on {type(self).__name__}: its _compute_loss returns one "
                "number for all samples."
            )
        return Selection.whole(given), distinct

    def _read_validation(self, validation_data: Any) -> Selection | None:
        if validation_data is None:
            return None
        try:
            X, y = validation_data
        except (TypeError, ValueError):
            raise ValueError("validation_data must be a pair (X, y).") from None
        dtype = self._precision()
        X, y, weight = self._labelled(X, y, None, every_class=False)
        X, y = self._validated(X, y, dtype=AS_GIVEN)
        X = self._about_origin(X, dtype)
        weight = _check_sample_weight(weight, X, dtype=dtype)
        return Selection.whole(Rows(X, class_indices(column_or_1d(y), self.classes_, "validation_data"), weight))

    def _start(self, rows: Rows, given: Rows, prototypes: Any, labels: Any, stream: bool = False) -> None:
        """Set everything that is fitted to its value before the first epoch."""
        if self.allow_nan:
            rows = rows._replace(X=filled(*rows))
            given = given._replace(X=filled(*given)) if callable(self.prototypes_initializer) else given
        X = cast(np.ndarray, rows.X)
        if prototypes is None:
            if labels is not None:
                raise ValueError("initial_labels were given without initial_prototypes.")
            prototypes, indices = self._draw(rows, given, stream)
        else:
            if hasattr(prototypes, "columns"):
                self._validated(prototypes)  # the order of the columns
            prototypes = self._about_origin(np.asarray(prototypes, np.float64), X.dtype)
            if labels is None:
                indices = np.repeat(np.arange(self.n_classes_), self._counts())
            else:
                indices = class_indices(column_or_1d(labels), self.classes_, "initial_labels")
            self._check_prototypes("initial_prototypes", prototypes, indices, X.shape[1])
        params = {"prototypes": np.asarray(prototypes, X.dtype)}
        rng = np.random.default_rng([self.random_seed, 1])  # another stream than the one that drew the prototypes
        start = Start(X, rows.y, rows.weight, params["prototypes"], indices, rng)
        params |= in_precision(self._trainable().init(start), X.dtype)
        if taken := [name for name in params if attribute_of(name) in {*self._progress, *_TAKEN}]:
            raise ValueError(f"A parameter cannot be named {taken[0]!r}: {attribute_of(taken[0])!r} is something else.")
        self._hold_parameters(params, indices)
        self._state: loop.State | None = None
        self._interrupted = False
        self.n_iter_ = 0
        self.loss_history_ = np.empty(0)
        self.val_loss_history_ = np.empty(0)
        self.loss_ = self.best_loss_ = np.inf

    def _training(self, n: int, one_pass: bool = False) -> loop.Training:
        """Return how this model is trained on so many rows."""
        training = _settings.training_of(self, self._trainable(), one_pass)
        self._refuse_inert()
        _settings.refuse_inert(self, training, self._groups)
        if training.batch_size is not None:
            # Fewer rows than devices are padded to one for each.
            training = training.with_batch_size(min(training.batch_size, max(n, len(_settings.devices_of(self)))))
        if not one_pass and self.n_iter_ == 0:
            steps = 1 if training.batch_size is None else -(-n // training.batch_size)
            _settings.refuse_standstill(self, training, steps)
        return training

    def _lay_out(self, training: loop.Training, rows: Selection, validation: Selection | None) -> loop.Data:
        """Return what the loop reads, in shapes that programs are kept for."""
        n, row_wise = len(rows), training.model.row_wise
        centre = middle(rows) if training.model.shift_invariant else None
        indices = self._prototype_classes()
        block = rows_trained_at_a_time(rows.table.X.shape[1], len(indices))
        length = padded_length(n, training.batch_size, block) if row_wise else n
        devices = _settings.devices_of(self)
        if devices:
            if not row_wise and n % len(devices):
                raise ValueError(
                    f"devices={self.devices!r} cannot take equal shares of {n} rows, and {type(self).__name__} cannot "
                    "be given rows of weight zero: its _compute_loss returns one number for all samples."
                )
            length = padded_length(length, len(devices))
        rows, validation = self._weigh(rows, validation)
        train = rows.padded(length, centre)
        if devices:
            train = shard(train, devices)
        validated = None
        if validation is not None:
            n_validated = len(validation)
            validated = validation.padded(padded_length(n_validated, None, block) if row_wise else n_validated, centre)
        return loop.Data(train, np.int32(n), validated, indices, centre)

    def _judged(self, training: loop.Training, rows: Selection, data: loop.Data) -> loop.Training:
        """Return the training with what is known of the distances of its rows, once they are laid out."""
        if data.centre is None:
            return training
        W = self._trained_parameters()["prototypes"]
        return replace(training, compact=are_compact(rows.some(_LOOKED_AT).X - data.centre, W - data.centre))

    def _span(self, data: loop.Data, models: int = 1) -> int:
        """Return how many epochs a call of the loop runs at most, of so many models at once."""
        work = models * len(data.train.X) * sum(value.size for value in jax.tree.leaves(self._parameters())) * 6
        return max(1, min(loop.CAPACITY, int(_CHUNK / work)))

    def _train(self, rows: Selection, validation: Selection | None, until: int, one_pass: bool = False) -> None:
        """Run the loop from the present state to that epoch, or until it stops by itself."""
        self._learn_from(rows, more=one_pass)
        training = self._training(len(rows), one_pass)
        data = self._lay_out(training, rows, validation)
        training = self._judged(training, rows, data)
        former, fresh = self._state, self._state is None
        if former is None:
            state = loop.template(training, self._trained_parameters())
        else:
            state = loop.adapted(training, former, self._trained_parameters(), self.lr)
            if np.isfinite(self.val_loss_history_[-1:]).any() != (validation is not None):
                state = loop.unmonitored(state)
        state = state._replace(finished=np.bool_(False))

        callbacks = _settings.callbacks_of(self)
        span = self._span(data)
        chunk = span if self.use_scan and not callbacks else 1
        # A line search that finds no step has come to its end.
        moved = one_pass or training.optimizer.line_search or set(self._groups) == training.frozen
        first = self.n_iter_
        begun = self.predictor_ if first == 0 and not one_pass else None
        info: Mapping[str, Any] = MappingProxyType({})
        self._interrupted = True
        with ExitStack() as started, deferred_interrupt() as interrupt:
            samples = self._from_origin(rows.X) if callbacks else None
            for callback in callbacks:
                callback.on_fit_start(self, samples)
                started.callback(callback.close)
            del samples
            while self.n_iter_ < until:
                if (self.n_iter_ - first) % span == 0:
                    rates = self._rates(training, data, int(state.step), span, until)
                stop = min(self.n_iter_ + chunk, until)
                with one_thread_each:
                    outcome = loop.run(training, data, state, rates, np.uint32(self.random_seed), fresh, stop)
                    outcome = jax.tree.map(np.asarray, outcome)
                self._hold(outcome)
                moved = moved or not _equal(state.params, outcome.state.params)
                state, fresh = outcome.state, False
                if callbacks:
                    info = self._info(training, outcome, rates, until)
                    stops = [callback.on_iteration_end(self, info) for callback in callbacks]
                    if any(stops):
                        break
                still = not moved and state.loss_scale is None and training.optimizer.updates(int(state.step)) > 0
                if still and (self.n_iter_ - first >= _PATIENT or self.n_iter_ == until or state.finished):
                    warn_of_standstill(self, rows)
                    break
                if state.finished or interrupt.came:
                    break
            self._interrupted = interrupt.came
            for callback in callbacks:
                callback.on_fit_end(self, info)
        if begun is not None and (state.finished or self.n_iter_ >= _PATIENT):  # sooner, optimisers still swing
            warn_of_ascent(self, begun, rows.some(_LOOKED_AT))
        gc.collect(0)  # until then JAX holds the rows that its program has read
        if interrupt.came:
            warnings.warn(f"Training interrupted after epoch {self.n_iter_}.", stacklevel=5)

    def _weigh(self, rows: Selection, validation: Selection | None) -> tuple[Selection, Selection | None]:
        factors = _settings.class_weights_of(self, self.classes_, rows.y, rows.weight)
        if factors is None:
            return rows, validation
        factors = factors.astype(rows.weight.dtype)
        if validation is not None:
            validation = replace(validation, weight=validation.weight * factors[validation.y])
        return replace(rows, weight=rows.weight * factors[rows.y]), validation

    def _rates(self, training: loop.Training, data: loop.Data, step: int, span: int, until: int) -> loop.Rates:
        """Return the learning rates of the next `span` epochs; their number makes the program."""
        dtype = self._precision()
        if self.lr_scheduler is None:
            return loop.Rates(np.asarray(self.lr, dtype), np.int32(0))
        steps = 1 if training.batch_size is None else -(-int(data.n) // training.batch_size)
        updates = training.optimizer.updates
        total = max(1, updates(max(until, self.max_iter) * steps))
        schedule = get_schedule(self.lr_scheduler, self.lr_scheduler_kwargs, self.lr, total)
        first = updates(step)
        length = 2 ** (updates(span * steps)).bit_length()
        needed = min(updates((until - self.n_iter_) * steps) + 1, length)
        return loop.Rates(rate_table(schedule, first, needed, length, dtype), np.int32(first))

    def _hold(self, outcome: loop.Outcome) -> None:
        """Take over what a call of the loop has learned."""
        state, fitted, history = outcome
        epochs = int(state.epoch) - self.n_iter_
        losses = history.loss[:epochs].astype(float)
        monitored = losses if history.val_loss is None else history.val_loss[:epochs].astype(float)
        if not np.isfinite(monitored).all() or not all(np.isfinite(v).all() for v in jax.tree.leaves(fitted)):
            raise ValueError(
                f"Training diverged: the loss is not finite after epoch {int(state.epoch)}. A smaller lr "
                f"(now {self.lr!r}) or scaled features may help."
            )
        self._hold_parameters(fitted, self._prototype_classes())
        self._state = state
        self.n_iter_ = int(state.epoch)
        self.loss_history_ = np.concatenate([self.loss_history_, losses])
        if history.val_loss is not None or len(self.val_loss_history_):
            before = len(self.loss_history_) - epochs - len(self.val_loss_history_)  # without validation
            of_these = np.full(epochs, np.nan) if history.val_loss is None else monitored
            self.val_loss_history_ = np.concatenate([self.val_loss_history_, np.full(before, np.nan), of_these])
        self.loss_ = float(self.loss_history_[-1])
        self.best_loss_ = float(state.best_loss)

    def _info(self, training: loop.Training, outcome: loop.Outcome, rates: loop.Rates, until: int) -> Mapping[str, Any]:
        update = training.optimizer.updates(int(outcome.state.step) - 1)
        validated = outcome.history.val_loss is not None
        params = outcome.state.params
        return MappingProxyType(
            {
                "iteration": self.n_iter_ - 1,
                "max_iter": until,
                "loss": self.loss_,
                "val_loss": float(self.val_loss_history_[-1]) if validated else None,
                "lr": None if training.optimizer.own_rate else float(rates.at(update)),
                "params": {**params, "prototypes": self._from_origin(params["prototypes"])},
            }
        )

    def _state_template(self) -> loop.State:
        training = _settings.training_of(self, self._trainable())
        return loop.template(training, self._trained_parameters())


def _equal(first: Any, second: Any) -> bool:
    return all(map(np.array_equal, jax.tree.leaves(first), jax.tree.leaves(second)))


def _validation(pair: tuple[Any, Any] | None, X: Any, y: Any) -> tuple[Any, Any] | None:
    """Return the samples to validate on, which are given together or by themselves."""
    if X is None and y is None:
        return pair
    if X is None or y is None or pair is not None:
        given = [name for name, each in (("validation_data", pair), ("X_val", X), ("y_val", y)) if each is not None]
        raise ValueError(
            f"Validation samples are X_val and y_val, or validation_data=(X, y); got {' and '.join(given)}."
        )
    return X, y
