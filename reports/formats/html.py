"""HTML: one page that works offline."""

from __future__ import annotations

from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.formats import TextWriter


def render(inspection: Inspection) -> str:
    """Returns the page of an inspection.

    Args:
        inspection: what to report.
    """
    from vai_inspect.reports.html import page

    return page.render(inspection)


WRITER = TextWriter("html", "html", render)
