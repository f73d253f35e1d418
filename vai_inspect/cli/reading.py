"""What the commands that take a MODEL have in common: it is loaded and read for their targets."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Optional, Sequence, Tuple

from vai_inspect.cli.imports import importable_here
from vai_inspect.cli.load import load_model
from vai_inspect.cli.parsing import parse_shapes
from vai_inspect.cli.quiet import native_chatter_left_out, printed_to_stderr
from vai_inspect.core.capture import Captured
from vai_inspect.core.target import Target
from vai_inspect.frameworks import CaptureOptions
from vai_inspect.pipeline import capture_for
from vai_inspect.reports.console.progress import working


def options_of(
    input_shape: Sequence[str],
    trust: bool,
    no_convert: bool = False,
    release: Optional[str] = None,
) -> CaptureOptions:
    """Returns how a model is read, by the options of a command.

    Args:
        input_shape: values of `--input-shape`.
        trust: `--trust`.
        no_convert: `--no-convert`.
        release: `--release`.

    Raises:
        InputShapeError: a value is no shape.
    """
    shapes = parse_shapes(input_shape) or None
    return CaptureOptions(shapes, trust=trust, convert=not no_convert, release=release)


def read_model(
    spec: str,
    kwargs: Dict[str, Any],
    targets: Iterable[Target],
    options: CaptureOptions,
    quiet: bool = False,
) -> Tuple[Captured, ...]:
    """Loads a model and reads it for targets; says so on standard error where it takes long.

    Args:
        spec: the MODEL of the command line.
        kwargs: for callables.
        targets: the DPUs.
        options: how it is read.
        quiet: whether to say nothing.

    Raises:
        VaiInspectError: it cannot be loaded or read.
    """
    if options.trust:
        importable_here()  # the classes that a file names
    # What the user's code prints belongs to no report: standard output is for results alone.
    with working(f"loading {spec}", quiet), native_chatter_left_out(), printed_to_stderr():
        return capture_for(targets, load_model(spec, kwargs), options)
