"""The command line: train on a table, predict with the model, look at it.

Every command imports what it needs when it runs: `show` and `--help` neither JAX nor scikit-learn, `predict` only where
the model's distance is none that NumPy evaluates.
"""

from __future__ import annotations

import gc
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from prosemble import _words as words

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train prototype classifiers on tables, look at them and predict with them.",
)

Table = Annotated[
    str,
    typer.Argument(
        help="A table: CSV in any dialect, Parquet, Arrow, Excel, ARFF or JSON lines; - for standard input; or iris, "
        "wine, breast_cancer, digits."
    ),
]
Target = Annotated[str, typer.Option(help="Column that holds the labels.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File to write the model to.")]
Raw = Annotated[bool, typer.Option("--raw", help="Leave text in CSV as it is, also where it is a formula.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that prosemble did not write.")]
TestSize = Annotated[float, typer.Option(min=0.01, max=0.99, help="Share of the rows held out to test on.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of the split and the model.")]
NoBaseline = Annotated[bool, typer.Option("--no-baseline", help="Do not compare with simpler classifiers.")]
ModelPath = Annotated[Path, typer.Argument(help="A model file that `prosemble fit` wrote.")]
Rows = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="CSV, Parquet or Excel file to write; CSV to standard output when left out."),
]

#: Options of every command that reads a table, and of those that train on one: what they are, and their defaults.
_READING: dict[str, tuple[Any, Any]] = {
    "separator": (
        Annotated[
            str | None, typer.Option(help="What stands between cells: a character, or comma, semicolon, tab, pipe.")
        ],
        None,
    ),
    "decimal": (Annotated[str | None, typer.Option(help="The mark of decimals in numbers: . or ,")], None),
    "encoding": (Annotated[str | None, typer.Option(help="Of a text, such as cp1251.")], None),
    "header": (
        Annotated[
            str,
            typer.Option(
                help="auto; none, where no row holds names; first, where the first does, whatever it looks like."
            ),
        ],
        "auto",
    ),
    "sheet": (
        Annotated[str | None, typer.Option(help="Of an Excel file; the first that is not empty when left out.")],
        None,
    ),
}
_COLUMNS: dict[str, tuple[Any, Any]] = {
    "drop": (Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out.")], None),
    "keep": (
        Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to take that would be left out.")],
        None,
    ),
    "kinds": (
        Annotated[
            list[str] | None,
            typer.Option("--as", metavar="COLUMN=KIND", help="What a column is: number, category, yes/no or date."),
        ],
        None,
    ),
}

# What `prosemble export` writes, and the functions of prosemble.io that do.
EXPORTS = {"onnx": "to_onnx", "stablehlo": "to_stablehlo", "c": "to_c_header"}


def _taking(**groups: Mapping[str, tuple[Any, Any]]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of some groups, each of which it gets as one dict."""

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        own = signature(command, eval_str=True)

        @wraps(command)
        def wrapped(**given: Any) -> None:
            for group, options in groups.items():
                given[group] = {name: given.pop(name) for name in options}
            command(**given)

        parameters = [parameter for parameter in own.parameters.values() if parameter.name not in groups]
        for options in groups.values():
            parameters += [
                Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
                for name, (kind, default) in options.items()
            ]
        wrapped.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in parameters]
        )
        wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapped

    return decorated


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn what the user can mend into one line and exit code 2, and warnings of ours into notes."""
    from prosemble.table import printing

    try:
        with words.command_line(), printing.said_at_the_end(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
            for warning in caught:
                if type(warning.message).__module__.startswith("prosemble"):
                    printing.note(str(warning.message))
    except BrokenPipeError:  # the reader of our output has seen enough
        raise
    except (ValueError, TypeError, OSError, ImportError) as error:  # the last, where an extra is not installed
        typer.echo("Error: " + words.visible(" ".join(str(error).split())), err=True)
        raise typer.Exit(2) from None


@app.command()
@_taking(reading=_READING, columns=_COLUMNS)
def fit(
    table: Table,
    target: Target,
    model: Annotated[str | None, typer.Option(help="Name of an estimator; chosen for the table when left out.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the estimator.")
    ] = None,
    output: Output = Path("model.prosemble"),
    force: Force = False,
    test_size: TestSize = 0.25,
    seed: Seed = 42,
    no_baseline: NoBaseline = False,
    *,
    reading: dict[str, Any],
    columns: dict[str, Any],
) -> None:
    """Train on TABLE, test on held-out rows, show the prototypes and write the model.

    Example: prosemble fit iris --target target
    """
    with _one_line_errors():
        from prosemble.table import training

        problem = training.problem_of(table, target, reading, columns, output, force, test_size, seed)
        with training.programs(problem):
            training.train(problem, training.estimator_of(model, settings or [], seed), baseline=not no_baseline)


@app.command()
@_taking(reading=_READING, columns=_COLUMNS)
def search(
    table: Table,
    target: Target,
    time_budget: Annotated[float, typer.Option(min=0.0, help="Seconds for the search.")] = 60.0,
    max_prototypes: Annotated[int | None, typer.Option(min=2, help="Most prototypes of all classes together.")] = None,
    output: Output = Path("model.prosemble"),
    force: Force = False,
    test_size: TestSize = 0.25,
    seed: Seed = 42,
    no_baseline: NoBaseline = False,
    *,
    reading: dict[str, Any],
    columns: dict[str, Any],
) -> None:
    """Choose among many models and settings by cross-validation, then go on as `fit` does.

    Example: prosemble search iris --target target
    """
    with _one_line_errors():
        from prosemble.table import training

        problem = training.problem_of(table, target, reading, columns, output, force, test_size, seed)
        with training.programs(problem):
            automatic = training.automatic(time_budget, max_prototypes, seed)
            training.train(problem, automatic, baseline=not no_baseline)


@app.command()
@_taking(reading=_READING)
def predict(
    model: ModelPath,
    table: Table,
    output: Rows = None,
    force: Force = False,
    raw: Raw = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Write the predicted label and the probability of each class, a line for each row of TABLE, in their order.

    A row without any value gets a line without a prediction.

    Example: prosemble predict model.prosemble new_rows.csv -o predictions.csv
    """
    with _one_line_errors():
        from prosemble.table import using
        from prosemble.table.writing import checked_output, write_table

        if output is not None:
            checked_output(output, [model, table], force, table=True)
        write_table(using.predictions(model, table, reading), output, raw)


@app.command()
def show(model: ModelPath) -> None:
    """Describe a model: what it is, what it reads, and its prototypes in the units of the table.

    Example: prosemble show model.prosemble
    """
    with _one_line_errors():
        from prosemble.table import showing

        showing.show(model)


@app.command()
@_taking(reading=_READING)
def explain(
    model: ModelPath,
    table: Table,
    output: Rows = None,
    force: Force = False,
    raw: Raw = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Write why each row of TABLE is predicted as it is: the nearest prototypes of the predicted class and of the next.

    Distances to both, a confidence from 0 to 1, and what each column adds to the difference of the distances, in
    favour of the prediction where positive. Prototypes are counted from 0, in the order of `prosemble show`.

    Example: prosemble explain model.prosemble new_rows.csv -o why.csv
    """
    with _one_line_errors():
        from prosemble.table import using
        from prosemble.table.writing import checked_output, write_table

        if output is not None:
            checked_output(output, [model, table], force, table=True)
        write_table(using.explanations(model, table, reading), output, raw)


@app.command()
@_taking(reading=_READING)
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
    force: Force = False,
    *,
    reading: dict[str, Any],
) -> None:
    """Write a report about a model, for people who know the data, as one HTML file that needs no network.

    How good it is (its training is repeated on parts of TABLE and judged by the others), its prototypes in the units of
    the table, which features count, where it is unsure, and typical and doubtful rows with the reasons.

    Example: prosemble report model.prosemble iris --target target -o report.html
    """
    with _one_line_errors():
        from prosemble.table import using
        from prosemble.table.writing import checked_output

        checked_output(output, [model, table], force)
        using.report(model, table, reading, target, output, title=title, n_repeats=repeats, random_state=seed)
        typer.echo(words.visible(f"Report written to {output}"))


@app.command()
def export(
    model: ModelPath,
    form: Annotated[str, typer.Option("--format", help="onnx, stablehlo (for JAX and XLA) or c (a C99 header).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    quantize: Annotated[
        str | None, typer.Option(help="int8 or float16: store the parameters in fewer bits first.")
    ] = None,
    force: Force = False,
) -> None:
    """Write a model as a program that runs without this library; it reads the table's units.

    Example: prosemble export model.prosemble --format onnx -o model.onnx
    """
    with _one_line_errors():
        from prosemble.table import using
        from prosemble.table.writing import checked_output

        if form not in EXPORTS:
            raise ValueError(f"--format {form}: give one of {', '.join(EXPORTS)}.")
        checked_output(output, [model], force)
        using.export(model, EXPORTS[form], output, quantize)


def main() -> None:
    """Run the command line; what is wrong with the words of a command is one line, too."""
    sys.stdout, sys.stderr = _outlet(sys.stdout), _outlet(sys.stderr)
    # A short process spends a tenth of its time on looking for garbage among what it has imported.
    gc.set_threshold(100_000, 50, 50)
    usage_error: Any = typer.BadParameter.__bases__[0]
    try:
        code = app(standalone_mode=False)
    except usage_error as error:
        if "NoArgs" in type(error).__name__:
            error.show()
        else:
            command = error.ctx.command_path if error.ctx is not None else "prosemble"
            said = " ".join(error.format_message().split()).rstrip(".")
            typer.echo(words.visible(f"Error: {said}. See {command} --help."), err=True)
        code = 2
    except typer.Abort:
        code = 1
    _end(code if isinstance(code, int) else 0)


class _Outlet(io.TextIOWrapper):
    """Standard output or that of errors; work goes on where nobody reads it any more.

    What its encoding lacks is written by numbers, as in Python's strings.
    """

    def write(self, text: str) -> int:
        with suppress(BrokenPipeError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(BrokenPipeError):
            super().flush()


def _outlet(stream: Any) -> Any:
    if stream is None:  # it was closed from the beginning
        return open(os.devnull, "w", encoding="utf-8")
    encoding, terminal = stream.encoding, stream.isatty()
    return _Outlet(stream.detach(), encoding, "backslashreplace", line_buffering=terminal)


def _end(code: int) -> NoReturn:
    """End the process without taking apart all that was imported, which takes a third of a second."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # there is no room for it
        code = code or 1
    os._exit(code)
