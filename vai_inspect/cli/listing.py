"""The list of targets: a line for each, or in few columns as little more as there must be."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.reports.text.lines import wrapped

_HEADINGS = ("NAME", "FINGERPRINT", "OPS/CYCLE", "BATCH", "RELEASES", "BOARDS")
_LEGACY = "not registered from release 2.5 on; figures derived from the fingerprint:"
NO_RULES = "rules not written yet: every operator is unknown"


def listed(families: Sequence[Dict[str, Any]], width: Optional[int]) -> Iterator[str]:
    """Yields the lines of the list.

    Args:
        families: with their targets, as `listing` has them.
        width: columns of the terminal, in which releases and boards go to a line of their own
            where they do not fit; None for a line for each target.
    """
    found = [one for each in families for one in (*each["registered"], *each["legacy"])]
    lines = list(columns([_HEADINGS, *map(row, found)], right=(2, 3)))
    if width is not None and max(map(len, lines)) + 2 > width:
        lines = _narrow(found, width)
    rows = iter(lines)
    header = next(rows)
    for number, each in enumerate(families):
        title = heading_of(each)
        yield ("\n" if number else "") + "\n".join(wrapped(title, width) if width else [title])
        yield "\n  " + header
        for _ in each["registered"]:
            yield "  " + next(rows)
        if each["legacy"]:
            yield "\n  " + _LEGACY
        for _ in each["legacy"]:
            yield "  " + next(rows)


def _narrow(found: Sequence[Dict[str, Any]], width: int) -> List[str]:
    """Returns the lines of targets for few columns: releases as a range, boards below."""
    known = sorted({name for one in found for name in one["releases"]}, key=_number)
    short = [(*row(one)[:4], _range(one["releases"], known)) for one in found]
    lines = columns([_HEADINGS[:5], *short], right=(2, 3))
    room = max(20, width - 6)
    for at, one in enumerate(found, 1):
        boards = row(one)[5]
        lines[at] = "\n".join(
            [lines[at], *("      " + line for line in wrapped(boards, room) if line)]
        )
    return lines


def _number(release: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in release.split(".") if part.isdecimal())


def _range(releases: Sequence[str], known: Sequence[str]) -> str:
    """Returns `1.3-2.0` for releases between which there is none that is left out."""
    places = [known.index(name) for name in releases]
    if len(places) > 1 and max(places) - min(places) == len(places) - 1:
        return f"{known[min(places)]}-{known[max(places)]}"
    return ", ".join(releases)


def heading_of(family: Dict[str, Any]) -> str:
    """Returns a family as one line.

    Args:
        family: as `listing` has it.
    """
    guide = f" ({family['guide']})" if family["guide"] else ""
    rules = "" if family["written"] else "; " + NO_RULES
    return f"{family['dpu']}{guide} - {family['title']}{rules}"


def row(one: Dict[str, Any]) -> Tuple[str, ...]:
    """Returns a target as a row of the list.

    Args:
        one: as `listing` has it.
    """
    uses = [
        (use["board"], ", ".join(use["releases"]) or use["design"]) for use in one["board_uses"]
    ]
    return (
        one["name"],
        one["fingerprint"] or "not known",
        f"{one['peak_ops_per_cycle']:,}",
        str(one["batch"]),
        ", ".join(one["releases"]),
        ", ".join(f"{board} ({note})" if note else board for board, note in uses),
    )


def columns(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> List[str]:
    """Returns rows as lines whose columns stand under one another; some flush right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    flush = set(right)
    return [
        "  ".join(
            cell.rjust(width) if place in flush else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(cells, widths))
        ).rstrip()
        for cells in rows
    ]
