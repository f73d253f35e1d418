"""Shapes as users write them."""

from __future__ import annotations

from typing import Optional, Tuple


def shape_in(text: str) -> Optional[Tuple[int, ...]]:
    """Returns the shape that a text such as `1,224,224,3` or `1x224x224x3` is; None for any other.

    Args:
        text: positive integers, in brackets or not.
    """
    parts = text.replace("x", ",").strip("()[] ")
    try:
        shape = tuple(int(part) for part in (parts[:-1] if parts[-1:] == "," else parts).split(","))
    except ValueError:
        return None
    return shape if min(shape) >= 1 else None
