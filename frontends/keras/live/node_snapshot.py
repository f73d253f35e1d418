"""Removes the nodes and losses that a call adds to a layer."""

from __future__ import annotations

from typing import Any, List, Tuple

_LISTS = ("_inbound_nodes", "_outbound_nodes", "_losses", "_callable_losses", "_metrics")


class NodeSnapshot:
    """The number of nodes and losses of a layer, to remove later ones."""

    def __init__(self, operation: Any) -> None:
        self._lists: List[Tuple[List[Any], int]] = []
        for name in _LISTS:
            found = getattr(operation, name, None)
            if isinstance(found, list):
                self._lists.append((found, len(found)))

    def restore(self) -> None:
        """Removes what was added since."""
        for found, length in self._lists:
            del found[length:]
