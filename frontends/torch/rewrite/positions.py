"""Arguments of a call in their positions, however the user's forward gives them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

import torch

Arguments = Tuple[Tuple[Any, ...], Dict[str, Any]]


@dataclass(frozen=True)
class _Form:
    """One way to call something.

    Attributes:
        names: its arguments that have a position, in order.
        others: those that are given by name alone.
        required: those without a default.
    """

    names: Tuple[str, ...]
    others: FrozenSet[str]
    required: FrozenSet[str]

    def places(self, count: int, given: Dict[str, Any]) -> Optional[Dict[str, int]]:
        """Returns the positions of keywords; None where a call is not of this form."""
        own = {name: self._own(name) for name in given}
        passed = {*self.names[:count], *own.values()}
        if count > len(self.names) or "" in passed or not self.required <= passed:
            return None
        return {name: self.names.index(known) for name, known in own.items() if known in self.names}

    def _own(self, name: str) -> str:
        """Returns the form's name of a keyword, or ""."""
        known = (*self.names, *self.others)
        return next((one for one in (name, *_ALIASES.get(name, ())) if one in known), "")


_ALIASES = {
    "input": ("self",), "x": ("self",), "a": ("self",), "x1": ("self",), "x2": ("other",),
    "axis": ("dim",), "keepdims": ("keepdim",),
}  # fmt: skip
"""Names that torch takes beside those of its schemas, some as NumPy has them."""


def in_positions(kind: str, called: Any, args: Tuple[Any, ...], kwargs: Any) -> Arguments:
    """Returns the arguments of a call with each that has a position there; `inplace` by name.

    An argument whose position differs between the forms that the call may be of stays as it is.

    Args:
        kind: `call_function`, `call_method` or `call_module`; any other has no arguments.
        called: the function, the name of the method, or the module.
        args: arguments by position; those of a method begin with the tensor.
        kwargs: arguments by name.
    """
    args, kwargs = tuple(args), dict(kwargs)
    if kind == "call_function" and inspect.isfunction(called):
        for form in _signature(called):
            if "inplace" in form.names and form.names.index("inplace") == len(args) - 1:
                args, kwargs = args[:-1], {**kwargs, "inplace": args[-1]}
    if not kwargs:
        return args, kwargs
    found = [form.places(len(args), kwargs) for form in _forms(kind, called)]
    places = [one for one in found if one is not None]
    while places:
        wanted = [
            name
            for name in kwargs
            if name != "inplace" and all(one.get(name) == len(args) for one in places)
        ]
        if not wanted:
            break
        args = (*args, kwargs.pop(wanted[0]))
    return args, kwargs


def _forms(kind: str, called: Any) -> List[_Form]:
    if kind == "call_module":
        return _signature(called.forward)
    if kind == "call_method":
        name, function = called, getattr(torch.Tensor, called, None)
    elif kind == "call_function":
        name, function = getattr(called, "__name__", ""), called
    else:
        return []
    found = _signature(function) if inspect.isfunction(function) else []
    if found:
        return found
    forms = [_schema(one) for one in torch._C._jit_get_schemas_for_operator("aten::" + name)]
    return [one for one in forms if kind != "call_method" or one.names[:1] == ("self",)]


def _signature(function: Any) -> List[_Form]:
    """Returns the form of a Python function; none where it takes any number of arguments."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters):
        return []
    by_name = [one.name for one in parameters if one.kind == one.KEYWORD_ONLY]
    names = tuple(one.name for one in parameters if one.name not in by_name)
    required = frozenset(one.name for one in parameters if one.default is one.empty)
    return [_Form(names, frozenset(by_name), required)]


def _schema(schema: Any) -> _Form:
    """Returns the form of one of torch's own operators."""
    arguments = schema.arguments
    return _Form(
        tuple(one.name for one in arguments if not one.kwarg_only),
        frozenset(one.name for one in arguments if one.kwarg_only),
        frozenset(one.name for one in arguments if not one.has_default_value()),
    )
