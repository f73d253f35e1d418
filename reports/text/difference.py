"""What moved between two inspections, as text."""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.inspection.data import InspectionData
from vai_inspect.core.inspection.difference import Difference, OpChange
from vai_inspect.reports.text.lines import hanging, plain, shortened

WIDTH = 100
MOST_OPS = 20
"""Operators that are listed one by one under each title."""

TITLES = {
    "dpu_ops": "operators on the DPU",
    "cpu_ops": "operators on the CPU",
    "unknown_ops": "verdicts unknown",
    "dpu_subgraphs": "DPU subgraphs",
    "cpu_subgraphs": "CPU subgraphs",
    "crossings": "crossings",
    "crossing_bytes": "bytes that cross",
    "macs": "multiply-accumulates",
    "dpu_macs": "on the DPU of them",
}


def render(difference: Difference) -> str:
    """Returns the difference as text: what got worse and better, the counts, the operators."""
    return "\n".join(_lines(difference)) + "\n"


def _lines(difference: Difference) -> Iterator[str]:
    yield f"before: {_title(difference.before)}"
    yield f"after:  {_title(difference.after)}"
    yield ""
    for title, sentences in (("worse", difference.worse), ("better", difference.better)):
        for sentence in sentences:
            yield f"{title}: {sentence}"
    if not difference.worse and not difference.better:
        yield "nothing got worse or better"
    yield ""
    yield from _counts(difference)
    for title, changes in _groups(difference):
        if changes:
            yield ""
            yield f"{title} ({count(len(changes), 'operator')}):"
            yield from _ops(changes)


def _groups(difference: Difference) -> Iterator[Tuple[str, List[OpChange]]]:
    new = difference.new_on_cpu
    gone = difference.gone_from_cpu
    yield "new on the CPU", new
    yield "no longer on the CPU", gone
    yield "added", [change for change in difference.added if change not in new]
    yield "removed", [change for change in difference.removed if change not in gone]


def _counts(difference: Difference) -> Iterator[str]:
    rows = [("", "before", "after")]
    rows += [
        (TITLES[name], f"{old:,}", f"{new:,}")
        for name, (old, new) in difference.counts.items()
        if old or new
    ]
    old_ms, new_ms = difference.dpu_ms
    if old_ms is not None and new_ms is not None:
        rows.append(("DPU time, ms", f"{old_ms:.3g}", f"{new_ms:.3g}"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for title, old, new in rows:
        yield f"{title:{widths[0]}}  {old:>{widths[1]}}  {new:>{widths[2]}}".rstrip()
    estimate = difference.after.default_estimate
    if old_ms is not None and estimate is not None:
        yield f"DPU time: {estimate.error.brief}"


def _ops(changes: Sequence[OpChange]) -> Iterator[str]:
    for change in changes[:MOST_OPS]:
        yield f"  {shortened(plain(change.name), WIDTH)} ({plain(change.type)}){_ways(change)}"
        for reason in change.reasons:
            yield from hanging("    - ", plain(reason), WIDTH)
    if len(changes) > MOST_OPS:
        yield f"  and {len(changes) - MOST_OPS:,} more"


def _ways(change: OpChange) -> str:
    if change.before is None or change.after is None:
        return ""
    if change.before.device is change.after.device:
        return ""
    return f": {change.before.device.value} -> {change.after.device.value}"


def _title(inspection: InspectionData) -> str:
    return f"{shortened(plain(inspection.model.name), 60)} on {plain(inspection.target.name)}"
