"""The command line: train on a table, predict with the model, look at it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train prototype classifiers on tables, look at them and predict with them.",
)

Table = Annotated[str, typer.Argument(help="CSV or Parquet file, or iris, wine, breast_cancer, digits.")]
Target = Annotated[str, typer.Option(help="Column that holds the labels.")]
Drop = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out, such as names or numbers of rows.")
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write the model to.")]
TestSize = Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of the rows held out to test on.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the split and the model.")]
ModelPath = Annotated[Path, typer.Argument(help="A model file that `prosemble fit` wrote.")]
Rows = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="CSV or Parquet to write; standard output when left out."),
]

# What `prosemble export` writes, and the functions of prosemble.io that do.
FORMATS = {"onnx": "to_onnx", "stablehlo": "to_stablehlo", "c": "to_c_header"}
# Prototypes that are printed.
MOST_SHOWN = 100


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what the user can mend into one line and exit code 2."""
    try:
        yield
    except BrokenPipeError:  # the reader of our output has seen enough
        raise
    except (ValueError, TypeError, OSError, ImportError) as error:  # the last, where an extra is not installed
        typer.echo("Error: " + " ".join(str(error).split()), err=True)
        raise typer.Exit(2) from None


@app.command()
def fit(
    table: Table,
    target: Target,
    model: Annotated[str | None, typer.Option(help="Name of an estimator; a good recipe when left out.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the estimator.")
    ] = None,
    drop: Drop = None,
    output: Output = Path("model.prosemble"),
    test_size: TestSize = 0.25,
    seed: Seed = 42,
) -> None:
    """Train on TABLE, test on held-out rows, show the prototypes and write the model.

    Example: prosemble fit iris --target target
    """
    with _one_line_errors():
        estimator = _estimator(model, settings or [], seed)
        learner, train, test = _learner(estimator, table, target, drop or [], output, test_size, seed)
        if model is None:
            _recipe(learner, train, settings or [])
            typer.echo("Recipe: " + " ".join(repr(estimator).split()))
        shows_progress = "verbose" in estimator.get_params(deep=False)
        if shows_progress:
            estimator.set_params(verbose=True)
        learner.fit(train, table)
        if shows_progress:
            estimator.set_params(verbose=False)
        _finish(learner, train, test, table, output)


@app.command()
def search(
    table: Table,
    target: Target,
    time_budget: Annotated[float, typer.Option(min=0.0, help="Seconds for the search.")] = 60.0,
    max_prototypes: Annotated[int | None, typer.Option(min=2, help="Most prototypes of all classes together.")] = None,
    drop: Drop = None,
    output: Output = Path("model.prosemble"),
    test_size: TestSize = 0.25,
    seed: Seed = 42,
) -> None:
    """Choose model and settings by cross-validation, then go on as `fit` does: test, show the prototypes, write.

    Example: prosemble search iris --target target
    """
    with _one_line_errors():
        from prosemble import AutoPrototypeClassifier

        # The columns are standardised already, as the file will do it for new rows.
        automatic = AutoPrototypeClassifier(
            time_budget=time_budget, max_prototypes=max_prototypes, scalings=("none",), random_seed=seed, verbose=True
        )
        learner, train, test = _learner(automatic, table, target, drop or [], output, test_size, seed)
        learner.fit(train, table)
        learner.estimator = automatic.best_estimator_[-1]
        typer.echo("Chosen: " + " ".join(repr(learner.estimator).split()))
        _finish(learner, train, test, table, output)


@app.command()
def predict(
    model: ModelPath,
    table: Table,
    output: Rows = None,
) -> None:
    """Write the predicted label and the probability of each class for the rows of TABLE.

    Example: prosemble predict model.prosemble new_rows.csv -o predictions.csv
    """
    with _one_line_errors():
        from prosemble.table import read_table

        learner = _loaded(model)
        _write_rows(learner.predict(read_table(table, learner.text()), table), output)


@app.command()
def show(model: ModelPath) -> None:
    """Describe a model: what it is, what it reads, and its prototypes in the units of the table.

    Example: prosemble show model.prosemble
    """
    with _one_line_errors():
        from prosemble.table import TableModel

        learner = TableModel.load(model)
        estimator = learner.estimator
        typer.echo(f"{estimator!r}")
        labels = ", ".join(str(label) for label in estimator.classes_)
        typer.echo(f"Classes of {learner.target!r}: {labels}")
        typer.echo(f"Numeric columns: {', '.join(learner.numeric) or 'none'}")
        for column, values in learner.categories.items():
            typer.echo(f"Text column {column!r}, one-hot encoded: {', '.join(values)}")
        if hasattr(estimator, "n_iter_"):  # others are not trained
            typer.echo(f"Epochs: {estimator.n_iter_}, loss: {estimator.loss_:.5g}")
        _show_prototypes(learner)


@app.command()
def explain(model: ModelPath, table: Table, output: Rows = None) -> None:
    """Write why each row of TABLE is predicted as it is: the nearest prototypes of the predicted class and of the next.

    Distances to both, a confidence from 0 to 1, and what each feature adds to the difference of the distances, in
    favour of the prediction where positive. Prototypes are counted from 0, in the order of `prosemble show`.

    Example: prosemble explain model.prosemble new_rows.csv -o why.csv
    """
    with _one_line_errors():
        from prosemble.table import read_table

        learner = _loaded(model)
        _write_rows(learner.explain(read_table(table, learner.text()), table), output)


@app.command()
def report(
    model: ModelPath,
    table: Table,
    target: Annotated[
        str | None, typer.Option(help="Column that holds the labels; that of the training when left out.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="Heading of the report.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often the cross-validation is repeated.")] = 5,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the cross-validation's splits.")] = 0,
) -> None:
    """Write a report about a model, for people who know the data, as one HTML file that needs no network.

    How good it is (its training is repeated on parts of TABLE and judged by the others), its prototypes in the units of
    the table, which features count, where it is unsure, and typical and doubtful rows with the reasons.

    Example: prosemble report model.prosemble iris --target target -o report.html
    """
    with _one_line_errors():
        from prosemble.inspection import report as write_report
        from prosemble.table import read_table

        learner = _loaded(model)
        X, y = learner.labelled(read_table(table, learner.text(target)), table, target)
        write_report(learner.pipeline(), X, y, output, title=title, n_repeats=repeats, random_state=seed)
        typer.echo(f"Report written to {output}")


def _write_rows(frame: Any, output: Path | None) -> None:
    if output is None:
        frame.to_csv(sys.stdout, index=False)
    elif output.suffix.lower() in {".parquet", ".pq"}:
        frame.to_parquet(output, index=False)
    else:
        frame.to_csv(output, index=False)


@app.command()
def export(
    model: ModelPath,
    form: Annotated[str, typer.Option("--format", help="onnx, stablehlo (for JAX and XLA) or c (a C99 header).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    quantize: Annotated[
        str | None, typer.Option(help="int8 or float16: store the parameters in fewer bits first.")
    ] = None,
) -> None:
    """Write a model as a program that runs without this library; it reads the table's units.

    Example: prosemble export model.prosemble --format onnx -o model.onnx
    """
    with _one_line_errors():
        from prosemble import io
        from prosemble.io.writing import writable
        from prosemble.table import TableModel

        if form not in FORMATS:
            raise ValueError(f"--format {form}: give one of {', '.join(FORMATS)}.")
        writable(output, "--output")
        learner = TableModel.load(model)
        if quantize is not None:
            learner.estimator = learner.estimator.quantize(quantize)
        getattr(io, FORMATS[form])(learner, output)
        typer.echo(f"Written to {output} ({output.stat().st_size:,} bytes).")
        names = learner.feature_names
        shown = ", ".join(names[:MOST_SHOWN]) + (f" and {len(names) - MOST_SHOWN} more" if names[MOST_SHOWN:] else "")
        typer.echo(f"It takes rows of {len(names)} numbers, in this order: {shown}")


def _learner(
    estimator: Any, table: str, target: str, drop: list[str], output: Path, test_size: float, seed: int
) -> Any:
    """Return a model for the table, unfitted, and the rows to train and to test on."""
    from sklearn.model_selection import train_test_split

    from prosemble.io.writing import writable
    from prosemble.table import TableModel, read_table, require_columns

    frame = read_table(table)
    require_columns(frame, drop, table)
    frame = frame.drop(columns=drop)
    writable(output, "--output")
    learner = TableModel.for_table(estimator, target, frame, table)
    return learner, *train_test_split(frame, test_size=test_size, random_state=seed, stratify=frame[target])


def _finish(learner: Any, train: Any, test: Any, source: str, output: Path) -> None:
    learner.save(output)
    _report(learner, train, test, source)
    typer.echo(f"Model written to {output}")


def _loaded(model: Path) -> Any:
    """Return the model of a file, and say what it does not know of the rows that it is about to get."""
    from prosemble.table import TableModel

    learner = TableModel.load(model)
    if not learner.scaled:
        typer.echo(f"Note: {model} was saved without a table's scaling; rows are taken as they are.", err=True)
    return learner


def _estimator(name: str | None, settings: list[str], seed: int) -> Any:
    from prosemble.core._names import lookup
    from prosemble.models import all_estimators

    cls: Any = lookup(dict(all_estimators()), name or "GLVQ", "model", "none, for the recipe")
    estimator = cls()
    known = estimator.get_params(deep=False)
    if "random_seed" in known:
        estimator.set_params(random_seed=seed)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or key not in known:
            raise ValueError(f"--set {setting}: give NAME=VALUE with one of the names {', '.join(sorted(known))}.")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text
        estimator.set_params(**{key: value})
    estimator._validate_params()
    return estimator


def _recipe(learner: Any, train: Any, settings: list[str]) -> None:
    """Set what the user did not."""
    from prosemble import recipe

    own = {setting.partition("=")[0] for setting in settings}
    estimator = learner.estimator
    estimator.set_params(**{name: value for name, value in recipe.SETTINGS.items() if name not in own})
    if "n_prototypes_per_class" not in own:
        X, y = learner.scale(train)
        estimator.set_params(n_prototypes_per_class=recipe.prototypes_per_class(estimator, X, y))


def _report(learner: Any, train: Any, test: Any, source: str) -> None:
    from rich.table import Table as Grid
    from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix

    if learner.categories:
        listed = ", ".join(f"{column} ({len(values)})" for column, values in learner.categories.items())
        typer.echo(f"Text columns, one-hot encoded: {listed}")
    for column, values in learner.categories.items():
        if 2 * len(values) > len(train) + len(test):
            typer.echo(
                f"Note: most rows have a {column!r} of their own; a name or number of rows is left out by --drop."
            )
    truth = test[learner.target].to_numpy()
    predicted = learner.predict(test, source)["prediction"].to_numpy()
    typer.echo(f"Trained on {len(train)} rows, tested on {len(test)} held out.")
    typer.echo(f"Accuracy           {accuracy_score(truth, predicted):.3f}")
    typer.echo(f"Balanced accuracy  {balanced_accuracy_score(truth, predicted):.3f}")
    classes = learner.estimator.classes_
    grid = Grid("true \\ predicted", *map(str, classes), title="Confusion matrix", title_justify="left")
    for label, counts in zip(classes, confusion_matrix(truth, predicted, labels=classes), strict=True):
        grid.add_row(str(label), *map(str, counts))
    _console().print(grid)
    _show_prototypes(learner)


def _console() -> Any:
    """Return a console that prints names as they are: square brackets and colons in them are no markup."""
    from rich.console import Console

    return Console(markup=False, emoji=False)


def _show_prototypes(learner: Any) -> None:
    """Print features down and prototypes across, so that many features need no width."""
    from rich.table import Table as Grid

    frame = learner.prototypes()
    more = len(frame) - MOST_SHOWN
    frame = frame.iloc[:MOST_SHOWN]
    console = _console()
    across = max(1, (console.width - max(map(len, map(str, frame.columns))) - 4) // 14)
    for start in range(0, len(frame), across):
        part = frame.iloc[start : start + across]
        title = f"Prototypes, {learner.units}" if start == 0 else None
        grid = Grid("feature", *map(str, part.index), title=title, title_justify="left")
        for column in part.columns:
            grid.add_row(str(column), *(f"{value:.4g}" for value in part[column]))
        console.print(grid)
    if more > 0:  # each sample may be a prototype
        typer.echo(f"and {more} more prototypes")


def main() -> None:
    """Run the command line."""
    app()
