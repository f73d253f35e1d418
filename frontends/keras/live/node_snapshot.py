"""What a call leaves in a layer, removed again."""

from __future__ import annotations

from typing import Any, List, Tuple

_LISTS = ("_inbound_nodes", "_outbound_nodes", "_losses", "_callable_losses", "_metrics")


class NodeSnapshot:
    """How many nodes and losses a layer had, to take away those that came later."""

    def __init__(self, operation: Any) -> None:
        self._lists: List[Tuple[List[Any], int]] = []
        for name in _LISTS:
            found = getattr(operation, name, None)
            if isinstance(found, list):
                self._lists.append((found, len(found)))

    def restore(self) -> None:
        """Takes away what was added since."""
        for found, length in self._lists:
            del found[length:]
