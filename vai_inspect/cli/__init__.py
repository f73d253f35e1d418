"""The command `vai-inspect`: parses and calls, decides nothing.

Each command is a function in a module of its own, registered below. A command imports what it
needs when it runs, so that no other command waits for it.
"""

from __future__ import annotations

import sys
from typing import Callable, List, Optional, Tuple

import typer

from vai_inspect._version import __version__
from vai_inspect.cli import (
    compare,
    diff,
    doctor,
    estimate,
    fix,
    inspect,
    page,
    plan,
    rules,
    targets,
)
from vai_inspect.cli.errors import PROGRAM, run
from vai_inspect.cli.examples import examples

app = typer.Typer(
    name=PROGRAM,
    help="Tell which operators of a float model an AMD/Xilinx DPU runs, and why not the others.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The commands, in the order in which --help lists them, each with its line there.
_COMMANDS: Tuple[Tuple[Callable[..., None], str], ...] = (
    (inspect.inspect, "Tell which operators run on a DPU, and why the others do not."),
    (compare.compare, "Compare targets: how much of a float model each of them runs."),
    (plan.plan, "Print what to do, in order: where to cut, what to rewrite."),
    (fix.fix, "Do the rewrites of the plan on a copy, each one checked."),
    (estimate.estimate, "Estimate how long a float model takes on a board."),
    (diff.diff, "Compare two JSON reports; exit code 1 where NEW is worse."),
    (targets.targets, "List the targets."),
    (targets.target, "Show one target, field by field."),
    (rules.rules, "Print the rule book of a DPU family, or of a quantiser."),
    (rules.explain, "Print one constraint, or one fact about a quantiser."),
    (page.page, "Serve the page that inspects files in a browser."),
    (doctor.doctor, "Show what is installed."),
)
for _command, _line in _COMMANDS:
    _name = _command.__name__
    app.command(_name, short_help=_line, epilog=examples(_name))(_command)


def main(args: Optional[List[str]] = None) -> None:
    """Runs the command line and exits: the console script `vai-inspect`."""
    sys.exit(run(app, sys.argv[1:] if args is None else args))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit()


@app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
