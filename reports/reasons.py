"""The operators on the CPU with their reasons, as rows of a table; equal reasons are told once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Dict, Iterator, List, Sequence, Tuple

from vai_inspect.core.findings import Device, Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.words import cells, doubt, hanging, plain, shortened, wrapped

TITLES = ("node name", "op type", "hardware constraints")
_MARKS = ",.;:()'\""
LONGEST_NAME = 240
"""Characters; the block of the operator has its whole name."""


@dataclass(frozen=True)
class Row:
    """Operators of one type with the same reasons."""

    names: Tuple[str, ...]
    type: str
    findings: Tuple[Finding, ...]


def rows(inspection: Inspection) -> List[Row]:
    """Returns a row for each set of reasons, in the order of the first operators that have it.

    Reasons that differ in nothing but the operators that they name are equal; those names are
    left out then.
    """
    alike: Dict[Tuple[object, ...], List[InspectedOp]] = {}
    for op in inspection.on(Device.CPU):
        told = tuple(
            (_unnamed(one.message, inspection), one.suggestion, one.verdict, one.follows is None)
            for one in op.findings
        )
        alike.setdefault((op.type, told), []).append(op)
    return [
        Row(tuple(op.name for op in ops), ops[0].type, _in_common([op.findings for op in ops]))
        for ops in alike.values()
    ]


def _unnamed(message: str, inspection: Inspection) -> str:
    """Returns a message without the names of operators."""
    words = message.split(" ")
    return " ".join("" if inspection.op(word.strip(_MARKS)) else word for word in words)


def _in_common(findings: Sequence[Tuple[Finding, ...]]) -> Tuple[Finding, ...]:
    """Returns the findings of the first operator, with dots for the words that others have not."""
    return tuple(
        dataclasses.replace(alike[0], message=_common([one.message for one in alike]))
        for alike in zip(*findings)
    )


def _common(messages: Sequence[str]) -> str:
    words = zip(*(message.split(" ") for message in messages))
    return " ".join(
        one[0] if len(set(one)) == 1 else one[0].replace(one[0].strip(_MARKS), "...")
        for one in words
    )


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
