"""Plain values of a config: numbers, texts, tuples, slices and constants of every Keras version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from vai_inspect.core.ir.ops import elements


@dataclass(frozen=True)
class Ref:
    """A tensor by where it comes from: `keras_history` of Keras 3, a list of three in Keras 2."""

    layer: str
    node: int
    tensor: int


@dataclass(frozen=True)
class Array:
    """A constant array. Its values do not matter to an inspection, unless there is only one.

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
        """Returns the one element, as an array of numpy's does."""
        return self.first


_NESTED = (list, tuple, dict)
Leaf = Callable[[Any], Optional[Any]]
"""Reads what is special to a place; None for what is none of it."""


def plain(value: Any, leaf: Optional[Leaf] = None) -> Any:
    """Returns a value with Python's own objects for what JSON cannot say.

    Lists become tuples. Objects that are none of those below stay as they are.

    Args:
        value: what `json` made of it, or what Keras saved before it became JSON.
        leaf: asked first about every list and dict.
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
    """Returns a number as it is, and anything larger as an array."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return Array(tuple(shape), value) if shape else value
