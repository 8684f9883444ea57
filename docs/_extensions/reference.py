"""The reference: what is public, the pages that list it, and links to them. All of it needs a docstring."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from docutils import nodes
from sklearn.base import BaseEstimator
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.pycode import ModuleAnalyzer
from sphinx.transforms import SphinxTransform

import prosemble


def modules() -> list[ModuleType]:
    """Return the public modules: packages, which say by `__all__` what is public, and the core's modules one by one."""
    inside = [m.name for m in pkgutil.iter_modules(prosemble.__path__, "prosemble.") if m.ispkg]
    packages = [import_module(name) for name in inside if name not in ("prosemble.core", "prosemble.training")]
    core = import_module("prosemble.core")
    parts = [m.name for m in pkgutil.iter_modules(core.__path__, "prosemble.core.") if "._" not in m.name]
    return [*packages, *map(import_module, parts), prosemble]


def names(module: ModuleType) -> list[str]:
    """Return the public names of a module."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__, key=str.lower)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__)
    return [name for name in (*own, *_commented(module)) if not name.startswith("_")]


def _commented(module: ModuleType) -> dict[str, str]:
    """Return the data that a `#:` comment in the module describes, with the comment."""
    found = ModuleAnalyzer.for_module(module.__name__).find_attr_docs()
    return {name: " ".join(lines).strip() for (scope, name), lines in found.items() if not scope}


def home(module: ModuleType, name: str) -> ModuleType:
    """Return the module whose source defines the name."""
    defined_in = getattr(getattr(module, name), "__module__", None) or module.__name__
    return import_module(defined_in) if defined_in.startswith("prosemble") else _home_of_data(module, name)


def _home_of_data(module: ModuleType, name: str) -> ModuleType:
    inside = pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}.")
    candidates = [module, *(import_module(m.name) for m in inside)]
    return next((m for m in candidates if name in _commented(m)), module)


def paths() -> dict[tuple[str, int], str]:
    """Return where the reference describes a name and an object: by the first module that has it."""
    found: dict[tuple[str, int], str] = {}
    for module in modules():
        for name in names(module):
            found.setdefault((name, id(getattr(module, name))), f"{module.__name__}.{name}")
    return found


def undocumented() -> list[str]:
    """Return the public names, and the public members of public classes, that nothing describes."""
    missing = []
    for module in modules():
        for name in names(module):
            value, path = getattr(module, name), f"{module.__name__}.{name}"
            if not (inspect.isclass(value) or inspect.isroutine(value)):
                missing += [] if name in _commented(home(module, name)) else [path]
                continue
            missing += [] if inspect.getdoc(value) else [path]
            for member, defined in vars(value).items() if inspect.isclass(value) else ():
                described = not callable(defined) or inspect.getdoc(getattr(value, member))
                missing += [] if described or member.startswith("_") else [f"{path}.{member}"]
    return missing


def write(folder: Path) -> None:
    """Write a page for each package, with a table of what each of its modules defines."""
    folder.mkdir(exist_ok=True)
    pages: dict[str, list[str]] = {}
    for module in modules():
        page = ".".join(module.__name__.split(".")[:2])
        lines = pages.setdefault(page, _heading(page, "=", import_module(page)))
        lines += _tables(module)
    for page, lines in pages.items():
        _write(folder / f"{page}.rst", "\n".join(lines))


def _tables(module: ModuleType) -> Iterator[str]:
    """Return a table for each source module that says what it is about, and one for the names of all others."""

    def section(name: str) -> ModuleType:
        source = home(module, name)
        return source if source.__doc__ else module

    known = paths()
    by_section = sorted(names(module), key=lambda name: (section(name) is not module, section(name).__name__))
    for source, group in groupby(by_section, section):
        if source is not module or module.__name__.startswith("prosemble.core."):
            yield from _heading(source.__name__, "-", source)
        own = list(group)
        comments = {name: _commented(home(module, name)).get(name) for name in own}
        yield from (".. autosummary::", "   :toctree: names", "   :nosignatures:", "")
        yield from (f"   ~{known[name, id(getattr(module, name))]}" for name in own if not comments[name])
        yield ""
        for name in filter(comments.get, own):
            yield from (f".. py:data:: {module.__name__}.{name}", "", f"   {comments[name]}", "")


def _heading(title: str, line: str, module: ModuleType) -> list[str]:
    return [title, line * len(title), "", inspect.getdoc(module) or "", ""]


def _write(path: Path, text: str) -> None:
    # What has not changed is not written again, so that a second build reads only what has.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


class NamesAreLinks(SphinxTransform):
    """A public name in code type leads to its page."""

    default_priority = 600
    # Words that are code and nothing else; `load` or `zeros` may mean many things.
    known: ClassVar = {name: path for (name, _), path in paths().items() if not name.islower() or "_" in name}

    def apply(self, **kwargs: Any) -> None:
        """Put links around the names in a page."""
        for literal in list(self.document.findall(nodes.literal)):
            path = self.known.get(literal.astext())
            if path and not isinstance(literal.parent, nodes.reference | nodes.title | pending_xref):
                link = pending_xref("", refdomain="py", reftype="obj", reftarget=path)
                literal.replace_self(link)
                link += literal


def names_and_defaults(
    app: Sphinx, what: str, name: str, value: Any, options: Any, signature: str, returned: str
) -> tuple[str, None] | None:
    """Return the signature of an estimator without the types, which its docstring has in words."""
    if not (inspect.isclass(value) and issubclass(value, BaseEstimator)):
        return None
    parameters = inspect.signature(value).parameters.values()
    return str(inspect.Signature([p.replace(annotation=p.empty) for p in parameters])), None


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the reference and add the above to the build; a public name without a docstring ends it."""
    missing = undocumented()
    if missing:
        raise ExtensionError(f"Public names without a docstring: {', '.join(missing)}")
    write(Path(app.srcdir) / "api")
    app.add_transform(NamesAreLinks)
    app.connect("autodoc-process-signature", names_and_defaults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
