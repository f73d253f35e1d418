"""The plan of a network: ordered steps, each with the counts before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

from vai_inspect.core.codec import Plain


@dataclass(frozen=True)
class PlanCounts(Plain):
    """Counts of the network between two steps.

    Attributes:
        cpu_ops: operators on the CPU.
        dpu_subgraphs: subgraphs on the DPU.
        crossings: tensors that pass between the DPU and the CPU.
        crossing_bytes: their size, one byte per element.
        dpu_macs: multiply-accumulates on the DPU.
        dpu_ms: time on the DPU in milliseconds, or None if it is not estimated.
    """

    cpu_ops: int
    dpu_subgraphs: int
    crossings: int
    crossing_bytes: int
    dpu_macs: int
    dpu_ms: Optional[float] = None


@dataclass(frozen=True)
class PlanStep(Plain):
    """One step.

    Attributes:
        kind: `remedy` (the remedy of an obstacle in the vendor's quantiser), `rewrite`, `cut`
            (run the start or the end of the network on the host) or `leave` (run inner parts on
            the host whose work does not justify their crossings).
        rewrite: id of the rewrite, for example `mean-to-pool`, or None.
        ops: names of the affected operators: for a cut those at the boundary of the DPU part,
            otherwise those to change or to leave; empty for an obstacle of the whole model.
        text: what to do, as a sentence.
        code: code of the step, or None.
        effect: effect on the function of the network: `exact`, `approximate` (retrain or at
            least evaluate), `none` (only the device changes) or `open` (not known).
        before: counts before the step.
        after: counts after it; after a cut those of the DPU part alone.
        obstacle: id of the quantiser obstacle that the step removes, or None.
    """

    kind: str
    rewrite: Optional[str]
    ops: Tuple[str, ...]
    text: str
    code: Optional[str]
    effect: str
    before: PlanCounts
    after: PlanCounts
    obstacle: Optional[str] = None


@dataclass(frozen=True)
class Plan:
    """The steps in order; each is counted with all earlier steps applied.

    Attributes:
        steps: the steps; empty if the whole network runs on the DPU and the quantiser has no
            obstacle, or if no step helps.
    """

    steps: Tuple[PlanStep, ...] = ()

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, number: int) -> PlanStep:
        return self.steps[number]

    def __repr__(self) -> str:
        lines = [f"{at}. [{step.effect}] {step.text}" for at, step in enumerate(self.steps, 1)]
        return "\n".join([f"<Plan: {len(self)} step{'s'[len(self) == 1 :]}>", *lines])
