"""What the site makes of the pages, which GitHub shows as they are."""

from __future__ import annotations

import re
from typing import Any, Never

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx


def inline_formula(writer: Any, node: nodes.Element) -> Never:
    """Write a formula as MathML, which browsers show by themselves: no script, no network."""
    writer.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def formula(writer: Any, node: nodes.Element) -> Never:
    """Write a formula on lines of its own."""
    writer.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def for_the_site(app: Sphinx, name: str, source: list[str]) -> None:
    """Lead to what a script gave in the place of the script, and give the families a menu."""
    source[0] = source[0].replace("../examples/README.rst", "/gallery/index.rst")
    source[0] = re.sub(r"\.\./examples/(\w+)\.py", r"/gallery/\1.rst", source[0])
    if name == "families/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n*\n```\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the above to the build."""
    app.add_html_math_renderer("mathml", (inline_formula, None), (formula, None))
    app.connect("source-read", for_the_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
