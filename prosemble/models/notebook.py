"""What a notebook shows of a model: scikit-learn's diagram, and below it what was learned."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from prosemble.models import description

if TYPE_CHECKING:
    from prosemble.models.base import PrototypeModel

# Classes that are counted out.
_MOST_CLASSES = 20
_CELL = "text-align:left;padding:0.15em 1em 0.15em 0;vertical-align:top;border:none;background:none"


def summary(model: PrototypeModel) -> str:
    """Return a table of HTML that tells what a fitted model has learned; nothing for one that is not fitted."""
    if not hasattr(model, "prototypes_"):
        return ""
    counts = description.counts(model)
    per_class = [f"{label} ({count})" for label, count in list(counts.items())[:_MOST_CLASSES]]
    more = len(counts) - len(per_class)
    names = getattr(model, "feature_names_in_", None)
    shown = "" if names is None else ": " + ", ".join(map(str, names[:5])) + (", …" if len(names) > 5 else "")
    rows: dict[str, Any] = {
        "Classes (prototypes)": ", ".join(per_class) + (f" and {more} more" if more > 0 else ""),
        "Prototypes": len(model.prototypes_),
        "Features": f"{model.n_features_in_}{shown}",
        "Measures by": description.metric(model),
        "Training": description.training(model),
    }
    cells = "".join(
        f'<tr><th scope="row" style="{_CELL}">{escape(name)}</th><td style="{_CELL}">{escape(str(value))}</td></tr>'
        for name, value in rows.items()
        if value != ""
    )
    return f'<table class="prosemble-summary" style="font-size:small;border:none"><tbody>{cells}</tbody></table>'
