"""An inspection for a notebook: what the console says, and the graph where it can be drawn.

Everything that comes from a model is escaped, and the picture stands in an image of its own, so
that no name can be markup or a script.
"""

from __future__ import annotations

import base64
import html
from typing import Iterator, List, Sequence

from vai_inspect.core.errors import ReportError
from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import image, picture
from vai_inspect.reports.causes import (
    CAUSES_TITLE,
    ENDS_TITLE,
    MOST_CAUSES,
    at_the_ends,
    details,
    headline,
    ranked,
)
from vai_inspect.reports.reasons import Row, rows
from vai_inspect.reports.summary import (
    cut_sentence,
    following_sentence,
    more_causes,
    verdict_sentence,
)
from vai_inspect.reports.words import count, doubt, ends, grounds, plain, shortened, work_share

MOST_ROWS = 100
"""Rows of the table of operators on the CPU; the text report has them all."""

NAMES = 10
LONGEST_NAME = 240

_RED, _BLUE = "#b00020", "#0b3d91"


def render(inspection: Inspection) -> str:
    """Returns the inspection as HTML for a notebook's cell.

    Args:
        inspection: what to show.
    """
    return "\n".join(["<div>", *_summary(inspection), *_rest(inspection), "</div>"])


def _text(words: object) -> str:
    return html.escape(plain(words))


def _summary(inspection: Inspection) -> Iterator[str]:
    total, target = inspection.summary, inspection.target
    name = shortened(plain(inspection.model.name), LONGEST_NAME)
    yield "<p><b>{}</b> on <b>{}</b></p>".format(_text(name), _text(target.name))
    yield '<p style="color:{}"><b>{}</b></p>'.format(
        _BLUE if total.whole_but_for_ends else _RED, _text(verdict_sentence(inspection))
    )
    told = [
        cut_sentence(inspection),
        "{}: {} on the DPU, {} on the CPU{}, {}.".format(
            count(total.ops, "operator"),
            total.dpu_ops,
            total.cpu_ops,
            " ({} of unknown verdict)".format(total.unknown_ops) if total.unknown_ops else "",
            ends(total.user_ops),
        ),
        "{:,} multiply-accumulate operations{}.".format(total.macs, work_share(total)),
    ]
    yield "<p>{}</p>".format("<br>".join(map(_text, told)))


def _rest(inspection: Inspection) -> Iterator[str]:
    yield from _causes(inspection)
    following = following_sentence(inspection)
    if following:
        yield "<p>{}</p>".format(_text(following))
    on_cpu = rows(inspection)
    if on_cpu:
        yield from _folded(_title(inspection), list(_table(on_cpu)), len(on_cpu) <= 10)
    for warning in inspection.warnings:
        yield "<p>warning: {}</p>".format(_text(warning))
    yield from _graph(inspection)


def _title(inspection: Inspection) -> str:
    return count(len(inspection.on(Device.CPU)), "operator") + " on the CPU, with the reasons"


def _causes(inspection: Inspection) -> Iterator[str]:
    causes = ranked(inspection)
    if causes:
        yield "<p>{}</p><ol>".format(_text(_capital(CAUSES_TITLE)))
    for number, cause in enumerate(causes[:MOST_CAUSES], 1):
        lines = ["{}: {}".format(*pair) for pair in details(cause, number, inspection)]
        yield "<li>{}<ul>{}</ul></li>".format(
            _text(headline(cause, inspection)),
            "".join("<li>{}</li>".format(_text(line)) for line in lines),
        )
    if causes:
        yield "</ol>"
    if len(causes) > MOST_CAUSES:
        yield "<p>{}</p>".format(_text(more_causes(inspection)))
    told = "".join("<li>{}</li>".format(_text(line)) for line in at_the_ends(inspection))
    if told:
        yield "<p>{}</p><ul>{}</ul>".format(_text(_capital(ENDS_TITLE)), told)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _table(on_cpu: Sequence[Row]) -> Iterator[str]:
    yield "<table>"
    titles = ("node name", "op type", "hardware constraints")
    yield _row("th", titles)
    for row in on_cpu[:MOST_ROWS]:
        names = [_text(shortened(name, LONGEST_NAME)) for name in row.names[:NAMES]]
        if row.names[NAMES:]:
            names.append("and {} more".format(len(row.names) - NAMES))
        columns = ("<br>".join(names), _text(row.type), _reasons(row))
        yield _row("td", columns)
    yield "</table>"
    if on_cpu[MOST_ROWS:]:
        yield "<p>and {} more rows, which the text report has</p>".format(len(on_cpu) - MOST_ROWS)


def _reasons(row: Row) -> str:
    told = []
    for finding in row.findings:
        unsure = doubt(finding)
        lines = [_text(finding.message) + (" (<i>{}</i>)".format(_text(unsure)) if unsure else "")]
        if finding.suggestion and finding.follows is None:
            lines.append("what to change: " + _text(finding.suggestion))
        lines.append("<small>{}</small>".format(_text(grounds(finding))))
        told.append("<br>".join(lines))
    return "<br>".join(told)


def _row(tag: str, columns: Sequence[str]) -> str:
    cell = '<{0} style="text-align:left;vertical-align:top">{1}</{0}>'
    return "<tr>{}</tr>".format("".join(cell.format(tag, text) for text in columns))


def _graph(inspection: Inspection) -> Iterator[str]:
    try:
        drawn = image.rendered(picture.render(inspection), "svg")
    except ReportError as error:
        yield "<p><small>{}</small></p>".format(_text(error))
        return
    data = base64.b64encode(drawn).decode("ascii")
    shown = '<img alt="the graph" style="max-width:none" src="data:image/svg+xml;base64,{}">'
    box = '<div style="overflow:auto;max-height:80vh">{}</div>'.format(shown.format(data))
    yield from _folded("the graph", [box], len(inspection.ops) <= 60)


def _folded(title: str, inside: List[str], opened: bool) -> Iterator[str]:
    yield "<details{}><summary>{}</summary>".format(" open" if opened else "", _text(title))
    yield from inside
    yield "</details>"
