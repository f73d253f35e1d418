"""Root causes in words: what each is, what to change, what that gives back."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.findings import Device, Finding, Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.root_cause import Outcome, Position, RootCause
from vai_inspect.reports.words import UNSURE, count, plain, share, shortened

FEW_NAMES = 3
LONGEST_NAME = 60

_STANDING = {
    Position.START: "nothing on the DPU comes before {them}: {they} cut{s} nothing",
    Position.END: "nothing on the DPU waits for {them}: {they} cut{s} nothing",
    Position.APART: "nothing on the DPU comes before {them} or waits for {them}",
}


def headline(cause: RootCause) -> str:
    """Returns what the root cause is: how many operators of which type, and the first reason."""
    what = (
        "{} ({})".format(shortened(plain(cause.ops[0]), LONGEST_NAME), plain(cause.type))
        if len(cause.ops) == 1
        else "{} ({})".format(count(len(cause.ops), "operator"), plain(cause.type))
    )
    more = len(cause.constraints) - 1
    return "{}: {}{}{}".format(
        what,
        plain(cause.message),
        " (and {})".format(count(more, "more reason")) if more else "",
        " ({})".format(UNSURE) if cause.verdict is Verdict.UNKNOWN else "",
    )


def details(cause: RootCause, number: int, inspection: Inspection) -> Iterator[Tuple[str, str]]:
    """Yields a title and a text for each thing to know of a root cause.

    Args:
        cause: the root cause.
        number: its place in the ranking, from 1.
        inspection: the whole.
    """
    if len(cause.ops) > 1:
        yield "operators", _names(cause.ops)
    if cause.suggestion:
        yield "what to change", plain(cause.suggestion)
    yield "fixed alone", effect(cause.alone, inspection)
    if number > 1:
        yield "fixed with those above", effect(cause.in_turn, inspection)
    if cause.position in _STANDING:
        yield "note", _standing(cause, inspection)


def _standing(cause: RootCause, inspection: Inspection) -> str:
    one = len(cause.ops) == 1
    they, them, s = ("it", "it", "s") if one else ("they", "them", "")
    text = _STANDING[cause.position].format(they=they, them=them, s=s)
    if cause.position is Position.END and not _computes(cause.ops, inspection):
        text += ", and next to nothing is lost by leaving {} to the CPU".format(them)
        cuts = _cut_points(cause, inspection)
        if cuts:
            text += (
                "; cut the network there: give out {} in place of {}, and do the rest on the host"
            ).format(_names(cuts), "its result" if one else "their results")
    if cause.position is Position.START and not _computes(_before(cause, inspection), inspection):
        text += ", and what prepares the input can do the same on the host"
    return text


def _cut_points(cause: RootCause, inspection: Inspection) -> List[str]:
    """Returns the operators on the DPU whose outputs what the root cause holds back reads."""
    seen = set(cause.ops)
    found: Dict[str, bool] = {}
    waiting = list(cause.ops)
    while waiting:
        op = inspection.op(waiting.pop(0))
        for value in op.op.inputs if op is not None else ():
            before = inspection.op(value.op)
            if before is None or value.op in seen:
                continue
            seen.add(value.op)
            if before.device is Device.DPU:
                found[value.op] = before.type != "const"
            else:
                waiting.append(value.op)
    return [name for name, counts in found.items() if counts]


def _computes(names: Iterable[str], inspection: Inspection) -> bool:
    """Tells whether some operators have multiply-accumulates, or may have."""
    found = (inspection.op(name) for name in names)
    return any(op.macs != 0 for op in found if op is not None)


def _before(cause: RootCause, inspection: Inspection) -> Set[str]:
    """Returns the operators of a root cause and all before them."""
    seen = set(cause.ops)
    waiting = list(cause.ops)
    while waiting:
        op = inspection.op(waiting.pop())
        for value in op.op.inputs if op is not None else ():
            if value.op not in seen:
                seen.add(value.op)
                waiting.append(value.op)
    return seen


def effect(outcome: Outcome, inspection: Inspection) -> str:
    """Returns what comes back to the DPU, and what becomes of subgraphs and crossings.

    Args:
        outcome: what the placement would be.
        inspection: what it is.
    """
    now = inspection.summary
    back = len(outcome.returned)
    if not back:
        return "nothing comes back: other reasons, or neighbours, keep it on the CPU"
    part = share(outcome.macs, now.macs) if outcome.macs else None
    if back == now.cpu_ops:
        told = "everything runs on the DPU"
    else:
        told = "{:,} of the {:,} operators on the CPU {} back{}".format(
            back,
            now.cpu_ops,
            "comes" if back == 1 else "come",
            ", with {} of all multiply-accumulates".format(part) if part else "",
        )
    if outcome.dpu_subgraphs is None or outcome.crossings is None:
        return told + " (subgraphs and crossings are not counted: too many root causes)"
    return "{}; {}, {} ({})".format(
        told,
        _change("DPU subgraphs", now.dpu_subgraphs, outcome.dpu_subgraphs),
        _change("crossings", now.crossings, outcome.crossings),
        _change("bytes", now.crossing_bytes, outcome.crossing_bytes or 0),
    )


def chain(finding: Finding, inspection: Inspection) -> Optional[str]:
    """Returns whose device a finding follows from, and whose reasons in the end, or None."""
    if finding.follows is None:
        return None
    root = inspection.root_of(finding.follows)
    if root is None or root == finding.follows:
        return finding.follows
    return "{}, in the end from {}".format(finding.follows, root)


def _change(what: str, before: int, after: int) -> str:
    if before == after:
        return "{} still {:,}".format(what, after)
    return "{} from {:,} to {:,}".format(what, before, after)


def _names(names: Sequence[str]) -> str:
    shown = [shortened(plain(name), LONGEST_NAME) for name in names[:FEW_NAMES]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (" and {:,} more".format(rest) if rest else "")
