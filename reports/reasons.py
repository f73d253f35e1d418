"""The operators on the CPU with their reasons, as rows of a table; equal reasons are told once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, List, Sequence, Tuple

from vai_inspect.core.findings import Device, Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.words import cells, doubt, hanging, plain, shortened, wrapped

TITLES = ("node name", "op type", "hardware constraints")
LONGEST_NAME = 240
"""Characters; the block of the operator has its whole name."""


@dataclass(frozen=True)
class Row:
    """Operators of one type with the same reasons."""

    names: Tuple[str, ...]
    type: str
    findings: Tuple[Finding, ...]


def rows(inspection: Inspection) -> List[Row]:
    """Returns a row for each set of reasons, in the order of the first operators that have it."""
    alike: Dict[Tuple[object, ...], List[str]] = {}
    first: Dict[Tuple[object, ...], InspectedOp] = {}
    for op in inspection.on(Device.CPU):
        told = tuple((one.message, one.suggestion, one.verdict) for one in op.findings)
        key = (op.type, told)
        first.setdefault(key, op)
        alike.setdefault(key, []).append(op.name)
    return [Row(tuple(alike[key]), op.type, op.findings) for key, op in first.items()]


def widths(inspection: Inspection, width: int) -> Tuple[int, int, int]:
    """Returns the characters of each column: names as wide as they need, up to two fifths.

    Args:
        inspection: what to report.
        width: characters of the whole, the bars and spaces between not counted.
    """
    on_cpu = inspection.on(Device.CPU)
    kind = max([len(TITLES[1]), *(cells(plain(op.type)) for op in on_cpu)])
    kind = min(kind, max(8, width // 5))
    name = max([len(TITLES[0]), *(cells(plain(op.name)) for op in on_cpu)])
    name = min(name, max(12, width * 2 // 5))
    return name, kind, max(20, width - name - kind)


def table(inspection: Inspection, width: int) -> Iterator[str]:
    """Yields the lines of the table.

    Args:
        inspection: what to report.
        width: characters of each line.
    """
    columns_of = widths(inspection, width - 10)
    edge = "+" + "+".join("-" * (size + 2) for size in columns_of) + "+"
    yield edge
    yield _line(TITLES, columns_of)
    yield edge
    for row in rows(inspection):
        names = [
            line
            for name in row.names
            for line in wrapped(shortened(plain(name), LONGEST_NAME), columns_of[0])
        ]
        columns = (names, wrapped(plain(row.type), columns_of[1]), _reasons(row, columns_of[2]))
        for at in range(max(len(column) for column in columns)):
            yield _line([column[at] if at < len(column) else "" for column in columns], columns_of)
        yield edge


def _reasons(row: Row, width: int) -> List[str]:
    lines: List[str] = []
    for finding in row.findings:
        unsure = doubt(finding)
        said = plain(finding.message) + (" ({})".format(unsure) if unsure else "")
        lines += hanging("- ", said, width)
        if finding.suggestion:
            lines += hanging("  ", "what to change: " + plain(finding.suggestion), width)
    return lines


def _line(columns: Sequence[str], sizes: Sequence[int]) -> str:
    padded = (text + " " * (size - cells(text)) for text, size in zip(columns, sizes))
    return "| " + " | ".join(padded) + " |"
