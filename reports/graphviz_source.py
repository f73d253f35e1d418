"""The graph for the `graphviz` package, whose means users know: show, render, pipe."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.errors import ReportError
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import gv
from vai_inspect.reports.writer import stem


def source(inspection: Inspection) -> Any:
    """Returns the text of `inspect_<TARGET>.gv` as a `graphviz.Source`, named as that file is.

    Args:
        inspection: what to draw.

    Raises:
        ReportError: the Python package `graphviz` is not installed.
    """
    try:
        import graphviz
    except ImportError as error:
        raise ReportError(
            "The Python package graphviz is not installed, which draws this graph: pip install "
            "graphviz; the .gv file that an inspection writes needs no package."
        ) from error
    return graphviz.Source(gv.render(inspection), filename=stem(inspection) + ".gv")
