"""The text report's summary: the answer first, then the reasons, then the figures."""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

from vai_inspect.core.findings import Device, Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.words import (
    are,
    cells,
    count,
    doubt,
    ends,
    plain,
    share,
    shortened,
    wrapped,
)

ALL_ON_DPU = "All the operators are assigned to the DPU."
WIDTHS = (30, 18, 62)
TITLES = ("node name", "op type", "hardware constraints")
LONGEST_NAME = 240
"""Characters; the block of the operator has its whole name."""
INDENT = " " * 4


def lines(inspection: Inspection) -> Iterator[str]:
    """Yields the lines of the summary.

    Args:
        inspection: what to sum up.
    """
    on_cpu = inspection.on(Device.CPU)
    if on_cpu:
        yield from _answer(inspection, on_cpu)
        yield ""
        yield from _table([_row(op) for op in on_cpu])
    else:
        yield ALL_ON_DPU
    yield ""
    yield from _figures(inspection)
    if inspection.warnings:
        yield ""
        yield "warnings:"
        for warning in inspection.warnings:
            yield INDENT + plain(warning)


def verdict_sentence(inspection: Inspection) -> str:
    """Returns one sentence: whether the whole model runs on the DPU, else how much does not."""
    total = inspection.summary
    if total.fully_on_dpu:
        return ALL_ON_DPU
    return "Not all of the model runs on the DPU: {} assigned to the CPU, {} to the DPU.".format(
        are(total.cpu_ops, "operator"), total.dpu_ops
    )


def _answer(inspection: Inspection, on_cpu: Sequence[InspectedOp]) -> Iterator[str]:
    roots = [op for op in on_cpu if op.root_cause]
    yield verdict_sentence(inspection)
    if roots:
        yield ""
        yield "root causes:"
        for op in roots:
            yield INDENT + root_line(op)
    following = sum(1 for op in on_cpu if op.findings and not op.root_cause)
    if following:
        yield "{} on the CPU only because of others.".format(are(following, "operator"))


def root_line(op: InspectedOp) -> str:
    """Returns a root cause on one line: the operator, its first own reason, how many more."""
    own = [finding for finding in op.findings if finding.follows is None]
    more = " (and {})".format(count(len(own) - 1, "more reason")) if len(own) > 1 else ""
    name = shortened(plain(op.name), LONGEST_NAME)
    return "{} ({}): {}{}".format(name, plain(op.type), plain(own[0].message), more)


def _row(op: InspectedOp) -> Tuple[List[str], ...]:
    reasons: List[str] = []
    for finding in op.findings:
        reasons += _indented(_sentence(finding), WIDTHS[2], "- ")
        if finding.suggestion:
            text = "what to change: " + plain(finding.suggestion)
            reasons += _indented(text, WIDTHS[2], "  ")
    name = shortened(plain(op.name), LONGEST_NAME)
    return wrapped(name, WIDTHS[0]), wrapped(plain(op.type), WIDTHS[1]), reasons


def _sentence(finding: Finding) -> str:
    unsure = doubt(finding)
    return plain(finding.message) + (" ({})".format(unsure) if unsure else "")


def _indented(text: str, width: int, mark: str) -> List[str]:
    first, *rest = wrapped(text, width - 2)
    return [mark + first] + ["  " + line for line in rest]


def _table(rows: Sequence[Tuple[List[str], ...]]) -> Iterator[str]:
    edge = "+" + "+".join("-" * (width + 2) for width in WIDTHS) + "+"
    yield edge
    yield _line(TITLES)
    yield edge
    for row in rows:
        height = max(len(column) for column in row)
        for at in range(height):
            yield _line([column[at] if at < len(column) else "" for column in row])
        yield edge


def _line(columns: Sequence[str]) -> str:
    padded = (text + " " * (width - cells(text)) for text, width in zip(columns, WIDTHS))
    return "| " + " | ".join(padded) + " |"


def _figures(inspection: Inspection) -> Iterator[str]:
    total = inspection.summary
    yield "operators: {} ({} on the DPU, {} on the CPU, {})".format(
        total.ops, total.dpu_ops, total.cpu_ops, ends(total.user_ops)
    )
    if total.unknown_ops:
        yield "operators of unknown verdict (no source decides): {}".format(total.unknown_ops)
    part = share(total.dpu_macs, total.macs)
    untold = sum(
        1 for op in inspection.on(Device.CPU) + inspection.on(Device.DPU) if op.macs is None
    )
    yield "multiply-accumulate operations: {:,}{}{}".format(
        total.macs,
        ", {} of them on the DPU".format(part) if part else "",
        " (those of {} cannot be told)".format(count(untold, "operator")) if untold else "",
    )
    yield "subgraphs: {} on the DPU, {} on the CPU".format(total.dpu_subgraphs, total.cpu_subgraphs)
    for graph in inspection.subgraphs:
        yield "{}{}: {}".format(INDENT, plain(graph.name), count(len(graph.ops), "operator"))
    yield "crossings between the DPU and the CPU: {}{}".format(
        total.crossings,
        ", {}".format(count(total.crossing_bytes, "byte")) if total.crossings else "",
    )
    for crossing in inspection.crossings:
        yield "{}{} -> {}: {}, {}".format(
            INDENT,
            plain(crossing.source),
            plain(crossing.target),
            plain(crossing.op) + (" output {}".format(crossing.index) if crossing.index else ""),
            count(crossing.bytes, "byte"),
        )
