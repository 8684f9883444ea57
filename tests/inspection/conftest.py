import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure


@pytest.fixture(autouse=True)
def never_shown(monkeypatch):
    """No display shows by itself, and none needs pyplot where it is given axes."""

    def show(*args, **kwargs):
        raise AssertionError("a display called show")

    monkeypatch.setattr(pyplot, "show", show)
    monkeypatch.setattr(Figure, "show", show)
    yield
    pyplot.close("all")


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


@pytest.fixture(scope="session")
def clusters():
    """Return a function of classes and features: five samples around a centre of each class, labelled by strings."""

    def make(classes, features):
        rng = np.random.default_rng(0)
        y = np.repeat(np.arange(classes), 5)
        X = rng.normal(size=(classes, features))[y] + 0.3 * rng.normal(size=(len(y), features))
        return X, np.array([f"class {i:02}" for i in y])

    return make


def drawn(ax, gid):
    """Return the lines of that kind."""
    return [line for line in ax.lines if line.get_gid() == gid]


def draw(display):
    """Render, which is when text that cannot be read or placed fails."""
    display.figure_.canvas.draw()
