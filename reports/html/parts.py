"""An inspection in parts, for a page of several views that has the style sheet and the scripts."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator

from vai_inspect.core.comparison import Comparison
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.html import comparison as table_of_targets
from vai_inspect.reports.html import estimate, page, sections
from vai_inspect.reports.html.markup import PAGE, text
from vai_inspect.reports.text import estimate_table

SUMMARY = ("quantizer", "causes", "ends", "warnings")
"""Sections of the summary; the plan is a part of its own."""


def parts(inspection: Inspection) -> Dict[str, str]:
    """Returns the HTML of each part by its name; `start` of `page.js` makes `operators` work.

    Args:
        inspection: what to show.
    """
    shown, beside = page.operators(inspection)
    return {
        "summary": _joined([*sections.head(inspection), *sections.all_of(inspection, SUMMARY)]),
        "plan": _joined(sections.all_of(inspection, ("plan",))) or _no_plan(inspection),
        "estimate": _joined(_estimate(inspection)),
        "operators": _joined([*shown, *beside]),
    }


def comparison(found: Comparison) -> str:
    """Returns the HTML of a comparison of targets.

    Args:
        found: what to show.
    """
    return table_of_targets.render(found, PAGE)


def _no_plan(inspection: Inspection) -> str:
    if inspection.summary.cpu_ops:
        return "<p>No cut and no rewrite makes it better.</p>"
    return "<p>There is nothing to do: no operator is on the CPU.</p>"


def _estimate(inspection: Inspection) -> Iterator[str]:
    yield '<section aria-labelledby="estimate-title"><h2 id="estimate-title">Estimated time</h2>'
    remarks = "<br>".join(map(text, estimate.remarks(inspection)))
    yield f"<p>{remarks}</p>"
    found = inspection.default_estimate
    if found is not None:
        yield '<div class="scroll" tabindex="0" role="region" aria-label="Times"><table>'
        yield PAGE.row("th", estimate_table.TITLES)
        for row in estimate_table.rows(inspection, found):
            yield PAGE.row("td", [text(cell) for cell in row])
        yield "</table></div>"
        yield f'<p class="hint">{text(estimate_table.KEY)}</p>'
    yield "</section>"


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines)
