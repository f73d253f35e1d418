"""Times in words: never a figure without what is known of its error."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.estimate import Estimate, OpEstimate, Platform
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.root_cause import Outcome
from vai_inspect.reports.text.lines import plain

BOUNDS = {
    "compute": "the array",
    "engine": "the ALU",
    "memory": "memory",
    "overhead": "fixed cost of a layer",
}
"""What bounds an operator, for readers."""


def lines(inspection: Inspection, brief: bool = False) -> Iterator[Tuple[bool, str]]:
    """Yields what there is to say of the time of a network; whether it belongs to what is before.

    Args:
        inspection: the inspection.
        brief: whether how the error was measured is left out.
    """
    found = inspection.default_estimate
    if found is None:
        if inspection.estimate_unknown:
            yield False, "time: " + plain(inspection.estimate_unknown).rstrip(".")
        return
    yield False, f"estimated time on {platform(found.platform)}: {figures(found)}"
    first = 1 if brief and found.error.mean is not None else 0
    yield from ((True, text) for text in list(remarks(found))[first:])


def figures(found: Estimate) -> str:
    """Returns the figures of an estimate with their error, as far as they are known."""
    parts = [milliseconds(found.dpu_ms) + " of DPU time per frame"]
    if found.fps is not None:
        parts.append(f"{number(found.fps)} frames per second")
    if found.latency_ms is not None:
        parts.append(f"{milliseconds(found.latency_ms)} for one frame alone")
    return f"{', '.join(parts)} ({found.error.brief})"


def remarks(found: Estimate) -> Iterator[str]:
    """Yields what a reader must know of an estimate: how it was checked, and what it leaves out."""
    yield plain(str(found.error))
    if found.part_only:
        yield plain(found.part_only)
    if found.error.beyond:
        yield "extrapolated: " + plain("; ".join(found.error.beyond))


def platform(found: Platform) -> str:
    """Returns a board, its cores and clock."""
    what = f"{count(found.cores, 'core')} at {found.clock_mhz:g} MHz"
    return what if found.board is None else f"{plain(found.board)} ({what})"


def change(outcome: Outcome, inspection: Inspection) -> str:
    """Returns what becomes of the DPU time, or nothing where it is not estimated.

    Args:
        outcome: what the placement would be.
        inspection: what it is.
    """
    now = inspection.default_estimate
    if now is None or outcome.dpu_ms is None:
        return ""
    before, after = milliseconds(now.dpu_ms), milliseconds(outcome.dpu_ms)
    if before == after:
        return f"DPU time per frame still {after}"
    return f"DPU time per frame from {before} to {after} ({now.error.brief})"


def of_operator(found: Optional[OpEstimate]) -> str:
    """Returns the time of an operator and what bounds it, or nothing where it takes none."""
    if found is None or not found.us:
        return ""
    return f"{number(found.us)} us, bound by {BOUNDS[found.bound]}"


def milliseconds(value: float) -> str:
    """Returns a time in ms with three digits."""
    return number(value) + " ms"


def number(value: float) -> str:
    """Returns a number with three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"
