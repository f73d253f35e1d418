"""The comparison of targets as a table."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.comparison import ComparedTarget, Comparison
from vai_inspect.core.errors import count, plural
from vai_inspect.core.inspection import Summary
from vai_inspect.reports.text import times
from vai_inspect.reports.text.causes import listed
from vai_inspect.reports.text.format import allow_hint, allowing, doubt, share
from vai_inspect.reports.text.lines import cells, hanging, plain, shortened, wrapped
from vai_inspect.reports.text.summary import trust_sentences

WIDTH = 120
"""Columns where the output is no terminal, so that files and pipes read the same everywhere."""

NARROWEST = 60
TITLES = ("target", "ops", "MACs", "subgr.", "cross.", "blocker")
TIMES = ("ms", "fps")
"""Titles before the blocker's, where times are estimated."""
WHOLE, BUT_ENDS, FASTEST = "*", "~", ">"
NAMED = 5
"""Targets that the line of `--fail-on` names."""

MOST_REASONS = 12
"""Blockers whose reasons are reported below the table."""


def render(comparison: Comparison, width: Optional[int] = None) -> str:
    """Returns the comparison as text: a row for each target, then the blockers' reasons.

    Args:
        comparison: what to show.
        width: columns of a line; None for those of a pipe.
    """
    return "\n".join(_lines(comparison, max(NARROWEST, width or WIDTH))) + "\n"


def _lines(comparison: Comparison, width: int) -> Iterator[str]:
    rows = comparison.rows
    yield f"{shortened(plain(comparison.model.name), 50)} on {count(len(rows), 'target')}"
    for sentence in trust_sentences(comparison.model):
        yield from wrapped(sentence, width)
    if comparison.allow:
        allowed = "allowed on the CPU: " + ", ".join(map(plain, comparison.allow))
        yield from wrapped(allowed, width)
    yield ""
    blockers = _numbered(rows)
    yield from _table(rows, blockers, width)
    yield ""
    yield from explained_marks(comparison, width)
    yield from _key(comparison, width)
    sections = (
        ("blockers:", _reasons(blockers)),
        ("boards:", boards(rows)),
        ("estimated time:", timed(comparison)),
    )
    for title, content in sections:
        lines = list(content)
        if lines:
            yield ""
            yield title
        for sign, text in lines:
            yield from hanging("  " + sign, text, width)
    for warning in dict.fromkeys(text for row in rows for text in row.warnings):
        yield ""
        yield from wrapped("warning: " + plain(warning), width)


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
    described = plain(reason.message) + (f" ({unsure})" if unsure else "")
    return plain(op.name), plain(op.type), described


def _table(
    rows: Sequence[ComparedTarget], blockers: Dict[Blocker, int], width: int
) -> Iterator[str]:
    titles = (*TITLES[:-1], *(TIMES if has_times(rows) else ()), TITLES[-1])
    body = [(*figures(row, rows), _blocked_by(row, blockers)) for row in rows]
    # Too wide: without "no split", else the number alone; the reasons have the types.
    for short in (None, ",", " "):
        if short:
            body = [(*line[:-1], line[-1].split(short)[0]) for line in body]
        sizes = [max(map(cells, column)) for column in zip(titles, *body)]
        if 2 * len(sizes) + sum(sizes) <= width:
            break
    for sign, (first, *rest, last) in zip([" ", *map(mark, rows)], [titles, *body]):
        line = [first.ljust(sizes[0]), *(text.rjust(s) for text, s in zip(rest, sizes[1:]))]
        yield f"{sign} {'  '.join([*line, last])}".rstrip()


def figures(row: ComparedTarget, rows: Sequence[ComparedTarget]) -> Tuple[str, ...]:
    """Returns a target's name, or fingerprint where others have the name, and its figures."""
    total = row.summary
    twice = sum(other.target.name == row.target.name for other in rows) > 1
    return (
        row.target.fingerprint_text if twice else plain(row.target.name),
        f"{total.dpu_ops:,}/{total.dpu_ops + total.cpu_ops:,}",
        _work(total),
        f"{total.dpu_subgraphs:,}",
        f"{total.crossings:,}",
        *(_times(row) if has_times(rows) else ()),
    )


def has_times(rows: Sequence[ComparedTarget]) -> bool:
    """Returns whether times are estimated for any target, so that there are columns for them."""
    return any(row.estimates for row in rows)


def _times(row: ComparedTarget) -> Tuple[str, str]:
    """Returns DPU time and frames per second on the board that stands first."""
    found = row.estimate
    if found is None:
        return "-", "-"
    doubt = "?" if found.error.mean is None else ""
    fps = "-" if found.fps is None else times.number(found.fps) + doubt
    return times.number(found.dpu_ms) + doubt, fps


def _blocked_by(row: ComparedTarget, blockers: Dict[Blocker, int]) -> str:
    if row.blocker is None:
        return ""
    split = ", no split" if row.ends else ""
    return f"[{blockers[_blocker(row)]}] {plain(row.blocker.type)}{split}"


def mark(row: ComparedTarget) -> str:
    """Returns the mark of the smallest target of a family, or a space."""
    return WHOLE if row.smallest else BUT_ENDS if row.smallest_but_for_ends else " "


def _work(total: Summary) -> str:
    """The share of the known part; the unknown is on the CPU, so this is an upper bound."""
    part = share(total.dpu_macs, total.macs)
    return "-" if part is None else "<=" + part if total.macs_unknown_ops else part


def explained_marks(comparison: Comparison, width: int) -> Iterator[str]:
    """Yields what the marks mean that the rows have, or that no target takes the model."""
    rows = comparison.rows
    whole = "everything but what is allowed" if comparison.allow else "the whole model"
    if not any(row.takes_all_but_ends for row in rows):
        yield f"No target takes {whole}."
    if any(row.smallest for row in rows):
        sentence = f"{WHOLE} the smallest target of its family that takes {whole}"
        yield from wrapped(sentence, width)
    patterns = list(dict.fromkeys(one for row in rows for one in row.ends))
    if any(row.smallest_but_for_ends for row in rows):
        sentence = (
            f"{BUT_ENDS} the smallest target of its family that takes {whole} except for its "
            "start or end, which "
            f"runs on the host at no DPU cost; {allowing(patterns)} accepts that"
        )
        yield from wrapped(sentence, width)


def _key(comparison: Comparison, width: int) -> Iterator[str]:
    unknown = any(row.summary.macs_unknown_ops for row in comparison.rows)
    at_most = ", <= where those of some operators are unknown" if unknown else ""
    text = (
        "ops: operators on the DPU of all but inputs, outputs and constants; MACs: share of the "
        f"multiply-accumulate operations on the DPU{at_most}; subgr.: subgraphs on the DPU; "
        "cross.: tensors that pass between the DPU and the CPU; blocker: the first operator of the "
        "graph that is on the CPU for a reason of its own, those that split nothing last"
    )
    if has_times(comparison.rows):
        text += (
            "; ms: DPU time of a frame, and fps: frames per second, on the first board listed "
            "below for the target; ? where the error is not calibrated, - where none is estimated"
        )
    yield from wrapped(text, width)


def _reasons(blockers: Dict[Blocker, int]) -> Iterator[Tuple[str, str]]:
    for (name, kind, reason), number in list(blockers.items())[:MOST_REASONS]:
        yield f"[{number}] ", f"{shortened(name, 100)} ({kind}): {reason}"
    if len(blockers) > MOST_REASONS:
        yield "", f"and {len(blockers) - MOST_REASONS:,} more"


def timed(comparison: Comparison) -> Iterator[Tuple[str, str]]:
    """Yields the times on each board with their error, and why other targets have none."""
    reached = comparison.smallest_board
    if comparison.fps is not None:
        yield "", _reached(comparison, comparison.fps)
    unchecked: Dict[Tuple[str, str], Dict[str, None]] = {}
    for row in comparison.rows:
        for one in row.estimates:
            name = plain(row.target.name)
            if one.error.mean is None:
                unchecked_on = times.platform(one.platform), plain(str(one.error))
                unchecked.setdefault(unchecked_on, {})[name] = None
                continue
            sign = FASTEST + " " if reached is not None and one is reached[1] else ""
            known = one.error.releases
            releases = f"{plural(len(known), 'release')} {', '.join(known)}"
            board, figures = times.platform(one.platform), times.figures(one)
            yield sign, f"{board}, {name} of {plain(releases)}: {figures}"
    for (where, reason), names in unchecked.items():
        those = next(iter(names)) if len(names) == 1 else count(len(names), "target")
        yield "", f"{where}, {those}: {reason}"
    parts = (one.part_only for row in comparison.rows for one in row.estimates)
    for text in dict.fromkeys(filter(None, parts)):
        yield "", plain(text)
    for text in dict.fromkeys(filter(None, (row.estimate_unknown for row in comparison.rows))):
        yield "", plain(text)


def _reached(comparison: Comparison, wanted: float) -> str:
    """Returns which board reaches the frames per second that are wanted, if any."""
    found = comparison.smallest_board
    if found is None:
        known = [one.fps for row in comparison.rows for one in row.estimates if one.board]
        if any(fps is not None for fps in known):
            return f"no board reaches {wanted:g} frames per second by its estimate"
        return f"whether a board reaches {wanted:g} frames per second is unknown"
    row, one = found
    mean = one.error.mean
    doubt = ""
    if mean is None:
        doubt = "; that is not calibrated"
    elif one.fps is not None and one.fps * (1 - mean / 100) < wanted:
        doubt = "; it may not, if the estimate is off by its mean error"
    return (
        f"{FASTEST} the smallest board that reaches {wanted:g} frames per second: "
        f"{plain(one.board)} with {plain(row.target.name)}{doubt}"
    )


def boards(rows: Sequence[ComparedTarget]) -> Iterator[Tuple[str, str]]:
    """Yields boards and the targets that they have."""
    known: Dict[Tuple[str, ...], List[str]] = {}
    for row in rows:
        if row.target.boards:
            known.setdefault(row.target.boards, []).append(plain(row.target.name))
    for those, names in known.items():
        title = ", ".join(plain(board) for board in those)
        yield title + ": ", ", ".join(dict.fromkeys(names))


def failing(rows: Sequence[ComparedTarget], of: int) -> str:
    """Returns which targets a check fails on, in one line.

    Args:
        rows: those targets.
        of: how many were compared.
    """
    names = listed([plain(row.target.name) for row in rows], NAMED)
    ends = tuple(dict.fromkeys(one for row in rows for one in row.ends))
    hint = allow_hint(ends) if all(row.ends for row in rows) else ""
    return f"{len(rows)} of {count(of, 'target')}: {names}{hint}"
