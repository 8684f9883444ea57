"""Confidence, rejection and training curves."""

import numpy as np
import pytest

from prosemble.inspection import ConfidenceDisplay, RejectionCurveDisplay, TrainingCurveDisplay
from prosemble.models import GLVQ, NPC
from tests.inspection.conftest import draw, drawn


def test_confidence_is_mu_of_the_predicted_class(iris, ax):
    X, y = iris
    model = NPC().fit(X, y)
    display = ConfidenceDisplay.from_estimator(model, X, y, ax=ax)
    distances, predicted = model.distances(X).astype(float), model.predict(X)
    own = predicted[:, None] == model.prototype_labels_
    nearest, other = (np.where(mask, distances, np.inf).min(axis=1) for mask in (own, ~own))
    np.testing.assert_allclose(display.confidence, (other - nearest) / (other + nearest), rtol=1e-5)
    np.testing.assert_array_equal(display.right, predicted == y)


@pytest.mark.parametrize("wrong", [0, 1, 40, 100])
def test_right_and_wrong_have_a_side_each(wrong, ax):
    rng = np.random.default_rng(0)
    confidence, right = rng.uniform(size=100), np.arange(100) >= wrong
    display = ConfidenceDisplay(confidence=confidence, right=right)
    draw(display.plot(ax, bins=10))
    ups, downs = ax.containers
    for bars, sign, chosen in [(ups, 1, right), (downs, -1, ~right)]:
        counts = np.histogram(confidence[chosen], np.linspace(0, 1, 11))[0]
        np.testing.assert_allclose([bar.get_height() for bar in bars], sign * counts / max(counts.max(), 1))
        assert dict(zip(ax.get_yticks(), [t.get_text() for t in ax.get_yticklabels()], strict=True))[sign] == str(
            counts.max()
        )
    assert ax.get_xlim() == (0, 1)
    assert [text.get_text().split(",")[0] for text in ax.get_legend().get_texts()] == [
        f"right: {100 - wrong}",
        f"wrong: {wrong}",
    ]


def test_a_sample_on_two_prototypes_has_no_confidence():
    model = NPC().fit([[0.0], [1.0], [-1.0], [0.0]], [0, 1, 0, 1]).fit([[0.0], [0.0]], [0, 1])
    assert ConfidenceDisplay.from_estimator(model, [[0.0], [3.0]], [0, 1]).confidence.tolist() == [0.0, 0.0]


def test_rejection_against_counting_by_hand(ax):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2)).round(1)  # some are equally confident
    y = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
    model = NPC().fit(X, y)
    sure = ConfidenceDisplay.from_estimator(model, X, y)
    display = RejectionCurveDisplay.from_estimator(model, X, y, name="NPC", ax=ax)
    assert display.rejected[0] == 0 and display.accuracy[0] == model.score(X, y) < 1
    np.testing.assert_array_equal(display.threshold, np.unique(sure.confidence))
    for rejected, accuracy, threshold in zip(display.rejected, display.accuracy, display.threshold, strict=True):
        kept = sure.confidence >= threshold
        assert rejected == (~kept).mean() and accuracy == sure.right[kept].mean()
    np.testing.assert_array_equal(display.line_.get_xydata().T, [display.rejected, display.accuracy])
    best = ax.lines[1].get_ydata()
    assert (np.interp(display.rejected, ax.lines[1].get_xdata(), best) >= display.accuracy - 0.01).all()
    assert ax.get_xlim() == (0, 1) and ax.get_ylim()[0] < display.accuracy.min()
    draw(display)


def test_curves_on_the_same_axes_have_styles_and_names_of_their_own(iris, ax):
    X, y = iris
    for name in ("first", "second"):
        RejectionCurveDisplay.from_estimator(NPC().fit(X, y), X, y, name=name, ax=ax)
    first, second = drawn(ax, "rejection")
    assert first.get_color() != second.get_color()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["first", "wrong ones rejected first: the best possible", "second"]


@pytest.mark.parametrize("display", [ConfidenceDisplay, RejectionCurveDisplay])
def test_labels_that_do_not_fit(display, iris):
    X, y = iris
    model = NPC().fit(X, y)
    with pytest.raises(ValueError, match=r"y holds the labels \[7\]; known are \[0, 1, 2\]"):
        display.from_estimator(model, X, np.full(len(X), 7))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        display.from_estimator(model, X, y[:-1])


def test_training_curves(iris, ax):
    X, y = iris
    model = GLVQ(max_iter=12).fit(X, y, validation_data=(X[::2], y[::2]))
    display = TrainingCurveDisplay.from_estimator(model, name="GLVQ", ax=ax)
    draw(display)
    training, validation = display.lines_
    np.testing.assert_array_equal(training.get_xydata().T, [np.arange(1, 13), model.loss_history_])
    np.testing.assert_array_equal(validation.get_ydata(), model.val_loss_history_)
    assert training.get_color() != validation.get_color() and training.get_linestyle() != validation.get_linestyle()
    best = ax.lines[-1]
    assert best.get_xdata()[0] == model.val_loss_history_.argmin() + 1
    assert best.get_ydata()[0] == model.val_loss_history_.min()
    assert [t.get_text() for t in ax.get_legend().get_texts()][:2] == ["GLVQ: training", "GLVQ: validation"]

    resumed = GLVQ(max_iter=3).fit(X, y).fit(X, y, resume=True, validation_data=(X, y))
    late = TrainingCurveDisplay.from_estimator(resumed)
    assert np.flatnonzero(np.isfinite(late.lines_[1].get_ydata())).tolist() == [3, 4, 5]
    alone = TrainingCurveDisplay(loss=np.array([1.0])).plot()
    assert len(alone.lines_) == 1 and alone.lines_[0].get_marker() == "o"
