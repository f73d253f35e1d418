"""The command `estimate`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import List, Optional

import typer

from vai_inspect.cli.config import CONFIG
from vai_inspect.cli.options import INPUT_SHAPE, JSON, KWARGS, MODEL, NO_CONVERT, TARGET, TRUST
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs


def estimate(
    model: str = MODEL,
    target: str = TARGET,
    board: Optional[str] = typer.Option(
        None,
        "--board",
        metavar="BOARD",
        help="KV260, ZCU104 or ZCU102 [the KV260 where it has such a DPU, else one core].",
    ),
    clock: Optional[float] = typer.Option(
        None, "--clock", metavar="MHZ", help="Clock of the DPU in place of the board's."
    ),
    cores: Optional[int] = typer.Option(
        None, "--cores", metavar="N", help="DPU cores in place of the board's."
    ),
    bandwidth: Optional[float] = typer.Option(
        None,
        "--bandwidth",
        metavar="GB/S",
        help="Memory bandwidth in each direction, for all cores, in place of the board's.",
    ),
    input_shape: List[str] = INPUT_SHAPE,
    json: bool = JSON,
    kwargs: List[str] = KWARGS,
    no_convert: bool = NO_CONVERT,
    trust: bool = TRUST,
    config: Optional[Path] = CONFIG,
) -> None:
    """Estimate how long a float model takes on a board: each operator, subgraph and the whole."""
    from vai_inspect.cli.reading import options_of, read_model
    from vai_inspect.estimating import estimate as estimated
    from vai_inspect.estimating import platform_for
    from vai_inspect.pipeline import Detail, inspect_graph
    from vai_inspect.reports import json as json_report
    from vai_inspect.reports.console import console
    from vai_inspect.reports.console.progress import working
    from vai_inspect.reports.text import estimate_table
    from vai_inspect.rules.targets.lookup import lookup

    found = lookup(target)
    given = (board, clock, cores, bandwidth)
    platform_for(found, *given)  # a wrong board is reported before a framework is loaded
    options = options_of(input_shape, trust, no_convert)
    (captured,) = read_model(model, parse_kwargs(kwargs), (found,), options)
    with working(f"estimating {captured.model.name} on {found.name}"):
        inspection = inspect_graph(captured, found, Detail.COUNTS)
        times = estimated(inspection, *given)
    if json:
        put_json(json_report.render(estimate_table.Estimated(inspection, times)))
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    console.tell(estimate_table.render(inspection, times, width).splitlines())
