"""The option law: every training option, in every mode, does what its definition says, or is refused by name."""

import copy
import itertools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.base import clone

from prosemble.core.callbacks import Callback
from prosemble.models import GLVQ, GLVQ1
from prosemble.training import loop
from prosemble.training.optimizers import known_optimizers
from tests.models.test_extension import ThroughCore
from tests.reference import training as reference
from tests.registry import breadth_but
from tests.training.programs import programs

BASE = {"optimizer": "sgd", "lr": 0.4, "transfer_fn": "sigmoid_beta", "beta": 5.0, "max_iter": 8, "epsilon": 0.0}
BATCH = 40
MODES = {
    f"{'mini' if batch else 'full'}{', validated' if validated else ''}": (batch, validated)
    for batch, validated in itertools.product((None, BATCH), (False, True))
}
ALONE_AND_ALL = MODES["full"], MODES["mini, validated"]
every_mode = pytest.mark.parametrize("mode", breadth_but(ALONE_AND_ALL, MODES.values()), ids=MODES)


def rates(name, lr=BASE["lr"]):
    """Return the learning rate of update t of T in all, for each schedule with its defaults."""
    warm = {"lr": lr, "share": 0.1}

    def warmup(t, T):
        steps = max(1, int(T * warm["share"]))
        return lr * t / steps, t - steps, max(T - steps, 1)

    def exponential(t, T):
        return lr * 0.1 ** (t / T)

    def cosine(t, T):
        return lr * (1 + np.cos(np.pi * min(t / T, 1))) / 2

    def warmed(after):
        def rate(t, T):
            rising, since, _ = warmup(t, T)
            return rising if since < 0 else after(since, T)

        return rate

    return {
        "exponential_decay": exponential,
        "cosine_decay": cosine,
        "warmup_cosine_decay": warmed(lambda t, T: cosine(t, T - max(1, T // 10))),
        "warmup_exponential_decay": warmed(exponential),
        "warmup_constant": warmed(lambda t, T: lr),
        "polynomial": lambda t, T: lr * (1 - t / T) ** 2,
        "linear": lambda t, T: lr * (1 - t / T),
        "piecewise_constant": lambda t, T: lr * 0.1 ** ((t >= max(1, T // 2)) + (t >= max(2, T * 3 // 4))),
        "sgdr": lambda t, T: cosine(t % -(-T // 4), -(-T // 4)),
    }[name]


SCHEDULES = ["exponential_decay", "cosine_decay", "warmup_cosine_decay", "warmup_exponential_decay",
             "warmup_constant", "polynomial", "linear", "piecewise_constant", "sgdr"]  # fmt: skip


def manhattan(X, W):
    return jnp.abs(X[:, None] - W).sum(axis=2)


class Option(NamedTuple):
    """Constructor values, and how the outcome is known: a re-enactment with these arguments, or another way."""

    settings: dict
    reenacted: dict | None = None
    # Without a re-enactment: how far from the plain training the prototypes may be, None for anywhere but there.
    near_plain: float | None = None
    fit: dict | None = None
    # Modes in which there is nothing for the option to change.
    idle: tuple = ()
    # The plain training to compare with, where not the common one.
    base: dict | None = None


# Up the slope again, so that the best is in between.
THERE_AND_BACK = {"lr_scheduler": "there_and_back", "lr": 0.01}
WEIGHTS = np.linspace(0.2, 3.0, 100)
OPTIONS = {
    "lr": Option({"lr": 0.1}, {"rates": lambda t, T: 0.1}),
    "max_iter": Option({"max_iter": 5}, {"max_iter": 5}),
    "epsilon": Option({"epsilon": 0.02}, {"epsilon": 0.02}),
    "beta": Option({"beta": 2.0}, {"beta": 2.0}),
    "margin": Option({"margin": 0.2}, {"margin": 0.2}),
    "transfer_fn": Option({"transfer_fn": None, "beta": 10.0}, {"beta": None}),
    "patience": Option({"patience": 2, "epsilon": 0.05}, {"patience": 2, "epsilon": 0.05}),
    "restore_best": Option(
        {"restore_best": True, **THERE_AND_BACK},
        {"restore_best": True, "rates": lambda t, T: 0.4 * (1 - 2 * (2 * t > T))},
        base=THERE_AND_BACK,
    ),
    "restore_best of an average": Option(
        {"restore_best": True, "ema_decay": 0.7, **THERE_AND_BACK},
        {"restore_best": True, "ema": 0.7, "rates": lambda t, T: 0.4 * (1 - 2 * (2 * t > T))},
        base={"ema_decay": 0.7, **THERE_AND_BACK},
    ),
    "class_weight": Option({"class_weight": {1: 4.0}}, {"class_weight": [1.0, 4.0, 1.0]}),
    "class_weight balanced": Option({"class_weight": "balanced"}, {"class_weight": "balanced"}),
    "sample_weight": Option({}, {"weight": WEIGHTS}, fit={"sample_weight": WEIGHTS}),
    "gradient_accumulation_steps": Option({"gradient_accumulation_steps": 3}, {"accumulate": 3}),
    "ema_decay": Option({"ema_decay": 0.7}, {"ema": 0.7}),
    "freeze_params": Option({"freeze_params": ["prototypes"]}, {"frozen": True}),
    "lookahead": Option({"lookahead": {"sync_period": 2, "slow_step_size": 0.3}}, {"lookahead": (2, 0.3)}),
    **{f"lr_scheduler {name}": Option({"lr_scheduler": name}, {"rates": rates(name)}) for name in SCHEDULES},
    "lr_scheduler of optax": Option(
        {"lr_scheduler": optax.linear_schedule(0.4, 0.0, 10), "lr": 0.01},
        {"rates": lambda t, T: 0.4 * max(0.0, 1 - t / 10)},
    ),
    "lr_scheduler for one count": Option(
        {"lr_scheduler": lambda count: 0.4 if count < 2 else 0.1, "lr": 0.01},
        {"rates": lambda t, T: 0.4 if t < 2 else 0.1},
    ),
    "lr_scheduler_kwargs": Option(
        {"lr_scheduler": "linear", "lr_scheduler_kwargs": {"end_value": 0.2}},
        {"rates": lambda t, T: 0.4 - 0.2 * t / T},
    ),
    "optimizer": Option({"optimizer": "adam"}),
    "optimizer of optax": Option({"optimizer": optax.adam(0.1), "lr": 0.01}),
    "lbfgs": Option({"optimizer": "lbfgs", "lr": 0.01}),
    "distance_fn": Option({"distance_fn": manhattan}),
    "mixed_precision bfloat16": Option({"mixed_precision": "bfloat16"}, near_plain=0.02),
    "mixed_precision float16": Option({"mixed_precision": "float16"}, near_plain=0.005),
    "gradient_checkpointing": Option({"gradient_checkpointing": True}, near_plain=1e-5, idle=tuple(MODES.values())),
    "devices": Option({"devices": jax.devices()[:2]}, near_plain=1e-5, idle=tuple(MODES.values())),
    "random_seed": Option({"random_seed": 1}, idle=((None, False), (None, True))),
    "n_prototypes_per_class": Option({"n_prototypes_per_class": 2}, fit={"initial_prototypes": None}),
    "prototypes_initializer": Option({"prototypes_initializer": "class_mean"}, fit={"initial_prototypes": None}),
}
#: These are the modes themselves; a bar is looked at in test_callbacks.py.
MODE_OPTIONS = {"allow_nan", "use_scan", "callbacks", "batch_size", "verbose"}


def test_the_law_covers_every_option():
    covered = MODE_OPTIONS | {name for option in OPTIONS.values() for name in option.settings}
    assert covered == set(GLVQ().get_params())


@pytest.fixture(scope="module")
def problem(iris):
    X, y = iris
    held_out = np.arange(len(X)) % 3 == 2
    rows = np.flatnonzero(~held_out)
    rows = np.delete(rows, [0, 3, 5, 40, 99])  # classes of different sizes
    rows = np.concatenate([rows, rows[-5:]])
    X = X + np.float32(1e-3) * np.random.default_rng(0).standard_normal(X.shape).astype(np.float32)
    return X[rows], y[rows], X[held_out], y[held_out], X[[0, 51, 102]]


def fit(problem, mode, settings, fit=None, **more):
    X, y, X_held_out, y_held_out, start = problem
    batch, validated = mode
    settings = {**BASE, "batch_size": batch, **settings, **more}
    if settings.get("lr_scheduler") == "there_and_back":
        total = BASE["max_iter"] * (1 if batch is None else -(-len(X) // batch))
        settings["lr_scheduler"] = lambda count: jnp.where(2 * count > total, -0.4, 0.4)
    model = GLVQ(**settings)
    validation = (X_held_out, y_held_out) if validated else None
    return model.fit(X, y, **{"initial_prototypes": start, "validation_data": validation, **(fit or {})})


_PLAIN = {}


def plain(problem, mode, base):
    key = mode, tuple(sorted(base.items()))
    if key not in _PLAIN:
        _PLAIN[key] = fit(problem, mode, base)
    return _PLAIN[key]


def reenact(problem, mode, arguments):
    X, y, X_held_out, y_held_out, start = (np.float64(part) if part.dtype != int else part for part in problem)
    batch, validated = mode
    arguments = {"max_iter": BASE["max_iter"], "rates": lambda t, T: BASE["lr"], **arguments}
    total = BASE["max_iter"] * (1 if batch is None else -(-len(X) // batch)) // arguments.get("accumulate", 1)
    rate = arguments.pop("rates")
    weight, of_class = arguments.pop("weight", np.ones(len(X))), arguments.pop("class_weight", np.ones(3))
    if isinstance(of_class, str):
        of_class = len(y) / (3 * np.bincount(y))
    of_class = np.asarray(of_class)

    def batches(epoch):
        padded = -(-len(X) // batch) * batch
        order = np.asarray(loop.shuffled(padded, len(X), 42, epoch))
        return [rows[rows < len(X)] for rows in order.reshape(-1, batch)]

    return reference.train(
        X, y, start, np.arange(3), rates=lambda t: rate(t, total), batches=None if batch is None else batches,
        weight=weight * of_class[y],
        validation=(X_held_out, y_held_out, of_class[y_held_out]) if validated else None, **arguments,
    )  # fmt: skip


@every_mode
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_acts_as_defined_in_every_mode(name, mode, problem):
    option = OPTIONS[name]
    if name == "lbfgs" and mode[0]:
        with pytest.raises(ValueError, match="batch_size=40 has no effect with optimizer='lbfgs'"):
            fit(problem, mode, option.settings)
        return
    model = fit(problem, mode, option.settings, option.fit)
    for use_scan, callbacks in ((True, [Callback()]), (False, None), (False, [Callback()])):
        other = fit(problem, mode, option.settings, option.fit, use_scan=use_scan, callbacks=callbacks)
        for attribute in ("prototypes_", "loss_history_", "val_loss_history_", "n_iter_", "loss_", "best_loss_"):
            np.testing.assert_array_equal(getattr(model, attribute), getattr(other, attribute))

    base = plain(problem, mode, option.base or {})
    assert len(model.loss_history_) == model.n_iter_ and len(model.val_loss_history_) == model.n_iter_ * mode[1]
    if mode not in option.idle:
        assert model.prototypes_.shape != base.prototypes_.shape or (model.prototypes_ != base.prototypes_).any()
    if option.near_plain is not None:
        np.testing.assert_allclose(model.prototypes_, base.prototypes_, atol=option.near_plain)
    if option.reenacted is not None:
        expected = reenact(problem, mode, dict(option.reenacted))
        np.testing.assert_allclose(model.loss_history_, expected.history, atol=2e-5)
        np.testing.assert_allclose(model.val_loss_history_, expected.val_history, atol=2e-5)
        np.testing.assert_allclose(model.prototypes_, expected.prototypes, atol=2e-4)


def test_the_scenarios_exercise_their_options(problem):
    full = (None, False)
    assert fit(problem, full, OPTIONS["epsilon"].settings).n_iter_ < BASE["max_iter"]
    assert fit(problem, full, OPTIONS["patience"].settings).n_iter_ < BASE["max_iter"]
    history = fit(problem, full, OPTIONS["restore_best"].settings).loss_history_
    assert history.argmin() < len(history) - 1


@pytest.mark.parametrize("also", [{}, {"ema_decay": 0.7}, {"lookahead": {"sync_period": 2, "slow_step_size": 0.3}}])
def test_frozen_prototypes_stay_where_they_started_to_the_last_bit(also, problem):
    model = fit(problem, (BATCH, False), {**OPTIONS["freeze_params"].settings, **also})
    np.testing.assert_array_equal(model.prototypes_, problem[-1])


def test_accumulating_the_batches_of_an_epoch_is_the_full_batch(problem):
    full = fit(problem, (None, False), {})
    accumulated = fit(problem, (25, False), {"gradient_accumulation_steps": 4})
    np.testing.assert_allclose(accumulated.prototypes_, full.prototypes_, atol=1e-5)


def test_gradient_checkpointing_recomputes(monkeypatch, problem):
    X, *labels, start = problem
    wide = [np.hstack([rows] * 3) if rows.ndim == 2 else rows for rows in (X, *labels, start)]  # for products

    def text(**settings):
        return programs(monkeypatch, lambda: fit(wide, (None, False), settings))[0]

    assert text(gradient_checkpointing=True).count("dot_general") > text().count("dot_general")


def test_devices_share_the_rows_out(problem):
    seen, run = [], loop.run

    def recorded(training, data, *arguments):
        seen.append(data.train.X.sharding.device_set)
        return run(training, data, *arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "run", recorded)
        fit(problem, (None, False), {"devices": jax.devices()[:2], "max_iter": 1})
    assert seen == [set(jax.devices()[:2])]


@pytest.mark.parametrize("batch", [3, 35])
def test_devices_make_no_update_of_nothing(batch, problem):
    settings = {"max_iter": 3, "ema_decay": 0.9, "lr_scheduler": "linear"}
    shared, alone = (fit(problem, (batch, False), {**settings, "devices": d}) for d in (jax.devices()[:2], None))
    assert shared._state.step == alone._state.step == 3 * -(-100 // batch)
    np.testing.assert_allclose(shared.prototypes_, alone.prototypes_, atol=1e-5)


def test_fewer_rows_than_devices_are_shared_out(problem):
    X, y, *_ = problem
    shared, alone = (GLVQ(devices=d, batch_size=2, max_iter=2).fit(X, y) for d in (jax.devices()[:2], None))
    shared.partial_fit(X[:1], y[:1])
    assert shared._state.step == alone.partial_fit(X[:1], y[:1])._state.step
    np.testing.assert_allclose(shared.prototypes_, alone.prototypes_, atol=1e-5)


def test_a_model_with_devices_is_cloned(problem):
    devices = jax.devices()[:2]
    assert clone(GLVQ(devices=devices)).devices is devices


REFUSED = [
    (GLVQ, {"optimizer": "lbfgs", "lr": 0.5}, {}, r"lr=0\.5 has no effect with optimizer='lbfgs'"),
    (GLVQ, {"optimizer": "lbfgs", "lr_scheduler": "linear"}, {}, "lr_scheduler='linear' has no effect .*'lbfgs'"),
    (GLVQ, {"optimizer": "lbfgs", "batch_size": 10}, {}, "batch_size=10 has no effect .*'lbfgs'"),
    (GLVQ, {"optimizer": "lbfgs", "gradient_accumulation_steps": 2}, {}, "gradient_accumulation_steps=2 .*'lbfgs'"),
    (GLVQ, {"optimizer": "lbfgs", "lookahead": {"sync_period": 2}}, {}, "lookahead=.* has no effect .*'lbfgs'"),
    (GLVQ, {"optimizer": "lbfgs", "mixed_precision": "float16"}, {}, "mixed_precision='float16' .*'lbfgs'"),
    (GLVQ, {"optimizer": optax.sgd(0.1), "lr": 0.5}, {}, r"lr=0\.5 has no effect with an optimizer"),
    (GLVQ, {"optimizer": optax.sgd(0.1), "lr_scheduler": "linear"}, {}, "lr_scheduler='linear' has no effect"),
    (GLVQ, {"lr_scheduler_kwargs": {"end_value": 0}}, {}, "lr_scheduler_kwargs=.* with lr_scheduler=None"),
    (GLVQ, {"lr_scheduler": optax.linear_schedule(1.0, 0.0, 9), "lr_scheduler_kwargs": {"end_value": 0}}, {},
     "lr_scheduler_kwargs has no effect on an lr_scheduler that is a callable"),
    (GLVQ, {"patience": 2, "gradient_accumulation_steps": 4}, {}, "patience=2 .*gradient_accumulation_steps=4"),
    (GLVQ, {"patience": 2, "gradient_accumulation_steps": 50, "batch_size": 10}, {}, "patience=2 .*takes 50 steps"),
    (GLVQ, {"lookahead": {}, "max_iter": 5}, {}, "max_iter=5 would end the training before the model changes"),
    (GLVQ, {"optimizer": "rprop", "lr_scheduler": "linear"}, {}, "lr_scheduler='linear' has no .*'rprop'"),
    (GLVQ, {"lr_scheduler": optax.linear_schedule(1.0, 0.0, 9), "lr": 0.5}, {}, r"lr=0\.5 has no .* is a function"),
    (GLVQ, {"beta": 3.0}, {}, r"beta=3\.0 has no effect with transfer_fn=None"),
    (GLVQ, {"devices": jax.devices()[:2], "batch_size": 1}, {}, "devices=.* cannot take shares of batches of 1 rows"),
    (GLVQ, {"devices": []}, {}, "devices must hold JAX devices, each once"),
    (GLVQ, {"devices": ["cpu"]}, {}, "devices must hold JAX devices, each once; got"),
    (GLVQ, {"devices": jax.devices()[:1] * 2}, {}, "devices must hold JAX devices, each once"),
    (GLVQ, {"optimizer": "lbfgs", "freeze_params": ["prototypes"]}, {}, "freeze_params=.* leaves .*'lbfgs'"),
    (GLVQ1, {"beta": 3.0}, {}, r"beta=3\.0 has no effect with the distance and loss of GLVQ1"),
    (ThroughCore, {"class_weight": "balanced"}, {}, "class_weight cannot act on ThroughCore"),
    (ThroughCore, {}, {"sample_weight": WEIGHTS}, "sample_weight .*cannot act on ThroughCore"),
    (ThroughCore, {"devices": jax.devices()[:2]}, {}, "devices=.* cannot take equal shares of 99 rows.*ThroughCore"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "settings", "arguments", "message"), REFUSED, ids=[row[-1][:40] for row in REFUSED])
def test_what_cannot_act_is_refused(model, settings, arguments, message, problem):
    with pytest.raises(ValueError, match=message):
        rows = 99 if settings.get("devices") and model is ThroughCore else 100
        model(**settings).fit(*(part[:rows] for part in problem[:2]), **arguments)


@pytest.mark.parametrize("name", breadth_but(("adam", "lbfgs", "rprop", "sgd"), known_optimizers()))
def test_every_optimizer_of_optax_trains(name, problem):
    X, y, *_, start = problem
    model = GLVQ(optimizer=name, max_iter=12).fit(X, y, initial_prototypes=start)
    assert (model.prototypes_ != start).any() and model.loss_ < model.loss_history_[0]


def test_lbfgs_reaches_a_lower_loss(problem):
    X, y, *_ = problem
    assert GLVQ(optimizer="lbfgs", max_iter=30).fit(X, y).loss_ < GLVQ(max_iter=30).fit(X, y).loss_


NUMBERS = {
    "beta": ({}, 2.0, 9.0),
    "max_iter": ({}, 5, 3000),
    "gradient_accumulation_steps": ({}, 2, 5),
    "ema_decay": ({}, 0.5, 0.9),
    "patience": ({}, 3, 7),
    "lookahead": ({}, {"sync_period": 2}, {"sync_period": 5, "slow_step_size": 0.1}),
    "class_weight": ({}, {0: 2.0}, {1: 3.0}),
    "lr_scheduler_kwargs": ({"lr_scheduler": "linear"}, {"end_value": 0.2}, {"end_value": 0.1, "transition_steps": 3}),
    "max_iter of a schedule": ({"lr_scheduler": "cosine_decay"}, 5, 900),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_changed_number_compiles_nothing(name, problem):
    settings, first, second = NUMBERS[name]
    option = name.partition(" ")[0]
    fit(problem, (BATCH, False), {**settings, option: first})
    before = loop.run._cache_size()
    fit(problem, (BATCH, False), {**settings, option: second})
    assert loop.run._cache_size() == before


@pytest.mark.breadth
def test_an_unused_option_costs_nothing(monkeypatch, problem):
    def text():
        jax.clear_caches()
        return programs(monkeypatch, lambda: fit(problem, (BATCH, True), {}))

    as_it_is = text()
    with monkeypatch.context() as without:
        # The same program with the code of the options taken out.
        without.setattr(loop, "_average", lambda training, state: state)
        without.setattr(loop, "lower", lambda tree, precision: tree)
        without.setattr(loop.Training, "held", lambda self, state: state.params)
        without.setattr(loop, "initial_loss_scale", lambda precision: None)
        assert text() == as_it_is
    assert not any(word in as_it_is[0] for word in ("bf16", "f16>", "optimization_barrier"))


CHANGES = [
    {"optimizer": "adam"},
    {"ema_decay": 0.5},
    {"lookahead": {"sync_period": 2}},
    {"restore_best": True},
    {"patience": 4},
    {"gradient_accumulation_steps": 2},
    {"freeze_params": ["prototypes"]},
    {"mixed_precision": "float16"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_an_option_changed_between_two_trainings_begins_anew(change, problem, tmp_path):
    X, y, *_ = problem
    for first, second in (({}, change), (change, dict.fromkeys(change) | BASE | {"restore_best": False})):
        model = GLVQ(**{**BASE, **first}).fit(X, y)
        model.save(tmp_path / "model")
        for former in (model, GLVQ.load(tmp_path / "model")):
            second = {name: value for name, value in second.items() if name in change}
            before = former.prototypes_
            former.set_params(**second).fit(X, y, resume=True)
            assert former.n_iter_ == 16 and (
                (former.prototypes_ != before).any() or second.get("freeze_params") or second.get("restore_best")
            )
            former.partial_fit(X, y)
            assert former.n_iter_ == 17


@pytest.mark.parametrize("kept", [
    {"restore_best": True}, {"ema_decay": 0.99}, {"lookahead": {}}, {"restore_best": True, "ema_decay": 0.5},
    {"restore_best": True, "lookahead": {"sync_period": 2}},
], ids=str)  # fmt: skip
def test_what_no_longer_keeps_its_parameters_begins_from_those_that_were_fitted(kept, problem):
    X, y, *_ = problem
    model = GLVQ(optimizer="sgd", lr=30.0, max_iter=9, epsilon=0.0, **kept).fit(X, y)
    assert (model.prototypes_ != model._state.params["prototypes"]).any()
    before, again = model.prototypes_, copy.deepcopy(model)
    model.set_params(lr=1e-4, **{name: GLVQ().get_params()[name] for name in kept})
    np.testing.assert_allclose(model.fit(X, y, resume=True).prototypes_, before, atol=2e-4)
    if "restore_best" in kept:  # which does not act on one pass
        np.testing.assert_allclose(again.set_params(lr=1e-4).partial_fit(X, y).prototypes_, before, atol=2e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_iter": 5, "lookahead": {"sync_period": 6}, "ema_decay": 0.5},
        {"patience": 5, "lookahead": {"sync_period": 6}, "restore_best": True},
        {"patience": 3, "gradient_accumulation_steps": 4},
    ],
    ids=str,
)
def test_what_changes_in_time_is_trained(settings, problem):
    X, y, X_held_out, y_held_out, start = problem
    settings = {"lr": 0.1, "max_iter": 20, "epsilon": 0.0, **settings}
    data = {"initial_prototypes": start, "validation_data": (X_held_out, y_held_out)}
    assert (GLVQ(**settings).fit(X, y, **data).prototypes_ != start).any()


def test_a_training_that_goes_on_may_be_shorter_than_an_update(problem):
    X, y, *_ = problem
    model = GLVQ(max_iter=10, gradient_accumulation_steps=4, epsilon=0.0).fit(X, y)
    before = model.prototypes_
    assert (model.set_params(max_iter=2).fit(X, y, resume=True).prototypes_ != before).any()


def test_what_is_refused_in_training_is_loaded_and_predicts(problem, tmp_path):
    X, y, *_ = problem
    model = GLVQ(max_iter=2).fit(X, y).set_params(beta=3.0, optimizer="rprop", lr_scheduler="linear")
    model.save(tmp_path / "m")
    loaded = GLVQ.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    with pytest.raises(ValueError, match=r"beta=3\.0 has no effect"):
        loaded.fit(X, y, resume=True)


def test_a_training_goes_on_by_the_losses_that_are_monitored_now(problem):
    X, y, X_held_out, y_held_out, _ = problem
    easy = X_held_out[y_held_out == 0], y_held_out[y_held_out == 0]
    model = GLVQ(max_iter=5, lr=0.1, restore_best=True, patience=3, epsilon=0.0).fit(X, y, validation_data=easy)
    before = model.prototypes_
    model.fit(X, y, resume=True)
    assert model.n_iter_ == 10 and (model.prototypes_ != before).any()
    assert model.best_loss_ == pytest.approx(model.loss_history_[5:].min())
    assert np.isfinite(model.val_loss_history_).tolist() == [True] * 5 + [False] * 5
    model.fit(X, y, validation_data=easy, resume=True)
    assert model.n_iter_ > 10
    assert np.isfinite(model.val_loss_history_).tolist() == [True] * 5 + [False] * 5 + [True] * (model.n_iter_ - 10)


@pytest.mark.parametrize("batch_size", [None, 40])
def test_an_initializer_of_the_user_sees_the_rows_as_they_were_given(batch_size, problem):
    X, y, *_ = problem
    X, y = np.concatenate([X, X[:50]]), np.concatenate([y, y[:50]])

    def first(X_given, y_given, n_per_class, key):
        np.testing.assert_array_equal(X_given, X)
        np.testing.assert_array_equal(y_given, y)
        return X_given[[0, 40, 80]], y_given[[0, 40, 80]]

    assert GLVQ(prototypes_initializer=first, batch_size=batch_size, max_iter=1).fit(X, y).n_iter_ == 1


def test_the_largest_seed(problem):
    X, y, *_ = problem
    model = GLVQ(random_seed=2**32 - 1, batch_size=BATCH, max_iter=2)
    assert model.fit(X, y).n_iter_ == model.fit_many(X, y, seeds=[2**32 - 1]).n_iter_ == 2
    with pytest.raises(ValueError, match="'random_seed' parameter"):
        model.fit_many(X, y, seeds=[1, -1])
