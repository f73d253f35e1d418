"""The estimated time of an inspection, where it has one: a sentence, figures, and bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from vai_inspect.core.inspection import Inspection


@dataclass(frozen=True)
class OpTime:
    """The time of an operator.

    Attributes:
        us: microseconds.
        told: the time with what bounds it.
    """

    us: float
    told: str


OpTimes = Dict[str, OpTime]


def op_times(inspection: Inspection) -> OpTimes:
    """Returns the estimated time of operators by name; nothing where there is no estimate.

    Args:
        inspection: what may have an estimate.
    """
    found = _estimate(inspection)
    if found is None:
        return {}
    return {
        name: OpTime(one.us, "{:,.1f} us, bound by {}".format(one.us, one.bound))
        for name, one in found.ops.items()
        if one.us
    }


def figures(inspection: Inspection) -> List[Tuple[str, str]]:
    """Returns figures with their titles.

    Args:
        inspection: what may have an estimate.
    """
    found = _estimate(inspection)
    if found is None:
        return []
    told = [("DPU time of a frame", "{:,.2f} ms".format(found.dpu_ms))]
    if found.latency_ms is not None:
        told.append(("latency", "{:,.2f} ms".format(found.latency_ms)))
    if found.fps is not None:
        told.append(("frames a second", "{:,.0f}".format(found.fps)))
    return told


def remarks(inspection: Inspection) -> List[str]:
    """Returns what must be known beside the figures: the board, the error, what is left out.

    Args:
        inspection: what may have an estimate.
    """
    found = _estimate(inspection)
    if found is None:
        return []
    where = found.board or "a design of one core"
    told = ["Estimated for {}, {}.".format(where, found.error.brief)]
    if found.not_counted:
        told.append(
            "Operators on the CPU have no price: {:,} are not counted.".format(
                len(found.not_counted)
            )
        )
    return told


def _estimate(inspection: Inspection) -> Optional[Any]:
    return getattr(inspection, "default_estimate", None)
