"""The rooms of the package: each imports only from those above it, and reads nothing private of another."""

import ast
import os
import sys
from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import jax
from sklearn.base import BaseEstimator

import prosemble
from prosemble.prediction.predictor import Outcome

PACKAGE = Path(prosemble.__file__).parent
#: From the top; what begins with an underscore is for all, and imports nothing but its like.
ROOMS = (
    "core", "encoders", "distances", "objectives", "prediction", "training", "io", "models", "inspection",
    "model_selection", "compile_cache", "table", "cli", "__main__",
)  # fmt: skip
#: Private by name only: of named tuples, of Python, of JAX and of scikit-learn, each held to be there below.
ALLOWED = {
    "_replace": Outcome, "_asdict": Outcome, "_fields": Outcome, "_exit": os, "_getframe": sys,
    "_cache_size": jax.jit(abs), "_validate_params": BaseEstimator, "_get_param_names": BaseEstimator,
}  # fmt: skip

TREES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
        path.read_text(encoding="utf-8")
    )
    for path in sorted(PACKAGE.rglob("*.py"))
}


def room(module):
    return module.split(".")[1] if "." in module else ""


def running(tree):
    """Return the nodes that are run, and not only read by type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield node
        yield from running(node)


def imports(module):
    """Return the modules of the package that a module imports, wherever it does."""
    found = set()
    for node in running(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(submodule if submodule in TREES else node.module)
    return {name for name in found if name.split(".")[0] == "prosemble"}


def test_no_import_climbs():
    rank = {name: place for place, name in enumerate(ROOMS)}
    climbing = [
        f"{module} imports {imported}"
        for module in TREES
        for imported in imports(module)
        if module != "prosemble" and room(imported) in rank and rank[room(imported)] > rank.get(room(module), -1)
    ]
    assert climbing == []
    assert {room(module) for module in TREES if room(module)[:1] not in ("", "_")} | {"__main__"} == set(ROOMS)


def test_no_circle():
    TopologicalSorter({module: imports(module) - {"prosemble"} for module in TREES}).prepare()  # says which, if any


def test_nothing_private_of_another_room_is_read():
    own = defaultdict(set)  # what each room names
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                own[room(module)].add(node.name)
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
                own[room(module)].add(node.id if isinstance(node, ast.Name) else node.attr)
    strange = [
        f"{module}:{node.lineno} reads {ast.unparse(node)}"
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr[0] == "_" and node.attr[:2] != "__"
        if node.attr not in own[room(module)] | set(ALLOWED)
    ]
    assert strange == []
    assert all(hasattr(owner, name) for name, owner in ALLOWED.items())
