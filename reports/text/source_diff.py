"""The lines of the user's source that a fix is about, and what to write there."""

from __future__ import annotations

import linecache
from typing import Dict, Iterator, List, Tuple

from vai_inspect.core.fixed import FixChange, Fixed, listed
from vai_inspect.core.ir import Frame
from vai_inspect.reports.text.format import plain

Place = Tuple[str, int]


def render(fixed: Fixed) -> str:
    """Returns each line of the source with the change to make there, in the form of a diff.

    Args:
        fixed: the result of a fix.
    """
    lines: List[str] = []
    for change in fixed.changes:
        for frame, ops in _places(fixed, change).items():
            lines += _hunk(frame, change, ops)
    return "\n".join(lines) + ("\n" if lines else "")


def _places(fixed: Fixed, change: FixChange) -> Dict[Frame, List[str]]:
    """Returns the innermost line of each operator, with the operators that come from it."""
    known = {op.name: op.op.origin.source for op in fixed.before.ops}
    found: Dict[Frame, List[str]] = {}
    for op in change.ops:
        source = known.get(op, ())
        if source:
            found.setdefault(source[-1], []).append(op)
    return found


def _hunk(frame: Frame, change: FixChange, ops: List[str]) -> Iterator[str]:
    line = linecache.getline(frame.file, frame.line).rstrip("\n")
    indent = line[: len(line) - len(line.lstrip())]
    yield plain(f"--- {frame.file}")
    yield plain(f"+++ {frame.file}")
    yield plain(f"@@ -{frame.line} +{frame.line} @@ {frame.function}: {listed(ops)}")
    yield "-" + plain(line)
    yield "+" + plain(f"{indent}# {change.rule}: {change.advice or 'rewrite this line'}")
    yield "+" + plain(line)
