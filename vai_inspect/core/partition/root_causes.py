"""Root causes, and the outcome of fixing each."""

from __future__ import annotations

import dataclasses
from typing import (
    AbstractSet,
    Callable,
    Dict,
    FrozenSet,
    Hashable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from vai_inspect.core.boundary import Boundary
from vai_inspect.core.cost import macs
from vai_inspect.core.findings import Device, verdict_of
from vai_inspect.core.ir import Graph
from vai_inspect.core.partition.clusters import Clusters
from vai_inspect.core.partition.placement import ContextRules, Findings, Placement
from vai_inspect.core.partition.stats import Counter, PartitionStats
from vai_inspect.core.partition.what_if import WhatIf
from vai_inspect.core.root_cause import Outcome, Position, RootCause

MOST_WORK = 500_000
"""Clusters and edges visited for the outcomes of single operators, about a second of work."""

MOST_FOR_CAUSES = 1_000_000
"""The same for the outcomes of root causes."""

MOST_PLACED = 100_000
"""Operators that are placed again, all in all, for root causes that are fixed one after another."""

MOST_PRICED = 3_000
"""Operators whose time is estimated again for outcomes; some ten milliseconds of work."""

TimeOf = Callable[[AbstractSet[str]], Optional[float]]


def root_causes(
    graph: Graph,
    own: Mapping[str, Findings],
    context: ContextRules,
    placement: Placement,
    most_work: int = MOST_WORK,
    dpu_ms: Optional[TimeOf] = None,
) -> Tuple[RootCause, ...]:
    """Returns the root causes by impact.

    Operators of one type that violate the same constraints, with arguments alike but for names and
    numbers and with the same remedies, have one root cause; those that have no DPU cost at the
    start or the end are grouped apart, as they need no change. The order is by the share of the
    network's multiply-accumulates that moves to the DPU, in whole percents, then by whether the
    operators split the DPU part, whether any operator moves at all, DPU subgraphs saved, bytes
    that need not cross, operators that move, and the order of the graph.

    Args:
        graph: the graph.
        own: what was given to `place`.
        context: what was given to `place`.
        placement: what `place` made of them.
        most_work: upper bound of clusters and edges to visit for the subgraphs if a single
            operator were fixed; outcomes beyond it are not counted.
        dpu_ms: returns the DPU time of a frame with some operators on the DPU, by their names;
            None where it is not estimated. It is called for a limited number of outcomes.
    """
    reasons = {
        name: tuple(finding for finding in findings if finding.follows is None)
        for name, findings in placement.findings.items()
    }
    if not any(reasons.values()):
        return ()
    outcomes = _Outcomes(graph, own, context, placement, dpu_ms)
    grouped = _grouped(graph, reasons, outcomes.boundary)
    ranked = sorted(
        ((group, outcomes.outcome(frozenset(group), MOST_FOR_CAUSES)) for group in grouped),
        key=lambda pair: outcomes.worth(*pair),
    )
    ranked = [(group, outcomes.timed(alone)) for group, alone in ranked]
    cumulative = list(_cumulative(ranked, outcomes))
    outcomes.reset_work()
    found: List[RootCause] = []
    for (group, alone), together in zip(ranked, cumulative):
        first = reasons[group[0]]
        found.append(
            RootCause(
                type=graph[group[0]].kind,
                constraints=tuple(dict.fromkeys(finding.constraint for finding in first)),
                message=first[0].message,
                verdict=verdict_of(first),
                position=outcomes.boundary.position(group),
                at_boundary=outcomes.at_boundary(group, alone),
                ops=group,
                alone=alone,
                cumulative=together,
                each=(alone,)
                if len(group) == 1
                else tuple(outcomes.outcome(frozenset((name,)), most_work) for name in group),
                remedies=tuple(dict.fromkeys(one.remedies for one in first if one.remedies)),
            )
        )
    return tuple(found)


def _cumulative(
    ranked: Sequence[Tuple[Tuple[str, ...], Outcome]], outcomes: "_Outcomes"
) -> Iterator[Optional[Outcome]]:
    """Yields the outcome if each group and those before it are fixed."""
    fixed: Set[str] = set()
    placed = 0
    for group, alone in ranked:
        fixed |= set(group)
        placed += len(fixed)
        if len(fixed) == len(group):
            yield alone
        elif placed <= MOST_PLACED or fixed.issuperset(ranked[-1][0]):
            yield outcomes.timed(outcomes.outcome(frozenset(fixed), MOST_FOR_CAUSES))
        else:
            yield None


class _Outcomes:
    """Counts the outcomes of fixing operators."""

    def __init__(
        self,
        graph: Graph,
        own: Mapping[str, Findings],
        context: ContextRules,
        placement: Placement,
        dpu_ms: Optional[TimeOf] = None,
    ) -> None:
        self._dpu_ms = dpu_ms
        self._on_dpu = {
            op.name
            for op in graph
            if placement.devices[op.name] is Device.DPU and op.kind != "const"
        }
        self._priced = 0
        self._what_if = WhatIf(graph, own, context, placement)
        self._counter = Counter(Clusters(graph, placement.devices))
        counts = {op.name: macs(op, graph) for op in graph}
        self._macs = {name: count or 0 for name, count in counts.items()}
        self._all_macs = max(1, sum(self._macs.values()))
        self.boundary = Boundary(graph.ops, placement.devices, counts)

    def reset_work(self) -> None:
        """Resets the count of work."""
        self._counter.work = 0

    def outcome(self, fixed: FrozenSet[str], most_work: Optional[int] = None) -> Outcome:
        returned = self._what_if.returned(fixed)
        left = None if most_work is None else most_work - self._counter.work
        tally = self._counter.moved(returned, left)
        figures: Tuple[Optional[int], ...] = (None,) * 4
        if tally is not None:
            figures = (
                tally.dpu_subgraphs,
                tally.cpu_subgraphs,
                tally.crossings,
                tally.crossing_bytes,
            )
        return Outcome(returned, sum(self._macs[name] for name in returned), *figures)

    def timed(self, outcome: Outcome) -> Outcome:
        """Returns an outcome with its DPU time, within the bound of work."""
        if self._dpu_ms is None or self._priced > MOST_PRICED or not outcome.returned:
            return outcome
        on_dpu = self._on_dpu.union(outcome.returned)
        self._priced += len(on_dpu)
        return dataclasses.replace(outcome, dpu_ms=self._dpu_ms(on_dpu))

    def at_boundary(self, names: Tuple[str, ...], outcome: Outcome) -> bool:
        """Returns whether leaving some operators to the host has no DPU cost."""
        return not outcome.macs and self.boundary.at_boundary(names)

    def worth(self, names: Tuple[str, ...], outcome: Outcome) -> Tuple[int, ...]:
        """Returns the key of a ranking, the most valuable outcome first."""
        total: PartitionStats = self._counter.total
        if self.at_boundary(names, outcome):
            return (0, True)
        return (
            -round(100 * outcome.macs / self._all_macs),
            False,
            self.boundary.position(names) is Position.END,
            not outcome.returned,
            (outcome.dpu_subgraphs or 0) - total.dpu_subgraphs,
            (outcome.crossing_bytes or 0) - total.crossing_bytes,
            -len(outcome.returned),
        )


def _grouped(
    graph: Graph, reasons: Mapping[str, Findings], boundary: Boundary
) -> List[Tuple[str, ...]]:
    """Returns the operators with findings of their own, grouped by root cause."""
    groups: Dict[Tuple[str, Optional[Position], FrozenSet[Hashable]], List[str]] = {}
    for op in graph:
        own = reasons.get(op.name, ())
        if own:
            alike = frozenset(finding.cause for finding in own)
            at = boundary.position((op.name,)) if boundary.at_boundary((op.name,)) else None
            groups.setdefault((op.kind, at, alike), []).append(op.name)
    return [tuple(names) for names in groups.values()]
