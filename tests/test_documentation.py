"""What the documentation shows runs."""

import doctest
import importlib.util
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
import typer
from matplotlib import pyplot
from sklearn.datasets import load_iris, load_wine
from typer.testing import CliRunner

import prosemble
from prosemble.cli import app
from prosemble.models import GLVQ

ROOT = Path(__file__).parent.parent
TEXTS = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
}
PAGES = {
    page: re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE) for page, text in TEXTS.items()
}
MODULES = [module.name for module in pkgutil.walk_packages(prosemble.__path__, "prosemble.")]
# What needs an extra that the oldest versions cannot have.
NEEDS_ONNX = {"docs/export.md", "prosemble.io.onnx"}
HAS_ONNX = importlib.util.find_spec("jax2onnx") is not None


@pytest.mark.parametrize("page", [page for page, blocks in PAGES.items() if blocks])
def test_python_blocks(page, tmp_path, monkeypatch):
    if page in NEEDS_ONNX and not HAS_ONNX:
        pytest.skip("the extra onnx is not installed")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in PAGES[page]:  # a later block may use what an earlier one made
        exec(compile(block, page, "exec"), names)
    pyplot.close("all")


@pytest.mark.breadth
def test_shown_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    patients = load_iris(as_frame=True).frame.rename(columns={"target": "diagnosis"})[::3]
    patients.to_csv("patients.csv", index=False)
    patients.drop(columns="diagnosis").to_csv("new_patients.csv", index=False)
    load_wine(as_frame=True).data.to_csv("new_rows.csv", index=False)
    shown = [line for text in TEXTS.values() for line in re.findall(r"^ *prosemble ([a-z].*)$", text, flags=re.M)]
    assert {line.split()[0] for line in shown} == set(typer.main.get_command(app).commands)
    sooner = {"search": ["--time-budget", "0"], "report": ["--repeats", "1"]}
    for line in ["fit wine --target target", *dict.fromkeys(shown)]:
        if "onnx" not in line or HAS_ONNX:
            arguments = shlex.split(line, comments=True)
            result = CliRunner().invoke(app, arguments + sooner.get(arguments[0], []))
            assert result.exit_code == 0, (line, result.output)


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
