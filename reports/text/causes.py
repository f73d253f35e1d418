"""Root causes as text: what each is, what to change, and the effect of changing it."""

from __future__ import annotations

from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.boundary import downstream, upstream
from vai_inspect.core.errors import count
from vai_inspect.core.findings import Finding, Verdict, what_to_change
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.core.root_cause import Outcome, Position, RootCause
from vai_inspect.reports.text.format import UNSURE, share
from vai_inspect.reports.text.lines import plain, shortened
from vai_inspect.reports.text.times import change

CAUSES_TITLE = "root causes, by impact:"
ENDS_TITLE = "best run on the host (no DPU cost):"
MOST_CAUSES = 12
FEW_NAMES = 3
LONGEST_NAME = 60
LIKEWISE = " (of the first; the others are similar)"

_STANDING = {
    Position.START: "no DPU operator precedes {them}, so {they} {do} not split the DPU subgraph",
    Position.END: "no DPU operator depends on {them}, so {they} {do} not split the DPU subgraph",
}


def headline(cause: RootCause, inspection: Inspection) -> str:
    """Returns what the root cause is: how many operators of which type, and the first reason.

    Args:
        cause: the root cause.
        inspection: the inspection.
    """
    what = (
        f"{shortened(plain(cause.ops[0]), LONGEST_NAME)} ({plain(cause.type)})"
        if len(cause.ops) == 1
        else f"{count(len(cause.ops), 'operator')} ({plain(cause.type)})"
    )
    more = len(cause.constraints) - 1
    return "".join(
        (
            f"{what}: {plain(cause.message)}",
            "" if _said_of_all(cause, inspection) else LIKEWISE,
            f" (and {count(more, 'more reason')})" if more else "",
            f" ({UNSURE})" if cause.verdict is Verdict.UNKNOWN else "",
        )
    )


def _said_of_all(cause: RootCause, inspection: Inspection) -> bool:
    """Returns whether every operator has this message, with the same names and numbers."""
    found = (inspection.op(name) for name in cause.ops)
    return all(
        any(finding.message == cause.message for finding in op.findings)
        for op in found
        if op is not None
    )


def ranked(inspection: Inspection) -> List[RootCause]:
    """Returns the root causes that have a cost at their position, as they are ranked.

    Args:
        inspection: the inspection.
    """
    return [cause for cause in inspection.root_causes if not cause.at_boundary]


def at_the_ends(inspection: Inspection) -> Iterator[str]:
    """Yields what is best run on the host before and after the DPU part.

    Args:
        inspection: the inspection.
    """
    cuts = inspection.cut_points
    for position, points, where, then in (
        (Position.START, cuts.start, "start", "start the DPU part with {} of {}"),
        (Position.END, cuts.end, "end", "end the DPU part at {1}"),
    ):
        held = {
            name
            for cause in inspection.root_causes
            if cause.at_boundary and cause.position is position
            for name in cause.ops
        }
        if not held:
            continue
        ops = [op for op in inspection.ops if op.name in held]
        sentence = f"at the {where}: {listed(with_types(ops))}"
        result = "the result" if len(points) == 1 else "the results"
        near = listed(with_types(op for op in inspection.ops if op.name in points))
        yield sentence + ("; " + then.format(result, near) if points else "")


def details(cause: RootCause, number: int, inspection: Inspection) -> Iterator[Tuple[str, str]]:
    """Yields a title and a text for each thing to know of a root cause.

    Args:
        cause: the root cause.
        number: its place in the ranking, from 1.
        inspection: the inspection.
    """
    if len(cause.ops) > 1:
        yield "operators", listed([shortened(plain(name), LONGEST_NAME) for name in cause.ops])
    change = _remedies(cause)
    if change:
        yield "what to change", change
    yield "if fixed alone", _alone(cause, inspection)
    if number > 1 and cause.cumulative is not None:
        yield "if fixed with those above", effect(cause.cumulative, inspection)
    for first, last in _together(inspection):
        outcome = inspection.root_causes[last - 1].cumulative
        if first == number and outcome is not None:
            # Counted with all before them fixed.
            company = "" if first == 1 else " with those above"
            yield (
                "together",
                f"causes {first} to {last} have an effect when all of them are fixed{company}: "
                + effect(outcome, inspection),
            )
    if cause.position in _STANDING and not _work_beyond(cause, inspection):
        one = len(cause.ops) == 1
        they, them, do = ("it", "it", "does") if one else ("they", "them", "do")
        yield "note", _STANDING[cause.position].format(they=they, them=them, do=do)


def _remedies(cause: RootCause) -> str:
    """Returns what to change, for the first operator, and the effect on the function."""
    return plain("; ".join(filter(None, map(what_to_change, cause.remedies))))


def _alone(cause: RootCause, inspection: Inspection) -> str:
    """Returns the effect of fixing one root cause; without one, what must be fixed as well."""
    if cause.alone.returned:
        return effect(cause.alone, inspection)
    number = inspection.root_causes.index(cause) + 1
    later = enumerate(inspection.root_causes[number - 1 :], number)
    enough = (at for at, one in later if set(cause.ops) & set(_back(one)))
    at = next(enough, None)
    if at is None:
        return effect(cause.alone, inspection)
    if at > number:
        return f"no operator moves to the DPU unless cause {at} is fixed"
    return "no operator moves to the DPU unless the causes above are fixed"


def _back(cause: RootCause) -> Tuple[str, ...]:
    return cause.cumulative.returned if cause.cumulative is not None else ()


def _work_beyond(cause: RootCause, inspection: Inspection) -> bool:
    """Returns whether operators compute before a root cause at the start, or after one at the end.

    If these moved to the DPU, the root cause would split its part.
    """
    own, ops = set(cause.ops), [op.op for op in inspection.ops]
    beyond = (upstream if cause.position is Position.START else downstream)(ops, own) - own
    return any(op.macs != 0 for op in inspection.ops if op.name in beyond)


def _together(inspection: Inspection) -> Iterator[Tuple[int, int]]:
    """Yields first and last number of root causes that save DPU subgraphs only in company.

    None of them does so alone; the last does when it is fixed on top of those before it.
    """
    now = before = inspection.summary.dpu_subgraphs
    first = 1
    for number, cause in enumerate(inspection.root_causes, 1):
        alone = cause.alone.dpu_subgraphs
        after = cause.cumulative.dpu_subgraphs if cause.cumulative is not None else None
        if cause.at_boundary or alone is None or after is None:
            return
        if alone < now or cause.alone.macs:
            first = number + 1
        elif after < before and first < number:
            yield first, number
        if after < before:
            before, first = after, number + 1


def effect(outcome: Outcome, inspection: Inspection) -> str:
    """Returns what moves to the DPU, and how subgraphs and crossings change.

    Args:
        outcome: what the placement would be.
        inspection: what it is.
    """
    now = inspection.summary
    back = len(outcome.returned)
    if not back:
        return "no operator moves to the DPU: other reasons, or neighbours, keep it on the CPU"
    part = share(outcome.macs, now.macs) if outcome.macs else None
    if back == now.cpu_ops:
        sentence = "everything runs on the DPU"
    else:
        moves = "moves" if back == 1 else "move"
        sentence = f"{back:,} of {now.cpu_ops:,} CPU operators {moves} to the DPU"
        sentence += f", with {part} of all multiply-accumulates" if part else ""
    time = change(outcome, inspection)
    sentence += "; " + time if time else ""
    if outcome.dpu_subgraphs is None or outcome.crossings is None:
        return sentence + " (subgraphs and crossings are not counted: too many root causes)"
    sentence += "; " + _change("DPU subgraphs", now.dpu_subgraphs, outcome.dpu_subgraphs)
    sentence += ", " + _change("crossings", now.crossings, outcome.crossings)
    if outcome.crossing_bytes in (None, now.crossing_bytes):
        return sentence
    moved = _change("bytes", now.crossing_bytes, outcome.crossing_bytes or 0)
    return f"{sentence} ({moved})"


def chain(finding: Finding, inspection: Inspection) -> Optional[str]:
    """Returns whose device a finding follows from, and whose reasons in the end, or None."""
    if finding.follows is None:
        return None
    root = inspection.root_of(finding.follows)
    if root is None or root == finding.follows:
        return finding.follows
    return f"{finding.follows}, in the end from {root}"


def _change(what: str, before: int, after: int) -> str:
    if before == after:
        return f"{what} still {after:,}"
    return f"{what} from {before:,} to {after:,}"


def with_types(ops: Iterable[InspectedOp]) -> List[str]:
    """Returns names and types of operators, `predictions (softmax)`."""
    return [f"{shortened(plain(op.name), LONGEST_NAME)} ({plain(op.type)})" for op in ops]


def listed(names: Sequence[str], few: int = FEW_NAMES) -> str:
    """Returns names in one line, `a, b, c and 34 more`.

    Args:
        names: the names.
        few: how many are listed; one more is, if it is the last.
    """
    few = few if len(names) > few + 1 else len(names)
    shown = [plain(name) for name in names[:few]]
    if len(names) > few:
        return f"{', '.join(shown)} and {len(names) - few:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
