"""The command `inspect`."""

from __future__ import annotations

import contextlib
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Optional

import typer

from vai_inspect.cli.errors import warn
from vai_inspect.cli.imports import importable_here
from vai_inspect.cli.load import MODEL_HELP, TRUST_HELP, load_model
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs, parse_shapes
from vai_inspect.cli.quiet import native_chatter_left_out
from vai_inspect.core.errors import ReportError

if TYPE_CHECKING:
    from vai_inspect.core.allowance import Allowance
    from vai_inspect.core.inspection import Inspection
    from vai_inspect.core.target import Target

DEFAULT_FOLDER = Path("vai_inspect_result")
NAMED = 5
"""Operators that the message of `--fail-on` names."""


class ImageFormat(str, Enum):
    """Formats of the picture."""

    PNG = "png"
    SVG = "svg"


class FailOn(str, Enum):
    """What ends the command with exit code 1."""

    CPU = "cpu"
    UNKNOWN = "unknown"
    QUANTIZER = "quantizer"
    NEVER = "never"


def inspect(
    model: str = typer.Argument(
        ...,
        metavar="MODEL",
        help=MODEL_HELP,
    ),
    target: List[str] = typer.Option(
        ...,
        "--target",
        "-t",
        metavar="TARGET",
        help="A target's name, a fingerprint or an arch.json; repeatable.",
    ),
    input_shape: List[str] = typer.Option(
        [],
        "--input-shape",
        metavar="SHAPE",
        help="Sizes of all axes, as in 1,224,224,3; once for each input.",
    ),
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
    image_format: Optional[ImageFormat] = typer.Option(
        None, "--image-format", metavar="png|svg", help="Draw the graph too."
    ),
    json: bool = typer.Option(
        False,
        "--json",
        help="Write the JSON report; without --output-dir print it, and only it: an object for "
        "one target, a list for several.",
    ),
    kwargs: List[str] = typer.Option(
        [],
        "--kwargs",
        metavar="KEY=VALUE",
        help="An argument for the callable, as in weights=None; repeatable.",
    ),
    no_convert: bool = typer.Option(
        False,
        "--no-convert",
        help="Judge the model as written, without what the vendor's quantiser replaces.",
    ),
    trust: bool = typer.Option(False, "--trust", help=TRUST_HELP),
    fail_on: FailOn = typer.Option(
        FailOn.NEVER,
        "--fail-on",
        metavar="cpu|unknown|quantizer|never",
        help="End with 1 if an operator is on the CPU, or unknown, or if the vendor's quantiser "
        "fails at the model or changes its function.",
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
        "end:softmax only where nothing behind it runs on the DPU; start: likewise; repeatable.",
    ),
) -> None:
    """Tell which operators of a float model run on a DPU, and why the others do not."""
    from vai_inspect.core.allowance import Allowance
    from vai_inspect.frameworks import inspector_for
    from vai_inspect.inspector import inspect_captured, show_and_write
    from vai_inspect.reports.progress import working
    from vai_inspect.rules.quantizers.release import target_in

    targets = list(dict.fromkeys(target_in(name, release) for name in target))

    targets = list(dict.fromkeys(target_in(name, release) for name in target))
    print_json = json and output_dir is None
    _check(targets, print_json, image_format)
    shapes = parse_shapes(input_shape)
    arguments = parse_kwargs(kwargs)
    if allow and fail_on in (FailOn.NEVER, FailOn.QUANTIZER):
        warn("--allow has no effect without --fail-on cpu or --fail-on unknown.")
    if trust:
        importable_here()  # the classes that a file names
    at_work = working("loading {}".format(model), quiet=not verbose)
    # What the user's code prints belongs to no report: standard output is for results alone.
    with at_work, native_chatter_left_out(), contextlib.redirect_stdout(sys.stderr):
        loaded = load_model(model, arguments)
        inspector = inspector_for(loaded, targets[0], convert=not no_convert, release=release)
        captures = inspector.capture_for(targets, loaded, shapes or None, trust=trust)
    inspections = []
    for one, captured in zip(targets, captures):
        with working("inspecting {} for {}".format(captured.model.name, one.name), not verbose):
            inspection = inspect_captured(captured, one)
        inspections.append(inspection)
        if not print_json:
            problem = show_and_write(
                inspection,
                output_dir or DEFAULT_FOLDER,
                verbose,
                image_format.value if image_format else None,
                json,
            )
            if problem is not None:
                warn(problem)
    if print_json:
        _print_json(inspections)
    failed = [
        text for one in inspections for text in _failures(one, fail_on, Allowance(tuple(allow)))
    ]
    for text in failed:
        print("vai-inspect: --fail-on {}: {}".format(fail_on.value, text), file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _check(targets: List[Target], print_json: bool, image_format: Optional[ImageFormat]) -> None:
    """Checks what the options mean together, before a framework is loaded.

    Raises:
        ReportError: some report would overwrite another, or could not be written anywhere.
    """
    names = [one.name for one in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice and not print_json:
        builds = [one.fingerprint_text for one in targets if one.name == twice[0]]
        raise ReportError(
            "the targets {} are builds of {}, whose reports have the same file names; inspect "
            "them one at a time, each with its own --output-dir.".format(
                " and ".join(builds), twice[0]
            )
        )
    if print_json and image_format is not None:
        raise ReportError(
            "--json without --output-dir prints the JSON report only; give --output-dir for the "
            "picture of --image-format {}.".format(image_format.value)
        )


def _print_json(inspections: List[Inspection]) -> None:
    """Prints one report as it is, several as a list of them."""
    from vai_inspect.reports.json import render

    reports = [render(inspection) for inspection in inspections]
    text = reports[0] if len(reports) == 1 else "[\n{}]\n".format(",".join(reports))
    put_json(text)


def _blocking(inspection: Inspection) -> Iterator[str]:
    """Yields one line with what the vendor's quantiser fails at or changes, if anything."""
    from vai_inspect.reports.words import count, plain

    found = inspection.quantizer.blocking if inspection.quantizer is not None else ()
    if found and inspection.quantizer is not None:
        named = "; ".join(plain(one.message) for one in found[:NAMED])
        more = "; ..." if found[NAMED:] else ""
        name = "{} {}".format(inspection.quantizer.flow, inspection.quantizer.release)
        yield "{} of {}: {}{}".format(count(len(found), "obstacle"), name, named, more)


def _failures(inspection: Inspection, fail_on: FailOn, allowed: Allowance) -> Iterator[str]:
    """Yields one line that names the operators which `--fail-on` is about, if there are any."""
    from vai_inspect.core.findings import Verdict
    from vai_inspect.reports.words import allow_hint, count, plain

    if fail_on is FailOn.NEVER:
        return
    if fail_on is FailOn.QUANTIZER:
        yield from _blocking(inspection)
        return
    found = allowed.excess(inspection)
    if fail_on is FailOn.UNKNOWN:
        found = [op for op in found if op.verdict is Verdict.UNKNOWN]
    if not found:
        return
    named = ", ".join("{} ({})".format(plain(op.name), plain(op.type)) for op in found[:NAMED])
    yield "{} on {}: {}{}{}{}".format(
        count(len(found), "operator"),
        inspection.target.name,
        named,
        ", ..." if found[NAMED:] else "",
        allow_hint(allowed.for_the_rest(inspection)),
        "".join("; no operator matches --allow " + p for p in allowed.idle(inspection)),
    )
