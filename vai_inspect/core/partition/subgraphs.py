"""Connected, convex, maximal subgraphs of one device."""

from __future__ import annotations

from collections import deque
from typing import Dict, List, Mapping, Set, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Subgraph
from vai_inspect.core.ir import Graph, Op


def subgraphs(graph: Graph, devices: Mapping[str, Device]) -> Tuple[Subgraph, ...]:
    """Returns the DPU's and the CPU's subgraphs in graph order.

    Each subgraph runs as a whole, so the graph of the subgraphs must have no cycle: no way may
    leave a subgraph and come back to it. The DPU's are made first, as large as that allows,
    with each CPU operator by itself; then the CPU's, as large as the DPU's leave them. Constants
    lie in the subgraph of their first reader on their device. Inputs and outputs of the graph
    belong to none.
    """
    quotient = _Quotient(graph, devices)
    for device in (Device.DPU, Device.CPU):
        quotient.contract(device)
    return _described(graph, devices, _with_constants(graph, devices, quotient.numbers()))


class _Quotient:
    """The graph of the parts: at first each operator is one. It never has a cycle."""

    def __init__(self, graph: Graph, devices: Mapping[str, Device]) -> None:
        placed = [op for op in graph if op.kind not in ("data", "return", "const")]
        number = {op.name: part for part, op in enumerate(placed)}
        self.members: List[List[str]] = [[op.name] for op in placed]
        self.device = [devices[op.name] for op in placed]
        self.after: List[Set[int]] = [set() for _ in placed]
        self.before: List[Set[int]] = [set() for _ in placed]
        for op in placed:
            for source in graph.producers(op):
                if source.name in number:
                    self.after[number[source.name]].add(number[op.name])
                    self.before[number[op.name]].add(number[source.name])

    def contract(self, device: Device) -> None:
        """Merges the parts of a device until no two neighbours can be merged any further.

        First those of one rank, which is the number of changes to or from the device on the
        longest way to a part: a way out and back raises it by two, so that neighbours of one
        rank can always be merged. Then pair by pair, where no way leads from one to the other
        through a third part.
        """
        rank = self._ranks(device)
        for part in list(rank):
            if self.members[part] and self.device[part] is device:
                self._join_all_of_rank(part, rank)
        self.merged: Set[int] = set()
        self.lowest = dict(rank)
        self.highest = dict(rank)
        merged = True
        while merged:
            merged = False
            for part in range(len(self.members)):
                while self.members[part] and self.device[part] is device and self._grow(part):
                    merged = True

    def _ranks(self, device: Device) -> Dict[int, int]:
        """Returns the rank of each part, in topological order."""
        missing = [len(before) for before in self.before]
        ready = deque(n for n, names in enumerate(self.members) if names and not missing[n])
        rank = dict.fromkeys(ready, 0)
        order: Dict[int, int] = {}
        while ready:
            part = ready.popleft()
            order[part] = rank[part]
            for following in sorted(self.after[part]):
                changed = (self.device[part] is device) != (self.device[following] is device)
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
                for other in self.after[part] | self.before[part]
                if self.device[other] is self.device[part] and rank[other] == rank[part]
            ]
            for other in beside:
                self._join(part, other)

    def _grow(self, part: int) -> bool:
        for other in sorted(self.after[part]):
            if self.device[other] is self.device[part] and not self._detour(part, other):
                self.lowest[part] = min(self.lowest[part], self.lowest[other])
                self.highest[part] = max(self.highest[part], self.highest[other])
                self._join(part, other)
                self.merged.add(part)
                return True
        return False

    def _detour(self, first: int, second: int) -> bool:
        """Tells whether a way leads from first to second through a third part.

        Ranks never fall along an edge between operators, so a way back to the second stays at
        or below its highest rank, but for merged parts: it may come in at their lowest rank
        after it has gone out at their highest.
        """
        bound = self._bound(second)
        waiting = [part for part in self.after[first] if part != second]
        seen = set(waiting)
        while waiting:
            for following in self.after[waiting.pop()]:
                if following == second:
                    return True
                if following not in seen and self.lowest[following] <= bound:
                    seen.add(following)
                    waiting.append(following)
        return False

    def _bound(self, part: int) -> int:
        """Returns the highest rank that a way to a part can pass."""
        bound = self.highest[part]
        spread = [(self.lowest[n], self.highest[n]) for n in self.merged if self.members[n]]
        for low, high in sorted(spread):
            if low <= bound:
                bound = max(bound, high)
        return bound

    def _join(self, first: int, second: int) -> None:
        for part in self.after[second]:
            self.before[part].discard(second)
            self.before[part].add(first)
        for part in self.before[second]:
            self.after[part].discard(second)
            self.after[part].add(first)
        self.after[first] |= self.after[second]
        self.before[first] |= self.before[second]
        self.after[first] -= {first, second}
        self.before[first] -= {first, second}
        self.members[first] += self.members[second]
        self.members[second] = []
        self.after[second] = set()
        self.before[second] = set()

    def numbers(self) -> Dict[str, int]:
        """Returns the number of each operator's part."""
        return {name: part for part, names in enumerate(self.members) for name in names}


def _with_constants(
    graph: Graph, devices: Mapping[str, Device], part_of: Dict[str, int]
) -> Dict[str, int]:
    for op in graph:
        if op.kind == "const":
            for reader in graph.consumers(op):
                if devices[reader.name] is devices[op.name] and reader.name in part_of:
                    part_of[op.name] = part_of[reader.name]
                    break
    return part_of


def _described(
    graph: Graph, devices: Mapping[str, Device], part_of: Mapping[str, int]
) -> Tuple[Subgraph, ...]:
    members: Dict[int, List[Op]] = {}
    for op in graph:
        if op.name in part_of:
            members.setdefault(part_of[op.name], []).append(op)
    counted = {Device.DPU: 0, Device.CPU: 0}
    described = []
    for ops in members.values():
        device = devices[ops[0].name]
        inside = {op.name for op in ops}
        inputs = dict.fromkeys(v.op for op in ops for v in op.inputs if v.op not in inside)
        outputs = [
            op.name
            for op in ops
            if any(reader.name not in inside for reader in graph.consumers(op))
        ]
        name = "{}_subgraph_{}".format(device.value, counted[device])
        counted[device] += 1
        described.append(
            Subgraph(name, device, tuple(op.name for op in ops), tuple(inputs), tuple(outputs))
        )
    return tuple(described)
