"""What to do about a network, in order, and what each step gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, Optional, Tuple

from vai_inspect.core.codec import Plain


@dataclass(frozen=True)
class PlanCounts(Plain):
    """The network between two steps.

    Attributes:
        cpu_ops: operators on the CPU.
        dpu_subgraphs: subgraphs on the DPU.
        crossings: tensors that pass between the DPU and the CPU.
        crossing_bytes: their size, one byte an element.
        dpu_macs: multiply-accumulates on the DPU.
        dpu_ms: time on the DPU in milliseconds, or None where it is not estimated.
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
        kind: `remedy` (do what an obstacle of the vendor's quantiser asks for), `rewrite`, `cut`
            (give the start or the end of the network to the host) or `leave` (give the host parts
            in the middle that are not worth their crossings).
        rewrite: id of the rewrite, as in `mean-to-pool`; None where no rewrite does it.
        ops: names of the operators that it is about: those that the DPU part begins or ends
            with for a cut, those to change or to leave else; empty where an obstacle is one of
            the model as a whole.
        text: what to do, a sentence.
        code: code that does it, or None.
        effect: what it does to the function of the network: `exact`, `approximate` (train
            again, or at least evaluate), `none` (where something is computed, not what) or `open`
            (nobody has said).
        before: the network before the step.
        after: the network after it; after a cut the DPU part alone.
        obstacle: id of the quantiser's obstacle that the step removes, or None.
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
    """The steps in the order to do them; each is counted with those before it done.

    Attributes:
        steps: the steps; none where the whole network runs on the DPU and nothing stands in the
            quantiser's way, or nothing helps.
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
        return "\n".join(["<Plan: {} step{}>".format(len(self), "s"[len(self) == 1 :]), *lines])
