"""Arguments of a call: nested lists, tuples and dicts of anything."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping


def mapped(structure: Any, change: Callable[[Any], Any]) -> Any:
    """Returns nested arguments with each leaf changed.

    Args:
        structure: the arguments.
        change: returns the new value of a leaf.
    """
    if isinstance(structure, dict):
        return {key: mapped(value, change) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields"):
        kind = list if isinstance(structure, list) else tuple
        return kind(mapped(value, change) for value in structure)
    return change(structure)


def replaced(structure: Any, known: Mapping[int, Any]) -> Any:
    """Returns nested arguments with some leaves replaced.

    Args:
        structure: the arguments.
        known: the replacement of a leaf by the leaf's identity; other leaves stay.
    """
    return mapped(structure, lambda leaf: known.get(id(leaf), leaf))


def leaves(structure: Any) -> List[Any]:
    """Returns the leaves of nested arguments, in order."""
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
