"""What `fix` did, as text: the changes, what is left and why, and the diff of both inspections."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.errors import count
from vai_inspect.core.fixed import Fixed, FixLeft, listed
from vai_inspect.reports.text import difference
from vai_inspect.reports.text.format import are
from vai_inspect.reports.text.lines import hanging, plain

WIDTH = 100


def render(fixed: Fixed) -> str:
    """Returns what was done and what is left, then what moved by it between both inspections.

    Args:
        fixed: the result of a fix.
    """
    report = "\n".join(_lines(fixed)) + "\n"
    return report + "\n" + difference.render(fixed.difference) if fixed.changes else report


def _lines(fixed: Fixed) -> Iterator[str]:
    if fixed.changes:
        yield f"done ({count(len(fixed.changes), 'change')}):"
    else:
        yield _nothing(fixed)
    for change in fixed.changes:
        text = (
            f"{change.rule} ({change.effect}), {count(len(change.ops), 'operator')}: "
            f"{listed(change.ops)}; largest difference {change.max_error:.1e} of the output's range"
        )
        yield from hanging("  ", plain(text), WIDTH)
    if fixed.left:
        yield ""
        yield f"left ({count(len(fixed.left), 'step')}):"
    for one in fixed.left:
        yield from _left(one)
    for note in fixed.notes:
        yield from hanging("note: ", plain(note), WIDTH)


def _nothing(fixed: Fixed) -> str:
    if fixed.left:
        return "nothing was done"
    stay = fixed.before.summary.cpu_ops
    if not stay:
        return "nothing to do"
    return f"no rewrite makes it better: {are(stay, 'operator')} on the CPU"


def _left(one: FixLeft) -> Iterator[str]:
    what = one.step.rewrite or one.step.kind
    yield from hanging("  ", plain(f"{what}, {listed(one.ops)}: {one.reason}"), WIDTH)
    if one.step.kind == "cut":
        yield from hanging("    ", plain(one.step.text), WIDTH)
        for line in (one.step.code or "").splitlines():
            yield "    " + plain(line)
