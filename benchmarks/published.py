"""GLVQ with one prototype a class beside published figures (Diao et al., IJCNN 2021, arXiv 2106.09821).

    python benchmarks/published.py DATA_FOLDER [--runs 5] [--data iris ...] [--results published.jsonl]

Protocol: features scaled to 0..1 on the training part; sigmoid transfer, whose beta of 1 to 15 is chosen by five-fold
cross-validation inside the training part; L-BFGS; stratified four folds, shuffled anew in each run. Segment also with
210 rows for training and 2,100 for testing. *In hindsight* is the one beta that is best over the test parts of a run:
no honest figure, but what a grid says whose best entry is printed. A figure is written at once, and not measured again.

`--source FOLDER`, a checkout of the source's repository (CameronDiao/GLVQ-For-Classification-In-Randomized-NN-And-HDC),
measures iris as the source does instead: its four folds, features scaled on all rows, and the first beta of 2 to 15
that is best where half of all rows are trained on and the other half tested.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from datasets import load
from results import Results
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, minmax_scale

from prosemble.models import GLVQ

BETAS = [float(beta) for beta in range(1, 16)]
FOLDS = "four folds"
FEW = "210 rows"
FIGURES = {
    ("iris", FOLDS): 0.966,
    ("wine", FOLDS): 0.977,
    ("breast_cancer", FOLDS): 0.977,
    ("diabetes", FOLDS): 0.749,
    ("ionosphere", FOLDS): 0.872,
    ("optdigits", FOLDS): 0.943,
    ("segment", FOLDS): 0.907,
    ("segment", FEW): 0.901,
}


def parts(X: np.ndarray, y: np.ndarray, protocol: str, run: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices of each training and test part of a run."""
    if protocol == FEW:
        return StratifiedShuffleSplit(1, train_size=210, random_state=run).split(X, y)
    return StratifiedKFold(4, shuffle=True, random_state=run).split(X, y)


def glvq(run: int, **settings: float) -> GLVQ:
    """Return the model of the protocol; the default is one prototype a class."""
    return GLVQ(transfer_fn="sigmoid_beta", optimizer="lbfgs", max_iter=500, random_seed=run, **settings)


def of_source(folder: Path, runs: int) -> str:
    """Return the accuracy on iris by the source's own divisions and its choice of beta."""

    def divisions(name: str) -> list[list[np.ndarray]]:
        lines = (folder / "data" / "iris" / name).read_text().splitlines()
        rows = [np.array(line.split(), int) for line in lines]
        return [rows[i : i + 2] for i in range(0, len(rows), 2)]

    X, y = load("iris", folder)
    X = minmax_scale(X)

    def accuracy(beta: float, run: int, name: str) -> float:
        model = glvq(run, beta=beta)
        return float(np.mean([model.fit(X[a], y[a]).score(X[b], y[b]) for a, b in divisions(name)]))

    halves = [np.mean([accuracy(beta, run, "conxuntos.dat") for run in range(runs)]) for beta in BETAS[1:]]
    beta = BETAS[1:][int(np.argmax(halves))]
    values = [accuracy(beta, run, "conxuntos_kfold.dat") for run in range(runs)]
    return f"iris on the source's folds, beta {beta:.0f}: {np.mean(values):.4f} ± {np.std(values):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    names = list(dict.fromkeys(data for data, _ in FIGURES))
    parser.add_argument("--data", nargs="+", choices=names, default=names)
    parser.add_argument("--results", type=Path, default=Path("published.jsonl"))
    parser.add_argument("--source", type=Path)
    options = parser.parse_args()
    if options.source:
        print(of_source(options.source, options.runs))
        return
    found = Results(options.results, ("data", "protocol", "run"))
    figures = {key: figure for key, figure in FIGURES.items() if key[0] in options.data}
    for data, protocol in figures:
        X, y = load(data, options.folder)
        for run in range(options.runs):
            record = {"data": data, "protocol": protocol, "run": run}
            if record in found:
                continue
            pipeline = make_pipeline(MinMaxScaler(), glvq(run))
            folds = StratifiedKFold(5, shuffle=True, random_state=run)
            search = GridSearchCV(pipeline, {"glvq__beta": BETAS}, cv=folds)
            right, betas, by_beta = [], [], []
            for train, test in parts(X, y, protocol, run):
                search.fit(X[train], y[train])
                right.append(search.score(X[test], y[test]))
                betas.append(search.best_params_["glvq__beta"])
                each = [clone(pipeline).set_params(glvq__beta=beta).fit(X[train], y[train]) for beta in BETAS]
                by_beta.append([fitted.score(X[test], y[test]) for fitted in each])
            by_beta = np.mean(by_beta, axis=0).tolist()
            found.add({**record, "accuracy": float(np.mean(right)), "betas": betas, "by_beta": by_beta})
    print("| data | protocol | published | ours | beta | in hindsight |\n|---|---|---|---|---|---|")
    for (data, protocol), figure in figures.items():
        values = found.values("accuracy", data=data, protocol=protocol)
        betas = np.concatenate(found.values("betas", data=data, protocol=protocol))
        spread = f"{betas.min():.0f} to {betas.max():.0f}"
        best = np.max(found.values("by_beta", data=data, protocol=protocol), axis=1)
        ours, hindsight = (f"{np.mean(each):.3f} ± {np.std(each, ddof=1):.3f}" for each in (values, best))
        print(f"| {data} | {protocol} | {figure:.3f} | {ours} | {spread} | {hindsight} |")


if __name__ == "__main__":
    main()
