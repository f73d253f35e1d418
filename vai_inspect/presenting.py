"""How results show and estimate themselves: each function imports what it needs when called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Union

if TYPE_CHECKING:
    from vai_inspect.core.comparison import Comparison
    from vai_inspect.core.estimate import Estimate
    from vai_inspect.core.inspection import Inspection


def html(result: Union[Inspection, Comparison]) -> str:
    """Returns an inspection or a comparison as a notebook shows it.

    Args:
        result: the inspection or comparison.
    """
    from vai_inspect.core.inspection import Inspection
    from vai_inspect.reports.html import comparison, notebook

    if isinstance(result, Inspection):
        return notebook.render(result)
    return comparison.render(result)


def text(comparison: Comparison) -> str:
    """Returns a comparison as a table.

    Args:
        comparison: the comparison.
    """
    from vai_inspect.reports.text.comparison import render

    return render(comparison)


def graph(inspection: Inspection) -> Any:
    """Returns the graph of an inspection as a `graphviz.Source`.

    Args:
        inspection: the inspection.

    Raises:
        ReportError: the Python package `graphviz` is not installed.
    """
    from vai_inspect.reports import graphviz_source

    return graphviz_source.source(inspection)


def estimate(
    inspection: Inspection,
    board: Optional[str],
    clock_mhz: Optional[float],
    cores: Optional[int],
    bandwidth_gb_s: Optional[float],
) -> Estimate:
    """Returns how long an inspected network takes on a board; see `vai_inspect.estimating`.

    Args:
        inspection: the inspection.
        board: see `estimating.platform_for`.
        clock_mhz: see `estimating.platform_for`.
        cores: see `estimating.platform_for`.
        bandwidth_gb_s: see `estimating.platform_for`.

    Raises:
        EstimateError: see `estimating.estimate`.
    """
    from vai_inspect.estimating import estimate as estimated

    return estimated(inspection, board, clock_mhz, cores, bandwidth_gb_s)
