"""What a check failed on, in one line for each condition."""

from __future__ import annotations

from vai_inspect.core.errors import count
from vai_inspect.core.gate import QUANTIZER, UNKNOWN, Failure
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.text.lines import plain

NAMED = 5
"""Operators that a line names."""


def describe(failure: Failure, inspection: Inspection) -> str:
    """Returns what is wrong, without the option that asked for it.

    Args:
        failure: the condition that is not met.
        inspection: what was checked.
    """
    target = plain(inspection.target.name)
    if failure.option.endswith(QUANTIZER):
        return _blocking(failure, inspection)
    if failure.ops:
        named = (f"{plain(op.name)} ({plain(op.type)})" for op in failure.ops[:NAMED])
        unknown = failure.option.endswith(UNKNOWN)
        what = "with an unknown verdict" if unknown else "on the CPU"
        shown = ", ".join(named) + (", ..." if failure.ops[NAMED:] else "")
        return f"{count(len(failure.ops), 'operator')} {what} ({target}): {shown}"
    limit = failure.limit or 0
    if failure.option == "--min-macs":
        return (
            f"{int(failure.found * 100) / 100:g}% of the multiply-accumulates are on {target}, "
            f"less than {limit:g}%"
        )
    return f"{count(int(failure.found), 'DPU subgraph')} on {target}, more than {int(limit):,}"


def _blocking(failure: Failure, inspection: Inspection) -> str:
    """Returns what the vendor's quantiser fails at, or changes the function of."""
    report, found = inspection.quantizer, failure.obstacles
    flow = "" if report is None else f"{report.flow} {report.release}"
    named = "; ".join(plain(one.message) for one in found[:NAMED])
    more = "; ..." if found[NAMED:] else ""
    return f"{count(len(found), 'obstacle')} of {flow}: {named}{more}"
