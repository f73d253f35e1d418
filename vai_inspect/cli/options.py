"""Options that several commands have in common: `trust: bool = TRUST`."""

from __future__ import annotations

from typing import List

import typer

from vai_inspect.cli import complete
from vai_inspect.cli.model_help import MODEL_HELP, TRUST_HELP

MODEL: str = typer.Argument(..., metavar="MODEL", help=MODEL_HELP)
TARGET: str = typer.Option(
    ...,
    "--target",
    "-t",
    metavar="TARGET",
    autocompletion=complete.targets,
    help="A target's name, a fingerprint, a board or an arch.json.",
)
INPUT_SHAPE: List[str] = typer.Option(
    [],
    "--input-shape",
    metavar="SHAPE",
    help="Sizes of all axes, as in 1,224,224,3; once for each input.",
)
JSON: bool = typer.Option(False, "--json", help="Print JSON.")
KWARGS: List[str] = typer.Option(
    [],
    "--kwargs",
    metavar="KEY=VALUE",
    help="An argument for the callable, as in weights=None; repeatable.",
)
NO_CONVERT: bool = typer.Option(
    False,
    "--no-convert",
    help="Inspect the model as written, without the replacements of the vendor's quantiser.",
)
TRUST: bool = typer.Option(False, "--trust", help=TRUST_HELP)
