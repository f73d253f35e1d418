"""The command `plan`."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

from vai_inspect.cli.config import CONFIG
from vai_inspect.cli.options import INPUT_SHAPE, JSON, KWARGS, MODEL, TARGET, TRUST
from vai_inspect.cli.output import put_json
from vai_inspect.cli.parsing import parse_kwargs


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

    from vai_inspect.cli.reading import options_of, read_model
    from vai_inspect.pipeline import inspect_graph
    from vai_inspect.reports.console import console
    from vai_inspect.reports.console.progress import working
    from vai_inspect.rules.targets.lookup import lookup

    found = lookup(target)
    options = options_of(input_shape, trust)
    (captured,) = read_model(model, parse_kwargs(kwargs), (found,), options)
    with working(f"inspecting it for {found.name}"):
        inspection = inspect_graph(captured, found)
    if json:
        put_json(json_text.dumps([step.to_dict() for step in inspection.steps], indent=2) + "\n")
    else:
        console.show_plan(inspection)
