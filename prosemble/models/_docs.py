"""The docstring of a model, put together from those of all that it derives from."""

from __future__ import annotations

from inspect import cleandoc, get_annotations
from textwrap import wrap
from typing import Any

_INDENT = " " * 4

#: Of the models that are trained by gradients.
TRAINING_ATTRIBUTES = """\
loss_ : float
    The last training loss.
loss_history_ : ndarray of shape (n_epochs,)
val_loss_history_ : ndarray of shape (n_epochs,)
    Empty without validation data; NaN for epochs of a resumed training that had none.
best_loss_ : float
    The lowest monitored loss.
n_iter_ : int"""


def documented(cls: type) -> str:
    """Return the docstring of an estimator with the parameters and attributes of all that it derives from.

    Parameters are its fields, made by `parameter`; a class that others derive from names its attributes in
    `_attribute_docs`.
    """
    own = cleandoc(cls.__doc__ or "")
    heading = [] if "Parameters\n----------" in own else ["\nParameters\n----------"]
    tables = [base.__dict__["_attribute_docs"] for base in cls.__mro__ if "_attribute_docs" in base.__dict__]
    attributes = [cleandoc(table) for table in reversed(tables)]
    return "\n".join([own, *heading, *_parameters(cls), "", "Attributes\n----------", *attributes]) + "\n"


def _parameters(cls: Any) -> list[str]:
    """Return the lines of the parameters, those of the class itself first."""
    lines, seen = [], set()
    for base in cls.__mro__:
        for name in get_annotations(base):
            field = base.__dict__.get("__dataclass_fields__", {}).get(name)
            if field is None or name in seen or "kind" not in field.metadata:
                continue
            seen.add(name)
            default = cls.__dataclass_fields__[name].default  # which a class below may have changed
            suffix = "optional" if default is None else f"default={default!r}".replace("e-0", "e-")
            lines.append(f"{name} : {field.metadata['kind']}, {suffix}")
            lines += wrap(
                field.metadata["doc"],
                116,
                initial_indent=_INDENT,
                subsequent_indent=_INDENT,
                break_on_hyphens=False,
                break_long_words=False,
            )
    return lines
