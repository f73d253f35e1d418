"""Devices named in a forward: a copy of the model has one alone, whatever the forward asks for."""

from __future__ import annotations

from typing import Any

import torch

from vai_inspect.frontends.torch.shadow import Place

_KINDS = ("cpu", "cuda", "mps", "xpu", "meta")
MOVES = ("cpu", "cuda")
"""Methods that move a tensor to the device of their name."""


def is_device(value: Any) -> bool:
    """Tells whether an argument names a device."""
    if isinstance(value, str):
        return value.split(":")[0] in _KINDS
    return isinstance(value, torch.device)


def brought_here(value: Any, place: Place) -> Any:
    """Returns arguments with foreign tensors and devices brought to the copy's device."""
    if isinstance(value, torch.Tensor):
        return place.moved(value)
    if isinstance(value, torch.device):
        return torch.device(place.device)
    if isinstance(value, dict):
        return {
            key: place.device if key == "device" and item is not None else brought_here(item, place)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [brought_here(item, place) for item in value]
        if isinstance(value, list):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return value
