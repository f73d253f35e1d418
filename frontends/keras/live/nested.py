"""Arguments of a call: nested lists, tuples and dicts."""

from __future__ import annotations

from typing import Any, Callable, List


def mapped(structure: Any, found: Callable[[int], Any]) -> Any:
    """Returns nested arguments with what `found` gives for a leaf's identity in its place.

    Args:
        structure: lists, tuples and dicts of anything.
        found: returns the replacement for an identity, or None to keep the leaf.
    """
    if isinstance(structure, dict):
        return {key: mapped(value, found) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        kind = list if isinstance(structure, list) else tuple
        return kind(mapped(value, found) for value in structure)
    replaced = found(id(structure))
    return structure if replaced is None else replaced


def leaves(structure: Any) -> List[Any]:
    """Returns what stands in nested arguments, in order."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    elif not isinstance(structure, (list, tuple)):
        return [structure]
    found: List[Any] = []
    for value in structure:
        if isinstance(value, (dict, list, tuple)):
            found += leaves(value)
        else:
            found.append(value)
    return found
