"""The base of everything that composes."""

from __future__ import annotations

import dataclasses
from typing import Any, dataclass_transform, get_args, get_type_hints

import jax

#: A number that may be traced: a `float` outside of compiled programs, a scalar array inside.
Number = float | jax.Array


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Part:
    """A frozen, keyword-only dataclass that is a JAX pytree; the annotation says how a field is treated.

    A field whose annotation is a `float` (`Number`), a `jax.Array`, a `Part`, or a union with one of them, is data: its
    value is traced, so that a changed number compiles nothing. Every other field is static: it is part of the key under
    which a compiled program is kept, and so must be hashable.

    A part is either an interface, without fields, or final. An inherited field would be filled by whoever
    knows only the parent and silently mean something else in the child, so subclassing a part that has fields
    raises a `TypeError`.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parent = next((b for b in cls.__mro__[1:] if dataclasses.is_dataclass(b) and dataclasses.fields(b)), None)
        if parent is not None:
            raise TypeError(f"{cls.__name__} derives from {parent.__name__}, which has fields and is final.")
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        hints = get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        data = [name for name in names if _is_traced(hints[name])]
        static = [name for name in names if name not in data]
        jax.tree_util.register_dataclass(cls, data_fields=data, meta_fields=static)


def _is_traced(hint: Any) -> bool:
    options = get_args(hint) or (hint,)
    return any(isinstance(option, type) and issubclass(option, float | jax.Array | Part) for option in options)
