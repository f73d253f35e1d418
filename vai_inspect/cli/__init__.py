"""The command `vai-inspect`: parses and calls, decides nothing.

Each command is a function in a module of its own, registered below. A command imports what it
needs when it runs, so that no other command waits for it.
"""

from __future__ import annotations

import sys
from typing import List, Optional

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
    help="Tells which operators of a float model an AMD/Xilinx DPU will run, and why not.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The commands, in the order in which --help lists them.
app.command("inspect", epilog=examples("inspect"))(inspect.inspect)
app.command("compare", epilog=examples("compare"))(compare.compare)
app.command("plan", epilog=examples("plan"))(plan.plan)
app.command("fix", epilog=examples("fix"))(fix.fix)
app.command("estimate", epilog=examples("estimate"))(estimate.estimate)
app.command("diff", epilog=examples("diff"))(diff.diff)
app.command("targets", epilog=examples("targets"))(targets.targets)
app.command("target", epilog=examples("target"))(targets.target)
app.command("rules", epilog=examples("rules"))(rules.rules)
app.command("explain", epilog=examples("explain"))(rules.explain)
app.command("page")(page.page)
app.command("doctor")(doctor.doctor)


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
