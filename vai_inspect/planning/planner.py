"""The plan: quantiser remedies, cuts, rewrites, and what to leave on the host.

Every step is counted by evaluating the changed graph, with all earlier steps applied.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import AbstractSet, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.findings import Device, Effect
from vai_inspect.core.partition import Partition
from vai_inspect.core.partition.cut import NEGLIGIBLE, choose_cut, part_of
from vai_inspect.core.partition.root_causes import TimeOf
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.core.quantizer import Obstacle, QuantizerReport
from vai_inspect.core.target import Target
from vai_inspect.planning.placing import Candidate, Placed, Placer, counted
from vai_inspect.planning.steps import cut_step, host_step, leave_step, remedy_steps, rewrite_step
from vai_inspect.rules.rewrites import BY_ID, apply


@dataclass(frozen=True)
class Planned:
    """A computed plan.

    Attributes:
        steps: the steps in order.
        incomplete: whether rewrites were skipped because the network is too large.
    """

    steps: Tuple[PlanStep, ...] = ()
    incomplete: bool = False


def plan(
    partition: Partition,
    target: Target,
    dpu_ms: TimeOf,
    quantizer: Optional[QuantizerReport] = None,
) -> Planned:
    """Returns the plan of a network.

    The order is: remedies for what the vendor's quantiser rejects or turns into another function;
    cuts of ends that run on the host at no or negligible cost; exact rewrites, then approximate
    ones, each by gain; inner parts whose work does not justify their crossings. Steps that do not
    improve the counts are dropped, as are remedies for operators that a cut moves to the host.
    Where the DPU's share of the work stays negligible, the only step is to run it on the host.

    Args:
        partition: the normalised graph on the target.
        target: the DPU.
        dpu_ms: returns the DPU time of a frame with some operators on the DPU, by their names.
        quantizer: the quantiser report, in terms of the graph's operator names.
    """
    obstacles = quantizer.blocking if quantizer is not None else ()
    if not obstacles and not partition.on(Device.CPU):
        return Planned()
    planner = _Planner(Placer(target), counted(partition, dpu_ms), obstacles)
    if planner.first.cpu_ops:
        planner.improve()
        whole = planner.on_host()
        if whole is not None:
            return Planned((whole,), planner.incomplete)
    first = remedy_steps(planner.left(), partition.graph, planner.host, planner.first)
    return Planned((*first, *planner.steps), planner.incomplete)


def better(before: PlanCounts, after: PlanCounts) -> bool:
    """Returns whether a step improves the network.

    An improvement has no more DPU subgraphs and crossings than before, and fewer of them or fewer
    CPU operators. A step that raises the estimated DPU time also has to save a crossing or a
    subgraph, or to move work to the DPU. Where nothing runs on the DPU, any step that moves
    multiply-accumulates to it is an improvement.

    Args:
        before: the network before the step.
        after: the network after it.
    """
    if not before.dpu_subgraphs:
        return after.dpu_macs > 0
    if after.dpu_subgraphs > before.dpu_subgraphs or after.crossings > before.crossings:
        return False
    cuts = (before.dpu_subgraphs, before.crossings)
    if (after.dpu_subgraphs, after.crossings) != cuts:
        return True
    return after.cpu_ops < before.cpu_ops and (
        after.dpu_macs > before.dpu_macs or not _slower(before, after)
    )


def _slower(before: PlanCounts, after: PlanCounts) -> bool:
    known = before.dpu_ms is not None and after.dpu_ms is not None
    return known and (after.dpu_ms or 0.0) > (before.dpu_ms or 0.0)


class _Planner:
    """Builds the steps one after another.

    Attributes:
        first: the counts of the original network.
        now: the network with the steps so far applied.
        steps: the steps so far.
        host: operators of the network that cuts move to the host.
    """

    def __init__(self, placer: Placer, now: Placed, obstacles: Sequence[Obstacle]) -> None:
        self._placer = placer
        self._given = self.now = now
        self.first = self.now.counts
        self.steps: List[PlanStep] = []
        self.host: AbstractSet[str] = frozenset()
        self._left = NEGLIGIBLE * self.first.dpu_macs
        self._obstacles = obstacles

    @property
    def incomplete(self) -> bool:
        """Whether rewrites were skipped because the network is too large."""
        return self._placer.incomplete

    def left(self) -> Iterator[Obstacle]:
        """Yields the obstacles that no step removes, with the operators left of each."""
        done = {(step.obstacle, op) for step in self.steps for op in step.ops}
        for one in self._obstacles:
            ops = [op for op in one.ops if (one.id, op) not in done]
            moved = self._moved_to_cpu(one, ops)
            others = tuple(op for op in ops if op not in moved)
            if others or not one.ops:
                yield dataclasses.replace(one, ops=others)
            if moved:  # there the remedy is for the user to choose
                yield dataclasses.replace(one, ops=moved, rewrite=None, effect=None)

    def _moved_to_cpu(self, obstacle: Obstacle, ops: Sequence[str]) -> Tuple[str, ...]:
        """Returns the operators that the rewrite of their obstacle moves to the CPU."""
        graph = self._given.graph
        rewrite = BY_ID.get(obstacle.rewrite or "")
        on_dpu = [op for op in ops if self._given.devices.get(op) is not Device.CPU]
        changed = apply(graph, rewrite, ops) if rewrite is not None and on_dpu else graph
        if changed is graph:
            return ()
        after = self._placer.placed(changed).devices
        return tuple(op for op in on_dpu if after.get(op) is Device.CPU)

    def on_host(self) -> Optional[PlanStep]:
        """Returns the step that leaves the whole network on the host, or None.

        It is the plan where the work of operators that no change moves to the DPU is so large that
        what all steps bring there is negligible.
        """
        bound = sum(self._given.macs[name] or 0 for name in self._given.bound)
        most = max(self.first.dpu_macs, self.now.counts.dpu_macs)
        if not self.first.dpu_subgraphs or most > NEGLIGIBLE * bound:
            return None
        return host_step(self._given, self._placer.on_host(self._given), bound)

    def improve(self) -> None:
        """Builds the steps, in order."""
        candidates = self._without_obstacles(self._placer.candidates(self.now))
        self._cut(self.now.fixable.union(*(one.replaced(self.now.graph) for one in candidates)))
        self._rewrite(candidates)
        if not self.first.dpu_subgraphs:
            self._left = NEGLIGIBLE * self.now.counts.dpu_macs
        if self.now.counts.cpu_ops:
            self._cut(self.now.fixable)
            self._leave()

    def _without_obstacles(self, candidates: Sequence[Candidate]) -> List[Candidate]:
        """Applies the rewrites that remove quantiser obstacles and returns the others."""
        others = []
        for candidate in candidates:
            own = not candidate.rewrite.advice  # the rewrite implements the operator's own remedy
            if not (own and self._removed(candidate) and self._rewritten(candidate)):
                others.append(candidate)
        return others

    def _removed(self, candidate: Candidate) -> Optional[str]:
        """Returns the id of the obstacle that a rewrite removes, or None.

        The obstacle is that the quantiser leaves the operators in float. Every rewrite that moves
        them to the DPU removes it, but an approximate one does not take the place of an exact
        remedy.
        """
        rewrite = candidate.rewrite
        weaker = rewrite.effect is Effect.APPROXIMATE and bool(rewrite.advice)
        for name in candidate.ops:
            id = self.now.graph[name].float_obstacle if name in self.now.graph else None
            for one in self._obstacles:
                same = one.id == id and name in one.ops
                if same and not (weaker and one.effect is Effect.EXACT):
                    return id
        return None

    def _rewritten(self, candidate: Candidate) -> bool:
        """Adds the step of a rewrite if it improves the network; returns whether it does."""
        after = self._placer.placed(candidate.applied(self.now.graph))
        if not better(self.now.counts, after.counts):
            return False
        self._add(rewrite_step(self.now, after, candidate, self._removed(candidate)), after)
        return True

    def _cut(self, fixable: AbstractSet[str]) -> None:
        now = self.now
        cut = choose_cut(now.graph, now.devices, now.macs, fixable, now.followers, self._left)
        if not cut:
            return
        after = self._placer.placed(part_of(now.graph, cut))
        if better(now.counts, after.counts):
            host = cut.before | cut.after
            gone = [one for one in self._obstacles if one.ops and host.issuperset(one.ops)]
            self._add(cut_step(now, after, cut, len(gone)), after)
            self.host = self.host | host
            self._left -= sum(now.dpu_macs_of(name) for name in host)

    def _rewrite(self, candidates: Sequence[Candidate]) -> None:
        waiting = self._placer.ordered(self.now, candidates)
        waiting.sort(key=lambda one: self._removed(one) is None)
        progress = True
        while progress:  # a rewrite that does not help alone may help after others
            skipped = [one for one in waiting if not self._rewritten(one)]
            progress = 0 < len(skipped) < len(waiting) and self._placer.has_time
            waiting = skipped

    def _leave(self) -> None:
        names, after = self._placer.leaving(self.now, self._left, better)
        if names:
            self._add(leave_step(self.now, after, names), after)

    def _add(self, step: PlanStep, after: Placed) -> None:
        self.steps.append(step)
        self.now = after
