"""A fit takes effect at its end, and what reads a model reads that of one fit, whatever other threads do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def shared(estimator: Any) -> Any:
    """Return another estimator of the same attributes, made without what a pickle asks for."""
    other = object.__new__(type(estimator))
    other.__dict__.update(estimator.__dict__)
    return other


def all_at_once(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method that fits change the estimator when it has come to its end, and not at all where it fails.

    Until then predictions in other threads are those of the former fit.
    """

    @wraps(fit)
    def fitted(self: Any, *arguments: Any, **keywords: Any) -> Any:
        trained = shared(self)
        fit(trained, *arguments, **keywords)
        self.__dict__ = trained.__dict__
        return self

    return fitted


def of_one_fit(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a method that reads what is fitted read that of one fit, whatever other threads do meanwhile."""

    @wraps(method)
    def asked(self: Any, *arguments: Any, **keywords: Any) -> Any:
        return method(shared(self), *arguments, **keywords)

    return asked
