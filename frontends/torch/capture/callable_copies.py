"""Copies of functions, bound methods, partials and weak references, with what they hold."""

from __future__ import annotations

import functools
import types
import weakref
from typing import TYPE_CHECKING, Any

from vai_inspect.frontends import objects
from vai_inspect.frontends.objects import ATOMS

if TYPE_CHECKING:
    from vai_inspect.frontends.torch.capture.copying import Copies


def copy_of_method(copies: "Copies", value: Any, path: str, depth: int) -> Any:
    """Binds a method to the copy of its object."""
    owner = copies.part(value.__self__, path, depth + 1)
    return value if owner is value.__self__ else types.MethodType(value.__func__, owner)


def copy_of_partial(copies: "Copies", value: Any, path: str, depth: int) -> Any:
    """Copies a partial with what it holds."""
    parts = (value.func, value.args, value.keywords)
    func, args, keywords = (copies.part(one, path, depth + 1) for one in parts)
    if func is value.func and args is value.args and not keywords:
        return value
    made = functools.partial.__new__(type(value), func, *args)
    # Its keywords are a dict that is not filled yet.
    made.__setstate__((func, args, keywords, vars(value) or None))
    return made


def copy_of_function(copies: "Copies", value: Any, path: str, depth: int) -> Any:
    """Copies a function with the variables around it, where these can change."""
    around = [*objects.cells(value), *(value.__defaults__ or ())]
    around += (value.__kwdefaults__ or {}).values()
    if not objects.is_users_module(value.__module__) or not any(map(_changes, around)):
        return value
    cells = tuple(types.CellType() for _ in value.__closure__ or ())
    defaults = copies.part(value.__defaults__, path, depth + 1)
    made = types.FunctionType(
        value.__code__, value.__globals__, value.__name__, defaults, cells or None
    )
    made.__kwdefaults__ = copies.part(value.__kwdefaults__, path, depth + 1)
    made.__dict__.update(vars(value))
    made.__module__, made.__qualname__ = value.__module__, value.__qualname__

    def fill() -> None:
        for cell, own in zip(cells, value.__closure__ or ()):
            try:
                held = own.cell_contents
            except ValueError:  # not assigned yet
                continue
            cell.cell_contents = copies.part(held, path, 0)

    copies.later(fill)
    return made


def copy_of_reference(copies: "Copies", value: Any, path: str, depth: int) -> Any:
    """Refers to the copy of what a weak reference refers to."""
    target = value()
    if target is None:
        return value
    made = copies.part(target, path, depth + 1)
    copies.keep(made)
    return value if made is target else weakref.ref(made)


def _changes(value: Any) -> bool:
    """Returns whether a variable around a function holds what can change."""
    if isinstance(value, types.FunctionType):
        return any(map(_changes, (one for one in objects.cells(value) if one is not value)))
    return type(value) not in ATOMS
