"""Connected, convex, maximal subgraphs of one device."""

from __future__ import annotations

from typing import Dict, List, Mapping, Set, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Subgraph
from vai_inspect.core.ir import Graph, Op


def subgraphs(graph: Graph, devices: Mapping[str, Device]) -> Tuple[Subgraph, ...]:
    """Returns the DPU's and the CPU's subgraphs in graph order.

    First the operators are cut by rank, the number of changes of device on the longest way to
    them: operators of one rank and device are convex, for a way out and back raises the rank
    by two. Then neighbouring parts of one device are merged as long as no way leads out of the
    two and back in. The result is convex, and no two neighbours can be merged any further.
    Constants lie in the subgraph of their first reader on their device. Inputs and outputs of
    the graph belong to none.
    """
    parts = _Parts(graph, devices)
    parts.merge()
    return _described(graph, devices, parts.numbers())


class _Parts:
    """The quotient graph of the parts; it has no cycle before or after a merge."""

    def __init__(self, graph: Graph, devices: Mapping[str, Device]) -> None:
        self.graph = graph
        self.devices = devices
        self.placed = [op for op in graph if op.kind not in ("data", "return", "const")]
        self.rank: Dict[str, int] = {}
        self.members: List[List[str]] = []
        part_of = self._cut_by_rank()
        count = len(self.members)
        self.after: List[Set[int]] = [set() for _ in range(count)]
        self.before: List[Set[int]] = [set() for _ in range(count)]
        self.lowest = [self.rank[names[0]] for names in self.members]
        self.highest = list(self.lowest)
        self.device = [devices[names[0]] for names in self.members]
        for op in self.placed:
            for source in self._sources(op):
                first, second = part_of[source.name], part_of[op.name]
                if first != second:
                    self.after[first].add(second)
                    self.before[second].add(first)

    def _sources(self, op: Op) -> List[Op]:
        return [source for source in self.graph.producers(op) if source.name in self.rank]

    def _cut_by_rank(self) -> Dict[str, int]:
        """Numbers the connected operators of one rank and device, in graph order."""
        leader: Dict[str, str] = {}

        def find(name: str) -> str:
            while leader[name] != name:
                leader[name] = leader[leader[name]]
                name = leader[name]
            return name

        for op in self.placed:
            device = self.devices[op.name]
            sources = self._sources(op)
            self.rank[op.name] = max(
                (self.rank[s.name] + (self.devices[s.name] is not device) for s in sources),
                default=0,
            )
            leader[op.name] = op.name
            for source in sources:
                if self.rank[source.name] == self.rank[op.name]:
                    leader[find(op.name)] = find(source.name)
        numbers: Dict[str, int] = {}
        part_of: Dict[str, int] = {}
        for op in self.placed:
            part = numbers.setdefault(find(op.name), len(numbers))
            part_of[op.name] = part
            if part == len(self.members):
                self.members.append([])
            self.members[part].append(op.name)
        return part_of

    def merge(self) -> None:
        """Merges neighbours of one device until none can be merged any further."""
        merged = True
        while merged:
            merged = False
            for first in range(len(self.members)):
                while self.members[first] and self._merge_one(first):
                    merged = True

    def _merge_one(self, first: int) -> bool:
        for second in sorted(self.after[first]):
            if self.device[first] is self.device[second] and not self._detour(first, second):
                self._join(first, second)
                return True
        return False

    def _detour(self, first: int, second: int) -> bool:
        """Tells whether a way leads from first to second through a third part.

        Ranks never fall along an edge, so parts above the second's highest need no look.
        """
        waiting = [part for part in self.after[first] if part != second]
        seen = set(waiting)
        while waiting:
            for following in self.after[waiting.pop()]:
                if following == second:
                    return True
                if following not in seen and self.lowest[following] <= self.highest[second]:
                    seen.add(following)
                    waiting.append(following)
        return False

    def _join(self, first: int, second: int) -> None:
        for part in self.after[second]:
            self.before[part].discard(second)
            self.before[part].add(first)
        for part in self.before[second]:
            self.after[part].discard(second)
            self.after[part].add(first)
        self.after[first] = (self.after[first] | self.after[second]) - {first, second}
        self.before[first] = (self.before[first] | self.before[second]) - {first, second}
        self.lowest[first] = min(self.lowest[first], self.lowest[second])
        self.highest[first] = max(self.highest[first], self.highest[second])
        self.members[first] += self.members[second]
        self.members[second] = []
        self.after[second] = set()
        self.before[second] = set()

    def numbers(self) -> Dict[str, int]:
        """Returns the part of each operator, constants among them."""
        part_of = {name: part for part, names in enumerate(self.members) for name in names}
        for op in self.graph:
            if op.kind == "const":
                for reader in self.graph.consumers(op):
                    same = self.devices[reader.name] is self.devices[op.name]
                    if same and reader.name in part_of:
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
