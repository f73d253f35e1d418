"""Cells merged into parts: connected, convex, as large as can be."""

from __future__ import annotations

from collections import deque
from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.partition.cells import Cells, Key


class Parts:
    """The graph of the parts. At first each cell is one; it never has a cycle.

    The DPU's are made first, as large as that allows, with each CPU cell by itself; then the
    CPU's, as large as the DPU's leave them. Which of two merges comes first, where only one can
    be had, depends on what the operators compute, not on their names or on how independent ones
    are listed.
    """

    def __init__(
        self, cells: Cells, on_dpu: Sequence[bool], span: Optional[Tuple[int, int]] = None
    ) -> None:
        """Merges the cells.

        Args:
            cells: the cells.
            on_dpu: the device of each; cells on the DPU in `cells` must be there.
            span: the first and the last cell to merge, both bottlenecks; None takes all.
        """
        first, last = span or (0, len(cells) - 1)
        here = range(first, last + 1)
        self._cells = cells
        self.on_dpu = on_dpu
        self.members: Dict[int, List[int]] = {cell: [cell] for cell in here}
        self._after = {cell: {one for one in cells.after[cell] if one <= last} for cell in here}
        self._before = {cell: {one for one in cells.before[cell] if one >= first} for cell in here}
        for device in (True, False):
            self._contract(device)

    def numbers(self) -> Dict[int, int]:
        """Returns the number of each cell's part."""
        return {cell: part for part, cells in self.members.items() for cell in cells}

    def count(self, on_dpu: bool) -> int:
        """Returns how many parts a device has."""
        return sum(1 for part in self.members if self.on_dpu[part] is on_dpu)

    def _contract(self, device: bool) -> None:
        """Merges the parts of a device until no two neighbours can be merged any further.

        First those of one rank, which is the number of changes to or from the device on the
        longest way to a part: a way out and back raises it by two, so that neighbours of one
        rank can always be merged. Then pair by pair, where no way leads from one to the other
        through a third part.
        """
        rank = self._ranks(device)
        for part in list(rank):
            if part in self.members and self.on_dpu[part] is device:
                self._join_all_of_rank(part, rank)
        self._merged: Set[int] = set()
        self._lowest = dict(rank)
        self._highest = dict(rank)
        merged = True
        while merged:
            merged = False
            for part in self._with_followers(device):
                while part in self.members and self._grow(part):
                    merged = True

    def _ranks(self, device: bool) -> Dict[int, int]:
        """Returns the rank of each part, in topological order."""
        missing = {part: len(before) for part, before in self._before.items()}
        ready = deque(part for part in self.members if not missing[part])
        rank = dict.fromkeys(ready, 0)
        order: Dict[int, int] = {}
        while ready:
            part = ready.popleft()
            order[part] = rank[part]
            for following in sorted(self._after[part]):
                changed = (self.on_dpu[part] is device) != (self.on_dpu[following] is device)
                rank[following] = max(rank.get(following, 0), rank[part] + changed)
                missing[following] -= 1
                if not missing[following]:
                    ready.append(following)
        return order

    def _join_all_of_rank(self, part: int, rank: Mapping[int, int]) -> None:
        """Joins a part with its neighbours of the same rank and device, and theirs."""
        beside = [part]
        while beside:
            beside = [
                other
                for other in self._after[part] | self._before[part]
                if self.on_dpu[other] is self.on_dpu[part] and rank[other] == rank[part]
            ]
            for other in beside:
                self._join(part, other)

    def _with_followers(self, device: bool) -> List[int]:
        """Returns the parts of a device that one of the same device reads, lowest rank first."""
        found = [
            part for part in self.members if self.on_dpu[part] is device and self._followers(part)
        ]
        return sorted(found, key=self._key)

    def _followers(self, part: int) -> List[int]:
        return [one for one in self._after[part] if self.on_dpu[one] is self.on_dpu[part]]

    def _key(self, part: int) -> Tuple[int, Key, int]:
        keys = self._cells.keys
        return self._lowest[part], min(keys[cell] for cell in self.members[part]), part

    def _grow(self, part: int) -> bool:
        for other in sorted(self._followers(part), key=self._key):
            if not self._detour(part, other):
                self._lowest[part] = min(self._lowest[part], self._lowest[other])
                self._highest[part] = max(self._highest[part], self._highest[other])
                self._join(part, other)
                self._merged.add(part)
                return True
        return False

    def _detour(self, first: int, second: int) -> bool:
        """Tells whether a way leads from first to second through a third part.

        Ranks never fall along an edge between cells, so a way back to the second stays at or
        below its highest rank, but for merged parts: it may come in at their lowest rank after
        it has gone out at their highest.
        """
        bound = self._bound(second)
        waiting = [part for part in self._after[first] if part != second]
        seen = set(waiting)
        while waiting:
            for following in self._after[waiting.pop()]:
                if following == second:
                    return True
                if following not in seen and self._lowest[following] <= bound:
                    seen.add(following)
                    waiting.append(following)
        return False

    def _bound(self, part: int) -> int:
        """Returns the highest rank that a way to a part can pass."""
        bound = self._highest[part]
        spread = [(self._lowest[n], self._highest[n]) for n in self._merged & self.members.keys()]
        for low, high in sorted(spread):
            if low <= bound:
                bound = max(bound, high)
        return bound

    def _join(self, first: int, second: int) -> None:
        for part in self._after[second]:
            self._before[part].discard(second)
            self._before[part].add(first)
        for part in self._before[second]:
            self._after[part].discard(second)
            self._after[part].add(first)
        self._after[first] |= self._after[second]
        self._before[first] |= self._before[second]
        self._after[first] -= {first, second}
        self._before[first] -= {first, second}
        self.members[first] += self.members.pop(second)
        del self._after[second], self._before[second]
