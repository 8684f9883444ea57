"""The site. `python -m sphinx -W --keep-going -b html docs docs/_build` builds it, without a network."""

import inspect
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sklearn.base import BaseEstimator
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import reference

import prosemble

project = "prosemble"
copyright = "the prosemble developers"
version = release = prosemble.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "myst_parser", "sphinx_gallery.gen_gallery"]
exclude_patterns = ["_build", "search.md"]
templates_path = ["_templates"]
default_role = "literal"

# Pages as GitHub shows them, too.
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3

autodoc_member_order = "groupwise"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "within_subsection_order": "FileNameSortKey",
}

html_theme = "furo"
html_title = "prosemble"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False


class Mathematics:
    """Formulas as MathML, which browsers show by themselves: no script, no network."""

    @staticmethod
    def inline(writer, node):
        writer.body.append(tex2mathml(node.astext()))
        raise nodes.SkipNode

    @staticmethod
    def block(writer, node):
        writer.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
        raise nodes.SkipNode


class NamesAreLinks(SphinxTransform):
    """A public name in code type leads to its page of the reference."""

    default_priority = 600

    def apply(self, **kwargs):
        for literal in list(self.document.findall(nodes.literal)):
            path = LINKS.get(literal.astext())
            if path and not isinstance(literal.parent, nodes.reference | nodes.title | pending_xref):
                link = pending_xref("", refdomain="py", reftype="obj", reftarget=path)
                literal.replace_self(link)
                link += literal


#: Words that are code and nothing else; `load` or `zeros` may mean many things.
LINKS = {name: path for (name, _), path in reference.paths().items() if not name.islower() or "_" in name}


def names_and_defaults(app, what, name, obj, options, signature, returned):
    """Return the signature of an estimator without the types, which its docstring has in words."""
    if inspect.isclass(obj) and issubclass(obj, BaseEstimator):
        parameters = inspect.signature(obj).parameters.values()
        return str(inspect.Signature([p.replace(annotation=p.empty) for p in parameters])), None


def families_in_the_menu(app, name, source):
    # Not in the page itself, which GitHub shows, too.
    if name == "families/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n*\n```\n"


def setup(app: Sphinx) -> None:
    missing = reference.undocumented()
    if missing:
        raise ExtensionError(f"public names without a docstring: {', '.join(missing)}")
    reference.write(FOLDER / "api")
    app.connect("source-read", families_in_the_menu)
    app.connect("autodoc-process-signature", names_and_defaults)
    app.add_html_math_renderer("mathml", (Mathematics.inline, None), (Mathematics.block, None))
    app.add_transform(NamesAreLinks)
    app.config.html_math_renderer = "mathml"
