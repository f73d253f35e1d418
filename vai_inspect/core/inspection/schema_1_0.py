"""What reports of schema 1.0 count otherwise: constants, with the operators of their device."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any, Container, Dict, TypeVar

from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection.data import InspectionData
from vai_inspect.core.root_cause import Outcome, RootCause

VERSION = "1.0"
T = TypeVar("T", bound=InspectionData)


def summary(inspection: InspectionData) -> Dict[str, Any]:
    """Returns the summary of an inspection as a report of schema 1.0 has it.

    Args:
        inspection: what was read from the report.
    """
    figures = inspection.summary.to_dict()
    constants = inspection.constants
    on = Counter(op.device for op in constants)
    figures["dpu_ops"] += on[Device.DPU]
    figures["cpu_ops"] += on[Device.CPU]
    figures["unknown_ops"] += sum(op.verdict is Verdict.UNKNOWN for op in constants)
    figures["fully_on_dpu"] = not figures["cpu_ops"]
    if figures["cpu_ops"] and not inspection.left_to_host():
        figures["whole_but_for_ends"] = False
    del figures["constants"]
    return figures


def without_constants(inspection: T) -> T:
    """Returns an inspection whose root causes count as they do now, without constants.

    Args:
        inspection: what was read from a report of schema 1.0.
    """
    constants = {op.name for op in inspection.constants}
    causes = tuple(_cause(cause, constants) for cause in inspection.root_causes)
    return dataclasses.replace(inspection, root_causes=causes)


def _cause(cause: RootCause, constants: Container[str]) -> RootCause:
    return dataclasses.replace(
        cause,
        alone=_outcome(cause.alone, constants),
        cumulative=cause.cumulative and _outcome(cause.cumulative, constants),
        each=tuple(_outcome(outcome, constants) for outcome in cause.each),
    )


def _outcome(outcome: Outcome, constants: Container[str]) -> Outcome:
    left = tuple(name for name in outcome.returned if name not in constants)
    return dataclasses.replace(outcome, returned=left)
