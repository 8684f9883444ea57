"""Draw the pictures of docs/families: `pip install -e '.[docs]'`, then `python docs/pictures.py [NAME ...]`.

Each function below draws the picture of its name, and every number in a picture comes from the models fitted here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, Rectangle
from scipy.special import logsumexp, softmax
from sklearn.datasets import load_breast_cancer, load_digits, load_wine, make_moons
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from prosemble.models import (
    CBC,
    DKGLVQ,
    GLVQ,
    GMLVQ,
    GRLVQ,
    GTLVQ,
    LGMLVQ,
    LVQ1,
    LVQ21,
    RSLVQ,
    SNG,
    WGLVQ,
    MedianLVQ,
    SiameseGLVQ,
)

FOLDER = Path(__file__).parent / "pictures"
COLOURS = ("#0072B2", "#E69F00", "#009E73")  # Okabe & Ito's, told apart by all eyes
LIGHT = ("#D9EAF3", "#FBF1D9", "#D9F0EA")
MARKERS = "osD"
DARK = "#333333"
STYLE = {
    "svg.hashsalt": "prosemble",
    "savefig.facecolor": "white",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.edgecolor": DARK,
    "axes.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
# The recipe's: samples near the border count most, and the step shrinks.
NEAR = {"transfer_fn": "sigmoid_beta", "lr": 0.1, "lr_scheduler": "cosine_decay", "max_iter": 300}


def blobs(rng: np.random.Generator, *clusters: tuple[Any, Any, float, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return normal clusters, one class each, from (centre, deviations, rotation in degrees, number)."""
    rows = []
    for centre, deviations, degrees, number in clusters:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        rows.append(np.asarray(centre) + rng.standard_normal((number, 2)) * deviations @ np.array([[c, s], [-s, c]]))
    return np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(r) for r in rows])


def crossing() -> tuple[np.ndarray, np.ndarray]:
    """Return two long, thin classes that cross."""
    return blobs(np.random.default_rng(2), ((0, 0), (1.4, 0.2), 35, 120), ((0.5, 0.1), (1.4, 0.2), -50, 120))


def surrounded() -> tuple[np.ndarray, np.ndarray]:
    """Return a round class with a ring of the other around it."""
    rng = np.random.default_rng(4)
    radius, angle = rng.normal(2.2, 0.25, 150), rng.uniform(0, 2 * np.pi, 150)
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.concatenate([0.6 * rng.standard_normal((100, 2)), ring]), np.repeat([0, 1], [100, 150])


def figure(*widths: float, height: float = 3.0) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels side by side, sizes in inches."""
    drawing = Figure(figsize=(sum(widths), height), layout="constrained")
    return drawing, list(drawing.subplots(1, len(widths), width_ratios=widths, squeeze=False)[0])


def plane(ax: Axes, X: np.ndarray, title: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Make the axes a map around the samples, and return a grid that covers it."""
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.08 * (high - low).max()
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), title=title)
    ax.set(xticks=[], yticks=[], aspect="equal")
    return np.meshgrid(np.linspace(*ax.get_xlim(), 46), np.linspace(*ax.get_ylim(), 46))


def on_grid(function: Callable[[np.ndarray], np.ndarray], grid: Sequence[np.ndarray]) -> np.ndarray:
    """Return a function's values (rows, columns, ...) at the points of the grid."""
    values = np.asarray(function(np.stack([axis.ravel() for axis in grid], axis=1)), float)
    return values.reshape(*grid[0].shape, *values.shape[1:])


def classes_of(model: Any, grid: Sequence[np.ndarray], distances: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return how much further the class is than the nearest other, at each point of the grid and for each class."""
    to_prototypes = on_grid(distances, grid)
    to_class = np.stack([to_prototypes[..., model.prototype_labels_ == c].min(axis=-1) for c in model.classes_])
    return np.stack([to_class[c] - np.delete(to_class, c, axis=0).min(axis=0) for c in range(len(to_class))])


def shade(ax: Axes, grid: Sequence[np.ndarray], gaps: np.ndarray) -> None:
    """Colour the region of each class lightly, with a line for the border."""
    for gap, colour in zip(gaps, LIGHT, strict=False):
        ax.contourf(*grid, gap, levels=[-np.inf, 0], colors=[colour]).set(edgecolor=DARK, linewidth=0.8)


def scatter(ax: Axes, X: np.ndarray, y: np.ndarray, names: Sequence[str] | None = None) -> None:
    for c in np.unique(y):
        style = {"marker": MARKERS[c], "color": COLOURS[c], "markersize": 2.6, "markeredgewidth": 0, "linestyle": ""}
        ax.plot(*X[y == c].T, label=None if names is None else names[c], **style)


def prototypes(ax: Axes, W: np.ndarray, labels: np.ndarray) -> None:
    for c in np.unique(labels):
        style = {"s": 70, "marker": MARKERS[c], "color": COLOURS[c], "edgecolors": "black", "linewidths": 1.5}
        ax.scatter(*W[labels == c].T, zorder=4, **style)


def map_of(ax: Axes, model: Any, X: np.ndarray, y: np.ndarray, title: str) -> None:
    """Draw samples, prototypes and regions of a model of two features; the title ends with what it gets right."""
    grid = plane(ax, X, f"{title}: {model.score(X, y):.0%} right")
    shade(ax, grid, classes_of(model, grid, model.distances))
    scatter(ax, X, y)
    prototypes(ax, model.prototypes_, model.prototype_labels_)


def images(ax: Axes, rows: np.ndarray, title: str) -> None:
    """Draw images of 8 x 8 pixels, given as (rows, columns, 64)."""
    down, across, _ = rows.shape
    cells = np.full((down * 10 - 2, across * 10 - 2), np.nan)
    for i in range(down):
        for j in range(across):
            cells[10 * i : 10 * i + 8, 10 * j : 10 * j + 8] = rows[i, j].reshape(8, 8)
    # Each pixel becomes a block, so that no viewer blurs it.
    ax.imshow(np.kron(cells, np.ones((6, 6))), cmap="gray_r", vmin=0, vmax=1, interpolation="none")
    for i in range(down):
        for j in range(across):
            corner = (60 * j - 0.5, 60 * i - 0.5)
            ax.add_patch(Rectangle(corner, 48, 48, fill=False, linewidth=0.5, edgecolor=DARK, clip_on=False))
    ax.set_title(title)
    ax.axis("off")


def ellipse(ax: Axes, centre: np.ndarray, axes: np.ndarray, colour: str, **kwargs: Any) -> None:
    """Draw the ellipse centre + axes u of all unit vectors u."""
    u, lengths, _ = np.linalg.svd(axes)
    degrees = np.degrees(np.arctan2(u[1, 0], u[0, 0]))
    style = {"fill": False, "edgecolor": colour, "linewidth": 1.6, "zorder": 3, **kwargs}
    ax.add_patch(Ellipse(centre, *(2 * lengths), angle=degrees, **style))


def wine() -> tuple[np.ndarray, np.ndarray, list[str]]:
    data = load_wine()
    names = [name.replace("_of_diluted_wines", "").replace("_", " ") for name in data.feature_names]
    return StandardScaler().fit_transform(data.data), data.target, names


def digits() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def glvq() -> Figure:
    drawing, (left, right) = figure(3.6, 4.4, height=2.5)
    X, y = make_moons(240, noise=0.18, random_state=0)
    map_of(left, GLVQ(n_prototypes_per_class=3, **NEAR).fit(X, y), X, y, "3 prototypes a class")
    X, y = digits()
    model = GLVQ(**NEAR).fit(X, y)
    images(right, model.prototypes_.reshape(2, 5, 64), f"one prototype a digit: {model.score(X, y):.0%} right")
    return drawing


def relevance() -> Figure:
    drawing, (ax,) = figure(6.4, height=3.6)
    X, y, names = wine()
    settings = {**NEAR, "prototypes_initializer": "class_mean"}
    learned = GRLVQ(**settings).fit(X, y).relevances_
    order = np.argsort(learned)
    ax.barh(range(len(names)), learned[order], color=COLOURS[0], alpha=0.6, label="all 178 wines")
    for seed in range(10):
        rows = np.random.default_rng(seed).permutation(len(X))[:89]
        halves = GRLVQ(**settings).fit(X[rows], y[rows]).relevances_
        label = "ten random halves of them" if seed == 0 else None
        ax.scatter(halves[order], range(len(names)), s=9, color=DARK, alpha=0.6, linewidths=0, zorder=3, label=label)
    ax.axvline(1 / len(names), color=DARK, linestyle="--", linewidth=0.8, label="at the start: 1/13 each")
    ax.set(yticks=range(len(names)), yticklabels=[names[j] for j in order], xlabel="relevance (all sum to 1)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="lower right")
    return drawing


def matrix() -> Figure:
    drawing, (left, right) = figure(3.6, 4.4, height=3.8)
    X, y, names = wine()
    model = GMLVQ(latent_dim=2, prototypes_initializer="class_mean", **NEAR).fit(X, y)
    shown, W = model.transform(X), model.prototypes_ @ model.omega_
    grid = plane(left, shown, f"13 features in 2 directions: {model.score(X, y):.0%} right")
    shade(left, grid, classes_of(model, grid, lambda points: ((points[:, None] - W) ** 2).sum(axis=-1)))
    scatter(left, shown, y, names=[f"class {c}" for c in range(3)])
    prototypes(left, W, model.prototype_labels_)
    left.legend(loc="best")
    limit = np.abs(model.lambda_).max()
    blocks = np.kron(model.lambda_, np.ones((8, 8)))
    cells = right.imshow(blocks, cmap="PuOr", vmin=-limit, vmax=limit, interpolation="none")
    right.set(yticks=8 * np.arange(len(names)) + 3.5, yticklabels=names, xticks=[], title="lambda_")
    right.tick_params(length=0, labelsize=8)
    right.spines[:].set_visible(False)
    drawing.colorbar(cells, ax=right, shrink=0.8)
    return drawing


def local_matrix() -> Figure:
    drawing, (left, right) = figure(3.4, 3.4)
    X, y = crossing()
    settings = {**NEAR, "prototypes_initializer": "class_mean"}
    map_of(left, GMLVQ(**settings).fit(X, y), X, y, "GMLVQ")
    model = LGMLVQ(**settings).fit(X, y)
    map_of(right, model, X, y, "LGMLVQ")
    for w, c, lambda_ in zip(model.prototypes_, model.prototype_labels_, model.lambdas_, strict=True):
        values, vectors = np.linalg.eigh(lambda_)
        ellipse(right, w, vectors * 0.25 / np.sqrt(np.maximum(values / values.sum(), 1e-3)), COLOURS[c])
    return drawing


def tangent() -> Figure:
    drawing, (left, right) = figure(3.4, 4.2)
    X, y = crossing()
    model = GTLVQ(subspace_dim=1, prototypes_initializer="class_mean", **NEAR).fit(X, y)
    map_of(left, model, X, y, "one line a class")
    for w, c, omega in zip(model.prototypes_, model.prototype_labels_, model.omegas_, strict=True):
        left.axline(w, w + omega[:, 0], color=COLOURS[c], linewidth=1.8)
    X, y = digits()
    model = GTLVQ(subspace_dim=1, prototypes_initializer="class_mean", **NEAR).fit(X, y)
    W, along = model.prototypes_[[1, 4, 7], None], model.omegas_[[1, 4, 7], None, :, 0]
    images(right, W + np.linspace(-1.5, 1.5, 5)[:, None] * along, f"one line a digit: {model.score(X, y):.0%} right")
    return drawing


def probabilistic() -> Figure:
    drawing, panels = figure(3.4, 3.9, height=2.6)
    X, y = make_moons(160, noise=0.25, random_state=0)
    for ax, sigma in zip(panels, (0.2, 0.5), strict=True):
        model = RSLVQ(n_prototypes_per_class=3, sigma=sigma, lr=0.02, max_iter=200).fit(X, y)

        def second(points: np.ndarray, model: RSLVQ = model) -> np.ndarray:
            evidence = -model.distances(points) / (2 * model.sigma_**2)
            of_class = [logsumexp(evidence[:, model.prototype_labels_ == c], axis=1) for c in model.classes_]
            return softmax(np.stack(of_class, axis=1), axis=1)[:, 1]

        grid = plane(ax, np.concatenate([X, model.prototypes_]), f"sigma = {sigma}")
        colours = mpl.colors.LinearSegmentedColormap.from_list("", [COLOURS[0], "white", COLOURS[1]])
        levels = [0, 0.1, 0.3, 0.7, 0.9, 1]
        bands = ax.contourf(*grid, on_grid(second, grid), levels=levels, cmap=colours, alpha=0.5)
        scatter(ax, X, y)
        prototypes(ax, model.prototypes_, model.prototype_labels_)
    drawing.colorbar(bands, ax=panels, ticks=levels, label="P(orange class | x)")
    return drawing


def neural_gas() -> Figure:
    drawing, panels = figure(2.3, 2.3, 2.3, 2.3, height=2.5)
    angles = np.arange(9) * 2 * np.pi / 9
    X, cluster = blobs(np.random.default_rng(3), *[((3 * np.cos(a), 3 * np.sin(a)), 0.45, 0, 18) for a in angles])
    y = cluster % 3

    def start(seed: int) -> np.ndarray:  # all three prototypes of a class in one of its three clusters
        rng = np.random.default_rng(seed)
        return np.concatenate([X[rng.choice(np.flatnonzero(cluster == c), 3, replace=False)] for c in range(3)])

    plane(panels[0], X, "one of ten bad starts")
    scatter(panels[0], X, y)
    prototypes(panels[0], start(4), np.repeat([0, 1, 2], 3))
    for place, family in enumerate((GLVQ, SNG)):
        settings = {"transfer_fn": "sigmoid_beta", "n_prototypes_per_class": 3, "lr": 0.05, "max_iter": 300}
        for beta in (2.0, 10.0):
            models = [family(beta=beta, **settings).fit(X, y, initial_prototypes=start(seed)) for seed in range(10)]
            row = 3 - 2 * place - (beta > 2)
            right = [model.score(X, y) for model in models]
            panels[3].plot(right, np.full(10, row), "o", color=COLOURS[place], markersize=4, alpha=0.6)
            panels[3].plot([np.mean(right)], [row], "|", color="black", markersize=14)
            if beta == 2:
                map_of(panels[1 + place], models[4], X, y, family.__name__)
    names = [f"{family}\nbeta={beta}" for family in ("SNG", "GLVQ") for beta in (10, 2)]
    panels[3].set(yticks=range(4), yticklabels=names, ylim=(-0.6, 3.6), title="right, ten starts and mean")
    panels[3].spines[["top", "right"]].set_visible(False)
    panels[3].xaxis.set_major_formatter("{x:.0%}")
    return drawing


def kernel() -> Figure:
    drawing, (left, right) = figure(3.4, 3.4)
    X, y = surrounded()
    map_of(left, GLVQ(**NEAR).fit(X, y), X, y, "GLVQ")
    model = DKGLVQ(**NEAR).fit(X, y)
    map_of(right, model, X, y, "DKGLVQ")
    for w, c, sigma in zip(model.prototypes_, model.prototype_labels_, model.sigmas_, strict=True):
        ellipse(right, w, sigma * np.eye(2), COLOURS[c], linestyle="--")
    return drawing


def wasserstein() -> Figure:
    drawing, (left, right) = figure(3.6, 3.6, height=2.7)
    X, y = blobs(np.random.default_rng(5), ((0, 0), (1.2, 0.8), 0, 100), ((2.3, 0), (0.3, 0.3), 0, 100))
    means = {**NEAR, "prototypes_initializer": "class_mean"}
    map_of(left, GLVQ(**{**means, "lr": 1e-9}, epsilon=1).fit(X, y), X, y, "class means, GLVQ's distance")
    model = WGLVQ(freeze_params=["prototypes"], **means).fit(X, y)
    map_of(right, model, X, y, "class means, WGLVQ's distance")
    for w, c, variance in zip(model.prototype_means_, model.prototype_labels_, model.prototype_variances_, strict=True):
        ellipse(right, w, np.diag(np.sqrt(variance)), COLOURS[c], linestyle="--")
    return drawing


def encoders() -> Figure:
    drawing, (left, right) = figure(3.4, 3.4)
    X, y = surrounded()
    model = SiameseGLVQ(activation="tanh", **NEAR).fit(X, y)
    map_of(left, model, X, y, "")
    left.set_title(f"the plane: {(model.predict(X) != y).sum()} of {len(y)} wrong")
    shown, W = model.transform(X), model.transform(model.prototypes_)
    grid = plane(right, np.concatenate([shown, W]), "what the network makes of it")
    shade(right, grid, classes_of(model, grid, lambda points: ((points[:, None] - W) ** 2).sum(axis=-1)))
    scatter(right, shown, y)
    prototypes(right, W, model.prototype_labels_)
    return drawing


def components() -> Figure:
    drawing, (ax,) = figure(6.4, height=3.4)
    X, y = digits()
    settings = {"lr": 0.05, "lr_scheduler": "cosine_decay", "max_iter": 500, "random_seed": 0}
    model = CBC(n_components=6, sigma=3.0, **settings).fit(X, y)
    speaks_for = model.reasonings_[..., 0]
    speaks_against = (1 - speaks_for) * model.reasonings_[..., 1]
    for row, component in enumerate(model.components_):
        pixels = np.kron(component.reshape(8, 8), np.ones((6, 6)))
        place = {"extent": (-2.05, -1.15, row + 0.45, row - 0.45), "interpolation": "none"}
        ax.imshow(pixels, cmap="gray_r", vmin=0, vmax=1, **place)
        ax.add_patch(Rectangle((-2.05, row - 0.45), 0.9, 0.9, fill=False, linewidth=0.5, edgecolor=DARK))
        for c in range(10):
            for share, colour, up in ((speaks_for, COLOURS[0], -1), (speaks_against, COLOURS[1], 1)):
                bar = (c - 0.35, row), 0.7, up * 0.42 * share[row, c]
                ax.add_patch(Rectangle(*bar, facecolor=colour, linewidth=0))
        ax.plot([-0.45, 9.45], [row, row], color=DARK, linewidth=0.5)
    ax.set(xlim=(-2.2, 9.6), ylim=(5.6, -0.6), yticks=[], xticks=range(10), aspect="equal")
    ax.set(title=f"6 components, 10 digits: {model.score(X, y):.0%} right")
    ax.tick_params(length=0, top=False)
    ax.spines[:].set_visible(False)
    keys = [Rectangle((0, 0), 1, 1, facecolor=colour) for colour in COLOURS[:2]]
    ax.legend(keys, ["speaks for the digit", "speaks against it"], loc="upper left", bbox_to_anchor=(1, 1))
    return drawing


def missing_values() -> Figure:
    drawing, panels = figure(3.4, 3.4, height=2.9)
    shares = (0.0, 0.2, 0.4, 0.6, 0.8)
    settings = {**NEAR, "prototypes_initializer": "class_mean"}
    ways = {
        "allow_nan=True": lambda: make_pipeline(StandardScaler(), GLVQ(allow_nan=True, **settings)),
        "means in the gaps": lambda: make_pipeline(SimpleImputer(), StandardScaler(), GLVQ(**settings)),
    }
    for ax, load in zip(panels, (load_wine, load_breast_cancer), strict=True):
        X, y = load(return_X_y=True)
        right = np.empty((len(ways), len(shares), 10))
        for column, share in enumerate(shares):
            for seed in range(10):
                rng = np.random.default_rng(seed)
                hidden = rng.random(X.shape) < share
                hidden[np.arange(len(X)), rng.integers(X.shape[1], size=len(X))] = False  # one value stays in each row
                parts = train_test_split(np.where(hidden, np.nan, X), y, test_size=0.3, stratify=y, random_state=seed)
                for way, model in enumerate(ways.values()):
                    right[way, column, seed] = model().fit(parts[0], parts[2]).score(parts[1], parts[3])
        for way, (name, colour) in enumerate(zip(ways, COLOURS, strict=False)):
            places = np.array(shares) + 0.012 * (2 * way - 1)
            dots = {"marker": MARKERS[way], "markersize": 2.6, "markeredgewidth": 0, "linestyle": "", "alpha": 0.5}
            ax.plot(np.repeat(places, 10), right[way].ravel(), color=colour, **dots)
            ax.plot(places, right[way].mean(axis=1), color=colour, marker=MARKERS[way], markersize=5, label=name)
        ax.set(xticks=shares, title=load.__name__[5:], xlabel="share of values missing", ylim=(0.6, 1.02))
        ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
        ax.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, decimals=0))
        ax.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("right, of rows held out")
    panels[0].legend(loc="lower left")
    return drawing


def heuristic() -> Figure:
    drawing, panels = figure(2.7, 2.7, 2.7, height=2.4)
    X, y = make_moons(160, noise=0.25, random_state=0)
    first = LVQ1(n_prototypes_per_class=3).fit(X, y)
    map_of(panels[0], first, X, y, "LVQ1")
    found = {"prototypes_initializer": lambda X, y, n_per_class, key: (first.prototypes_, first.prototype_labels_)}
    map_of(panels[1], LVQ21(n_prototypes_per_class=3, **found).fit(X, y), X, y, "LVQ2.1 from there")
    map_of(panels[2], MedianLVQ(n_prototypes_per_class=3).fit(X, y), X, y, "MedianLVQ")
    return drawing


DRAWINGS = (
    glvq,
    relevance,
    matrix,
    local_matrix,
    tangent,
    probabilistic,
    neural_gas,
    kernel,
    wasserstein,
    encoders,
    components,
    missing_values,
    heuristic,
)


def slim(svg: str) -> str:
    """Return a drawing without digits finer than any screen, line breaks in paths and styles repeated at each point."""
    svg = re.sub(r"\n +", "\n", svg)
    for short, name in enumerate(dict.fromkeys(re.findall(r'id="(m[0-9a-f]{10}|DejaVuSans-[0-9a-f]+)"', svg))):
        svg = svg.replace(f'id="{name}"', f'id="g{short}"').replace(f'"#{name}"', f'"#g{short}"')
    svg = re.sub(r"\n(?=[LQCz] ?)", " ", svg)
    # What places an image or a letter keeps its digits.
    trailing = re.compile(r'(?<=[ "])(-?\d+\.\d)\d+(?=[ "]|$)')
    svg = "\n".join(line if "transform" in line else trailing.sub(r"\1", line) for line in svg.split("\n"))
    points = re.compile(r'<g clip-path="([^"]*)">\n((?:<use [^>]*style="([^"]*)"/>\n)+)</g>')

    def style_once(found: re.Match[str]) -> str:
        clip, uses, style = found.groups()
        uses = uses.replace(f' style="{style}"/>', "/>")
        return f'<g clip-path="{clip}" style="{style}">\n{uses}</g>'

    return points.sub(style_once, svg)


def main(names: Sequence[str]) -> None:
    mpl.rcParams.update(STYLE)
    for draw in DRAWINGS:
        if not names or draw.__name__ in names:
            path = FOLDER / f"{draw.__name__.replace('_', '-')}.svg"
            draw().savefig(path, metadata={"Date": None})
            path.write_text(slim(path.read_text()))
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
