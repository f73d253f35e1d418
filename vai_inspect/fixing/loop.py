"""The rewrites of a plan carried out on a live model, one after another, each one checked."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, Dict, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.fixed import FixChange, Fixed, FixLeft
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.ir import Graph
from vai_inspect.core.plan import PlanStep
from vai_inspect.fixing.fixable import Fixable
from vai_inspect.pipeline import Detail
from vai_inspect.planning.placing import Placer
from vai_inspect.planning.steps import rewrite_step
from vai_inspect.rules.rewrites import BY_ID

LARGEST_ERROR = 1e-5
"""Largest difference of an exact change, as a share of the output's range."""
MOST_STEPS = 100
"""Changes of one model; a plan has a dozen."""


def fix_model(given: Inspection, start: Fixable, approximate: bool = False) -> Fixed:
    """Does the rewrites of the plan, one after another, and keeps those that hold.

    A change is taken back where an exact one changes an output by more than `LARGEST_ERROR`, and
    where the inspection becomes worse, as a diff has it; what helps only together with others is
    tried with them. Cuts are left to the user: they decide what the model returns.

    Args:
        given: the inspection of the user's model.
        start: a copy of the user's model.
        approximate: whether rewrites that change the function are done, too.
    """
    fixing = _Fixing(given, start, approximate)
    while fixing.step():
        pass
    fixing.together()
    return fixing.result()


@dataclass(frozen=True)
class _State:
    """A model after some changes, with its inspection."""

    model: Fixable
    inspection: Inspection


class _Fixing:
    """The model as it is now, what was done, and what is left."""

    def __init__(self, given: Inspection, start: Fixable, approximate: bool) -> None:
        self._given = given
        self._approximate = approximate
        self._settled: Set[Key] = set()
        self._left: Dict[Key, FixLeft] = {}
        self._for_now: Set[Key] = set()
        self._changes: List[FixChange] = []
        self._now = _State(start, start.inspect())

    def together(self) -> None:
        """Does what helps only together, such as two operators in a row; keeps what helped."""
        base, left, settled = self._now, dict(self._left), set(self._settled)
        best, count = base, len(self._changes)
        while self.step(alone=False):
            after = self._now.inspection
            if (
                after.summary.cpu_ops < base.inspection.summary.cpu_ops
                and not base.inspection.diff(after).worse
                and not self._given.diff(after).worse
            ):
                best, count = self._now, len(self._changes)
        self._now, self._changes = best, self._changes[:count]
        if best is base:
            self._left, self._settled = left, settled

    def step(self, alone: bool = True) -> bool:
        """Does the next step of the plan, or leaves it; returns whether there was one.

        Args:
            alone: whether it must help by itself; else whatever brings an operator to the DPU is
                a step.
        """
        now = self._now
        steps = now.inspection.steps if alone else _each(now.inspection)
        step, ops = self._next(steps)
        if step is None or step.rewrite is None or len(self._changes) >= MOST_STEPS:
            return False
        applied = now.model.apply(step.rewrite, ops)
        for reason in dict.fromkeys(applied.left.values()):
            self._leave(step, [op for op in ops if applied.left.get(op) == reason], reason)
        done = [op for op in ops if op not in applied.left]
        if applied.model is None:
            self._leave(step, done, "it was not done")
            return True
        error = now.model.error_of(applied.model)
        if step.effect == "exact" and not error <= LARGEST_ERROR:
            by = (
                f"differ by {error:.1e} of their range" if isfinite(error) else "cannot be compared"
            )
            self._leave(step, done, f"taken back, as outputs {by}")
            return True
        after = applied.model.inspect()
        worse = (now.inspection.diff(after).worse or self._given.diff(after).worse) if alone else ()
        if worse:
            reason = "taken back, as it makes the whole worse: " + "; ".join(worse)
            self._leave(step, done, reason, for_now=True)
            return True
        names = tuple(now.model.name_of(op) for op in done)
        advice = _advice(step, now.inspection)
        self._changes.append(FixChange(step.rewrite, names, step.effect, error, advice))
        self._now = _State(applied.model, after)
        self._settled.update((step.rewrite, name) for name in names)
        self._try_again()
        return True

    def result(self) -> Fixed:
        """Returns what was done and what is left."""
        now = self._now
        for step in now.inspection.steps:
            if step.kind in _BY_HAND:
                self._leave(step, step.ops, _BY_HAND[step.kind])
            elif step.kind == "rewrite" and step.effect == "approximate" and not self._approximate:
                self._leave(step, step.ops, now.model.why_not_approximate)
        return Fixed(
            now.model.model,
            tuple(self._changes),
            tuple(self._left.values()),
            self._given,
            now.model.inspect(Detail.FULL),
            now.model.notes,
            now.model.inputs,
        )

    def _next(self, steps: Sequence[PlanStep]) -> Tuple[Optional[PlanStep], List[str]]:
        """Returns the first step to do, with the operators that are left of it."""
        now = self._now
        for step in steps:
            if step.kind != "rewrite" or not (self._approximate or step.effect == "exact"):
                continue
            ops = [
                op
                for op in step.ops
                if (step.rewrite or "", now.model.name_of(op)) not in self._settled
            ]
            if ops:
                return step, ops
        return None, []

    def _leave(
        self, step: PlanStep, ops: Sequence[str], reason: str, for_now: bool = False
    ) -> None:
        """Leaves operators as they are; for now: until another change is done."""
        if not ops:
            return
        names = tuple(self._now.model.name_of(op) for op in ops)
        self._settled.update((step.rewrite or "", name) for name in names)
        key = (step.rewrite or "", names)
        self._left[key] = FixLeft(step, names, reason)
        if for_now:
            self._for_now.add(key)

    def _try_again(self) -> None:
        """Takes up again what was left because of how the rest was then."""
        for rewrite, names in self._for_now:
            self._left.pop((rewrite, names), None)
            self._settled.difference_update((rewrite, name) for name in names)
        self._for_now.clear()


_BY_HAND = {
    "cut": "a cut changes what the model returns; do it by hand",
    "leave": "it is placed on the CPU, not rewritten; do it by hand",
    "remedy": "fix does not automate it; do it by hand",
}
"""Why steps of the plan that are no rewrites are left, by their kind."""

Key = Tuple[str, Any]
"""A rewrite with the operators, or with one of them."""


def _each(inspection: Inspection) -> List[PlanStep]:
    """Returns whatever brings operators to the DPU, whether or not it helps by itself."""
    placer = Placer(inspection.target)
    graph = Graph(inspection.model.name, [op.op for op in inspection.ops])
    now = placer.placed(graph)
    candidates = placer.ordered(now, placer.candidates(now))
    return [rewrite_step(now, now, one) for one in candidates]


def _advice(step: PlanStep, now: Inspection) -> str:
    rewrite = BY_ID.get(step.rewrite or "")
    op = next((one.op for one in now.ops if one.name == step.ops[0]), None)
    return rewrite.advised(op) if rewrite is not None and op is not None else ""
