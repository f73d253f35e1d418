"""The text report, `inspect_<TARGET>.txt`. Byte-stable: no times, no absolute paths."""

from __future__ import annotations

from typing import Iterable, Iterator, List, Optional

from vai_inspect.core.findings import Finding
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.text import quantizer, summary
from vai_inspect.reports.text.causes import chain, effect, ranked
from vai_inspect.reports.text.format import (
    NO_RELEASE,
    file_name,
    grounds,
    remedy,
    title_of_releases,
    value,
    verdict,
)
from vai_inspect.reports.text.lines import plain

RULE = "=" * 100
THIN = "-" * 100
INDENT = " " * 4

EXPLANATION = """\
# The placement of a model on a DPU: which operators it runs, which not, and why.
#
# target info             the DPU that the model was inspected for; in brackets after a board the
#                         releases whose image of it boots this build, or another user of the board
# quantizer               what the vendor's quantiser does with the model before the compiler sees
#                         it: what changes the function without an error, what stops the flow, what
#                         stays in float, each with a remedy; then what is replaced by default
# inspection summary      whether the DPU runs the complete model; if not, the root causes: what
#                         keeps operators off the DPU regardless of their neighbours, what to
#                         change, and which operators move to the DPU if that alone is fixed, or
#                         with the causes above; operators at the start or the end of the network
#                         that have no DPU cost there and are best run on the host; then every
#                         operator on the CPU with its reasons, grouped by equal reasons; then
#                         counts, subgraphs and crossings (tensors that pass between the DPU and
#                         the CPU); then warnings about the model as such
# graph name              the model
# then a block for each operator, in the order in which they run:
#   node name             the operator's name, which is unique
#   input nodes           the operators that it reads, in the order of its inputs
#   output nodes          the operators that read it
#   op type               its type in XIR, the compiler's intermediate representation
#   output shape          shape of its output in XIR's layout: NHWC, NDHWC in three dimensions
#   op attributes         its attributes under XIR's names, in XIR's order:
#                         kernel, stride, dilation [w, h]; pad [left, right, top, bottom]
#   assigned device       dpu, cpu, or user for the inputs and outputs of the graph; constants are
#                         weights, placed with their consumer and counted separately
#   hardware constraints  only if there are any: each reason against the DPU;
#                         "what to change" is the remedy; "rule" is the constraint's id, its
#                         evidence (compiled, inspector, partition_rule, user_guide or inferred, the
#                         strongest first) and its source; "follows from" names the operator whose
#                         device causes it, and the root cause; "verdict" says that no source
#                         decides; "if fixed alone" is the effect of removing all reasons of its
#                         own, for operators whose place on the host has a DPU cost
#   node messages         only if there are any: what was folded, inserted or rewritten
#   source range          the origin of the operator: for PyTorch file, line and function of the
#                         model's code, the innermost last; for Keras the layers' paths
#
# Line breaks and control characters in names are written as escapes (\\n, \\x00)."""


GRAPH_NAME = "graph name: "
"""What precedes the name of the model."""


@paused()
def render(inspection: Inspection) -> str:
    """Returns the text report, in which every line is escaped: a name cannot forge one.

    Args:
        inspection: what to report.
    """
    lines: List[str] = EXPLANATION.splitlines()
    for sentence in summary.trust_sentences(inspection.model):
        lines += ["#", "# " + sentence]
    lines += [""]
    lines += _section("target info")
    lines += _target(inspection)
    if inspection.quantizer and quantizer.has_more_than_checklist(inspection.quantizer):
        lines += ["", *_section(quantizer.title(inspection.quantizer))]
        lines += quantizer.lines(inspection, summary.LINE)
    lines += ["", *_section("inspection summary")]
    lines += summary.lines(inspection)
    lines += ["", RULE, GRAPH_NAME + inspection.model.name, RULE]
    alone = {
        name: effect(outcome, inspection)
        for cause in ranked(inspection)
        for name, outcome in zip(cause.ops, cause.each)
    }
    for op in inspection.ops:
        lines += _block(op, inspection, alone.get(op.name))
        lines.append(THIN)
    closing = list(quantizer.closing_lines(inspection, summary.LINE))
    if closing:
        lines += ["", *_section(quantizer.CHECKLIST_TITLE), *closing]
    return "\n".join(map(plain, lines)) + "\n"


def _section(title: str) -> List[str]:
    return [RULE, title, RULE]


def _target(inspection: Inspection) -> Iterator[str]:
    target = inspection.target
    yield "name: " + target.name
    yield "fingerprint: " + target.fingerprint_text
    yield "family: " + target.dpu
    yield f"isa version: {target.isa_version}"
    yield f"batch: {target.batch}"
    yield f"peak operations per cycle: {target.peak_ops_per_cycle:,}"
    yield f"{title_of_releases(target)}: {', '.join(target.releases) or NO_RELEASE}"
    if target.board_uses:
        yield "boards: " + ", ".join(map(str, target.board_uses))


def _block(op: InspectedOp, inspection: Inspection, alone: Optional[str]) -> Iterator[str]:
    yield "node name: " + op.name
    yield from _listed("input nodes:", dict.fromkeys(source.op for source in op.op.inputs))
    yield from _listed("output nodes:", op.consumers)
    yield "op type: " + op.type
    yield "output shape: " + ", ".join(value(tensor.shape) for tensor in op.op.outputs)
    attributes = op.op.attributes()
    yield from _listed(
        "op attributes:", [f"{name}: {value(one)}" for name, one in attributes.items()]
    )
    yield "assigned device: " + op.device.value
    if op.findings:
        yield "hardware constraints:"
        for finding in op.findings:
            yield from _finding(finding, inspection)
        if alone:
            yield f"{INDENT * 2}if fixed alone: {alone}"
    if op.messages:
        yield from _listed("node messages:", op.messages)
    yield from _source(op)


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    yield title
    for item in items:
        yield INDENT + item


def _finding(finding: Finding, inspection: Inspection) -> Iterator[str]:
    yield INDENT + finding.message
    for title, text in (
        ("what to change", remedy(finding)),
        ("verdict", verdict(finding)),
        ("follows from", chain(finding, inspection)),
        ("rule", grounds(finding)),
    ):
        if text:
            yield f"{INDENT * 2}{title}: {text}"


def _source(op: InspectedOp) -> Iterator[str]:
    origin = op.op.origin
    frames = [f"{file_name(frame.file)}:{frame.line} {frame.function}" for frame in origin.source]
    yield from _listed("source range:", frames or origin.layers)
