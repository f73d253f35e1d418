"""What an inspection holds, and the totals that are derived from it, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Dict, Iterable, List, Optional, Tuple

from vai_inspect.core.boundary import Boundary
from vai_inspect.core.codec import Plain, encode
from vai_inspect.core.estimate import Estimate
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection.parts import (
    Crossing,
    CutPoints,
    InspectedOp,
    ModelInfo,
    Subgraph,
    Summary,
    summary_dict,
)
from vai_inspect.core.plan import PlanStep
from vai_inspect.core.quantizer import QuantizerReport
from vai_inspect.core.root_cause import Position, RootCause
from vai_inspect.core.target import Target

SCHEMA_VERSION = "1.1"
TOOL_NAME = "vai-inspect"


@dataclass(frozen=True)
class InspectionData(Plain):
    """What became of a model on a target.

    Attributes:
        model: what was inspected.
        target: the DPU.
        ops: every operator in topological order.
        subgraphs: the DPU's and the CPU's, in graph order.
        crossings: tensors that pass between the DPU and the CPU.
        root_causes: what keeps operators off the DPU, by impact.
        steps: what to do, in order; see `plan`.
        warnings: what the user should know of the whole: plug-ins that failed, missing rules.
        tool_version: version of this package.
        default_estimate: how long it takes on the default board of the target; None
            where there is no trustworthy model. `estimate()` estimates other boards.
        estimate_unknown: why there is none; None where there is.
        quantizer: what the vendor's quantiser does with the model before the compiler sees it;
            None where its framework's is not known.
    """

    model: ModelInfo
    target: Target
    ops: Tuple[InspectedOp, ...]
    subgraphs: Tuple[Subgraph, ...]
    crossings: Tuple[Crossing, ...]
    root_causes: Tuple[RootCause, ...] = ()
    warnings: Tuple[str, ...] = ()
    tool_version: str = ""
    steps: Tuple[PlanStep, ...] = ()
    default_estimate: Optional[Estimate] = None
    estimate_unknown: Optional[str] = None
    quantizer: Optional[QuantizerReport] = None

    @cached_property
    def summary(self) -> Summary:
        """The totals."""
        dpu, cpu, user = (self.on(device) for device in (Device.DPU, Device.CPU, Device.USER))
        return Summary(
            ops=len(self.ops),
            dpu_ops=len(dpu),
            cpu_ops=len(cpu),
            user_ops=len(user),
            constants=len(self.constants),
            unknown_ops=sum(op.verdict is Verdict.UNKNOWN for op in (*dpu, *cpu)),
            dpu_subgraphs=sum(part.device is Device.DPU for part in self.subgraphs),
            cpu_subgraphs=sum(part.device is Device.CPU for part in self.subgraphs),
            crossings=len(self.crossings),
            crossing_bytes=sum(crossing.bytes for crossing in self.crossings),
            macs=_total_macs(self.ops),
            dpu_macs=_total_macs(dpu),
            macs_unknown_ops=sum(op.macs is None for op in self.ops),
            fully_on_dpu=not cpu,
            whole_but_for_ends=not cpu or self._whole_but_for_ends(),
        )

    def on(self, device: Device) -> List[InspectedOp]:
        """Returns the operators on a device, in graph order, without the constants there."""
        return [op for op in self.ops if op.device is device and not op.constant]

    @property
    def constants(self) -> List[InspectedOp]:
        """The constants, in graph order: weights, each placed with the operator that reads it."""
        return [op for op in self.ops if op.constant]

    def find(self, layer: str) -> List[InspectedOp]:
        """Returns the operators that a layer or module of the user's became or was folded into.

        Args:
            layer: the layer's path in the model, or an operator's name. That of a nested model or
                a container means everything within.
        """
        within = (layer + "/", layer + ".")
        return [
            op
            for op in self.ops
            if layer == op.name
            or any(path == layer or path.startswith(within) for path in op.op.origin.layers)
        ]

    @cached_property
    def boundary(self) -> Boundary:
        """The positions of the operators relative to the DPU part."""
        return Boundary(
            [op.op for op in self.ops],
            {op.name: op.device for op in self.ops},
            {op.name: op.macs for op in self.ops},
        )

    @cached_property
    def cut_points(self) -> CutPoints:
        """Where to cut the network so that its start and its end run on the host.

        Only operators that have no DPU cost there are cut off; see `Boundary.at_boundary`.
        """
        off = {op.name: self.boundary.position((op.name,)) for op in self.left_to_host()}
        first: Dict[str, None] = {}
        last: Dict[str, None] = {}
        for op in self.ops:
            for value in op.op.inputs:
                if op.device is Device.DPU and off.get(value.op) is Position.START:
                    first[value.op] = None
                elif off.get(op.name) is Position.END and self._computes_on_dpu(value.op):
                    last[value.op] = None
        return CutPoints(tuple(first), tuple(last))

    def left_to_host(self) -> List[InspectedOp]:
        """Returns the operators on the CPU that have no DPU cost there, in graph order."""
        return list(self._left_to_host)

    @cached_property
    def _left_to_host(self) -> Tuple[InspectedOp, ...]:
        return tuple(op for op in self.on(Device.CPU) if self.boundary.at_boundary((op.name,)))

    def _whole_but_for_ends(self) -> bool:
        left = len(self.left_to_host())
        return left > 0 and left == len(self.on(Device.CPU))

    def _computes_on_dpu(self, name: str) -> bool:
        op = self._by_name.get(name)
        return op is not None and op.device is Device.DPU and not op.constant

    def op(self, name: str) -> Optional[InspectedOp]:
        """Returns an operator by name, or None."""
        return self._by_name.get(name)

    def root_of(self, name: str) -> Optional[str]:
        """Returns the operator with reasons of its own from which an operator's device follows.

        Where it follows from several, the first is reported.

        Args:
            name: an operator's name.

        Returns:
            The name of an operator on the CPU, which is `name` itself where that has reasons of
            its own; None where nothing is against the operator.
        """
        seen = {name}
        while True:
            op = self._by_name.get(name)
            if op is None or not op.findings:
                return None
            if op.root_cause:
                return name
            name = next((f.follows for f in op.findings if f.follows not in seen), None) or ""
            seen.add(name)

    @cached_property
    def _by_name(self) -> Dict[str, InspectedOp]:
        return {op.name: op for op in self.ops}

    def to_dict(self) -> Dict[str, Any]:
        """Returns the inspection as the JSON report holds it (see the shipped schema)."""
        estimated = self.default_estimate
        times = encode(estimated.ops) if estimated is not None else {}
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL_NAME, "version": self.tool_version},
            "model": self.model.to_dict(),
            "target": self.target.to_dict(),
            "summary": summary_dict(self.summary, estimated, self.estimate_unknown),
            "ops": [{**op.to_dict(), "estimate": times.get(op.name)} for op in self.ops],
            "subgraphs": encode(self.subgraphs),
            "crossings": encode(self.crossings),
            "cut_points": self.cut_points.to_dict(),
            "plan": encode(self.steps),
            "root_causes": encode(self.root_causes),
            "warnings": encode(self.warnings),
            "quantizer": encode(self.quantizer),
        }


def _total_macs(ops: Iterable[InspectedOp]) -> int:
    return sum(op.macs or 0 for op in ops)
