"""The pipeline: pure functions from a model to a `Captured`, and from that to an `Inspection`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional, Tuple, Union

from vai_inspect._version import __version__
from vai_inspect.batches import for_each_batch, open_batch
from vai_inspect.capture_lock import capture_lock
from vai_inspect.core.capture import Captured
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.core.partition import Partition, partitioned, root_causes
from vai_inspect.core.root_cause import RootCause
from vai_inspect.core.target import Target
from vai_inspect.estimating import Times
from vai_inspect.frameworks import AS_IT_IS, CaptureOptions, Framework, framework_for, read
from vai_inspect.planning import Planned, plan
from vai_inspect.rules.engine import registry
from vai_inspect.rules.engine.evaluate import Evaluation, evaluate
from vai_inspect.rules.engine.family import Family
from vai_inspect.rules.quantizers import quantized
from vai_inspect.rules.quantizers.check import placed_in

TargetSpec = Union[str, int, Path, Target]
Messages = Mapping[str, Tuple[str, ...]]


def each_of(targets: Any) -> Iterable[TargetSpec]:
    """Returns the targets of an argument that takes one or several."""
    one = isinstance(targets, (str, int, Target)) or hasattr(targets, "__fspath__")
    found: Iterable[TargetSpec] = (targets,) if one else targets
    return found


class Detail(Enum):
    """How much an inspection looks for; each holds what the ones before it hold."""

    COUNTS = 1
    """Devices, reasons, totals and the time of the whole."""
    PLAN = 2
    """What to do, in order."""
    FULL = 3
    """Root causes, and the time of each operator and subgraph."""


def capture(
    model: Any,
    target: Target,
    options: CaptureOptions = AS_IT_IS,
    framework: Optional[Framework] = None,
) -> Captured:
    """Reads a model into the IR, as the vendor's quantiser of its framework converts it.

    Args:
        model: a Keras, PyTorch or ONNX model, as the inspectors take it.
        target: the DPU, whose family wants a certain batch where the model leaves its own open.
        options: how it is read.
        framework: its framework; None to find it.

    Raises:
        ModelError: it is a model of no framework that is known.
        VaiInspectError: it cannot be read.
    """
    return capture_for((target,), model, options, framework)[0]


def capture_for(
    targets: Iterable[Target],
    model: Any,
    options: CaptureOptions = AS_IT_IS,
    framework: Optional[Framework] = None,
) -> Tuple[Captured, ...]:
    """Reads a model for targets, once for each batch that they want; threads take turns.

    Args:
        targets: the DPUs.
        model: see `capture`.
        options: see `capture`.
        framework: see `capture`.

    Returns:
        What was read for each target; the same object where the batch is the same.

    Raises:
        VaiInspectError: as of `capture`.
    """
    found = framework or framework_for(model)

    def with_batch(batch: int) -> Captured:
        captured = read(found, model, options, batch)
        return quantized(captured, options.convert, options.release)

    with capture_lock():
        return for_each_batch(targets, with_batch)


@paused()
def inspect_graph(captured: Captured, target: Target, detail: Detail = Detail.FULL) -> Inspection:
    """Inspects a captured model on a target; writes and prints nothing.

    Args:
        captured: what a frontend read.
        target: the DPU.
        detail: how much to look for; root causes and the plan take most of the time.

    Raises:
        GraphError: the frontend or a pass made an unsound graph, which is a defect of vai_inspect.
    """
    graph, family = captured.normalised, registry.family(target.family)
    found = evaluate(family, target, graph)
    partition = partitioned(graph, found.placement)
    times = Times(graph.ops, target)
    quantizer = captured.quantizer and placed_in(captured.quantizer, captured.graph, graph)
    planned = Planned()
    if detail is not Detail.COUNTS:
        planned = plan(partition, target, times.dpu_ms, quantizer)
    causes: Tuple[RootCause, ...] = ()
    if detail is Detail.FULL:
        causes = root_causes(graph, found.own, found.context, found.placement, dpu_ms=times.dpu_ms)
    inspection = Inspection(
        model=captured.model,
        target=target,
        ops=_inspected(partition, found.messages),
        subgraphs=partition.subgraphs,
        crossings=partition.transfers,
        root_causes=causes,
        warnings=tuple(_warnings(captured, family, found, planned)),
        tool_version=__version__,
        steps=planned.steps,
        quantizer=quantizer,
    )
    return times.in_detail(inspection) if detail is Detail.FULL else times.added_to(inspection)


def _warnings(
    captured: Captured, family: Family, found: Evaluation, planned: Planned
) -> Iterator[str]:
    yield from captured.warnings
    yield from open_batch(captured, family)
    yield from registry.warnings()
    yield from found.warnings
    for op in captured.normalised:
        if op.kind == "data":
            for text in found.messages.get(op.name, ()):
                yield f"input {op.name}: {text}"
    if not family.written:
        yield (
            f"the rules of {family.dpu} are not written yet: every operator is unknown, none is "
            "said to run on the DPU"
        )
    if planned.incomplete:
        yield "the network is too large to look at every rewrite for the plan"


def _inspected(partition: Partition, messages: Messages) -> Tuple[InspectedOp, ...]:
    graph, placement, macs = partition.graph, partition.placement, partition.macs
    part_of = {name: part.name for part in partition.subgraphs for name in part.ops}
    return tuple(
        InspectedOp(
            op=op,
            consumers=tuple(reader.name for reader in graph.consumers(op)),
            device=placement.devices[op.name],
            findings=placement.findings.get(op.name, ()),
            messages=op.messages + messages.get(op.name, ()),
            subgraph=part_of.get(op.name),
            macs=macs[op.name].count,
            macs_unknown=macs[op.name].unknown,
        )
        for op in graph
    )
