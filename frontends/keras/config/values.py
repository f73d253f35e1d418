"""Plain values of a config of any Keras version: numbers, texts, tuples, slices, constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from vai_inspect.core.ir.ops import elements


@dataclass(frozen=True)
class TensorRef:
    """A reference to a tensor: `keras_history` in Keras 3, a list of three in Keras 2.

    Attributes:
        layer: name of the layer that outputs it.
        node: index of the layer's call.
        tensor: index of the call's output.
    """

    layer: str
    node: int
    tensor: int


@dataclass(frozen=True)
class Array:
    """A constant array, whose values do not matter to an inspection if there are several.

    Attributes:
        shape: its shape.
        first: its first element.
    """

    shape: Tuple[int, ...]
    first: Any = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return elements(self.shape)

    def item(self) -> Any:
        """Returns the only element, as a numpy array does."""
        return self.first


_NESTED = (list, tuple, dict)
Leaf = Callable[[Any], Optional[Any]]
"""Reads values of a special form; None for all others."""


def plain(value: Any, leaf: Optional[Leaf] = None) -> Any:
    """Returns a saved value as Python objects: tuples, slices, Ellipsis, arrays.

    Lists become tuples; other saved objects are returned unchanged.

    Args:
        value: the value, from JSON or from `get_config`.
        leaf: reads a list or dict of a special form; tried first.
    """
    if not isinstance(value, _NESTED):
        return value
    if leaf is not None:
        found = leaf(value)
        if found is not None:
            return found
    if not isinstance(value, dict):
        return tuple([plain(one, leaf) if isinstance(one, _NESTED) else one for one in value])
    name = value.get("class_name")
    inner = value.get("config")
    if name in ("__tuple__", "TensorShape"):
        items = value.get("items", inner.get("value") if isinstance(inner, dict) else inner)
        return plain(items if isinstance(items, list) else [], leaf)
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__slice__" and isinstance(inner, dict):
        return slice(*(plain(inner.get(part), leaf) for part in ("start", "stop", "step")))
    if name in ("__numpy__", "__tensor__") and isinstance(inner, dict):
        return _array(inner.get("value"))
    if isinstance(name, str) and "config" in value:
        return value
    return {
        key: plain(one, leaf) if isinstance(one, _NESTED) else one for key, one in value.items()
    }


def flatten(value: Any) -> Iterator[Any]:
    """Yields the parts of nested tuples, lists and dicts, dicts in the order of their keys."""
    if isinstance(value, (tuple, list)):
        for item in value:
            yield from flatten(item)
    elif isinstance(value, dict):
        for key in _ordered(value):
            yield from flatten(value[key])
    else:
        yield value


def _ordered(value: Dict[Any, Any]) -> List[Any]:
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def _array(value: Any) -> Any:
    """Returns a number unchanged, and a list as an array."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return Array(tuple(shape), value) if shape else value
