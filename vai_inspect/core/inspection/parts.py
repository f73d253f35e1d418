"""The parts of an inspection: what became of each operator, subgraph and tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from vai_inspect.core.codec import Plain, Renamed, encode
from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.estimate import Estimate
from vai_inspect.core.findings import Device, Finding, Verdict, verdict_of
from vai_inspect.core.ir import Op


@dataclass(frozen=True)
class ModelInfo(Plain):
    """What was inspected.

    Attributes:
        name: the model's name.
        framework: `keras`, `torch` or `onnx`.
        framework_version: version of that framework.
        capture: how the graph was read: `functional`, `config`, `fx`, `export` or `eager`.
        trusted: whether its framework loaded it from a file, so that code in the file could run.
    """

    name: str
    framework: str
    framework_version: str
    capture: str
    trusted: bool = False

    def to_dict(self) -> Dict[str, Any]:
        """Returns the model as the JSON report holds it; `trusted` only where it is."""
        found = super().to_dict()
        if not self.trusted:
            del found["trusted"]
        return found


@dataclass(frozen=True)
class InspectedOp(Renamed):
    """One operator with its placement.

    Attributes:
        op: the operator of the IR.
        consumers: names of the operators that read it, in graph order.
        device: where it runs.
        findings: every reason against the DPU; empty where it is supported.
        messages: notes that are not reasons: what was folded, inserted or rewritten.
        subgraph: name of its subgraph; None for inputs and outputs of the graph.
        macs: multiply-accumulate operations for the shapes inspected; None where unknown.
        macs_unknown: why they are unknown; None where they are known.
    """

    FORMER = {"macs_untold": "macs_unknown"}

    op: Op
    consumers: Tuple[str, ...]
    device: Device
    findings: Tuple[Finding, ...]
    messages: Tuple[str, ...]
    subgraph: Optional[str]
    macs: Optional[int]
    macs_unknown: Optional[str] = None

    @property
    def name(self) -> str:
        """The operator's name."""
        return self.op.name

    @property
    def type(self) -> str:
        """The operator's XIR type."""
        return self.op.kind

    @property
    def constant(self) -> bool:
        """Whether it is a constant: a weight, which is placed with the operator that reads it."""
        return self.op.kind == "const"

    @property
    def output_bytes(self) -> int:
        """Size of its outputs for the shapes inspected as the DPU holds them, in bytes."""
        return sum(dpu_bytes(tensor) for tensor in self.op.outputs)

    @property
    def verdict(self) -> Verdict:
        """What the findings amount to."""
        return verdict_of(self.findings) if self.findings else Verdict.SUPPORTED

    @property
    def root_cause(self) -> bool:
        """Whether some finding is the operator's own and follows from no other operator."""
        return any(finding.follows is None for finding in self.findings)

    def to_dict(self) -> Dict[str, Any]:
        """Returns the operator as the JSON report holds it."""
        return {
            "name": self.name,
            "type": self.type,
            "inputs": list(dict.fromkeys(value.op for value in self.op.inputs)),
            "outputs": encode(self.consumers),
            "output_shapes": [encode(tensor.shape) for tensor in self.op.outputs],
            "attributes": self.op.attributes(),
            "device": self.device.value,
            "verdict": self.verdict.value,
            "findings": encode(self.findings),
            "messages": encode(self.messages),
            "subgraph": self.subgraph,
            "macs": self.macs,
            "macs_unknown": self.macs_unknown,
            "macs_untold": self.macs_unknown,
            "output_bytes": self.output_bytes,
            "origin": self.op.origin.to_dict(),
        }


@dataclass(frozen=True)
class Subgraph(Plain):
    """A connected, convex part of the graph on one device.

    Attributes:
        name: `dpu_subgraph_0`, `cpu_subgraph_0`, ... counted in graph order for each device.
        device: DPU or CPU.
        ops: names of its operators in graph order.
        inputs: operators outside it that it reads.
        outputs: its operators that something outside reads.
    """

    name: str
    device: Device
    ops: Tuple[str, ...]
    inputs: Tuple[str, ...]
    outputs: Tuple[str, ...]


@dataclass(frozen=True)
class Crossing(Plain):
    """A tensor that passes from the DPU to the CPU or back.

    Attributes:
        op: the operator that gives it.
        index: which of its outputs.
        source: subgraph that gives it.
        target: subgraph that reads it.
        bytes: its size for the shapes inspected as the DPU holds it, one byte an element.
    """

    op: str
    index: int
    source: str
    target: str
    bytes: int


@dataclass(frozen=True)
class CutPoints(Plain):
    """Where to cut a network so that its start and its end run on the host.

    Attributes:
        start: operators on the CPU whose outputs become inputs of the DPU part.
        end: operators on the DPU whose outputs the host reads.
    """

    start: Tuple[str, ...]
    end: Tuple[str, ...]


@dataclass(frozen=True)
class Summary(Renamed):
    """Totals of an inspection: `ops` = `dpu_ops` + `cpu_ops` + `user_ops` + `constants`.

    `user_ops` counts the inputs and outputs of the graph. Constants are weights: each is placed
    with the operator that reads it, and no other count of operators has it. `macs` and `dpu_macs`
    add up what is known; `macs_unknown_ops` counts the operators of which it is not.
    `whole_but_for_ends` says whether every operator on the CPU is at the start or the end of the
    network and has no DPU cost there.
    """

    FORMER = {"macs_untold_ops": "macs_unknown_ops"}

    ops: int
    dpu_ops: int
    cpu_ops: int
    user_ops: int
    constants: int
    unknown_ops: int
    dpu_subgraphs: int
    cpu_subgraphs: int
    crossings: int
    crossing_bytes: int
    macs: int
    dpu_macs: int
    macs_unknown_ops: int
    fully_on_dpu: bool
    whole_but_for_ends: bool

    @property
    def dpu_share(self) -> float:
        """Share of the known multiply-accumulates on the DPU; 1 where there are none."""
        return self.dpu_macs / self.macs if self.macs else 1.0


def summary_dict(
    summary: Summary, estimate: Optional[Estimate], unknown: Optional[str]
) -> Dict[str, Any]:
    """Returns the totals as the JSON report holds them.

    Args:
        summary: the counts.
        estimate: how long it takes, where that is estimated.
        unknown: why it is not.
    """
    return dict(summary.to_dict(), estimate=encode(estimate), estimate_unknown=unknown)
