"""The command `inspect`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, List, Optional

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.config import CONFIG, is_configured
from vai_inspect.cli.errors import FAILED_ON, WRONG_INPUT, report_wrong, say, warn
from vai_inspect.cli.fail_on import FailOn, warn_of_idle
from vai_inspect.cli.model_help import MODEL_HELP
from vai_inspect.cli.options import INPUT_SHAPE, KWARGS, NO_CONVERT, TRUST
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs
from vai_inspect.core.errors import GraphError, ReportError, VaiInspectError
from vai_inspect.reports.formats import names

if TYPE_CHECKING:
    from vai_inspect.core.allowlist import Allowlist
    from vai_inspect.core.inspection import Inspection
    from vai_inspect.core.target import Target

DEFAULT_FOLDER = Path("vai_inspect_result")
_REPORTS = "|".join(names())


class ImageFormat(str, Enum):
    """Formats of the picture."""

    PNG = "png"
    SVG = "svg"


if TYPE_CHECKING:

    class ReportFormat(str, Enum):
        """Reports beside those that are always written: the modules of `reports.formats`."""

else:
    ReportFormat = Enum("ReportFormat", {name.upper(): name for name in names()}, type=str)


def inspect(
    context: typer.Context,
    model: List[str] = typer.Argument(
        ...,
        metavar="MODEL",
        help=MODEL_HELP + " With several, each has a folder of its own under --output-dir.",
    ),
    target: List[str] = typer.Option(
        ...,
        "--target",
        "-t",
        metavar="TARGET",
        autocompletion=complete.targets,
        help="A target's name, a fingerprint, a board or an arch.json; repeatable.",
    ),
    input_shape: List[str] = INPUT_SHAPE,
    output_dir: Optional[Path] = typer.Option(
        None,
        "--output-dir",
        "-o",
        metavar="DIR",
        help="Folder for the reports [vai_inspect_result].",
    ),
    verbose: int = typer.Option(
        1,
        "--verbose",
        "-v",
        min=0,
        max=2,
        metavar="0|1|2",
        help="0: nothing, 1: operators on the CPU, 2: all.",
    ),
    image_format: List[ImageFormat] = typer.Option(
        [], "--image-format", metavar="png|svg", help="Also draw the graph; repeatable."
    ),
    report: List[ReportFormat] = typer.Option(
        [],
        "--report",
        metavar=_REPORTS,
        help="Also write a page to share (html) or a report for CI (junit, sarif), or print "
        "annotations (github); repeatable.",
    ),
    json: bool = typer.Option(
        False,
        "--json",
        help="Write the JSON report; without --output-dir print it, and only it: an object for "
        "one model and target, a list for several.",
    ),
    kwargs: List[str] = KWARGS,
    no_convert: bool = NO_CONVERT,
    trust: bool = TRUST,
    fail_on: Optional[FailOn] = typer.Option(
        None,
        "--fail-on",
        metavar="cpu|unknown|quantizer|never",
        help="Exit with 1 if an operator is on the CPU, or unknown, or if the vendor's quantiser "
        "fails at the model or changes its function [never; with --baseline: cpu].",
    ),
    release: Optional[str] = typer.Option(
        None,
        "--release",
        metavar="2.5|3.0|3.5",
        help="Quantiser and build of the target of this Vitis AI release [the quantiser of 3.5, "
        "the build of 2.5].",
    ),
    allow: List[str] = typer.Option(
        [],
        "--allow",
        metavar="PATTERN",
        help="What --fail-on lets pass: an op type, operator or layer, as in softmax or 'head.*'; "
        "end:softmax only where nothing after it runs on the DPU; start: likewise; repeatable.",
    ),
    baseline: List[Path] = typer.Option(
        [],
        "--baseline",
        metavar="FILE.json",
        help="A JSON report of an earlier run: only what is new fails; repeatable.",
    ),
    max_subgraphs: Optional[int] = typer.Option(
        None, "--max-subgraphs", min=0, metavar="N", help="Exit with 1 if the DPU has more than N."
    ),
    min_macs: Optional[float] = typer.Option(
        None,
        "--min-macs",
        min=0,
        max=100,
        metavar="PERCENT",
        help="Exit with 1 if a smaller share of the multiply-accumulates is on the DPU.",
    ),
    config: Optional[Path] = CONFIG,
) -> None:
    """Tell which operators of a float model run on a DPU, and why the others do not."""
    from vai_inspect.cli.inspecting import Job, folders, read_baselines
    from vai_inspect.cli.reading import options_of
    from vai_inspect.core.allowlist import Allowlist
    from vai_inspect.core.gate import Gate
    from vai_inspect.rules.quantizers.release import target_in

    targets = list(dict.fromkeys(target_in(name, release) for name in target))
    models = list(dict.fromkeys(model))
    print_json = json and output_dir is None
    if print_json:  # that of this call comes before files for every call
        image_format = [] if is_configured(context, "image_format") else image_format
        report = [] if is_configured(context, "report") else report
    _check(targets, print_json, image_format, report)
    baselines = read_baselines(baseline)
    failing = fail_on or (FailOn.CPU if baselines else FailOn.NEVER)
    without_ops = failing in (FailOn.NEVER, FailOn.QUANTIZER)
    if allow and without_ops and not is_configured(context, "allow"):
        warn("--allow has no effect without --fail-on cpu or --fail-on unknown.")
    job = Job(
        targets=tuple(targets),
        options=options_of(input_shape, trust, no_convert, release),
        kwargs=parse_kwargs(kwargs),
        verbose=verbose,
        formats=(
            *(one.value for one in image_format),
            *(["json"] if json else []),
            *dict.fromkeys(one.value for one in report),
        ),
        writes=not print_json,
        gate=Gate(failing.value, Allowlist(tuple(allow)), max_subgraphs, min_macs, baselines),
    )
    for one, folder in zip(models, folders(models, output_dir or DEFAULT_FOLDER)):
        try:
            job.run(one, folder)
        except GraphError:
            raise
        except VaiInspectError as error:
            if len(models) == 1:
                raise
            job.unread.append(one)
            report_wrong(f"{one}: {error}")
    if print_json:
        _print_json([one.inspection for one in job.done])
    elif len(models) > 1 and verbose:
        job.print_summary(models)
    _warn_of_idle([one.inspection for one in job.done], job.gate.allowlist)
    for line in job.failures():
        say("vai-inspect: " + line)
    code = WRONG_INPUT if job.unread else FAILED_ON if any(job.failures()) else 0
    if code:
        raise typer.Exit(code)


def _check(
    targets: List[Target],
    print_json: bool,
    image_format: List[ImageFormat],
    report: List[ReportFormat],
) -> None:
    """Checks what the options mean together, before a framework is loaded.

    Raises:
        ReportError: some report would overwrite another, or could not be written anywhere.
    """
    names = [one.name for one in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and not print_json:
        builds = [one.fingerprint_text for one in targets if one.name == twice[0]]
        raise ReportError(
            f"the targets {' and '.join(builds)} are builds of {twice[0]}, whose reports have the "
            "same file names; inspect them one at a time, each with its own --output-dir."
        )
    for option, wanted in (("image-format", image_format), ("report", report)):
        if print_json and wanted:
            what = "picture" if option == "image-format" else "report"
            raise ReportError(
                "--json without --output-dir prints the JSON report only; give --output-dir for "
                f"the {what} of --{option} {wanted[0].value}."
            )


def _print_json(inspections: List[Inspection]) -> None:
    """Prints one report as it is, several as a list of them."""
    from vai_inspect.reports.json import render

    reports = [render(inspection) for inspection in inspections]
    text = reports[0] if len(reports) == 1 else f"[\n{','.join(reports)}]\n"
    put_json(text)


def _warn_of_idle(inspections: Iterable[Inspection], allowlist: Allowlist) -> None:
    """Warns of patterns that match no operator of any inspection: probably misspelt."""
    idle = [set(allowlist.idle(inspection)) for inspection in inspections]
    for pattern in allowlist.patterns if idle else ():
        if all(pattern in one for one in idle):
            warn_of_idle(pattern)
