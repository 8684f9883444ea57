"""The base of everything that composes."""

from __future__ import annotations

import dataclasses
from numbers import Integral, Real
from types import UnionType
from typing import Any, ClassVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

import jax
import numpy as np
from sklearn.utils._param_validation import Interval, validate_parameter_constraints

# What a number has to be, as scikit-learn says it.
POSITIVE = Interval(Real, 0, None, closed="neither")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")

#: A number that may be traced: a `float` outside of compiled programs, a scalar array inside.
Number = float | jax.Array


def parameter(*, default: Any, accepts: list[Any] | None, kind: str, doc: str = "") -> Any:
    """Return a field of a part or an estimator with all that is said of it, in one place.

    Parameters
    ----------
    default : object
    accepts : list, optional
        What it may be, in the words of scikit-learn's tables; None where an inherited field says so.
    kind : str
        Its type in the documentation.
    doc : str, optional
        Its meaning.
    """
    return dataclasses.field(default=default, metadata={"accepts": accepts, "kind": kind, "doc": doc})


def parameter_of(part: type, name: str, *, default: Any) -> Any:
    """Return the field of a part as one of an estimator that is made with it, with a default of its own."""
    field = next(field for field in dataclasses.fields(part) if field.name == name)
    return dataclasses.field(default=default, metadata=field.metadata)


def accepted(cls: type) -> dict[str, list[Any]]:
    """Return what those of a class's fields accept that say it, by name."""
    kinds = {field.name: field.metadata.get("accepts") for field in dataclasses.fields(cls)}
    return {name: accepts for name, accepts in kinds.items() if accepts is not None}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(parameter, parameter_of))
class Part:
    """A frozen, keyword-only dataclass that is a JAX pytree; the annotation says how a field is treated.

    A field whose annotation is a `float` (`Number`), an array (`jax.Array`, `numpy.ndarray`, one of `jaxtyping`), a
    `Part`, or a union with one of them, is data: its value is traced, so that a changed number compiles nothing. Every
    other field is static: it is part of the key under which a compiled program is kept, and so must be hashable.

    A part is either an interface, without fields, or final. An inherited field would be filled by whoever
    knows only the parent and silently mean something else in the child, so subclassing a part that has fields
    raises a `TypeError`.
    """

    #: What a field accepts, in the words of scikit-learn's tables; an estimator has it checked before it trains.
    accepts: ClassVar[dict[str, list[Any]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parent = next((b for b in cls.__mro__[1:] if dataclasses.is_dataclass(b) and dataclasses.fields(b)), None)
        if parent is not None:
            raise TypeError(f"{cls.__name__} derives from {parent.__name__}, which has fields and is final.")
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        hints = get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]
        cls.accepts = {**cls.accepts, **accepted(cls)}
        data = [name for name in names if _is_traced(hints[name])]
        static = [name for name in names if name not in data]
        _register(cls, data, static)


def _register(cls: type, data: list[str], static: list[str]) -> None:
    """Register a class as a pytree whose structure is equal to no other class's.

    Not by `jax.tree_util.register_dataclass`: in JAX 0.10 the structures of two such classes are equal where their
    static values are, and a compiled function may run the program of the one for the other.
    """

    def values(part: Any, names: list[str]) -> tuple[Any, ...]:
        return tuple(getattr(part, name) for name in names)

    jax.tree_util.register_pytree_with_keys(
        cls,
        lambda part: (
            tuple(zip(map(jax.tree_util.GetAttrKey, data), values(part, data), strict=True)),
            values(part, static),
        ),
        lambda kept, children: cls(**dict(zip(data, children, strict=True)), **dict(zip(static, kept, strict=True))),
        lambda part: (values(part, data), values(part, static)),
    )


def check_part(part: Part) -> None:
    """Raise a `ValueError` where a field of the part, or of one within it, has a value that it cannot have."""
    values = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}  # type: ignore[arg-type]
    told = {name: values[name] for name in part.accepts if not isinstance(values[name], jax.Array | np.ndarray)}
    validate_parameter_constraints(part.accepts, told, type(part).__name__)
    for value in values.values():
        if isinstance(value, Part):
            check_part(value)


def of_shape(shape: tuple[Any, ...], form: str, name: str, values: Any) -> Any:
    """Return what somebody's part or function made, of the shape that it has to have."""
    if np.shape(values) != shape:
        raise ValueError(f"{name} must return an array of shape {form}, here {shape}; got {np.shape(values)}.")
    return values


def _is_traced(hint: Any) -> bool:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    kinds = [getattr(option, "array_type", option) for option in options]  # jaxtyping's stand for such a type
    return any(isinstance(kind, type) and issubclass(kind, float | jax.Array | np.ndarray | Part) for kind in kinds)
