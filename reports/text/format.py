"""How the reports spell figures, paths and what is found; the same everywhere."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence

from vai_inspect.core.errors import count, plural
from vai_inspect.core.findings import Finding, Verdict, what_to_change
from vai_inspect.core.target import Target
from vai_inspect.reports.text.lines import plain, shortened

if TYPE_CHECKING:  # every command spells texts, few of them inspect
    from vai_inspect.core.inspection import Inspection, Summary

UNSURE = "verdict unknown"
"""What tells an open question from a refusal."""

MOST_PATTERNS = 3
"""Patterns of `--allow` that are reported one by one."""

_ROOTS = ("site-packages", "dist-packages")
_ABSOLUTE = re.compile(r"(/|\\|[A-Za-z]:[/\\])")


def value(figure: Any) -> str:
    """Returns an attribute's value as the reports print it: lists in brackets, text unquoted."""
    if isinstance(figure, (list, tuple)):
        return "[" + ", ".join(value(item) for item in figure) + "]"
    return str(figure) if isinstance(figure, (int, float)) else plain(figure)


def size(shape: Sequence[int]) -> str:
    """Returns a shape as `1x112x112x64`; `scalar` for no axes."""
    return "x".join(str(axis) for axis in shape) or "scalar"


def are(number: int, noun: str) -> str:
    """Returns `1 operator is`, `2 operators are`."""
    return count(number, noun) + (" is" if number == 1 else " are")


def others(total: Summary) -> str:
    """Returns what is on no device of its own: `2 inputs and outputs, 1 constant`."""
    ends = "1 input or output" if total.user_ops == 1 else f"{total.user_ops:,} inputs and outputs"
    more = [count(total.constants, "constant")] if total.constants else []
    return ", ".join([ends, *more])


def run(inspection: Inspection) -> str:
    """Returns what the figures of an inspection are for: `frame`, or `run of 4 frames`."""
    shapes = [op.op.output.shape for op in inspection.ops if op.type == "data"]
    batches = {shape[0] for shape in shapes if len(shape) > 1}
    batch = batches.pop() if len(batches) == 1 else 1
    return "frame" if batch == 1 else f"run of {batch} frames"


NO_RELEASE = "none registers it"
"""Stands where a target has no releases."""


def title_of_releases(target: Target) -> str:
    """Returns the title of the field with a target's releases."""
    return "Vitis AI " + plural(len(target.releases), "release")


def share(part: int, whole: int) -> Optional[str]:
    """Returns `97.1%`, or None where there is no whole.

    100.0% and 0.0% are said only where they are exact.
    """
    if not whole:
        return None
    percent = f"{100.0 * part / whole:.1f}%"
    if percent == "100.0%" and part < whole:
        return "99.9%"
    return "0.1%" if percent == "0.0%" and part else percent


def work_share(total: Summary) -> str:
    """Returns what share of the multiply-accumulates is on the DPU, and how many are unknown."""
    part = share(total.dpu_macs, total.macs)
    on_dpu = f", {part} of them on the DPU" if part else ""
    if not total.macs_unknown_ops:
        return on_dpu
    unknown = count(total.macs_unknown_ops, "operator")
    return f"{on_dpu}; those of {unknown} are unknown and not counted"


def allowing(patterns: Sequence[str]) -> str:
    """Returns the options that allow patterns; of many, `'end:*'` for all at an end.

    Args:
        patterns: such as `end:softmax`.
    """
    if len(patterns) > MOST_PATTERNS:
        patterns = tuple(dict.fromkeys(f"'{one.split(':')[0]}:*'" for one in patterns))
    return " ".join("--allow " + pattern for pattern in patterns)


def allow_hint(patterns: Sequence[str]) -> str:
    """Returns the hint after operators that have no DPU cost at their position, if any.

    Args:
        patterns: those that allow them.
    """
    if not patterns:
        return ""
    return f"; that has no DPU cost: {allowing(patterns)} lets it pass"


def unknown_macs(inspection: Inspection) -> Iterator[str]:
    """Yields the operators whose multiply-accumulates are unknown, by the reason."""
    reasons: Dict[str, List[str]] = {}
    for op in inspection.ops:
        if op.macs is None:
            reasons.setdefault(op.macs_unknown or "no reason is given", []).append(op.name)
    for reason, names in reasons.items():
        first = shortened(plain(names[0]), 240)
        rest = f" and {len(names) - 1:,} more" if names[1:] else ""
        yield f"unknown for {first}{rest}: {plain(reason)}"


def rule(finding: Finding) -> str:
    """Returns the constraint's id, by which `explain` knows it, and its evidence in brackets."""
    return f"{plain(finding.constraint)} [{finding.evidence.value}]"


def remedy(finding: Finding) -> str:
    """Returns what to change, and what that does to the function; empty where nothing is known."""
    return plain(what_to_change(finding.remedies) or "")


def grounds(finding: Finding) -> str:
    """Returns the constraint's id, its evidence in brackets, and its source."""
    return " ".join(filter(None, (rule(finding), plain(finding.source))))


def verdict(finding: Finding) -> Optional[str]:
    """Returns the verdict of an open question as the value of a field, or None for a refusal."""
    unknown = finding.verdict is Verdict.UNKNOWN
    return "unknown, no source decides" if unknown else None


def doubt(finding: Finding) -> Optional[str]:
    """Returns the words that tell an open question from a refusal, or None for a refusal."""
    return UNSURE if finding.verdict is Verdict.UNKNOWN else None


def file_name(path: str) -> str:
    """Returns a source file without the folders that differ from one machine to the next.

    What lies in an installed package is named from the package on, what lies in the working
    folder from there on, other absolute paths by their last folder and name; relative ones stay.
    """
    if not _ABSOLUTE.match(path):
        return plain(path)
    parts = [part for part in re.split(r"[/\\]", path) if part]
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] in _ROOTS:
            return plain("/".join(parts[place + 1 :]))
    try:
        here = [part for part in re.split(r"[/\\]", os.getcwd()) if part]
    except OSError:  # the working folder is gone
        here = []
    if parts[: len(here)] == here and len(parts) > len(here) > 0:
        return plain("/".join(parts[len(here) :]))
    return plain("/".join(parts[-2:]))
