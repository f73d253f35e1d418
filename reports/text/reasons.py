"""The operators on the CPU with their reasons, as rows of a table; equal reasons once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.findings import Device, Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.text.causes import LIKEWISE
from vai_inspect.reports.text.format import doubt, remedy
from vai_inspect.reports.text.lines import cells, hanging, plain, shortened, wrapped

TITLES = ("node name", "op type", "hardware constraints")
LONGEST_NAME = 240
"""Characters; the block of the operator has its whole name."""
FEW_NAMES = 5


@dataclass(frozen=True)
class Row:
    """Operators of one type with the same reasons."""

    names: Tuple[str, ...]
    type: str
    findings: Tuple[Finding, ...]

    def named(self, few: Optional[int] = FEW_NAMES) -> List[str]:
        """Returns the names, each on a line of its own, and a line for those left out.

        Args:
            few: how many are reported; None for all.
        """
        names = [shortened(plain(name), LONGEST_NAME) for name in self.names]
        if few is None or len(names) <= few + 1:
            return names
        return [*names[:few], f"and {len(names) - few:,} more"]


def rows(inspection: Inspection) -> List[Row]:
    """Returns a row for each set of reasons, in the order of the first operators that have it.

    Those with reasons of their own come before those that are on the CPU because of others.
    Reasons that differ in nothing but the operators that they name are equal; reported is then what
    is said of the first operator.
    """
    alike: Dict[Tuple[object, ...], List[InspectedOp]] = {}
    for op in inspection.on(Device.CPU):
        worded = tuple(finding.wording for finding in op.findings)
        alike.setdefault((op.type, worded), []).append(op)
    ordered = sorted(alike.values(), key=lambda ops: not ops[0].root_cause)
    return [
        Row(tuple(op.name for op in ops), ops[0].type, _in_common([op.findings for op in ops]))
        for ops in ordered
    ]


def _in_common(findings: Sequence[Tuple[Finding, ...]]) -> Tuple[Finding, ...]:
    """Returns the findings of the first operator, and says where those of others name others."""
    return tuple(
        alike[0]
        if len({one.message for one in alike}) == 1
        else dataclasses.replace(alike[0], message=alike[0].message + LIKEWISE)
        for alike in zip(*findings)
    )


def widths(found: Sequence[Row], width: int) -> Tuple[int, int, int]:
    """Returns the characters of each column: names as wide as they need, up to two fifths.

    Args:
        found: the rows.
        width: characters of the whole, the bars and spaces between not counted.
    """
    kind = max([len(TITLES[1]), *(cells(plain(row.type)) for row in found)])
    kind = min(kind, max(8, width // 5))
    name = max([len(TITLES[0]), *(cells(line) for row in found for line in row.named())])
    name = min(name, max(12, width * 2 // 5))
    return name, kind, max(20, width - name - kind)


def table(inspection: Inspection, width: int) -> Iterator[str]:
    """Yields the lines of the table.

    Args:
        inspection: what to report.
        width: characters of each line.
    """
    found = rows(inspection)
    columns_of = widths(found, width - 10)
    edge = "+" + "+".join("-" * (size + 2) for size in columns_of) + "+"
    yield edge
    yield _line(TITLES, columns_of)
    yield edge
    for row in found:
        names = [line for name in row.named() for line in wrapped(name, columns_of[0])]
        columns = (names, wrapped(plain(row.type), columns_of[1]), _reasons(row, columns_of[2]))
        for at in range(max(len(column) for column in columns)):
            yield _line([column[at] if at < len(column) else "" for column in columns], columns_of)
        yield edge


def _reasons(row: Row, width: int) -> List[str]:
    lines: List[str] = []
    for finding in row.findings:
        unsure = doubt(finding)
        said = plain(finding.message) + (f" ({unsure})" if unsure else "")
        lines += hanging("- ", said, width)
        if finding.remedies and finding.follows is None:
            lines += hanging("  ", "what to change: " + remedy(finding), width)
    return lines


def _line(columns: Sequence[str], sizes: Sequence[int]) -> str:
    padded = (text + " " * (size - cells(text)) for text, size in zip(columns, sizes))
    return "| " + " | ".join(padded) + " |"
