"""A safe `isinstance`, for objects of user code."""

from __future__ import annotations

from typing import Any


def is_a(value: Any, kinds: Any) -> bool:
    """Returns as `isinstance` whether an object is of a class.

    Args:
        value: anything; `isinstance` may run code of its class, which may fail.
        kinds: a class, or a tuple of classes.
    """
    try:
        return isinstance(value, kinds)
    except Exception:
        return False
