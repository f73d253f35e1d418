"""The plan as text: each step, what it changes, and its code."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from vai_inspect.core.inspection import Inspection
from vai_inspect.core.plan import PlanCounts, PlanStep
from vai_inspect.core.quantizer import Outcome
from vai_inspect.reports.text.lines import plain, shortened
from vai_inspect.reports.text.times import milliseconds

PLAN_TITLE = "plan, in order:"
LONGEST_TEXT = 400
_EFFECTS = {
    "exact": "exact",
    "approximate": "approximate: retrain",
    "none": "same function",
    "open": "effect not known: evaluate",
}
_REMOVED = {
    Outcome.CHANGES: "the exported file computes the same function as the model",
    Outcome.FAILS: "the quantiser no longer stops here",
}


def steps(inspection: Inspection) -> Iterator[Tuple[str, str, List[str]]]:
    """Yields each step: its headline, what it changes, and its lines of code.

    Args:
        inspection: the inspection.
    """
    for number, step in enumerate(inspection.steps, 1):
        text = shortened(plain(step.text), LONGEST_TEXT)
        headline = f"{number}. {step.kind} ({effect(step)}): {text}"
        code = [plain(line) for line in (step.code or "").splitlines()]
        yield headline, changes(step, inspection), code


def remaining(inspection: Inspection) -> str:
    """Returns what the steps leave on the CPU, as a sentence; empty without steps or a rest.

    Args:
        inspection: the inspection.
    """
    left = inspection.steps[-1].after.cpu_ops if inspection.steps else 0
    if not left:
        return ""
    return (
        f"{left:,} CPU {'operator remains' if left == 1 else 'operators remain'}: no other cut or "
        "rewrite is known to help; the root causes say why"
    )


def effect(step: PlanStep) -> str:
    """Returns the effect of a step on the function of the network."""
    return _EFFECTS.get(step.effect, step.effect)


def changes(step: PlanStep, inspection: Inspection) -> str:
    """Returns the counts that a step changes: `CPU operators 6 -> 0, DPU subgraphs 3 -> 1`.

    For a step that only removes a quantiser obstacle, returns what is fixed by that.

    Args:
        step: the step.
        inspection: the inspection, whose estimate has the error of times.
    """
    if step.obstacle is not None and step.before == step.after:
        report = inspection.quantizer
        found = [one for one in (report.obstacles if report else ()) if one.id == step.obstacle]
        return _REMOVED.get(found[0].outcome, "") if found else "the quantiser accepts it"
    names = ("cpu_ops", "dpu_subgraphs", "crossings")
    titles = ("CPU operators", "DPU subgraphs", "crossings")
    moved = [
        f"{title} {_figure(step.before, name)} -> {_figure(step.after, name)}"
        for name, title in zip(names, titles)
        if getattr(step.before, name) != getattr(step.after, name)
    ]
    before, after = step.before.dpu_ms, step.after.dpu_ms
    estimate = inspection.default_estimate
    if before is not None and after is not None and estimate is not None:
        first, then = milliseconds(before), milliseconds(after)
        if first != then:
            moved.append(f"DPU time {first} -> {then} ({estimate.error.brief})")
    return ", ".join(moved) or "what is counted here stays the same"


def _figure(counts: PlanCounts, name: str) -> str:
    return f"{getattr(counts, name):,}"
