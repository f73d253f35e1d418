"""How the time grows with the graph."""

from __future__ import annotations

from typing import Iterator, Optional, Sequence

from benchmarks.graphs import GRAPHS
from benchmarks.pipeline import STAGES, TARGET, least_stages
from benchmarks.table import Table
from vai_inspect.pipeline import inspect_graph
from vai_inspect.rules.targets.lookup import lookup

SIZES = (100, 1_000, 10_000, 30_000)
MOST_WORK = 60_000
"""Operators that all runs of one graph have together; one run is made at least."""


def tables(
    sizes: Sequence[int] = SIZES, names: Sequence[str] = tuple(GRAPHS), runs: int = 5
) -> Iterator[Table]:
    """Yields one table."""
    table = Table(
        "Growth",
        ("graph", "operators", *STAGES[1:], "sum", "times"),
        f"Milliseconds of processor time from capture on, on {TARGET}, the least of {runs} runs, "
        "of two of "
        "the largest graphs. `times` is the sum by that of the row above.",
    )
    target = lookup(TARGET)
    for name in names:
        before: Optional[float] = None
        inspect_graph(GRAPHS[name](min(sizes)), target)
        for size in sizes:
            captured = GRAPHS[name](size)
            often = max(1, min(runs, MOST_WORK // size))
            _, *times = least_stages(lambda: captured, target, often)  # noqa: B023
            total = times[-1]
            table.add(name, size, *times, before and total / before)
            before = total
    yield table
