"""Operator names: the layer's path, unique in the graph."""

from __future__ import annotations

from typing import Dict, Iterable, Set


class Names:
    """Hands out each name once.

    The first call of a layer gets the layer's path, the later ones `_1`, `_2`, ... after it. A
    numbered name is never one that another layer of the model owns, so that `dense_1` always is
    the layer of that name and not the second call of `dense`.
    """

    def __init__(self, owned: Iterable[str] = ()) -> None:
        self._owned: Set[str] = set(owned)
        self._taken: Set[str] = set()
        self._counts: Dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """Returns `wanted`, or the first numbered form of it that is free."""
        name = wanted
        while name in self._taken or (name != wanted and name in self._owned):
            self._counts[wanted] = self._counts.get(wanted, 0) + 1
            name = f"{wanted}_{self._counts[wanted]}"
        self._taken.add(name)
        return name

    def release(self, names: Iterable[str]) -> None:
        """Returns names of operators that were not kept."""
        self._taken.difference_update(names)
