"""Places changed graphs on a target and counts them, for the choice of plan steps."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.findings import Device, Effect, Evidence, Finding, Verdict
from vai_inspect.core.inspection.parts import Subgraph
from vai_inspect.core.ir import Graph
from vai_inspect.core.partition import Partition, Placement, partitioned, settled
from vai_inspect.core.partition.root_causes import TimeOf
from vai_inspect.core.plan import PlanCounts
from vai_inspect.core.target import Target
from vai_inspect.estimating import Times
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import Evaluation, evaluate
from vai_inspect.rules.rewrites import REWRITES, Rewrite, apply

MOST_WORK = 100_000
"""Budget of a plan: operators placed in total (a few seconds of run time)."""

Better = Callable[[PlanCounts, PlanCounts], bool]
_LEFT = (Finding("plan.leave", "the plan leaves it on the host", Evidence.INFERRED),)


@dataclass(frozen=True)
class Candidate:
    """A rewrite with the operators that it moves to the DPU.

    Attributes:
        rewrite: the rewrite.
        ops: names of the operators.
    """

    rewrite: Rewrite
    ops: Tuple[str, ...]

    def applied(self, graph: Graph) -> Graph:
        """Returns a graph with the rewrite done."""
        return apply(graph, self.rewrite, self.ops)

    def replaced(self, graph: Graph) -> FrozenSet[str]:
        """Returns all operators of a graph that the rewrite replaces, neighbours of `ops` included.

        Args:
            graph: the graph, with or without the rewrites before this one.
        """
        present = [graph[name] for name in self.ops if name in graph]
        return frozenset(self.ops).union(*(self.rewrite.change(graph, op) or () for op in present))


@dataclass(frozen=True)
class Placed:
    """A graph on a target.

    Attributes:
        graph: the graph.
        devices: the device of each operator.
        subgraphs: the DPU's and the CPU's, in graph order.
        macs: multiply-accumulates of each operator, or None if unknown.
        counts: the counts that a plan step reports.
        fixable: CPU operators with work whose own findings all have a remedy, exact or
            approximate.
        followers: operators on the CPU only because of other operators.
        bound: CPU operators with work that no known change moves to the DPU.
    """

    graph: Graph
    devices: Mapping[str, Device]
    subgraphs: Tuple[Subgraph, ...]
    macs: Mapping[str, Optional[int]]
    counts: PlanCounts
    fixable: FrozenSet[str]
    followers: FrozenSet[str]
    bound: FrozenSet[str]

    def on_cpu(self) -> List[str]:
        """Returns the names of the operators on the CPU, without constants, in graph order."""
        return [
            op.name
            for op in self.graph
            if self.devices[op.name] is Device.CPU and op.kind != "const"
        ]

    def dpu_macs_of(self, name: str) -> int:
        """Returns the multiply-accumulates of an operator that run on the DPU."""
        return (self.macs[name] or 0) if self.devices[name] is Device.DPU else 0


def counted(partition: Partition, dpu_ms: TimeOf) -> Placed:
    """Returns a partition with its counts.

    Args:
        partition: the graph on the target.
        dpu_ms: returns the DPU time of a frame with some operators on the DPU, by their names.
    """
    devices, findings = partition.placement.devices, partition.placement.findings
    macs = {name: one.count for name, one in partition.macs.items()}
    on_dpu = partition.on(Device.DPU)
    counts = PlanCounts(
        cpu_ops=len(partition.on(Device.CPU)),
        dpu_subgraphs=sum(part.device is Device.DPU for part in partition.subgraphs),
        crossings=len(partition.transfers),
        crossing_bytes=sum(one.bytes for one in partition.transfers),
        dpu_macs=sum(macs[name] or 0 for name in on_dpu),
        dpu_ms=dpu_ms(on_dpu),
    )
    fixable = frozenset(
        name
        for name, own in findings.items()
        if macs[name] != 0
        and any(one.effect for found in own for one in found.remedies)
        and all(found.follows is None for found in own)
    )
    followers = frozenset(
        name
        for name, own in findings.items()
        if own and all(found.follows is not None for found in own)
    )
    bound = frozenset(
        name
        for name, own in findings.items()
        if macs[name]
        and any(found.verdict is Verdict.UNSUPPORTED and found.follows is None for found in own)
        and not any(one.effect for found in own for one in found.remedies)
    )
    graph, parts = partition.graph, partition.subgraphs
    return Placed(graph, devices, parts, macs, counts, fixable, followers, bound)


class Placer:
    """Places changed graphs on a target, and counts the work.

    Attributes:
        incomplete: whether rewrites were skipped because the network is too large.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._family = registry.family(target.family)
        self._work = 0
        self.incomplete = False

    @property
    def has_time(self) -> bool:
        """Whether the budget allows more placements."""
        return self._work < MOST_WORK

    def placed(self, graph: Graph) -> Placed:
        """Returns a graph placed on the target."""
        self._work += len(graph)
        placement = evaluate(self._family, self._target, graph).placement
        return self._partitioned(graph, placement)

    def _partitioned(self, graph: Graph, placement: Placement) -> Placed:
        dpu_ms = Times(graph.ops, self._target).dpu_ms
        return counted(partitioned(graph, placement), dpu_ms)

    def _settled(
        self, graph: Graph, own: Mapping[str, Tuple[Finding, ...]], found: Evaluation
    ) -> Placed:
        """Returns a graph placed with other findings of the operators' own than were found."""
        devices = settled(graph, own, found.context)
        return self._partitioned(graph, Placement(devices, found.placement.findings))

    def candidates(self, now: Placed) -> List[Candidate]:
        """Returns each rewrite with the CPU operators that it moves to the DPU.

        Each operator is assigned to the first rewrite of the table that moves it, applied after
        the rewrites before it.
        """
        candidates: List[Candidate] = []
        waiting = now.on_cpu()
        for rewrite in REWRITES:
            graph = now.graph
            names = [name for name in waiting if rewrite.change(graph, graph[name]) is not None]
            if not names:
                continue
            if self._work + 2 * len(graph) > MOST_WORK:
                self.incomplete = True
                break
            changed = self.placed(apply(graph, rewrite, names)).devices
            moved = tuple(name for name in names if _on_dpu_after(graph, rewrite, name, changed))
            if moved:
                candidates.extend(_by_remedy(graph, rewrite, moved))
                now = self.placed(apply(graph, rewrite, moved))
                waiting = now.on_cpu()
        return candidates

    def ordered(self, now: Placed, candidates: Sequence[Candidate]) -> List[Candidate]:
        """Returns the remaining rewrites: exact ones first, then by gain."""
        ranked = []
        for number, candidate in enumerate(candidates):
            left = dataclasses.replace(
                candidate, ops=tuple(name for name in candidate.ops if name in now.graph)
            )
            gain: Tuple[int, ...] = ()
            if left.ops and len(candidates) > 1 and self.has_time:
                counts = self.placed(left.applied(now.graph)).counts
                gain = (counts.dpu_subgraphs, counts.crossings, counts.cpu_ops)
            if left.ops:
                ranked.append((left.rewrite.effect is not Effect.EXACT, gain, number, left))
        return [left for _, _, _, left in sorted(ranked, key=lambda one: one[:3])]

    def on_host(self, now: Placed) -> Placed:
        """Returns a network with all of its operators on the CPU."""
        found = evaluate(self._family, self._target, now.graph)
        on_dpu = [op.name for op in now.graph if now.devices[op.name] is Device.DPU]
        own = {**found.own, **dict.fromkeys(on_dpu, _LEFT)}
        return self._settled(now.graph, own, found)

    def leaving(
        self, now: Placed, most_macs: float, better: Better
    ) -> Tuple[Tuple[str, ...], Placed]:
        """Returns the operators of DPU subgraphs whose work does not justify their crossings.

        Tries each subgraph on the CPU, in ascending order of work. A subgraph adjacent to CPU
        work that a change of the network moves to the DPU is not tried.

        Args:
            now: the network.
            most_macs: upper bound of the multiply-accumulates that move to the host in total.
            better: returns whether counts improve.

        Returns:
            The names in graph order, empty if every subgraph is worth its crossings, and the
            network with those operators on the CPU.
        """
        adjacent = {
            name
            for part in now.subgraphs
            if part.device is Device.CPU and not now.fixable.isdisjoint(part.ops)
            for name in (*part.ops, *part.inputs)
        }
        islands = [
            part
            for part in now.subgraphs
            if part.device is Device.DPU and adjacent.isdisjoint((*part.ops, *part.inputs))
        ]
        sized = [(sum(now.dpu_macs_of(name) for name in one.ops), one) for one in islands]
        found = evaluate(self._family, self._target, now.graph)
        own: Dict[str, Tuple[Finding, ...]] = dict(found.own)
        names: List[str] = []
        best = now
        for size, island in sorted(sized, key=lambda pair: pair[0]):
            if size > most_macs or not self.has_time or best.counts.dpu_subgraphs < 2:
                break
            self._work += len(now.graph)
            trial = {**own, **dict.fromkeys(island.ops, _LEFT)}
            after = self._settled(now.graph, trial, found)
            lost = best.counts.dpu_macs - after.counts.dpu_macs
            fewer = after.counts.dpu_subgraphs < best.counts.dpu_subgraphs
            if lost <= most_macs and fewer and better(best.counts, after.counts):
                best, own, most_macs = after, trial, most_macs - lost
                names.extend(island.ops)
        left = set(names)
        return tuple(op.name for op in now.graph if op.name in left and op.kind != "const"), best


def _by_remedy(graph: Graph, rewrite: Rewrite, names: Sequence[str]) -> List[Candidate]:
    """Returns one candidate for each float remedy of the operators, or one for all."""
    groups: Dict[object, List[str]] = {}
    for name in names:
        groups.setdefault(graph[name].float_remedy if not rewrite.advice else None, []).append(name)
    return [Candidate(rewrite, tuple(one)) for one in groups.values()]


def _on_dpu_after(graph: Graph, rewrite: Rewrite, name: str, devices: Mapping[str, Device]) -> bool:
    made = [op for ops in (rewrite.change(graph, graph[name]) or {}).values() for op in ops]
    return all(devices.get(op.name) is Device.DPU for op in made if op.kind != "identity")
