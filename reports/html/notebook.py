"""An inspection for a notebook: what the console says, and the page with the table and the graph.

Everything that comes from a model is escaped, and the page stands in a frame of its own, whose
script may do nothing outside it. Where scripts or frames are not shown, as on a page that only
renders the notebook, the rest can be read all the same.
"""

from __future__ import annotations

import html
from typing import Iterable, Iterator, List, Sequence, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.html import page
from vai_inspect.reports.html.markup import NOTEBOOK, folded, text
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
from vai_inspect.reports.text.format import doubt, grounds, remedy
from vai_inspect.reports.text.lines import plain, shortened
from vai_inspect.reports.text.reasons import Row, rows
from vai_inspect.reports.text.summary import (
    counts,
    cut_sentence,
    following_sentence,
    more_causes,
    trust_sentences,
    verdict_sentence,
    work,
)

MOST_ROWS = 100
"""Rows of the table of operators on the CPU; the text report has them all."""

NAMES = 10
LONGEST_NAME = 240
OPEN_CAUSES = 3
"""Root causes that are seen without a click."""


def render(inspection: Inspection) -> str:
    """Returns the inspection as HTML for a notebook's cell.

    Args:
        inspection: what to show.
    """
    return "\n".join(["<div>", *_summary(inspection), *_rest(inspection), "</div>"])


def _summary(inspection: Inspection) -> Iterator[str]:
    total, target = inspection.summary, inspection.target
    name = shortened(plain(inspection.model.name), LONGEST_NAME)
    yield f"<p><b>{text(name)}</b> on <b>{text(target.name)}</b></p>"
    yield NOTEBOOK.banner(verdict_sentence(inspection), total.whole_but_for_ends)
    sentences = [
        cut_sentence(inspection),
        counts(inspection) + ".",
        work(inspection) + ".",
        *trust_sentences(inspection.model),
        *(line + "." for _, line in times.lines(inspection, brief=True)),
    ]
    yield f"<p>{'<br>'.join(map(text, sentences))}</p>"


def _rest(inspection: Inspection) -> Iterator[str]:
    yield from _quantizer(inspection)
    yield from _causes(inspection)
    following = following_sentence(inspection)
    if following:
        yield f"<p>{text(following)}</p>"
    on_cpu = rows(inspection)
    if on_cpu:
        yield from folded(_title(inspection), list(_table(on_cpu)), len(on_cpu) <= 10)
    for warning in inspection.warnings:
        yield f"<p>warning: {text(warning)}</p>"
    yield from _page(inspection)


def _quantizer(inspection: Inspection) -> Iterator[str]:
    """Yields what the vendor's quantiser does; what stops or changes is seen without a click."""
    report = inspection.quantizer
    if report is None or not quantizer.has_more_than_checklist(report):
        return
    lines: List[str] = [f"<p>{text(quantizer.build_sentence(inspection))}</p>"]
    for outcome, entries, more in quantizer.groups(inspection):
        lines.append(f"<p>{text(_capital(quantizer.TITLES[outcome]))}</p>")
        items = [_with_details(entry.headline, entry.details) for entry in entries]
        items += [f"<li>and {more:,} more</li>"] if more else []
        lines.append(f"<ol>{''.join(items)}</ol>")
    converted = _items(quantizer.conversions(report))
    if converted:
        lines.append(f"<p>Conversions</p><ul>{converted}</ul>")
    yield from folded(_capital(quantizer.title(report)), lines, bool(report.blocking))


def _with_details(headline: str, details: Iterable[Tuple[str, str]]) -> str:
    items = _items(f"{title}: {sentence}" for title, sentence in details)
    return f"<li>{text(headline)}<ul>{items}</ul></li>"


def _title(inspection: Inspection) -> str:
    return count(len(inspection.on(Device.CPU)), "operator") + " on the CPU, with the reasons"


def _causes(inspection: Inspection) -> Iterator[str]:
    causes = ranked(inspection)
    items = [
        _with_details(headline(cause, inspection), details(cause, number, inspection))
        for number, cause in enumerate(causes[:MOST_CAUSES], 1)
    ]
    if items:
        yield f"<p>{text(_capital(CAUSES_TITLE))}</p>"
        yield f"<ol>{''.join(items[:OPEN_CAUSES])}</ol>"
    if items[OPEN_CAUSES:]:
        more = [f'<ol start="{OPEN_CAUSES + 1}">', *items[OPEN_CAUSES:], "</ol>"]
        if len(causes) > MOST_CAUSES:
            more.append(f"<p>{text(more_causes(inspection))}</p>")
        title = count(len(causes) - OPEN_CAUSES, "more root cause")
        yield from folded(title, more)
    harmless = _items(at_the_ends(inspection))
    if harmless:
        yield f"<p>{text(_capital(ENDS_TITLE))}</p><ul>{harmless}</ul>"


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{text(line)}</li>" for line in lines)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _table(on_cpu: Sequence[Row]) -> Iterator[str]:
    yield "<table>"
    titles = ("node name", "op type", "hardware constraints")
    yield NOTEBOOK.row("th", titles)
    for shown in on_cpu[:MOST_ROWS]:
        names = [text(shortened(name, LONGEST_NAME)) for name in shown.names[:NAMES]]
        if shown.names[NAMES:]:
            names.append(f"and {len(shown.names) - NAMES:,} more")
        yield NOTEBOOK.row("td", ("<br>".join(names), text(shown.type), _reasons(shown)))
    yield "</table>"
    if on_cpu[MOST_ROWS:]:
        yield f"<p>and {len(on_cpu) - MOST_ROWS:,} more rows, which the text report has</p>"


def _reasons(on_cpu: Row) -> str:
    blocks = []
    for finding in on_cpu.findings:
        unsure = doubt(finding)
        lines = [text(finding.message) + (f" (<i>{text(unsure)}</i>)" if unsure else "")]
        if finding.remedies and finding.follows is None:
            lines.append("what to change: " + text(remedy(finding)))
        lines.append(f"<small>{text(grounds(finding))}</small>")
        shown = "<br>".join(lines)
        blocks.append(f'<div style="margin-bottom:4px">{shown}</div>')
    return "".join(blocks)


def _page(inspection: Inspection) -> Iterator[str]:
    """Yields the page in a frame of its own: its script reaches nothing of the notebook."""
    inside = html.escape(page.render_part(inspection))
    frame = (
        '<iframe title="operators and graph" sandbox="allow-scripts" loading="lazy" '
        f'style="width:100%;height:80vh;border:0" srcdoc="{inside}"></iframe>'
    )
    yield from folded("all operators and the graph", [frame])
