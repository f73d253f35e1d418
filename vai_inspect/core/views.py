"""How results show themselves: set by the face, so that the core knows no report."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

_VIEWS: Dict[Tuple[type, str], Callable[[Any], str]] = {}


def set_view(kind: type, form: str, render: Callable[[Any], str]) -> None:
    """Sets what renders a result.

    Args:
        kind: class of the result.
        form: `html` for notebooks, `text` for `str()`.
        render: returns the result in that form.
    """
    _VIEWS[kind, form] = render


def view(result: Any, form: str) -> Optional[str]:
    """Returns a result in a form, or None where nothing renders it.

    Args:
        result: the result.
        form: as of `set_view`.
    """
    render = _VIEWS.get((type(result), form))
    return None if render is None else render(result)
