"""The command `compare`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, List, Optional

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.config import CONFIG, is_configured
from vai_inspect.cli.errors import FAILED_ON, say
from vai_inspect.cli.fail_on import FailOn, warn_of_idle
from vai_inspect.cli.options import INPUT_SHAPE, JSON, KWARGS, MODEL, NO_CONVERT, TRUST
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs
from vai_inspect.core.errors import ReportError, TargetError, count

if TYPE_CHECKING:
    from vai_inspect.core.comparison import ComparedTarget


def compare(
    context: typer.Context,
    model: str = MODEL,
    target: List[str] = typer.Option(
        [],
        "--target",
        "-t",
        metavar="TARGET",
        autocompletion=complete.targets,
        help="A target's name, a fingerprint, a board or an arch.json; repeatable.",
    ),
    family: Optional[str] = typer.Option(
        None,
        "--family",
        metavar="F",
        autocompletion=complete.families,
        help="All targets of a family: czdx8g or DPUCZDX8G, ...",
    ),
    every: bool = typer.Option(False, "--all", help="All targets that are known [the default]."),
    allow: List[str] = typer.Option(
        [],
        "--allow",
        metavar="PATTERN",
        help="What may be on the CPU of a target that takes the whole model: an op type, operator "
        "or layer, as in softmax; end:softmax only where nothing after it runs on the DPU; "
        "repeatable.",
    ),
    input_shape: List[str] = INPUT_SHAPE,
    fps: Optional[float] = typer.Option(
        None,
        "--fps",
        metavar="N",
        help="Mark the smallest board that reaches N frames per second by its estimate.",
    ),
    json: bool = JSON,
    kwargs: List[str] = KWARGS,
    no_convert: bool = NO_CONVERT,
    trust: bool = TRUST,
    fail_on: FailOn = typer.Option(
        FailOn.NEVER,
        "--fail-on",
        metavar="cpu|unknown|never",
        help="Exit with 1 if a target leaves an operator to the CPU that is not allowed there, or "
        "one is unknown.",
    ),
    config: Optional[Path] = CONFIG,
) -> None:
    """Compare targets for a float model: how much of it each of them runs."""
    from vai_inspect.cli.reading import options_of, read_model
    from vai_inspect.comparing import check_fps, choose, compare_captured
    from vai_inspect.reports import json as json_report
    from vai_inspect.reports.console import console
    from vai_inspect.reports.console.progress import working
    from vai_inspect.reports.text import comparison

    if (every or family is not None) and is_configured(context, "target"):
        target = []
    if every + bool(target) + (family is not None) > 1:
        raise TargetError("--target, --family and --all exclude each other; give one of them.")
    if fail_on is FailOn.QUANTIZER:
        raise ReportError(
            "--fail-on quantizer is of `vai-inspect inspect`, as it is about no target; valid here "
            "are cpu, unknown and never."
        )
    check_fps(fps)
    targets = choose(target or None, family)
    options = options_of(input_shape, trust, no_convert)
    captured = read_model(model, parse_kwargs(kwargs), targets, options)
    with working(f"comparing {count(len(targets), 'target')} for {captured[0].model.name}"):
        found = compare_captured(captured, targets, allow, fps)
    if json:
        put_json(json_report.render(found))
    else:
        at_terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if at_terminal else None
        console.tell(comparison.render(found, width).splitlines())
    for pattern in found.idle:
        warn_of_idle(pattern)
    failing = [row for row in found.rows if _fails(row, fail_on)]
    if failing:
        line = f"--fail-on {fail_on.value}: {comparison.failing(failing, len(found.rows))}"
        say("vai-inspect: " + line)
        raise typer.Exit(FAILED_ON)


def _fails(row: ComparedTarget, fail_on: FailOn) -> bool:
    if fail_on is FailOn.UNKNOWN:
        return row.unknown_left > 0
    return fail_on is FailOn.CPU and not row.takes_all
