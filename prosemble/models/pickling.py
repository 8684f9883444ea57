"""What a pickle of an estimator holds: devices by number, and no objects that it cannot hold."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import fields
from typing import Any, NamedTuple

import jax

# Constructor values that only training reads, and that a pickle may not be able to hold.
_OBJECTS = ("optimizer", "lr_scheduler", "callbacks")


class _Device(NamedTuple):
    """What a pickle keeps of a device."""

    platform: str
    id: int


def to_pickle(model: Any, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator for a pickle, of a fitted one without the objects that it cannot hold."""
    if state.get("devices") is not None:
        state = {**state, "devices": [_Device(each.platform, each.id) for each in state["devices"]]}
    if "_groups" not in state:  # an unfitted one is to be trained elsewhere, and needs them all
        return state
    defaults = {field.name: field.default for field in fields(model)}
    lost = [name for name in _OBJECTS if not _can_be_pickled(state.get(name))]
    return {**state, **{name: defaults[name] for name in lost}, **({"_lost": lost} if lost else {})}


def from_pickle(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator of that class, and warn of what is not there."""
    state = dict(state)
    if lost := state.pop("_lost", None):
        warnings.warn(
            f"A pickle cannot hold the {', '.join(lost)} that this {name} was made with; the default is used where it "
            "trains further. Use set_params to give it again.",
            stacklevel=3,
        )
    wanted = state.get("devices")
    if wanted is not None:
        known = {(device.platform, device.id): device for device in jax.devices()}
        state["devices"] = [known[device] for device in wanted if device in known] or None
        if len(state["devices"] or ()) < len(wanted):
            warnings.warn(f"{len(wanted)} devices were pickled, not all of which are here.", stacklevel=3)
    return state


def _can_be_pickled(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return True
    try:
        pickle.dumps(value)
    except Exception:  # of whatever kind
        return False
    return True
