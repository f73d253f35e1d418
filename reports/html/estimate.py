"""The estimated time of an inspection, where it has one: a sentence, figures, and bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterator, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.text import times


@dataclass(frozen=True)
class OpTime:
    """The time of an operator.

    Attributes:
        us: microseconds.
        description: the time with what bounds it.
    """

    us: float
    description: str


OpTimes = Dict[str, OpTime]


def op_times(inspection: Inspection) -> OpTimes:
    """Returns the estimated time of operators by name; nothing where there is no estimate.

    Args:
        inspection: what may have an estimate.
    """
    found = inspection.default_estimate
    ops = found.ops.items() if found is not None else ()
    return {name: OpTime(one.us, times.of_operator(one)) for name, one in ops if one.us}


def figures(inspection: Inspection) -> Iterator[Tuple[str, str]]:
    """Yields figures with their titles.

    Args:
        inspection: what may have an estimate.
    """
    found = inspection.default_estimate
    if found is None:
        return
    yield "DPU time per frame", times.milliseconds(found.dpu_ms)
    if found.latency_ms is not None:
        yield "one frame alone", times.milliseconds(found.latency_ms)
    if found.fps is not None:
        yield "frames per second", times.number(found.fps)


def remarks(inspection: Inspection) -> Iterator[str]:
    """Yields what must be known beside the figures: the board, the error, what is left out.

    Where there is no estimate it is why.

    Args:
        inspection: what may have an estimate.
    """
    for _, line in times.lines(inspection):
        yield line[:1].upper() + line[1:].rstrip(".") + "."
    found = inspection.default_estimate
    if found is not None and found.not_counted:
        number = count(len(found.not_counted), "operator")
        yield f"Not counted, as they have no price: {number} on the CPU."
