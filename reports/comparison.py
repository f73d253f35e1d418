"""The comparison of targets as a table of 80 columns."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Tuple

from vai_inspect.core.comparison import ComparedTarget, Comparison
from vai_inspect.core.inspection import Summary
from vai_inspect.reports.words import cells, count, doubt, plain, share, shortened, wrapped

WIDTH = 80
TITLES = ("target", "ops", "MACs", "subgr.", "cross.", "blocker")
MARK = "*"
LONGEST_REASONS = 12
"""Blockers whose reasons are told below the table."""


def render(comparison: Comparison) -> str:
    """Returns the comparison as text: a row for each target, then the blockers' reasons.

    Args:
        comparison: what to show.
    """
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    title = "{} on {}".format(
        shortened(plain(comparison.model.name), 50), count(len(comparison.rows), "target")
    )
    yield title
    if comparison.allow:
        allowed = "allowed on the CPU: " + ", ".join(map(plain, comparison.allow))
        yield from wrapped(allowed, WIDTH)
    yield ""
    blockers = _numbered(comparison.rows)
    yield from _table(comparison.rows, blockers)
    yield ""
    yield from _key(comparison)
    if blockers:
        yield ""
        yield from _reasons(blockers)
    warnings = dict.fromkeys(text for row in comparison.rows for text in row.warnings)
    for warning in warnings:
        yield ""
        yield from wrapped("warning: " + plain(warning), WIDTH)


Blocker = Tuple[str, str, str]
"""Name, type and reason."""


def _numbered(rows: Sequence[ComparedTarget]) -> Dict[Blocker, int]:
    numbers: Dict[Blocker, int] = {}
    for row in rows:
        if row.blocker is not None:
            numbers.setdefault(_blocker(row), len(numbers) + 1)
    return numbers


def _blocker(row: ComparedTarget) -> Blocker:
    op, reason = row.blocker, row.reason
    if op is None or reason is None:
        return ("", "", "")
    unsure = doubt(reason)
    told = plain(reason.message) + (" ({})".format(unsure) if unsure else "")
    return plain(op.name), plain(op.type), told


def _table(rows: Sequence[ComparedTarget], blockers: Dict[Blocker, int]) -> Iterator[str]:
    names = [row.target.name for row in rows]
    body: List[Tuple[str, ...]] = []
    for row in rows:
        total = row.summary
        name = plain(row.target.name)
        if names.count(row.target.name) > 1:
            name = row.target.fingerprint_text
        blocker = ""
        if row.blocker is not None:
            blocker = "[{}] {}".format(blockers[_blocker(row)], plain(row.blocker.type))
        body.append(
            (
                name,
                "{}/{}".format(total.dpu_ops, total.dpu_ops + total.cpu_ops),
                _work(total),
                str(total.dpu_subgraphs),
                str(total.crossings),
                blocker,
            )
        )
    widths = [max(map(len, column)) for column in zip(TITLES, *body)]
    widths[-1] = max(8, WIDTH - 2 - sum(widths[:-1]) - 2 * (len(widths) - 1))
    marks = [" ", *(MARK if row.smallest else " " for row in rows)]
    for mark, (first, *figures, last) in zip(marks, [TITLES, *body]):
        line = [first.ljust(widths[0])]
        line += [text.rjust(width) for text, width in zip(figures, widths[1:])]
        yield "{} {}".format(mark, "  ".join([*line, shortened(last, widths[-1])])).rstrip()


def _work(total: Summary) -> str:
    """The share of what can be told; what cannot is on the CPU, so that it is an upper bound."""
    part = share(total.dpu_macs, total.macs)
    return "-" if part is None else "<=" + part if total.macs_untold_ops else part


def _key(comparison: Comparison) -> Iterator[str]:
    whole = "everything but what is allowed" if comparison.allow else "the whole model"
    told = [row for row in comparison.rows if row.takes_all]
    if not told:
        yield "No target takes {}.".format(whole)
    else:
        marked = "{} the smallest target of its family that takes {}".format(MARK, whole)
        yield from wrapped(marked, WIDTH)
    yield from wrapped(
        "ops: operators on the DPU of all but inputs and outputs; MACs: share of the "
        "multiply-accumulate operations on the DPU, <= where those of some operators cannot be "
        "told; subgr.: subgraphs on the DPU; cross.: tensors "
        "that pass between the DPU and the CPU; blocker: the first operator of the graph that is "
        "on the CPU for a reason of its own",
        WIDTH,
    )


def _reasons(blockers: Dict[Blocker, int]) -> Iterator[str]:
    yield "blockers:"
    for (name, kind, reason), number in list(blockers.items())[:LONGEST_REASONS]:
        mark = "[{}] ".format(number)
        text = "{} ({}): {}".format(shortened(name, 100), kind, reason)
        first, *rest = wrapped(text, WIDTH - cells(mark) - 2)
        yield "  {}{}".format(mark, first)
        yield from (" " * (2 + len(mark)) + line for line in rest)
    if len(blockers) > LONGEST_REASONS:
        yield "  and {} more".format(len(blockers) - LONGEST_REASONS)
