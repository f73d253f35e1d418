"""The plan: where to cut the network, and which rewrites help where they stand.

Every step is counted by evaluating the changed graph anew, with the steps before it done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, FrozenSet, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.cost import macs
from vai_inspect.core.findings import Device
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.partition import crossings, subgraphs
from vai_inspect.core.partition.cut import Cut, choose_cut, part_of
from vai_inspect.core.plan import Plan, PlanCounts, PlanStep
from vai_inspect.core.target import Target
from vai_inspect.cut_code import cut_code
from vai_inspect.rules import registry
from vai_inspect.rules.evaluate import evaluate
from vai_inspect.rules.rewrites import REWRITES, Effect, Rewrite, apply


def plan(graph: Graph, target: Target) -> Plan:
    """Returns what to do about a network, in order.

    First the ends that the host does at no or a negligible cost are cut off; then come the exact
    rewrites, then the approximate ones, in each case those first that save most. A step that does
    not make the whole better is left out.

    Args:
        graph: the normalised graph.
        target: the DPU.
    """
    now = _placed(graph, target)
    steps: List[PlanStep] = []
    if not now.counts.cpu_ops or not now.counts.dpu_subgraphs:
        return Plan()
    curable = frozenset(name for names in _cures(now, target).values() for name in names)
    cut = choose_cut(now.graph, now.devices, now.macs, curable)
    if cut:
        after = _placed(part_of(now.graph, cut), target)
        if _better(now.counts, after.counts):
            steps.append(_cut_step(now, after, cut))
            now = after
    for rewrite, names in _ordered(now, target):
        after = _placed(apply(now.graph, rewrite, names), target)
        if _better(now.counts, after.counts):
            steps.append(_rewrite_step(now, after, rewrite, names))
            now = after
    return Plan(tuple(steps))


@dataclass(frozen=True)
class _Placed:
    """A graph on a target."""

    graph: Graph
    devices: Mapping[str, Device]
    macs: Mapping[str, Optional[int]]
    counts: PlanCounts

    def on_cpu(self) -> List[Op]:
        """Returns the operators on the CPU, without constants."""
        return [
            op for op in self.graph if self.devices[op.name] is Device.CPU and op.kind != "const"
        ]


def _placed(graph: Graph, target: Target) -> _Placed:
    devices = evaluate(registry.family(target.family), target, graph).placement.devices
    parts = subgraphs(graph, devices)
    crossing = crossings(graph, devices, parts)
    work = {op.name: macs(op, graph) for op in graph}
    counts = PlanCounts(
        cpu_ops=sum(devices[op.name] is Device.CPU and op.kind != "const" for op in graph),
        dpu_subgraphs=sum(part.device is Device.DPU for part in parts),
        crossings=len(crossing),
        crossing_bytes=sum(one.bytes for one in crossing),
        dpu_macs=sum(work[name] or 0 for name in work if devices[name] is Device.DPU),
    )
    return _Placed(graph, devices, work, counts)


def _better(before: PlanCounts, after: PlanCounts) -> bool:
    """Tells whether a step makes the whole better: less passes to and fro, or less is on the CPU
    and no more passes."""
    if after.dpu_subgraphs > before.dpu_subgraphs or after.crossings > before.crossings:
        return False
    fewer = (before.dpu_subgraphs, before.crossings, before.cpu_ops)
    return (after.dpu_subgraphs, after.crossings, after.cpu_ops) < fewer


def _cures(now: _Placed, target: Target) -> Dict[int, Tuple[str, ...]]:
    """Returns which operators on the CPU each rewrite brings to the DPU, by its place in the table.

    Each operator is given to the first rewrite that brings it there.
    """
    cures: Dict[int, Tuple[str, ...]] = {}
    graph = now.graph
    waiting: Set[str] = {op.name for op in now.on_cpu()}
    for number, rewrite in enumerate(REWRITES):
        names = [
            op.name for op in graph if op.name in waiting and rewrite.change(graph, op) is not None
        ]
        if not names:
            continue
        changed = _placed(apply(graph, rewrite, names), target)
        cured = tuple(name for name in names if _cured(graph, rewrite, name, changed))
        if cured:
            cures[number] = cured
            graph = apply(graph, rewrite, cured)
            placed = _placed(graph, target)
            waiting = {op.name for op in placed.on_cpu()}
    return cures


def _cured(graph: Graph, rewrite: Rewrite, name: str, changed: _Placed) -> bool:
    made = [op.name for ops in (rewrite.change(graph, graph[name]) or {}).values() for op in ops]
    return all(changed.devices.get(one) is Device.DPU for one in made)


def _ordered(now: _Placed, target: Target) -> List[Tuple[Rewrite, Tuple[str, ...]]]:
    """Returns the rewrites that help, exact ones first, those first that save most alone."""
    ranked = []
    for number, names in _cures(now, target).items():
        rewrite = REWRITES[number]
        after = _placed(apply(now.graph, rewrite, names), target).counts
        gain = (after.dpu_subgraphs, after.crossings, after.cpu_ops)
        ranked.append((rewrite.effect is not Effect.EXACT, gain, number, names))
    return [(REWRITES[number], names) for _, _, number, names in sorted(ranked)]


def _rewrite_step(
    now: _Placed, after: _Placed, rewrite: Rewrite, names: Sequence[str]
) -> PlanStep:
    framework = next((op.origin.framework for op in now.graph if op.origin.framework), "")
    kinds = dict.fromkeys(now.graph[name].kind for name in names)
    return PlanStep(
        kind="rewrite",
        rewrite=rewrite.id,
        ops=tuple(names),
        text="{}: {} ({} {})".format(
            ", ".join(kinds),
            rewrite.advised(framework),
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
        effect=Effect.NONE.value,
        before=now.counts,
        after=after.counts,
    )


def _side(
    graph: Graph, words: str, names: Sequence[str], where: str, host: FrozenSet[str]
) -> str:
    count = sum(graph[name].kind != "const" for name in host)
    what = "the operator" if count == 1 else f"the {count} operators"
    return f"{words} {', '.join(names)}; the host does {what} {where} it"
