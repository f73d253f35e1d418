"""The one immutable result. Totals are derived from what it holds, so they cannot disagree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Mapping, Optional, Tuple

from vai_inspect.core.boundary import Edges
from vai_inspect.core.cost import dpu_bytes
from vai_inspect.core.estimate import Estimate
from vai_inspect.core.findings import Device, Finding, Verdict, verdict_of
from vai_inspect.core.ir import Op
from vai_inspect.core.plan import Plan, PlanStep
from vai_inspect.core.quantizer import QuantizerReport
from vai_inspect.core.root_cause import Position, RootCause
from vai_inspect.core.target import Target
from vai_inspect.core.views import view

if TYPE_CHECKING:
    from vai_inspect.core.difference import Difference

SCHEMA_VERSION = "1.1"
TOOL_NAME = "vai-inspect"


@dataclass(frozen=True)
class ModelInfo:
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
        """Returns the model as the JSON report holds it."""
        found: Dict[str, Any] = {
            "name": self.name,
            "framework": self.framework,
            "framework_version": self.framework_version,
            "capture": self.capture,
        }
        return dict(found, trusted=True) if self.trusted else found


@dataclass(frozen=True)
class InspectedOp:
    """One operator with its placement.

    Attributes:
        op: the operator of the IR.
        consumers: names of the operators that read it, in graph order.
        device: where it runs.
        findings: every reason against the DPU; empty where it is supported.
        messages: notes that are not reasons: what was folded, inserted or rewritten.
        subgraph: name of its subgraph; None for inputs and outputs of the graph.
        macs: multiply-accumulate operations for the shapes inspected; None where untold.
        macs_untold: why they cannot be told; None where they are.
    """

    op: Op
    consumers: Tuple[str, ...]
    device: Device
    findings: Tuple[Finding, ...]
    messages: Tuple[str, ...]
    subgraph: Optional[str]
    macs: Optional[int]
    macs_untold: Optional[str] = None

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
            "outputs": list(self.consumers),
            "output_shapes": [list(tensor.shape) for tensor in self.op.outputs],
            "attributes": self.op.attributes(),
            "device": self.device.value,
            "verdict": self.verdict.value,
            "findings": [finding.to_dict() for finding in self.findings],
            "messages": list(self.messages),
            "subgraph": self.subgraph,
            "macs": self.macs,
            "macs_untold": self.macs_untold,
            "output_bytes": self.output_bytes,
            "origin": {
                "layers": list(self.op.origin.layers),
                "source": [
                    {"file": frame.file, "line": frame.line, "function": frame.function}
                    for frame in self.op.origin.source
                ],
            },
        }


@dataclass(frozen=True)
class Subgraph:
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

    def to_dict(self) -> Dict[str, Any]:
        """Returns the subgraph as the JSON report holds it."""
        return {
            "name": self.name,
            "device": self.device.value,
            "ops": list(self.ops),
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
        }


@dataclass(frozen=True)
class Crossing:
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
class CutPoints:
    """Where to cut a network so that the host does its start and its end.

    Attributes:
        start: operators on the CPU whose outputs become inputs of the DPU's part.
        end: operators on the DPU whose outputs the host takes and goes on with.
    """

    start: Tuple[str, ...]
    end: Tuple[str, ...]

    def to_dict(self) -> Dict[str, Any]:
        """Returns the cut points as the JSON report holds them."""
        return {"start": list(self.start), "end": list(self.end)}


@dataclass(frozen=True)
class Summary:
    """Totals of an inspection: `ops` = `dpu_ops` + `cpu_ops` + `user_ops` + `constants`.

    `user_ops` counts the inputs and outputs of the graph. Constants are weights: each is placed
    with the operator that reads it, and no other count of operators has it. `macs` and `dpu_macs`
    add up what can be told; `macs_untold_ops` counts the operators of which it cannot.
    `whole_but_for_ends` tells whether whatever is on the CPU stands at the start or the end of
    the network and costs the DPU nothing there.
    """

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
    macs_untold_ops: int
    fully_on_dpu: bool
    whole_but_for_ends: bool


@dataclass(frozen=True)
class Inspection:
    """What became of a model on a target.

    Attributes:
        model: what was inspected.
        target: the DPU.
        ops: every operator in topological order.
        subgraphs: the DPU's and the CPU's, in graph order.
        crossings: tensors that pass between the DPU and the CPU.
        root_causes: what keeps operators off the DPU, that whose cure gives most back first.
        steps: what to do, in order; see `plan`.
        warnings: what the user should know of the whole: plug-ins that failed, missing rules.
        tool_version: version of this package.
        default_estimate: how long it takes on the board that stands first for the target; None
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
            macs_untold_ops=sum(op.macs is None for op in self.ops),
            fully_on_dpu=not cpu,
            whole_but_for_ends=not cpu or self._whole_but_for_ends(),
        )

    @classmethod
    def from_dict(cls, report: Mapping[str, Any]) -> Inspection:
        """Returns the inspection that a report holds; `to_dict` of it gives the report again.

        Args:
            report: what `to_dict` returned, or a JSON report that was read.

        Raises:
            ReportError: it is no report, or its parts contradict each other.
        """
        from vai_inspect.core.reading import inspection_from

        return inspection_from(report)

    @classmethod
    def from_json(cls, text: str) -> Inspection:
        """Returns the inspection that the text of a JSON report holds.

        Args:
            text: the content of `inspect_<TARGET>.json`.

        Raises:
            ReportError: it is no JSON, no report, or its parts contradict each other.
        """
        from vai_inspect.core.reading import inspection_from_json

        return inspection_from_json(text)

    def estimate(
        self,
        board: Optional[str] = None,
        clock_mhz: Optional[float] = None,
        cores: Optional[int] = None,
        bandwidth_gb_s: Optional[float] = None,
    ) -> Estimate:
        """Returns how long the network takes on a board, and what is known of the error.

        Args:
            board: a board's name in any case; None for the KV260 where it has such a DPU, else
                for one core at 300 MHz.
            clock_mhz: clock of the DPU in place of the board's, MHz.
            cores: DPU cores in place of the board's.
            bandwidth_gb_s: memory bandwidth in place of the board's, GB/s in each direction.

        Raises:
            EstimateError: there is no trustworthy model for the target's family, nothing runs on
                the DPU, or the board or a figure is none; the message says why and what to do.
        """
        found: Estimate = view(
            self,
            "estimate",
            board=board,
            clock_mhz=clock_mhz,
            cores=cores,
            bandwidth_gb_s=bandwidth_gb_s,
        )
        return found

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
                a container stands for everything within.
        """
        within = (layer + "/", layer + ".")
        return [
            op
            for op in self.ops
            if layer == op.name
            or any(path == layer or path.startswith(within) for path in op.op.origin.layers)
        ]

    @cached_property
    def edges(self) -> Edges:
        """Where the operators stand, as the DPU sees it."""
        return Edges(
            [op.op for op in self.ops],
            {op.name: op.device for op in self.ops},
            {op.name: op.macs for op in self.ops},
        )

    @cached_property
    def cut_points(self) -> CutPoints:
        """Where to cut the network so that the host does its start and its end.

        Only operators that cost the DPU nothing there are cut off; see `Edges.cuts_nothing`.
        """
        off = {op.name: self.edges.position((op.name,)) for op in self.left_to_host()}
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
        """Returns the operators on the CPU that cost the DPU nothing there, in graph order."""
        return list(self._left_to_host)

    @cached_property
    def _left_to_host(self) -> Tuple[InspectedOp, ...]:
        return tuple(op for op in self.on(Device.CPU) if self.edges.cuts_nothing((op.name,)))

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

        Where it follows from several, the first is told.

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
        every = estimated.ops if estimated is not None else {}
        times = {name: entry.to_dict() for name, entry in every.items()}
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL_NAME, "version": self.tool_version},
            "model": self.model.to_dict(),
            "target": self.target.to_dict(),
            "summary": summary_dict(self.summary, estimated, self.estimate_unknown),
            "ops": [{**op.to_dict(), "estimate": times.get(op.name)} for op in self.ops],
            "subgraphs": [part.to_dict() for part in self.subgraphs],
            "crossings": [dict(vars(crossing)) for crossing in self.crossings],
            "cut_points": self.cut_points.to_dict(),
            "plan": [step.to_dict() for step in self.steps],
            "root_causes": [cause.to_dict() for cause in self.root_causes],
            "warnings": list(self.warnings),
            "quantizer": self.quantizer and self.quantizer.to_dict(),
        }

    def plan(self) -> Plan:
        """Returns what to do, in the order to do it, and what each step gives."""
        return Plan(self.steps)

    def diff(self, other: Inspection) -> Difference:
        """Returns what moved from this inspection to another, and what got worse.

        Args:
            other: the newer inspection, of the same model or of what it became.
        """
        from vai_inspect.core.difference import Difference

        return Difference(self, other)

    def graph(self) -> Any:
        """Returns the graph of `inspect_<TARGET>.gv` as a `graphviz.Source`.

        A notebook shows it, and `.view()`, `.render()` and `.pipe()` draw it in any format; they
        need Graphviz's `dot`. `.source` is the text, which needs nothing.

        Raises:
            ReportError: the Python package `graphviz` is not installed.
        """
        return view(self, "graph")

    def _repr_html_(self) -> Optional[str]:
        found: Optional[str] = view(self, "html")
        return found

    def __repr__(self) -> str:
        total, name = self.summary, self.model.name
        return (
            "<Inspection of {} on {}: {:,} operators on the DPU, {:,} on the CPU, {:,} DPU "
            "subgraph{}, {:,} crossing{}>".format(
                name if name.isprintable() else repr(name),
                self.target.name,
                total.dpu_ops,
                total.cpu_ops,
                total.dpu_subgraphs,
                "" if total.dpu_subgraphs == 1 else "s",
                total.crossings,
                "" if total.crossings == 1 else "s",
            )
        )


def summary_dict(
    summary: Summary, estimate: Optional[Estimate], unknown: Optional[str]
) -> Dict[str, Any]:
    """Returns the totals as the JSON report holds them.

    Args:
        summary: the counts.
        estimate: how long it takes, where that is estimated.
        unknown: why it is not.
    """
    found = dict(vars(summary))
    found["estimate"] = estimate and estimate.to_dict()
    found["estimate_unknown"] = unknown
    return found


def _total_macs(ops: Iterable[InspectedOp]) -> int:
    return sum(op.macs or 0 for op in ops)
