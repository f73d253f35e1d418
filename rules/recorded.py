"""A target that notes which of its figures are read.

What a pure function made of one target holds for every other that has the same figures in the
places that were read, so it need not be called again: see `vai_inspect.rules.memory`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Dict, Optional, Tuple, Union, cast

from vai_inspect.core.target import Limit, Target

Step = Union[str, int, Callable[[Any], Any]]
Path = Tuple[Step, ...]
"""A place in a target: `("conv", "limit", "kernel_size")`, `("banks", 0, "width")`; `len` and
`type` as the last step stand for how many parts are there, and of which kind the part is."""
Reads = Dict[Path, Any]


def recorded(target: Target, reads: Reads) -> Target:
    """Returns a view of a target that notes each figure that is read, in the order of reading.

    It is a `Target` to whoever looks at it, its engines and banks are views as well. That an
    engine is there is noted as its type, that it is not there as None. What is compared, hashed
    or printed as a whole is noted as a whole.

    Args:
        target: the target.
        reads: where to note them.
    """
    return cast(Target, _view(target, (), reads))


def at(target: Target, path: Path) -> Any:
    """Returns what stands in a place of a target; None where there is no such place."""
    value: Any = target
    for step in path:
        if isinstance(step, str):
            value = getattr(value, step, None)
        elif isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            value = step(value)
    return value


class _Recorded:
    """What all views have in common; each is of a class that inherits from the viewed one, too."""

    _view_of: Tuple[Any, Path, Reads]

    def __eq__(self, other: object) -> bool:
        return bool(_whole(self) == _whole(other))

    def __hash__(self) -> int:
        return hash(_whole(self))

    def __repr__(self) -> str:
        return repr(_whole(self))


class _Figure:
    """A field of a view, noted when it is first read; from then on the view's own attribute."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, view: _Recorded, owner: Optional[type] = None) -> Any:
        value, path, reads = view._view_of
        made = _view(getattr(value, self._name), (*path, self._name), reads)
        vars(view)[self._name] = made
        return made


def _whole(view: object) -> object:
    """Returns what is viewed, noted as a whole; anything else as it is."""
    if not issubclass(type(view), _Recorded):
        return view
    value, path, reads = cast(_Recorded, view)._view_of
    reads[path] = value
    return cast(object, value)


def _view(value: Any, path: Path, reads: Reads) -> Any:
    if _has_parts(value):
        if path:
            reads[path + (type,)] = type(value)
        view: Any = object.__new__(_view_class(type(value)))
        vars(view)["_view_of"] = (value, path, reads)
        return view
    if isinstance(value, tuple) and any(_has_parts(part) for part in value):
        reads[path + (len,)] = len(value)
        return tuple(_view(part, (*path, place), reads) for place, part in enumerate(value))
    reads[path] = value
    return value


def _has_parts(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, Limit)


def _view_class(viewed: type) -> type:
    if viewed not in _CLASSES:
        own: Dict[str, Any] = {part.name: _Figure(part.name) for part in dataclasses.fields(viewed)}
        own["__class__"] = property(lambda view: viewed)
        _CLASSES[viewed] = type(viewed.__name__, (_Recorded, viewed), own)
    return _CLASSES[viewed]


_CLASSES: Dict[type, type] = {}
