"""What the documentation shows runs."""

import doctest
import importlib.util
import os
import pkgutil
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from matplotlib import pyplot
from packaging.requirements import Requirement
from sklearn.datasets import load_iris
from typer.testing import CliRunner

import prosemble
from prosemble.cli import app
from prosemble.models import GLVQ

ROOT = Path(__file__).parent.parent
TEXTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
}
BLOCK = re.compile(r"^```(\S*).*?\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
PAGES = {page: BLOCK.findall(text) for page, text in TEXTS.items()}  # kind and content of each block
SHELL = [line for blocks in PAGES.values() for kind, block in blocks if kind == "sh" for line in block.splitlines()]
# What .ci/run looks for in the README, to run the line that it finds.
SOUGHT = re.findall(r"^run_shown '(.+)'$", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)
RUN_BY_CI = [next(line for line in TEXTS["README.md"].splitlines() if part in line) for part in SOUGHT]


def commands(lines):
    """Return the commands of the lines, which are joined by && and may be of an environment of either name."""
    return list(dict.fromkeys(part for line in lines for part in line.replace(".venv-test", ".venv").split(" && ")))


COMMANDS = [command for command in commands(SHELL) if command not in commands(RUN_BY_CI)]
# A test below for each.
KINDS = {
    "prosemble": r"(\.venv/bin/)?prosemble .+",
    "benchmark": r"\.venv/bin/python benchmarks/.+",
    "script": r"PROSEMBLE_COMPILE_CACHE=\S+ python train\.py( +#.+)?",
    "pip": r"(\.venv/bin/)?pip install .+",
}
MODULES = [module.name for module in pkgutil.walk_packages(prosemble.__path__, "prosemble.")]
# What needs an extra that the oldest versions cannot have.
NEEDS_ONNX = {"docs/export.md", "prosemble.io.onnx"}
HAS_ONNX = importlib.util.find_spec("jax2onnx") is not None


def shown(kind):
    """Return the commands of a kind, in the order of the pages."""
    return [command for command in COMMANDS if re.fullmatch(KINDS[kind], command)]


def test_no_block_and_no_command_is_left_out():
    for page, text in TEXTS.items():
        # The site's build reads formulas and directives; `text` is what a command printed.
        assert [kind for kind, _ in PAGES[page] if not re.fullmatch(r"python|sh|c|math|text|\{\w+\}", kind)] == [], page
        assert len(re.findall(r"```|~~~", text)) == 2 * len(PAGES[page]), page
        assert not re.search(r"^\n(    |\t)", BLOCK.sub("", text), flags=re.MULTILINE), f"{page}: indented code"
    assert [command for command in COMMANDS if not any(re.fullmatch(kind, command) for kind in KINDS.values())] == []


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=[pytest.mark.breadth] if "families" in page else [])
        for page, blocks in PAGES.items()
        if {"python", "c"} & set(dict(blocks))
    ],
)
def test_blocks_of_code(page, tmp_path, monkeypatch):
    if page in NEEDS_ONNX and not HAS_ONNX:
        pytest.skip("the extra onnx is not installed")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for kind, block in PAGES[page]:  # a later block may use what an earlier one made
        if kind == "python":
            exec(compile(block, page, "exec"), names)
        elif kind == "c" and shutil.which("cc"):
            strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
            subprocess.run(["cc", *strict, "-I.", "-xc", "-", "-o", "block"], input=block, text=True, check=True)
            subprocess.run(["./block"], check=True)
    pyplot.close("all")


def horses():
    """Return a table like that of docs/table.md."""
    rng = np.random.default_rng(0)
    lesion = rng.integers(1, 3, 80)
    said_afterwards = ["surgery", "outcome", "lesion_type", "lesion_type_2", "lesion_type_3", "cp_data"]
    frame = pd.DataFrame(rng.integers(1, 4, (80, len(said_afterwards))), columns=said_afterwards)
    temperature = np.where(rng.uniform(size=80) < 0.2, "?", rng.normal(38, 0.5, 80).round(1).astype(str))
    return frame.assign(
        age=rng.choice([1, 9], 80), temperature=temperature, pulse=rng.normal(80 - 20 * lesion, 9), lesion=lesion
    )


@pytest.mark.breadth
def test_commands_of_prosemble(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    patients = load_iris(as_frame=True).frame.rename(columns={"target": "diagnosis"})[::3]
    patients.to_csv("patients.csv", index=False)
    rows = patients.drop(columns="diagnosis")
    rows.to_csv("new_patients.csv", index=False)
    rows.to_csv("new_rows.csv", index=False)
    horses().to_csv("colic.csv", index=False)
    horses().drop(columns=["lesion"]).to_csv("new_horses.csv", index=False, sep=";", decimal=",")
    lines = [line.removeprefix(".venv/bin/").removeprefix("prosemble ") for line in shown("prosemble")]
    assert {line.split()[0] for line in lines} == set(typer.main.get_command(app).commands)
    sooner = {"search": ["--time-budget", "0"], "report": ["--repeats", "1"]}
    for line in lines:
        if "onnx" not in line or HAS_ONNX:
            arguments = shlex.split(line, comments=True)
            result = CliRunner().invoke(app, arguments + sooner.get(arguments[0], []))
            assert result.exit_code == 0, (line, result.output)


@pytest.mark.breadth
@pytest.mark.parametrize("command", shown("benchmark"))
def test_commands_of_benchmarks(command, tmp_path):
    (tmp_path / "benchmarks").symlink_to(ROOT / "benchmarks")
    rng = np.random.default_rng(0)
    images = {f"X_{part}": rng.integers(256, size=(20, 28, 28)) for part in ("train", "test")}
    with (tmp_path / "MNIST_NPZ").open("wb") as file:
        np.savez(file, **images, y_train=np.arange(20) % 10, y_test=np.arange(20) % 10)
    (tmp_path / "TABLES_FOLDER").mkdir()
    pd.DataFrame(rng.normal(size=(60, 3))).assign(Type=["a", "b"] * 30).to_csv(tmp_path / "TABLES_FOLDER/glass.csv")
    _, script, *arguments = shlex.split(command)
    sooner = {
        "benchmarks/accuracy.py": ["--parts", "scikit-learn", "--data", "iris", "--seeds", "1"],
        "benchmarks/published.py": ["--data", "iris", "--runs", "1"],
        "benchmarks/tables.py": ["--tables", "glass", "--splits", "2"],
        "benchmarks/mnist.py": ["--models", "GLVQ", "--epochs", "1"],
        # Each of its parts takes minutes: it only has to understand all but this part, which there is not.
        "benchmarks/run.py": ["nothing"],
    }
    whole = [sys.executable, script, *arguments, *sooner[script]]
    result = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True)
    if script == "benchmarks/run.py":
        assert "error: unknown: nothing" in result.stderr
    else:
        assert result.returncode == 0 and result.stdout.startswith("| "), result.stderr


@pytest.mark.breadth
def test_commands_that_keep_programs(tmp_path):
    script = next(block for kind, block in PAGES["docs/searching.md"] if kind == "python")
    (tmp_path / "train.py").write_text(script)
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for command in shown("script"):
        subprocess.run(["bash", "-c", command], cwd=tmp_path, env={"HOME": str(tmp_path), "PATH": paths}, check=True)
    for folder in (".cache/prosemble", "programs"):
        assert any((tmp_path / folder).iterdir())


def test_what_is_to_be_installed_exists():
    sources = [path.read_text() for path in (ROOT / "prosemble").glob("**/*.py")]
    within_lines = re.findall(r"pip install [^'`\n]*'[^']+'", "\n".join([*TEXTS.values(), *sources]))
    for command in [*shown("pip"), *within_lines]:
        options, requirement = re.fullmatch(r"\S*pip install ((?:-\w )*)(\S+)", command).groups()
        requirement = Requirement(shlex.split(requirement)[0].replace(".", "prosemble", 1))
        assert set(options.split()) <= {"-q", "-e"} and requirement.name == "prosemble", command
        assert requirement.extras <= set(metadata("prosemble").get_all("Provides-Extra")), command


@pytest.mark.parametrize("page", TEXTS)
def test_links_between_pages(page):
    links = re.findall(r"\]\(([^)#:]+)\)", TEXTS[page])
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def test_examples_of_docstrings():
    modules = [name for name in MODULES if HAS_ONNX or name not in NEEDS_ONNX]
    results = [doctest.testmod(importlib.import_module(name)) for name in modules]
    assert sum(result.attempted for result in results) > 0
    assert not sum(result.failed for result in results)


def test_the_table_of_options_is_complete():
    table = (ROOT / "docs" / "options.md").read_text()
    assert [name for name in GLVQ().get_params() if f"`{name}`" not in table] == []
