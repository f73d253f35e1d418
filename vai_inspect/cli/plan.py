"""The command `plan`."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

from vai_inspect.cli.config import CONFIG
from vai_inspect.cli.options import INPUT_SHAPE, JSON, KWARGS, MODEL, TARGET, TRUST
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs, parse_shapes
from vai_inspect.cli.quiet import native_chatter_left_out, printed_to_stderr


def plan(
    model: str = MODEL,
    target: str = TARGET,
    input_shape: List[str] = INPUT_SHAPE,
    json: bool = JSON,
    kwargs: List[str] = KWARGS,
    trust: bool = TRUST,
    config: Optional[Path] = CONFIG,
) -> None:
    """Print what to do about a model, in order: where to cut it, what to rewrite."""
    import json as json_text

    from vai_inspect.cli.imports import importable_here
    from vai_inspect.cli.load import load_model
    from vai_inspect.frameworks import inspector_for
    from vai_inspect.pipeline import inspect_captured
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
