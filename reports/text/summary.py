"""The text report's summary: the answer first, then the reasons, then the figures."""

from __future__ import annotations

from typing import AbstractSet, Iterator, List, Sequence

from vai_inspect.core.errors import count
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Crossing, Inspection, ModelInfo, Subgraph
from vai_inspect.core.root_cause import Position
from vai_inspect.reports.text import times
from vai_inspect.reports.text.causes import (
    CAUSES_TITLE,
    ENDS_TITLE,
    MOST_CAUSES,
    at_the_ends,
    details,
    headline,
    listed,
    ranked,
    with_types,
)
from vai_inspect.reports.text.format import are, others, run, unknown_macs, work_share
from vai_inspect.reports.text.lines import hanging, plain, shortened
from vai_inspect.reports.text.plan import PLAN_TITLE, remaining, steps
from vai_inspect.reports.text.reasons import table

ALL_ON_DPU = "All the operators are assigned to the DPU."
LINE = 120
"""Characters of a line of the head and of the table."""
MOST_PARTS = 20
"""More are not listed; the JSON report has them all."""
LONGEST_NAME = 240
INDENT = " " * 4
_ENDS = {Position.START: "its start", Position.END: "its end"}


def lines(inspection: Inspection) -> Iterator[str]:
    """Yields the lines of the summary.

    Args:
        inspection: what to sum up.
    """
    yield from hanging("", verdict_sentence(inspection), LINE)
    yield from hanging("", cut_sentence(inspection), LINE)
    yield from _plan(inspection)
    if not inspection.summary.fully_on_dpu:
        yield from _causes(inspection)
        yield ""
        yield from table(inspection, LINE)
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
    if total.whole_but_for_ends:
        return _but_for_ends(inspection)
    return (
        f"Not all of the model runs on the DPU: {are(total.cpu_ops, 'operator')} assigned to the "
        f"CPU, {total.dpu_ops:,} to the DPU."
    )


def _but_for_ends(inspection: Inspection) -> str:
    left = inspection.left_to_host()
    places = {inspection.boundary.position((op.name,)) for op in left}
    where = [text for place, text in _ENDS.items() if place in places]
    roots = [op for op in left if op.root_cause] or left
    named = with_types(roots)
    one = len(named) == 1
    stay, do = ("stays", "does") if one else ("stay", "do")
    return (
        f"All of the model runs on the DPU except for {' and '.join(where)}: {listed(named)} "
        f"{stay} on the host and {do} not split the DPU subgraph."
    )


def trust_sentences(model: ModelInfo) -> List[str]:
    """Returns one sentence where the model's file was trusted, else none."""
    if not model.trusted:
        return []
    return ["The model's file was loaded with --trust: code in it could run."]


def cut_sentence(inspection: Inspection) -> str:
    """Returns the number of subgraphs of the DPU part, and what crosses to and from it."""
    total = inspection.summary
    if total.dpu_subgraphs == 0:
        return "No operator runs on the DPU."
    whole = (
        "The DPU part is one subgraph"
        if total.dpu_subgraphs == 1
        else f"The DPU part is split into {count(total.dpu_subgraphs, 'subgraph')}"
    )
    if not total.crossings:
        return whole + "."
    passes = "1 tensor passes" if total.crossings == 1 else f"{total.crossings:,} tensors pass"
    size = f"{count(total.crossing_bytes, 'byte')} per {run(inspection)}"
    return f"{whole}; {passes} ({size}) between the DPU and the CPU."


def counts(inspection: Inspection) -> str:
    """Returns how many operators there are on each device, without a full stop."""
    total = inspection.summary
    unknown = f" ({total.unknown_ops:,} with an unknown verdict)" if total.unknown_ops else ""
    return (
        f"{count(total.ops, 'operator')}: {total.dpu_ops:,} on the DPU, {total.cpu_ops:,} on the "
        f"CPU{unknown}, {others(total)}"
    )


def work(inspection: Inspection) -> str:
    """Returns the multiply-accumulates and where they run, without a full stop."""
    total = inspection.summary
    return f"{total.macs:,} multiply-accumulate operations{work_share(total)}"


def more_causes(inspection: Inspection) -> str:
    """Returns how many root causes follow those that are listed one by one."""
    rest = ranked(inspection)[MOST_CAUSES:]
    ops = count(sum(len(one.ops) for one in rest), "operator")
    return f"and {count(len(rest), 'more root cause')}, of {ops}; the table has them"


def following_sentence(inspection: Inspection) -> str:
    """Returns how many operators are on the CPU without a reason of their own, or nothing."""
    following = sum(1 for op in inspection.on(Device.CPU) if op.findings and not op.root_cause)
    if not following:
        return ""
    return f"{are(following, 'operator')} on the CPU only because of others."


def _plan(inspection: Inspection) -> Iterator[str]:
    if inspection.steps:
        yield ""
        yield PLAN_TITLE
    for title, changed, code in steps(inspection):
        yield from hanging(INDENT, title, LINE)
        yield from hanging(INDENT + "   ", changed, LINE)
        for line in code:
            yield (INDENT + "   " + line).rstrip()
    rest = remaining(inspection)
    if rest:
        yield from hanging(INDENT, rest, LINE)


def _causes(inspection: Inspection) -> Iterator[str]:
    causes = ranked(inspection)
    if causes:
        yield ""
        yield CAUSES_TITLE
    for number, cause in enumerate(causes[:MOST_CAUSES], 1):
        mark = f"{INDENT}{number}. "
        yield from hanging(mark, headline(cause, inspection), LINE)
        for title, text in details(cause, number, inspection):
            yield from hanging(" " * len(mark) + "- ", f"{title}: {text}", LINE)
    if len(causes) > MOST_CAUSES:
        yield INDENT + more_causes(inspection)
    at_ends = list(at_the_ends(inspection))
    if at_ends:
        yield ""
        yield ENDS_TITLE
    for sentence in at_ends:
        yield from hanging(INDENT, sentence, LINE)
    following = following_sentence(inspection)
    if following:
        yield ""
        yield following


def _figures(inspection: Inspection) -> Iterator[str]:
    total = inspection.summary
    yield (
        f"operators: {total.ops:,} ({total.dpu_ops:,} on the DPU, {total.cpu_ops:,} on the CPU, "
        f"{others(total)})"
    )
    if total.unknown_ops:
        yield f"operators with an unknown verdict (no source decides): {total.unknown_ops:,}"
    yield f"multiply-accumulate operations: {total.macs:,}{work_share(total)}"
    yield from (INDENT + line for line in unknown_macs(inspection))
    for within, sentence in times.lines(inspection):
        yield from hanging(INDENT if within else "", sentence, LINE)
    yield f"subgraphs: {total.dpu_subgraphs:,} on the DPU, {total.cpu_subgraphs:,} on the CPU"
    constants = {op.name for op in inspection.constants}
    yield from _listed([_part(part, constants) for part in inspection.subgraphs])
    size = f", {count(total.crossing_bytes, 'byte')} per {run(inspection)}"
    yield (
        f"crossings between the DPU and the CPU: {total.crossings:,}"
        f"{size if total.crossings else ''}"
    )
    yield from _listed([_crossing(one) for one in inspection.crossings])


def _listed(items: Sequence[str]) -> Iterator[str]:
    for text in items[:MOST_PARTS]:
        yield INDENT + text
    if len(items) > MOST_PARTS:
        yield f"{INDENT}and {len(items) - MOST_PARTS:,} more; the JSON report lists them"


def _part(part: Subgraph, constants: AbstractSet[str]) -> str:
    names = [name for name in part.ops if name not in constants] or part.ops
    ends = [shortened(plain(name), LONGEST_NAME) for name in (names[0], names[-1])]
    shown = ends[0] if len(names) == 1 else " to ".join(ends)
    return f"{plain(part.name)}: {count(len(names), 'operator')}, {shown}"


def _crossing(crossing: Crossing) -> str:
    value = plain(crossing.op) + (f" output {crossing.index}" if crossing.index else "")
    ends = f"{plain(crossing.source)} -> {plain(crossing.target)}"
    return f"{ends}: {value}, {count(crossing.bytes, 'byte')}"
