"""What is printed: the operators on the CPU with the reasons, on request every operator."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Iterable, Optional

from vai_inspect.core.errors import count
from vai_inspect.core.findings import Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.core.quantizer import Outcome
from vai_inspect.reports.console.tables import every_operator, hung, on_cpu, styled
from vai_inspect.reports.text import quantizer, times
from vai_inspect.reports.text.causes import (
    CAUSES_TITLE,
    ENDS_TITLE,
    MOST_CAUSES,
    at_the_ends,
    details,
    headline,
    ranked,
)
from vai_inspect.reports.text.format import unknown_macs
from vai_inspect.reports.text.lines import plain
from vai_inspect.reports.text.plan import PLAN_TITLE, remaining, steps
from vai_inspect.reports.text.reasons import rows, widths
from vai_inspect.reports.text.summary import (
    counts,
    cut_sentence,
    following_sentence,
    more_causes,
    trust_sentences,
    verdict_sentence,
    work,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PLAIN_WIDTH = 100
"""Columns where the output is no terminal, so that files and pipes read the same everywhere."""

MOST_ROWS = 30
"""Rows of the table of operators on the CPU at verbose 1."""

_DETAIL_STYLES = {"what to change": "green", "note": "dim"}


def show(
    inspection: Inspection,
    verbose_level: int,
    file: Optional[IO[str]] = None,
    beside_html: bool = False,
) -> None:
    """Prints an inspection.

    Args:
        inspection: what to print.
        verbose_level: 0 prints nothing, 1 the operators on the CPU, 2 every operator too.
        file: where to print; None is standard output.
        beside_html: whether a notebook shows the result, so that only what the HTML lacks is
            printed.
    """
    if verbose_level < (2 if beside_html else 1):
        return
    stream = sys.stdout if file is None else file
    console = _console(stream)
    with console.capture() as captured:
        _print_quantizer(console, inspection)
        if not beside_html:
            _print_result(console, inspection, whole=verbose_level >= 2)
        if verbose_level >= 2:
            console.print("every operator:")
            console.print(every_operator(inspection))
    _put(captured.get(), stream)


def _print_result(console: Console, inspection: Inspection, whole: bool) -> None:
    console.print(_panel(inspection))
    print_plan(console, inspection)
    _print_causes(console, inspection)
    if inspection.summary.cpu_ops:
        _print_on_cpu(console, inspection, whole)
    for warning in inspection.warnings:
        _print_hanging(console, "warning: ", warning, "yellow")


def tell(lines: Iterable[str], file: Optional[IO[str]] = None) -> None:
    """Prints lines as they are, one below the other.

    Args:
        lines: what to print; line breaks and control characters in them are escaped.
        file: where to print; None is standard output.
    """
    text = "".join(plain(line) + "\n" for line in lines)
    _put(text, sys.stdout if file is None else file)


def _put(text: str, stream: IO[str]) -> None:
    """Writes text; what the stream's encoding lacks is escaped, not a reason to lose the rest."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    terminal = bool(getattr(stream, "isatty", lambda: False)())
    # Names are the user's: nothing in them is markup, an emoji or a figure to be coloured.
    # A notebook's output is no terminal either; there the same plain text is printed.
    return Console(
        file=stream,
        width=None if terminal else PLAIN_WIDTH,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        legacy_windows=None if terminal else False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _panel(inspection: Inspection) -> RenderableType:
    from rich.panel import Panel
    from rich.text import Text

    total = inspection.summary
    lines = [
        styled(
            verdict_sentence(inspection), "bold green" if total.whole_but_for_ends else "bold red"
        ),
        styled(counts(inspection)),
        styled(cut_sentence(inspection)),
        styled(work(inspection)),
        *map(styled, unknown_macs(inspection)),
        *(styled(one, "yellow") for one in trust_sentences(inspection.model)),
        *(styled(line) for _, line in times.lines(inspection, brief=True)),
    ]
    title = f"{plain(inspection.model.name)} on {plain(inspection.target.name)}"
    return Panel(Text("\n").join(lines), title=styled(title), title_align="left", expand=True)


def print_plan(console: Console, inspection: Inspection) -> None:
    """Prints what to do, in order.

    Args:
        console: where to print.
        inspection: the inspection.
    """
    if inspection.steps:
        console.print("\n" + PLAN_TITLE)
    for step, changed, code in steps(inspection):
        _print_hanging(console, "", step, "bold green")
        _print_hanging(console, "   ", changed)
        for line in code:
            console.print(styled(("   " + line).rstrip()), soft_wrap=True)
    rest = remaining(inspection)
    if rest:
        _print_hanging(console, "", rest)


def show_plan(inspection: Inspection, file: Optional[IO[str]] = None) -> None:
    """Prints the plan alone.

    Args:
        inspection: the inspection.
        file: where to print; None is standard output.
    """
    stream = sys.stdout if file is None else file
    console = _console(stream)
    with console.capture() as captured:
        console.print(_panel(inspection))
        print_plan(console, inspection)
        if not inspection.steps:
            _print_hanging(console, "", "nothing to do" if not inspection.summary.cpu_ops else
                           "no cut and no rewrite makes it better")  # fmt: skip
    _put(captured.get(), stream)


def _print_quantizer(console: Console, inspection: Inspection) -> None:
    """Prints what changes the function or stops the flow first; the rest in one line."""
    report = inspection.quantizer
    if report is None or not (report.obstacles or report.conversions):
        return
    _print_hanging(console, "", quantizer.title(report), "bold red" if report.blocking else "")
    for outcome, entries, more in quantizer.groups(inspection):
        if outcome not in (Outcome.CHANGES, Outcome.FAILS):
            continue
        style = "bold red"
        console.print(quantizer.TITLES[outcome] + ":")
        for number, entry in enumerate(entries, 1):
            mark = f"{number}. "
            _print_hanging(console, mark, entry.headline, style)
            for title, text in entry.details:
                style_of = "green" if title == "what to do" else ""
                _print_hanging(console, " " * len(mark) + "- ", title + ": " + text, style_of)
        if more:
            _print_hanging(console, "", f"and {more} more")
    console.print()


def _print_causes(console: Console, inspection: Inspection) -> None:
    causes = ranked(inspection)
    if causes:
        console.print("\n" + CAUSES_TITLE)
    for number, cause in enumerate(causes[:MOST_CAUSES], 1):
        mark = f"{number}. "
        style = "bold yellow" if cause.verdict is Verdict.UNKNOWN else "bold red"
        _print_hanging(console, mark, headline(cause, inspection), style)
        for title, text in details(cause, number, inspection):
            style = _DETAIL_STYLES.get(title, "")
            _print_hanging(console, " " * len(mark) + "- ", title + ": " + text, style)
    if len(causes) > MOST_CAUSES:
        _print_hanging(console, "", more_causes(inspection))
    for number, sentence in enumerate(at_the_ends(inspection)):
        if not number:
            console.print("\n" + ENDS_TITLE)
        _print_hanging(console, "- ", sentence)
    following = following_sentence(inspection)
    if following:
        console.print()
        _print_hanging(console, "", following)


def _print_on_cpu(console: Console, inspection: Inspection, whole: bool) -> None:
    """Prints the operators on the CPU; the whole of a long table only on request."""
    found = rows(inspection)
    shown = found if whole else found[:MOST_ROWS]
    sizes = widths(shown, console.width - 10)
    console.print("\noperators on the CPU:")
    console.print(on_cpu(shown, sizes, whole))
    if found[len(shown) :]:
        rest = found[len(shown) :]
        left = sum(len(row.names) for row in rest)
        words = (
            f"and {count(len(rest), 'more row')}, of {count(left, 'operator')}; the text report "
            "and --verbose 2 have them"
        )
        _print_hanging(console, "", words)


def _print_hanging(console: Console, mark: str, words: str, style: str = "") -> None:
    for line in hung(mark, words, console.width, style):
        console.print(line, soft_wrap=True)
