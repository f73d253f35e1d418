"""The part of the reports about the vendor's quantiser, in words; every writer has it from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Sequence, Tuple

from vai_inspect.core.errors import count, plural
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.quantizer import Obstacle, Outcome, QuantizerReport
from vai_inspect.reports.text.format import file_name
from vai_inspect.reports.text.lines import hanging, plain, shortened

TITLES = {
    Outcome.CHANGES: "changes the function, without an error",
    Outcome.FAILS: "stops the flow",
    Outcome.FLOAT: "stays in float, so the CPU runs it",
    Outcome.WARNS: "is warned of, and the file is right",
}
CHECKLIST_TITLE = "before you quantise (no model shows this)"
STAGES = {
    "trace": "while tracing",
    "quantise": "while quantising",
    "export": "at the export",
    "convert": "in the conversion of the quantised file",
    "compile": "in the compiler",
    "qat": "when training with quantisation",
}
FEW_NAMES = 4
LONGEST_NAME = 80
MOST_EACH = 12
"""Obstacles of each outcome that are printed; the JSON report has them all."""
INDENT = " " * 4


@dataclass(frozen=True)
class Entry:
    """One obstacle in words.

    Attributes:
        headline: what was found and what happens.
        details: title and text of what else there is to say.
    """

    headline: str
    details: Tuple[Tuple[str, str], ...]


def has_more_than_checklist(report: QuantizerReport) -> bool:
    """Returns whether there is anything to say of the model itself."""
    return bool(report.obstacles or report.conversions)


def title(report: QuantizerReport) -> str:
    """Returns the name of the flow and its release, with the counts."""
    changes = len(report.having(Outcome.CHANGES))
    others = len(report.obstacles) - changes
    parts = []
    if changes:
        parts.append(f"{count(changes, 'change')} of function")
    if others or not changes:
        parts.append(count(others, "obstacle") if others else "no obstacle")
    if report.converted_ops:
        parts.append(count(report.converted_ops, "conversion"))
    return f"quantizer ({report.flow} {report.release}): {', '.join(parts)}"


def build_sentence(inspection: Inspection) -> str:
    """Returns which flow and which build of the target are meant, without a full stop."""
    report, target = inspection.quantizer, inspection.target
    assert report is not None
    releases = ", ".join(target.releases)
    where = f" ({plural(len(target.releases), 'release')} {releases})" if releases else ""
    return f"flow of release {report.release}, build of the target {target.fingerprint_text}{where}"


def groups(inspection: Inspection) -> Iterator[Tuple[Outcome, List[Entry], int]]:
    """Yields the obstacles of each outcome, the worst first, and how many more there are."""
    report = inspection.quantizer
    for outcome in Outcome:
        found = report.having(outcome) if report is not None else ()
        if found:
            shown = [_entry(one, inspection) for one in found[:MOST_EACH]]
            yield outcome, shown, len(found) - len(shown)


def _entry(obstacle: Obstacle, inspection: Inspection) -> Entry:
    where = [STAGES[obstacle.stage.value], *([obstacle.code] if obstacle.code else [])]
    details = []
    if obstacle.ops:
        details.append(("operators", names(obstacle.ops)))
    line = _source(obstacle, inspection)
    if line:
        details.append(("source", line))
    if obstacle.suggestion:
        advice = "" if obstacle.effect is None else f" ({obstacle.effect.advice})"
        details.append(("what to do", plain(obstacle.suggestion) + advice))
    details.append(("rule", obstacle.id))
    headline = f"{plain(obstacle.message)} [{', '.join(where)}]"
    return Entry(headline, tuple(details))


def names(ops: Sequence[str]) -> str:
    """Returns the names of operators, the first few of many."""
    shown = [shortened(plain(name), LONGEST_NAME) for name in ops[:FEW_NAMES]]
    more = len(ops) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _source(obstacle: Obstacle, inspection: Inspection) -> str:
    """Returns the line of the user's code that the first operator comes from."""
    for name in obstacle.ops:
        op = inspection.op(name)
        if op is not None and op.op.origin.source:
            frame = op.op.origin.source[-1]
            return f"{file_name(frame.file)}:{frame.line} {plain(frame.function)}"
    return ""


def conversions(report: QuantizerReport) -> Iterator[str]:
    """Yields what is replaced, with the operators."""
    for one in report.conversions:
        yield f"{plain(one.message)}: {count(len(one.ops), 'operator')} ({names(one.ops)})"


def training_sentence(report: QuantizerReport) -> str:
    """Returns what stops training with quantisation, or an empty text."""
    if not report.training:
        return ""
    ops = {name for one in report.training for name in one.ops}
    codes = dict.fromkeys(one.code or "" for one in report.training)
    return (
        f"training with quantisation would stop at {count(len(ops), 'operator')} "
        f"({', '.join(codes)}), which quantising after training takes; the JSON report lists them"
    )


def lines(inspection: Inspection, width: int) -> Iterator[str]:
    """Yields the lines of the part that stands between the target and the summary.

    Args:
        inspection: what to report.
        width: characters of a line.
    """
    report = inspection.quantizer
    if report is None:
        return
    yield from hanging("", build_sentence(inspection), width)
    for outcome, entries, more in groups(inspection):
        yield ""
        yield TITLES[outcome] + ":"
        for number, entry in enumerate(entries, 1):
            mark = f"{INDENT}{number}. "
            yield from hanging(mark, entry.headline, width)
            for name, text in entry.details:
                yield from hanging(" " * len(mark) + "- ", f"{name}: {text}", width)
        if more:
            yield f"{INDENT}and {more:,} more; the JSON report lists them"
    if report.conversions:
        yield ""
        yield "conversions:"
        for text in conversions(report):
            yield from hanging(INDENT, text, width)


def closing_lines(inspection: Inspection, width: int) -> Iterator[str]:
    """Yields the checklist that ends the text report."""
    report = inspection.quantizer
    if report is None or not report.checklist:
        return
    for text in (*report.checklist, training_sentence(report)):
        if text:
            yield from hanging("[ ] ", text, width)
