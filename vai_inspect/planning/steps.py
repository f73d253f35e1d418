"""Builds the steps of a plan, with their text."""

from __future__ import annotations

from typing import AbstractSet, Dict, FrozenSet, Iterable, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import count, first_few
from vai_inspect.core.findings import Device, Effect
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.core.partition.cut import Cut
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.core.quantizer import Obstacle
from vai_inspect.planning.cut_code import cut_code
from vai_inspect.planning.placing import Candidate, Placed


def rewrite_step(
    now: Placed, after: Placed, candidate: Candidate, obstacle: Optional[str] = None
) -> PlanStep:
    """Returns the step of a rewrite.

    Args:
        now: the network before it.
        after: the network after it.
        candidate: the rewrite and the operators.
        obstacle: id of the quantiser obstacle that the rewrite removes.
    """
    first = now.graph[candidate.ops[0]]
    kinds = dict.fromkeys(_kind(now.graph[name]) for name in candidate.ops)
    own = first.float_remedy.rewrite if first.float_remedy is not None else None
    advice = candidate.rewrite.advised(first)
    return PlanStep(
        kind="rewrite",
        rewrite=candidate.rewrite.id if candidate.rewrite.advice else own or candidate.rewrite.id,
        ops=candidate.ops,
        text=f"{', '.join(kinds)}: {advice} ({_operators(candidate.ops)})",
        code=None,
        effect=candidate.rewrite.effect.value,
        before=now.counts,
        after=after.counts,
        obstacle=obstacle,
    )


def cut_step(now: Placed, after: Placed, cut: Cut, obstacles: int) -> PlanStep:
    """Returns the step of a cut.

    Args:
        now: the network before it.
        after: the DPU part.
        cut: where the DPU part begins and ends.
        obstacles: number of quantiser obstacles among the operators that move to the host.
    """
    moved = sum(now.dpu_macs_of(name) for name in cut.before | cut.after)
    parts = []
    if cut.after:
        parts.append(_side(now.graph, "end the DPU part at", cut.end, "after", cut.after))
    if cut.before:
        parts.append(_side(now.graph, "start the DPU part after", cut.start, "before", cut.before))
    if moved:
        parts.append(f"this moves {moved:,} multiply-accumulates to the host")
    if obstacles:
        parts.append(f"the host part contains {count(obstacles, 'quantiser obstacle')}")
    return PlanStep(
        kind="cut",
        rewrite=None,
        ops=(*cut.start, *cut.end),
        text="; ".join(parts),
        code=cut_code(now.graph, cut),
        effect="none",
        before=now.counts,
        after=after.counts,
    )


def _side(graph: Graph, words: str, names: Sequence[str], where: str, host: FrozenSet[str]) -> str:
    number = sum(graph[name].kind != "const" for name in host)
    what = "the operator" if number == 1 else f"the {number} operators"
    them = "it" if len(names) == 1 else "them"
    return f"{words} {', '.join(names)}; run {what} {where} {them} on the host"


def leave_step(now: Placed, after: Placed, names: Tuple[str, ...]) -> PlanStep:
    """Returns the step that leaves inner parts of the network on the host.

    Args:
        now: the network before it.
        after: the network with the parts on the CPU.
        names: the operators of the parts.
    """
    moved = now.counts.dpu_macs - after.counts.dpu_macs
    share = 100 * moved / max(1, now.counts.dpu_macs)
    return PlanStep(
        kind="leave",
        rewrite=None,
        ops=names,
        text=(
            f"run {first_few(names, 6)} on the host with the adjacent CPU operators: "
            f"{moved:,} multiply-accumulates ({share:.2g}% of those on the DPU) do not justify "
            "the crossings"
        ),
        code=None,
        effect="none",
        before=now.counts,
        after=after.counts,
    )


def host_step(now: Placed, after: Placed, bound: int) -> PlanStep:
    """Returns the step that leaves the whole network on the host.

    Args:
        now: the network.
        after: the network on the CPU.
        bound: multiply-accumulates that no change moves to the DPU.
    """
    names = tuple(
        op.name for op in now.graph if now.devices[op.name] is Device.DPU and op.kind != "const"
    )
    macs = now.counts.dpu_macs
    return PlanStep(
        kind="leave",
        rewrite=None,
        ops=names,
        text=(
            f"run the whole network on the host: the DPU would run {macs:,} multiply-accumulates "
            f"({_operators(names)}), and {bound:,} are of operators that this DPU does not run"
        ),
        code=None,
        effect="none",
        before=now.counts,
        after=after.counts,
    )


def remedy_steps(
    obstacles: Iterable[Obstacle], graph: Graph, host: AbstractSet[str], counts: PlanCounts
) -> Iterator[PlanStep]:
    """Yields the remedies of quantiser obstacles.

    Obstacles with the same remedy make one step. Operators that run on the host after a cut are
    no obstacles, and an obstacle without a remedy makes no step.

    Args:
        obstacles: the obstacles, in order.
        graph: the network.
        host: operators that cuts move to the host.
        counts: the network's counts, which a remedy does not change.
    """
    found: Dict[Tuple[str, str, Optional[str]], List[Obstacle]] = {}
    for one in obstacles:
        if one.suggestion and not (one.ops and set(one.ops) <= host):
            found.setdefault((one.id, one.suggestion, one.rewrite), []).append(one)
    for group in found.values():
        first = group[0]
        affected = {name for one in group for name in one.ops if name not in host}
        ops = tuple(op.name for op in graph if op.name in affected)
        has_rewrite = first.rewrite is not None and first.effect is Effect.EXACT
        yield PlanStep(
            kind="rewrite" if has_rewrite else "remedy",
            rewrite=first.rewrite if has_rewrite else None,
            ops=ops,
            text=": ".join((_messages(group), str(first.suggestion)))
            + (f" ({_operators(ops)})" if ops else ""),
            code=None,
            effect="open" if first.effect is None else first.effect.value,
            before=counts,
            after=counts,
            obstacle=first.id,
        )


def _messages(obstacles: Sequence[Obstacle]) -> str:
    """Returns the first message of some, and how many others there are."""
    first, *others = dict.fromkeys(one.message for one in obstacles)
    return f"{first} (and {len(others)} more like it)" if others else first


def _operators(names: Sequence[str]) -> str:
    return f"{count(len(names), 'operator')}: {first_few(names, 3)}"


def _kind(op: Op) -> str:
    """Returns the kind of an operator, or its name in the framework if XIR has no kind for it."""
    return op.attrs.framework_type if isinstance(op.attrs, UnknownAttrs) else op.kind
