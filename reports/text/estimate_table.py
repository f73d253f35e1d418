"""The estimate as a table: a row for each operator that takes time, each subgraph and the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Optional, Sequence

from vai_inspect.core.estimate import Estimate
from vai_inspect.core.inspection import SCHEMA_VERSION, TOOL_NAME, Inspection
from vai_inspect.reports.text.lines import cells, hanging, plain, shortened
from vai_inspect.reports.text.times import BOUNDS, figures, number, platform, remarks

WIDTH = 120
"""Columns where the output is no terminal, so that files and pipes read the same everywhere."""

TITLES = ("operator", "type", "us", "share", "bound by", "array", "padded")
LONGEST_NAME = 50


@dataclass(frozen=True)
class Estimated:
    """An estimate with what it is of, as JSON.

    Attributes:
        inspection: what was estimated.
        estimate: the estimate.
    """

    inspection: Inspection
    estimate: Estimate

    def to_dict(self) -> Dict[str, Any]:
        """Returns the totals, then the operators in the order in which they run."""
        found = self.estimate
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": TOOL_NAME, "version": self.inspection.tool_version},
            "model": self.inspection.model.to_dict(),
            "target": {"name": self.inspection.target.name},
            "estimate": found.to_dict(),
            "ops": [
                {"name": op.name, "type": op.type, **found.ops[op.name].to_dict()}
                for op in self.inspection.ops
                if op.name in found.ops
            ],
        }


def render(inspection: Inspection, found: Estimate, width: Optional[int] = None) -> str:
    """Returns the table as text.

    Args:
        inspection: what was estimated.
        found: the estimate.
        width: columns of a line; None for those of a pipe.
    """
    return "\n".join(_lines(inspection, found, max(60, width or WIDTH))) + "\n"


def _lines(inspection: Inspection, found: Estimate, width: int) -> Iterator[str]:
    name = shortened(plain(inspection.model.name), LONGEST_NAME)
    yield f"{name} on {plain(inspection.target.name)}, {platform(found.platform)}"
    yield ""
    yield from _table(list(rows(inspection, found)), width)
    yield ""
    for part, ms in found.subgraphs.items():
        if len(found.subgraphs) > 1:
            yield f"{plain(part)}: {number(ms)} ms"
    yield from hanging("", "total: " + figures(found), width)
    for text in remarks(found):
        yield from hanging("  ", text, width)
    if found.not_counted:
        names = ", ".join(shortened(plain(one), LONGEST_NAME) for one in found.not_counted[:12])
        more = len(found.not_counted) - 12
        rest = f" and {more} more" if more > 0 else ""
        yield from hanging("  ", f"not counted, on the CPU: {names}{rest}", width)
    yield ""
    yield from hanging("", KEY, width)


KEY = (
    "us: microseconds on one core while one is in use, operators of one layer by their cycles; "
    "array: multiply-accumulates as a share of those that the array can do in that time; padded: "
    "sizes that are no multiple of the engines' parallelism, and the size that they are padded to; "
    "fused operators take no time of their own and are left out"
)
"""What the titles mean."""


def rows(inspection: Inspection, found: Estimate) -> Iterator[Sequence[str]]:
    """Yields a row for each operator that takes time, its cells as `TITLES`.

    Args:
        inspection: what was estimated.
        found: the estimate.
    """
    whole = math.fsum(one.us for one in found.ops.values()) or 1.0
    for op in inspection.ops:
        one = found.ops.get(op.name)
        if one is None or not one.us:
            continue
        use = "" if one.utilisation is None else f"{100 * one.utilisation:.0f}%"
        yield (
            shortened(plain(op.name), LONGEST_NAME),
            plain(op.type),
            number(one.us),
            f"{100 * one.us / whole:.1f}%",
            BOUNDS[one.bound],
            use,
            ", ".join(f"{p.size} {p.axis} to {p.costs}" for p in one.padded),
        )


def _table(shown: List[Sequence[str]], width: int) -> Iterator[str]:
    sizes = [max(map(cells, column)) for column in zip(TITLES, *shown)]
    for line in (TITLES, *shown):
        *most, last = line
        padded = [
            text.rjust(size) if place in (2, 3, 5) else text + " " * (size - cells(text))
            for place, (text, size) in enumerate(zip(most, sizes))
        ]
        yield from (row.rstrip() for row in hanging("  ".join([*padded, ""]), last, width))
