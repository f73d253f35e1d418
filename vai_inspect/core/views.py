"""How results show themselves: set by the face, so that the core knows no report."""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, Tuple

_VIEWS: Dict[Tuple[type, str], Callable[..., Any]] = {}
_SET_BY = ("vai_inspect.pipeline", "vai_inspect.comparing")
"""A result that was read from a file can show itself before either was imported."""


def set_view(kind: type, form: str, render: Callable[..., Any]) -> None:
    """Sets what renders a result.

    Args:
        kind: class of the result.
        form: `html` for notebooks, `text` for `str()`, `graph` for graphviz, `estimate`.
        render: returns the result in that form.
    """
    _VIEWS[kind, form] = render


def view(result: Any, form: str, **options: Any) -> Any:
    """Returns a result in a form, or None where nothing renders it.

    Args:
        result: the result.
        form: as of `set_view`.
        options: what else the form takes.
    """
    for face in _SET_BY:
        if (type(result), form) not in _VIEWS:
            importlib.import_module(face)
    render = _VIEWS.get((type(result), form))
    return None if render is None else render(result, **options)
