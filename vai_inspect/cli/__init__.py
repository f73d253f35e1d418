"""The command `vai-inspect`: parses and calls, decides nothing.

Each command is a function in a module of its own, registered below. A command imports what it
needs when it runs, so that no other command waits for it.
"""

from __future__ import annotations

import sys
from typing import List, Optional

import typer

from vai_inspect._version import __version__
from vai_inspect.cli import compare, diff, doctor, estimate, inspect, plan, rules, targets
from vai_inspect.cli.errors import PROGRAM, run

app = typer.Typer(
    name=PROGRAM,
    help="Tells which operators of a float model an AMD/Xilinx DPU will run, and why not.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The commands, in the order in which --help lists them.
app.command("inspect")(inspect.inspect)
app.command("compare")(compare.compare)
app.command("plan")(plan.plan)
app.command("diff")(diff.diff)
app.command("estimate")(estimate.estimate)
app.command("targets")(targets.targets)
app.command("target")(targets.target)
app.command("rules")(rules.rules)
app.command("explain")(rules.explain)
app.command("doctor")(doctor.doctor)


def main(args: Optional[List[str]] = None) -> None:
    """Runs the command line and exits: the console script `vai-inspect`."""
    sys.exit(run(app, sys.argv[1:] if args is None else args))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo("{} {}".format(PROGRAM, __version__))
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
