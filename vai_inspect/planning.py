"""The plan: what the quantiser asks for, where to cut, what to rewrite, what to leave to the host.

Every step is counted by evaluating the changed graph again, with the steps before it done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import AbstractSet, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Graph
from vai_inspect.core.partition import Placement
from vai_inspect.core.partition.cut import NEGLIGIBLE, choose_cut, part_of
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.core.quantizer import Obstacle, QuantizerReport
from vai_inspect.core.target import Target
from vai_inspect.plan_placing import Cure, Placed, Placing
from vai_inspect.plan_steps import cut_step, leave_step, remedy_steps, rewrite_step
from vai_inspect.rules.rewrites import apply


@dataclass(frozen=True)
class Planned:
    """A plan as it was made.

    Attributes:
        steps: the steps in order.
        incomplete: whether rewrites were not looked at, as the network is too large for that.
    """

    steps: Tuple[PlanStep, ...] = ()
    incomplete: bool = False


def plan(
    graph: Graph,
    target: Target,
    placement: Placement,
    quantizer: Optional[QuantizerReport] = None,
) -> Planned:
    """Returns what to do about a network, in order.

    First comes what the vendor's quantiser stops at or would make another function of; then the
    ends that the host does at no or a negligible cost are cut off; then come the exact rewrites,
    then the approximate ones, in each case those first that save most; last, parts in the middle
    are left to the host that are not worth their crossings. A step that does not make the whole
    better is left out, and so is a remedy for what the host does after a cut.

    Args:
        graph: the normalised graph.
        target: the DPU.
        placement: where its operators run, and why.
        quantizer: what the vendor's quantiser does with the network, by the names of the graph.
    """
    planner = _Planner(Placing(target), graph, placement)
    if planner.now.counts.cpu_ops and planner.now.counts.dpu_subgraphs:
        planner.improve(quantizer.blocking if quantizer is not None else ())
    done = {(step.obstacle, op) for step in planner.steps for op in step.ops}
    asked = [
        one
        for one in (quantizer.blocking if quantizer is not None else ())
        if not all((one.id, op) in done for op in one.ops or (None,))
    ]
    first = remedy_steps(asked, graph, planner.host, planner.first)
    return Planned((*first, *planner.steps), planner.incomplete)


def better(before: PlanCounts, after: PlanCounts) -> bool:
    """Returns whether a step makes the whole better.

    No more DPU subgraphs and crossings, and fewer of them or fewer operators on the CPU. What
    costs time on the DPU, where that is estimated, has to save a crossing or a subgraph for it, or
    to bring work to the DPU.

    Args:
        before: the network before the step.
        after: the network after it.
    """
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
    """Makes one step after another.

    Attributes:
        first: the counts of the network as it is.
        now: the network with the steps done.
        steps: the steps.
        host: operators of the network that cuts give to the host.
    """

    def __init__(self, placing: Placing, graph: Graph, placement: Placement) -> None:
        self._placing = placing
        self.now: Placed = placing.described(graph, placement)
        self.first = self.now.counts
        self.steps: List[PlanStep] = []
        self.host: AbstractSet[str] = frozenset()
        self._left = NEGLIGIBLE * self.first.dpu_macs
        self._obstacles: Sequence[Obstacle] = ()

    @property
    def incomplete(self) -> bool:
        """Whether rewrites were not looked at, as the network is too large."""
        return self._placing.incomplete

    def improve(self, obstacles: Sequence[Obstacle]) -> None:
        """Makes the steps, in order.

        Args:
            obstacles: what the quantiser stops at or changes the function of.
        """
        self._obstacles = obstacles
        cures = self._asked_for(self._placing.cures(self.now))
        self._cut(self.now.coming.union(*(cure.replaced(self.now.graph) for cure in cures)))
        self._rewrite(cures)
        if self.now.counts.cpu_ops:
            self._cut(self.now.coming)
            self._leave()

    def _asked_for(self, cures: Sequence[Cure]) -> List[Cure]:
        """Does the rewrites that the quantiser asks for, and returns the others."""
        others = []
        for cure in cures:
            advice = cure.rewrite.advised(self.now.graph[cure.ops[0]])
            own = not cure.rewrite.advice  # it does what the remedy of the operator says
            found = [one for one in self._obstacles if own and one.suggestion == advice]
            if found:
                after = self._placing.placed(apply(self.now.graph, cure.rewrite, cure.ops))
                if better(self.now.counts, after.counts):
                    self._made(rewrite_step(self.now, after, cure, found[0].id), after)
                    continue
            others.append(cure)
        return others

    def _cut(self, curable: AbstractSet[str]) -> None:
        now = self.now
        cut = choose_cut(now.graph, now.devices, now.macs, curable, now.followers, self._left)
        if not cut:
            return
        after = self._placing.placed(part_of(now.graph, cut))
        if better(now.counts, after.counts):
            taken = cut.before | cut.after
            gone = [one for one in self._obstacles if one.ops and taken.issuperset(one.ops)]
            self._made(cut_step(now, after, cut, len(gone)), after)
            self.host = self.host | taken
            self._left -= sum(now.dpu_macs_of(name) for name in taken)

    def _rewrite(self, cures: Sequence[Cure]) -> None:
        waiting = self._placing.ordered(self.now, cures)
        progress = True
        while progress:  # what makes it worse alone may help after others
            progress, skipped = False, []
            for cure in waiting:
                after = self._placing.placed(apply(self.now.graph, cure.rewrite, cure.ops))
                if better(self.now.counts, after.counts):
                    self._made(rewrite_step(self.now, after, cure), after)
                    progress = True
                else:
                    skipped.append(cure)
            progress = progress and bool(skipped) and self._placing.has_time
            waiting = skipped

    def _leave(self) -> None:
        names, after = self._placing.leaving(self.now, self._left, better)
        if names:
            self._made(leave_step(self.now, after, names), after)

    def _made(self, step: PlanStep, after: Placed) -> None:
        self.steps.append(step)
        self.now = after
