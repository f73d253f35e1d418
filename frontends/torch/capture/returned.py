"""What a forward returns beside tensors."""

from __future__ import annotations

from typing import Any, Iterator

_DEEPEST = 6


def returned_beside_tensors(value: Any, depth: int = 0) -> Iterator[str]:
    """Yields what a forward returned that is no tensor, a tuple, a list or a dict of them.

    Args:
        value: what it returned, or a part of it.
        depth: how deep in it that stands.
    """
    if hasattr(value, "shape") or depth > _DEEPEST:
        return
    if value is None:
        yield "None"
    elif isinstance(value, (bool, int, float)):
        yield "number"
    elif isinstance(value, str):
        yield "text"
    elif isinstance(value, (list, tuple, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from returned_beside_tensors(one, depth + 1)
    else:
        yield "object"
