"""The command `fix`."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional

import typer

from vai_inspect.cli.config import CONFIG
from vai_inspect.cli.options import INPUT_SHAPE, KWARGS, MODEL, TARGET, TRUST
from vai_inspect.cli.parsing import parse_kwargs


def fix(
    model: str = MODEL,
    target: str = TARGET,
    input_shape: List[str] = INPUT_SHAPE,
    approximate: bool = typer.Option(
        False,
        "--approximate",
        help="Do rewrites that change the function, too (Keras, PyTorch): retrain or evaluate "
        "afterwards.",
    ),
    output: Optional[Path] = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FILE",
        help="Write the new model: .keras, .onnx, .pt2, or .pt with --pickle. Without it nothing "
        "is written.",
    ),
    pickle: bool = typer.Option(
        False, "--pickle", help="Have --output FILE.pt pickle the module as a whole."
    ),
    diff: bool = typer.Option(
        False, "--diff", help="PyTorch: list the lines of the source, and what to write there."
    ),
    kwargs: List[str] = KWARGS,
    trust: bool = TRUST,
    config: Optional[Path] = CONFIG,
) -> None:
    """Do the rewrites of the plan on a copy of the model, and check each one."""
    from vai_inspect.cli.fix_output import check_framework, check_output, save
    from vai_inspect.cli.fixed_model import fixed_model
    from vai_inspect.cli.imports import importable_here
    from vai_inspect.cli.load import load_model
    from vai_inspect.cli.parsing import parse_shapes
    from vai_inspect.cli.quiet import native_chatter_left_out, printed_to_stderr
    from vai_inspect.frameworks import framework_of
    from vai_inspect.reports.console import console
    from vai_inspect.reports.console.progress import working
    from vai_inspect.reports.text import fixed as text
    from vai_inspect.reports.text import source_lines
    from vai_inspect.rules.targets.lookup import lookup

    found = lookup(target)
    check_output(output, pickle)
    shapes = parse_shapes(input_shape)
    arguments = parse_kwargs(kwargs)
    if trust:
        importable_here()  # the classes that a file names
    at_work = working(f"fixing {model} for {found.name}")
    with at_work, native_chatter_left_out(), printed_to_stderr():
        loaded = load_model(model, arguments)
        check_framework(output, framework_of(loaded))
        fixed = fixed_model(loaded, found, shapes or None, approximate, trust)
        notes = save(fixed, output, pickle) if output is not None else ()
    console.tell(text.render(fixed).splitlines())
    if diff:
        console.tell(source_lines.render(fixed).splitlines())
    if output is not None:
        console.tell([f"written: {output}", *(f"note: {note}" for note in notes)])
