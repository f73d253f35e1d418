"""What `fix` made of a model: the new model, what was done, what is left and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence, Tuple

from vai_inspect.core.inspection import Inspection
from vai_inspect.core.inspection.difference import Difference
from vai_inspect.core.plan import PlanStep


@dataclass(frozen=True)
class FixChange:
    """One rewrite that was done.

    Attributes:
        rule: id of the rewrite, as in `mean-to-pool`.
        ops: names of the operators that it was done at, as the inspection before has them; one
            that an earlier change made has the new model's name.
        effect: `exact` or `approximate`.
        max_error: largest difference of the outputs before and after it, as a share of the
            output's range, in float64 on random inputs with random weights and statistics; of an
            ONNX model those that what is changed gives, with its own weights.
        advice: what to write in the source for the same, in the framework's words.
    """

    rule: str
    ops: Tuple[str, ...]
    effect: str
    max_error: float
    advice: str = ""

    def __str__(self) -> str:
        return (
            f"{self.rule}: {listed(self.ops)} ({self.effect}, largest difference "
            f"{self.max_error:.1e})"
        )


@dataclass(frozen=True)
class FixLeft:
    """A step of the plan that was not done.

    Attributes:
        step: the step.
        ops: those of its operators that are left as they were.
        reason: why, a sentence without a full stop.
    """

    step: PlanStep
    ops: Tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        return f"{self.step.rewrite or self.step.kind}: {listed(self.ops)}: {self.reason}"


@dataclass(frozen=True)
class Fixed:
    """A model after `fix`.

    Attributes:
        model: a new model; the one that was given is untouched.
        changes: what was done, in order.
        left: steps of the plan that were not done, and why.
        before: the inspection of the model that was given.
        after: the inspection of the new model.
        notes: what else is to be known of the new model, a sentence each.
        inputs: PyTorch: tensors that the new model can be called and exported with.
    """

    model: Any
    changes: Tuple[FixChange, ...]
    left: Tuple[FixLeft, ...]
    before: Inspection
    after: Inspection
    notes: Tuple[str, ...] = ()
    inputs: Tuple[Any, ...] = ()

    @property
    def difference(self) -> Difference:
        """What moved from the inspection before to the one after."""
        return self.before.diff(self.after)

    def __repr__(self) -> str:
        done = [f"  done: {change}" for change in self.changes]
        left = [f"  left: {one}" for one in self.left]
        count = f"{len(self.changes)} change{'s'[len(self.changes) == 1 :]}"
        return "\n".join([f"<Fixed: {count}, {len(self.left)} left>", *done, *left])


def listed(names: Sequence[str], most: int = 4) -> str:
    """Returns names in a row, the rest as a number."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
