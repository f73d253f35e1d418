"""Arguments and results in dicts, lists, tuples and slices within each other."""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, List, Tuple


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """Returns a nested value with each leaf changed.

    Args:
        value: a leaf, or containers of them; named tuples stay what they are.
        change: returns what replaces a leaf.
    """
    kind = type(value)  # `isinstance` may be answered by proxies, for what they stand for
    if issubclass(kind, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    if issubclass(kind, list):
        return [mapped(item, change) for item in value]
    if issubclass(kind, tuple):
        items = [mapped(item, change) for item in value]
        return kind(*items) if hasattr(kind, "_fields") else tuple(items)
    if kind is slice:
        return slice(*[mapped(one, change) for one in (value.start, value.stop, value.step)])
    return change(value)


def leaves(value: Any) -> List[Any]:
    """Returns the leaves of a nested value, in order; see `mapped`."""
    kind = type(value)
    if issubclass(kind, dict):
        value = value.values()
    elif kind is slice:
        value = (value.start, value.stop, value.step)
    elif not issubclass(kind, (list, tuple)):
        return [value]
    return [leaf for item in value for leaf in leaves(item)]


def tensors_of(value: Any) -> List[Any]:
    """Returns torch's tensors in a nested value and in dataclasses, in order."""
    import torch

    found: List[Any] = []
    for leaf in leaves(value):
        if issubclass(type(leaf), torch.Tensor):
            found.append(leaf)
        else:
            found += tensors_of([getattr(leaf, name) for name in fields_of(leaf)])
    return found


def fields_of(value: Any) -> Tuple[str, ...]:
    """Returns the names of the fields of an instance of a dataclass; none for anything else."""
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return ()
    return tuple(field.name for field in dataclasses.fields(value))


def plain(value: Any) -> Any:
    """Returns a number of numpy as one of Python, and anything else as it is."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return value.item()
    return value
