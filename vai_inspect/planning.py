"""The plan: where to cut the network, and which rewrites help where they stand.

Every step is counted by evaluating the changed graph anew, with the steps before it done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.cost import macs
from vai_inspect.core.findings import Device, Effect
from vai_inspect.core.ir import Graph
from vai_inspect.core.partition import Placement, crossings, subgraphs
from vai_inspect.core.partition.cut import Cut, choose_cut, part_of
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.core.target import Target
from vai_inspect.cut_code import cut_code
from vai_inspect.estimating import Times
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import evaluate
from vai_inspect.rules.rewrites import REWRITES, Rewrite, apply

Cure = Tuple[Rewrite, Tuple[str, ...]]


MOST_WORK = 100_000
"""Operators that are placed for a plan, all in all; some seconds' worth."""


@dataclass(frozen=True)
class Planned:
    """A plan as it was made.

    Attributes:
        steps: the steps in order.
        incomplete: whether rewrites were not looked at, as the network is too large for that.
    """

    steps: Tuple[PlanStep, ...] = ()
    incomplete: bool = False


def plan(graph: Graph, target: Target, placement: Placement) -> Planned:
    """Returns what to do about a network, in order.

    First the ends that the host does at no or a negligible cost are cut off; then come the exact
    rewrites, then the approximate ones, in each case those first that save most. A step that does
    not make the whole better is left out.

    Args:
        graph: the normalised graph.
        target: the DPU.
        placement: where its operators run, and why.
    """
    planner = _Planner(target)
    now = planner.described(graph, placement)
    if not now.counts.cpu_ops or not now.counts.dpu_subgraphs:
        return Planned()
    steps: List[PlanStep] = []
    cures = planner.cures(now)
    curable = now.changeable.union(*(names for _, names in cures))
    cut = choose_cut(now.graph, now.devices, now.macs, curable, now.followers)
    if cut:
        after = planner.placed(part_of(now.graph, cut))
        if _better(now.counts, after.counts):
            steps.append(_cut_step(now, after, cut))
            now = after
    for rewrite, names in planner.ordered(now, cures):
        after = planner.placed(apply(now.graph, rewrite, names))
        if _better(now.counts, after.counts):
            steps.append(_rewrite_step(now, after, rewrite, names))
            now = after
    return Planned(tuple(steps), planner.incomplete)


@dataclass(frozen=True)
class _Placed:
    """A graph on a target.

    Attributes:
        graph: the graph.
        devices: the device of each operator.
        macs: multiply-accumulates of each operator; None where they are not known.
        counts: what a step of the plan says of it.
        changeable: operators on the CPU for reasons of their own that a change of the network
            removes, exact or approximate.
        followers: operators on the CPU only because of others.
    """

    graph: Graph
    devices: Mapping[str, Device]
    macs: Mapping[str, Optional[int]]
    counts: PlanCounts
    changeable: FrozenSet[str]
    followers: FrozenSet[str]

    def on_cpu(self) -> List[str]:
        """Returns the names of the operators on the CPU, without constants, in graph order."""
        return [
            op.name
            for op in self.graph
            if self.devices[op.name] is Device.CPU and op.kind != "const"
        ]


def _better(before: PlanCounts, after: PlanCounts) -> bool:
    """Tells whether a step makes the whole better.

    No more subgraphs and crossings, and fewer of them or fewer operators on the CPU.
    """
    if after.dpu_subgraphs > before.dpu_subgraphs or after.crossings > before.crossings:
        return False
    fewer = (before.dpu_subgraphs, before.crossings, before.cpu_ops)
    return (after.dpu_subgraphs, after.crossings, after.cpu_ops) < fewer


class _Planner:
    """Places changed graphs on a target, and counts the work.

    Attributes:
        incomplete: whether rewrites were not looked at, as the network is too large.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._family = registry.family(target.family)
        self._work = 0
        self.incomplete = False

    def placed(self, graph: Graph) -> _Placed:
        """Returns a graph as the target has it."""
        self._work += len(graph)
        return self.described(graph, evaluate(self._family, self._target, graph).placement)

    def described(self, graph: Graph, placement: Placement) -> _Placed:
        """Returns a graph that is placed, with its counts."""
        devices = placement.devices
        parts = subgraphs(graph, devices)
        crossing = crossings(graph, devices, parts)
        work = {op.name: macs(op, graph) for op in graph}
        counts = PlanCounts(
            cpu_ops=sum(devices[op.name] is Device.CPU and op.kind != "const" for op in graph),
            dpu_subgraphs=sum(part.device is Device.DPU for part in parts),
            crossings=len(crossing),
            crossing_bytes=sum(one.bytes for one in crossing),
            dpu_macs=sum(work[name] or 0 for name in work if devices[name] is Device.DPU),
            dpu_ms=Times(graph.ops, self._target).dpu_ms(
                {op.name for op in graph if devices[op.name] is Device.DPU and op.kind != "const"}
            ),
        )
        changeable = frozenset(
            name
            for name, findings in placement.findings.items()
            if any(one.effect for found in findings for one in found.remedies)
            and all(found.follows is None for found in findings)
        )
        followers = frozenset(
            name
            for name, findings in placement.findings.items()
            if findings and all(found.follows is not None for found in findings)
        )
        return _Placed(graph, devices, work, counts, changeable, followers)

    def cures(self, now: _Placed) -> List[Cure]:
        """Returns each rewrite with the operators on the CPU that it brings to the DPU.

        Each operator is given to the first rewrite of the table that brings it there, on top of
        those before it.
        """
        cures: List[Cure] = []
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
            cured = tuple(name for name in names if _cured(graph, rewrite, name, changed))
            if cured:
                cures.append((rewrite, cured))
                now = self.placed(apply(graph, rewrite, cured))
                waiting = now.on_cpu()
        return cures

    def ordered(self, now: _Placed, cures: Sequence[Cure]) -> List[Cure]:
        """Returns the rewrites of what is left, exact ones first, those first that save most."""
        ranked = []
        for number, (rewrite, every) in enumerate(cures):
            names = tuple(name for name in every if name in now.graph)
            gain: Tuple[int, ...] = ()
            if names and len(cures) > 1 and self._work < MOST_WORK:
                counts = self.placed(apply(now.graph, rewrite, names)).counts
                gain = (counts.dpu_subgraphs, counts.crossings, counts.cpu_ops)
            if names:
                ranked.append((rewrite.effect is not Effect.EXACT, gain, number, names))
        return [(cures[number][0], names) for _, _, number, names in sorted(ranked)]


def _cured(graph: Graph, rewrite: Rewrite, name: str, devices: Mapping[str, Device]) -> bool:
    made = [op.name for ops in (rewrite.change(graph, graph[name]) or {}).values() for op in ops]
    return all(devices.get(one) is Device.DPU for one in made)


def _rewrite_step(now: _Placed, after: _Placed, rewrite: Rewrite, names: Sequence[str]) -> PlanStep:
    kinds = dict.fromkeys(now.graph[name].kind for name in names)
    return PlanStep(
        kind="rewrite",
        rewrite=rewrite.id,
        ops=tuple(names),
        text="{}: {} ({} {})".format(
            ", ".join(kinds),
            rewrite.advised(now.graph[names[0]]),
            len(names),
            "operator" if len(names) == 1 else "operators",
        ),
        code=None,
        effect=rewrite.effect.value,
        before=now.counts,
        after=after.counts,
    )


def _cut_step(now: _Placed, after: _Placed, cut: Cut) -> PlanStep:
    given = sum((now.macs[name] or 0) for name in cut.before | cut.after
                if now.devices[name] is Device.DPU)  # fmt: skip
    sentences = []
    if cut.after:
        sentences.append(_side(now.graph, "end the DPU's part with", cut.end, "after", cut.after))
    if cut.before:
        sentences.append(_side(now.graph, "begin it after", cut.start, "before", cut.before))
    cost = f"; the DPU gives away {given:,} multiply-accumulates" if given else ""
    return PlanStep(
        kind="cut",
        rewrite=None,
        ops=(*cut.start, *cut.end),
        text="; ".join(sentences) + cost,
        code=cut_code(now.graph, cut),
        effect="none",
        before=now.counts,
        after=after.counts,
    )


def _side(graph: Graph, words: str, names: Sequence[str], where: str, host: FrozenSet[str]) -> str:
    count = sum(graph[name].kind != "const" for name in host)
    what = "the operator" if count == 1 else f"the {count} operators"
    return f"{words} {', '.join(names)}; the host does {what} {where} it"
