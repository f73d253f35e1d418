"""The rewrites of a plan carried out on a live model, each one checked.

The loop and its results are the same for every framework; what a framework does itself is a
`Fixable`: copy a model, change the copy, run it and inspect it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from vai_inspect.core.fixed import FixChange, Fixed, FixLeft
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.plan import PlanStep
from vai_inspect.rules.rewrites import REWRITES

LARGEST_ERROR = 1e-5
"""Largest difference of an exact change, as a share of the output's range."""
MOST_STEPS = 100
"""Changes of one model; a plan has a dozen."""


@dataclass(frozen=True)
class Applied:
    """What became of a rewrite on a live model.

    Attributes:
        model: the changed model; None where nothing was changed.
        left: why not, for each operator at which it was not done; a sentence without a full stop.
    """

    model: Optional["Fixable"]
    left: Mapping[str, str]


class Fixable:
    """A live model that rewrites are done on, whichever framework it is of.

    Each change makes a new one; the user's model is never among them.

    Attributes:
        notes: see `Fixed`.
        inputs: see `Fixed`.
    """

    notes: Tuple[str, ...] = ()
    inputs: Tuple[Any, ...] = ()

    @property
    def model(self) -> Any:
        """The framework's model, with the user's weights."""
        raise NotImplementedError

    def inspect(self, whole: bool = False) -> Inspection:
        """Returns the inspection of the model, with a plan.

        Args:
            whole: whether root causes are looked for, too.
        """
        raise NotImplementedError

    def name_of(self, op: str) -> str:
        """Returns what the user's model calls an operator of `inspect`, where it has it."""
        return op

    def apply(self, rewrite: str, ops: Sequence[str]) -> Applied:
        """Does a rewrite at operators, on a copy.

        Args:
            rewrite: its id.
            ops: names of operators of `inspect`.
        """
        raise NotImplementedError

    def error_of(self, other: "Fixable") -> float:
        """Returns how far another model's outputs are from this one's.

        Both run in float64 on the same random inputs, with random weights and batch-norm
        statistics that make outputs depend on inputs, carried through the changes.

        Returns:
            The largest difference of any output, as a share of that output's range; infinity
            where an output is missing, has another shape or is no number.
        """
        raise NotImplementedError


def fix_model(given: Inspection, start: Fixable, approximate: bool = False) -> Fixed:
    """Does the rewrites of the plan, one after another, and keeps those that hold.

    A change is taken back where an exact one changes an output by more than `LARGEST_ERROR`, and
    where the inspection becomes worse, as a diff has it. Cuts are left to the user: they decide
    what the model returns.

    Args:
        given: the inspection of the user's model.
        start: a copy of the user's model.
        approximate: whether rewrites that change the function are done, too.
    """
    now, current = start.inspect(), start
    changes: List[FixChange] = []
    left: Dict[Tuple[Optional[str], Tuple[str, ...]], FixLeft] = {}
    settled: Set[Tuple[Optional[str], str]] = set()

    def leave(step: PlanStep, ops: Sequence[str], reason: str) -> None:
        for op in ops:
            settled.add((step.rewrite, current.name_of(op)))
        named = tuple(current.name_of(op) for op in ops)
        left[(step.rewrite, named)] = FixLeft(step, named, reason)

    while len(changes) < MOST_STEPS:
        step, ops = _next(now, current, settled, approximate)
        if step is None or step.rewrite is None:
            break
        applied = current.apply(step.rewrite, ops)
        for op, reason in applied.left.items():
            leave(step, (op,), reason)
        done = [op for op in ops if op not in applied.left]
        if applied.model is None:
            if done:
                leave(step, done, "it was not done")
            continue
        error = current.error_of(applied.model)
        if step.effect == "exact" and not error <= LARGEST_ERROR:
            leave(step, done, f"taken back, as outputs differ by {error:.1e} of their range")
            continue
        after = applied.model.inspect()
        worse = now.diff(after).worse or given.diff(after).worse
        if worse:
            leave(step, done, "taken back, as it makes the whole worse: " + "; ".join(worse))
            continue
        names = tuple(current.name_of(op) for op in done)
        settled.update((step.rewrite, name) for name in names)
        changes.append(FixChange(step.rewrite, names, step.effect, error, _advice(step, now)))
        now, current = after, applied.model
    for step in now.steps:
        if step.kind == "cut":
            leave(step, step.ops, "a cut changes what the model returns; do it as the plan has it")
        elif step.kind == "rewrite" and step.effect == "approximate" and not approximate:
            leave(step, step.ops, "it changes the function; give approximate=True for it")
    return Fixed(
        current.model,
        tuple(changes),
        tuple(left.values()),
        given,
        now,
        current.notes,
        current.inputs,
    )


def _advice(step: PlanStep, now: Inspection) -> str:
    rewrite = next((one for one in REWRITES if one.id == step.rewrite), None)
    op = next((one.op for one in now.ops if one.name == step.ops[0]), None)
    return rewrite.advised(op) if rewrite is not None and op is not None else ""


def _next(
    now: Inspection,
    current: Fixable,
    settled: Set[Tuple[Optional[str], str]],
    approximate: bool,
) -> Tuple[Optional[PlanStep], List[str]]:
    """Returns the next step of the plan to do, with the operators that are left of it."""
    for step in now.steps:
        if step.kind != "rewrite" or not (approximate or step.effect == "exact"):
            continue
        ops = [op for op in step.ops if (step.rewrite, current.name_of(op)) not in settled]
        if ops:
            return step, ops
    return None, []
