"""What `fix` asks of a framework: copy a model, change the copy, run it and inspect it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.capture import Captured
from vai_inspect.core.inspection import Inspection
from vai_inspect.inspector import BaseInspector
from vai_inspect.pipeline import Detail, inspect_graph


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
        why_not_approximate: why a rewrite that changes the function is left; a sentence without a
            full stop.
    """

    notes: Tuple[str, ...] = ()
    inputs: Tuple[Any, ...] = ()
    why_not_approximate = (
        "it changes the function; --approximate (Python: approximate=True) does it"
    )

    def __init__(self, inspector: BaseInspector) -> None:
        """Keeps how the model is inspected.

        Args:
            inspector: captures it, and has the target.
        """
        self._inspector = inspector

    @property
    def model(self) -> Any:
        """The framework's model, with the user's weights."""
        raise NotImplementedError

    def captured(self) -> Captured:
        """Reads the model into the IR."""
        raise NotImplementedError

    def inspect(self, detail: Detail = Detail.PLAN) -> Inspection:
        """Returns the inspection of the model, with a plan.

        Args:
            detail: how much is looked for; the plan at least.
        """
        return inspect_graph(self.captured(), self._inspector.target, detail)

    def name_of(self, op: str) -> str:
        """Returns what the user's model calls an operator, or the one in whose place it stands."""
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
        statistics that make outputs depend on inputs, carried through the changes. For ONNX that
        is done with what is changed alone, and its own weights.

        Returns:
            The largest difference of any output, as a share of that output's range; infinity
            where an output is missing, has another shape or is no number.
        """
        raise NotImplementedError
