"""Counts and times of a model on a target, for search loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from vai_inspect.core.estimate import Accuracy
from vai_inspect.core.inspection import Inspection, Summary


@dataclass(frozen=True)
class Judgement(Summary):
    """The counts of an inspection's summary, and how long the network takes.

    Attributes:
        target: name of the target.
        board: board that the times are of; None for a design of one core, and without times.
        dpu_ms: DPU time of a frame, ms; None where it is not estimated.
        latency_ms: one frame alone from end to end, ms; None also where a CPU operator is
            between DPU operators.
        fps: frames per second with all cores in use; likewise.
        error: what is known of the error of the times; None without times.
        estimate_unknown: why there are no times; None where there are.
        plan_steps: how many steps the plan has; None where no plan was asked for and operators
            are on the CPU, or the vendor's quantiser fails at the model or changes its function.
    """

    target: str = ""
    board: Optional[str] = None
    dpu_ms: Optional[float] = None
    latency_ms: Optional[float] = None
    fps: Optional[float] = None
    error: Optional[Accuracy] = None
    estimate_unknown: Optional[str] = None
    plan_steps: Optional[int] = None

    @classmethod
    def of(cls, inspection: Inspection, planned: bool = True) -> "Judgement":
        """Returns what an inspection says; its times are those of its own estimate.

        Args:
            inspection: the inspection.
            planned: whether it was made with its plan.
        """
        found = inspection.default_estimate
        blocked = inspection.quantizer is not None and bool(inspection.quantizer.blocking)
        known = planned or not (inspection.summary.cpu_ops or blocked)
        return cls(
            **vars(inspection.summary),
            target=inspection.target.name,
            board=None if found is None else found.board,
            dpu_ms=None if found is None else found.dpu_ms,
            latency_ms=None if found is None else found.latency_ms,
            fps=None if found is None else found.fps,
            error=None if found is None else found.error,
            estimate_unknown=inspection.estimate_unknown,
            plan_steps=len(inspection.steps) if known else None,
        )
