"""The lines of the user's source that a fix is about, and what to write there."""

from __future__ import annotations

import linecache
from typing import Dict, Iterator, List, Optional

from vai_inspect.core.fixed import FixChange, Fixed, listed
from vai_inspect.core.ir import Frame
from vai_inspect.reports.text.lines import hanging, plain

WIDTH = 100


def render(fixed: Fixed) -> str:
    """Returns where each change belongs in the source: the place, the line, what to write there.

    Args:
        fixed: the result of a fix.
    """
    if fixed.before.model.framework != "torch":
        return "--diff is for PyTorch: it prints lines of a module's forward.\n"
    lines = [line for change in fixed.changes for line in _change(fixed, change)]
    return "\n".join(lines) + ("\n" if lines else "")


def _change(fixed: Fixed, change: FixChange) -> Iterator[str]:
    for frame, ops in _places(fixed, change).items():
        yield ""
        if frame is None:
            yield plain(f"no line of the source is known: {listed(ops)}")
        else:
            yield plain(f"{frame.file}:{frame.line} in {frame.function}: {listed(ops)}")
            yield "    " + plain(linecache.getline(frame.file, frame.line).strip())
        yield from hanging("  ", plain(f"{change.rule}: {change.advice or 'rewrite it'}"), WIDTH)


def _places(fixed: Fixed, change: FixChange) -> Dict[Optional[Frame], List[str]]:
    """Returns the innermost line of each operator, with the operators that come from it."""
    known = {op.name: op.op.origin.source for op in fixed.before.ops}
    found: Dict[Optional[Frame], List[str]] = {}
    for op in change.ops:
        source = known.get(op, ())
        found.setdefault(source[-1] if source else None, []).append(op)
    return found
