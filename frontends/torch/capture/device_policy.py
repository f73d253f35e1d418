"""Devices named in a forward: a copy of the model has one alone, whatever the forward asks for."""

from __future__ import annotations

from typing import Any, Callable, Optional

import torch

from vai_inspect.frontends.torch.capture.meta_copy import DevicePolicy

_KINDS = ("cpu", "cuda", "mps", "xpu", "meta")
_MOVES = ("cpu", "cuda", "to")


def moving(name: str) -> Optional[Callable[..., Any]]:
    """Returns what stands for a method that moves a tensor elsewhere: it stays here.

    Args:
        name: of the method.
    """
    if name not in _MOVES:
        return None

    def move(owner: Any, *args: Any, **kwargs: Any) -> Any:
        if name != "to":
            return owner
        here = tuple(owner.device if is_device(one) else one for one in args)
        return owner.to(*here, **kwargs)

    move.__name__ = name
    return move


def is_device(value: Any) -> bool:
    """Returns whether an argument names a device."""
    if isinstance(value, str):
        return value.split(":")[0] in _KINDS
    return isinstance(value, torch.device)


def brought_here(value: Any, policy: DevicePolicy) -> Any:
    """Returns arguments with foreign tensors and devices brought to the copy's device."""
    if isinstance(value, torch.Tensor):
        return policy.moved(value)
    if isinstance(value, torch.device):
        return torch.device(policy.device)
    if isinstance(value, dict):
        return {
            key: policy.device
            if key == "device" and item is not None
            else brought_here(item, policy)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [brought_here(item, policy) for item in value]
        if isinstance(value, list):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, slice):
        parts = (value.start, value.stop, value.step)
        return slice(*(brought_here(part, policy) for part in parts))
    return value
