"""The command `plan`."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.config import CONFIG
from vai_inspect.cli.model_help import MODEL_HELP, TRUST_HELP
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs, parse_shapes
from vai_inspect.cli.quiet import native_chatter_left_out, printed_to_stderr


def plan(
    model: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP),
    target: str = typer.Option(
        ...,
        "--target",
        "-t",
        metavar="TARGET",
        autocompletion=complete.targets,
        help="A target's name, a fingerprint, a board or an arch.json.",
    ),
    input_shape: List[str] = typer.Option(
        [],
        "--input-shape",
        metavar="SHAPE",
        help="Sizes of all axes, as in 1,224,224,3; once for each input.",
    ),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
    kwargs: List[str] = typer.Option(
        [],
        "--kwargs",
        metavar="KEY=VALUE",
        help="An argument for the callable, as in weights=None; repeatable.",
    ),
    trust: bool = typer.Option(False, "--trust", help=TRUST_HELP),
    config: Optional[Path] = CONFIG,
) -> None:
    """Print what to do about a model, in order: where to cut it, what to rewrite."""
    import json as json_text

    from vai_inspect.cli.imports import importable_here
    from vai_inspect.cli.load import load_model
    from vai_inspect.frameworks import inspector_for
    from vai_inspect.inspector import inspect_captured
    from vai_inspect.reports.console import console
    from vai_inspect.reports.console.progress import working
    from vai_inspect.rules.targets.lookup import lookup

    found = lookup(target)
    shapes = parse_shapes(input_shape)
    arguments = parse_kwargs(kwargs)
    if trust:
        importable_here()  # the classes that a file names
    at_work = working(f"loading {model}")
    with at_work, native_chatter_left_out(), printed_to_stderr():
        loaded = load_model(model, arguments)
        inspector = inspector_for(loaded, found)
        captured = inspector.capture(loaded, shapes or None, trust=trust)
    with working(f"inspecting it for {found.name}"):
        inspection = inspect_captured(captured, found)
    if json:
        put_json(json_text.dumps([step.to_dict() for step in inspection.steps], indent=2) + "\n")
    else:
        console.show_plan(inspection)
