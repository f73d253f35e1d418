"""Arguments and results in dicts, lists, tuples and slices within each other."""

from __future__ import annotations

from typing import Any, Callable, List


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
    """Returns torch's tensors in a nested value, in order."""
    import torch

    return [leaf for leaf in leaves(value) if issubclass(type(leaf), torch.Tensor)]
