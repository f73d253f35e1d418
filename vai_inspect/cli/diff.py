"""The command `diff`."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from vai_inspect.cli.output import put_json
from vai_inspect.core.errors import ReportError

LARGEST = 512 * 2**20
"""Bytes of a report; that of a network of ten thousand operators has about 30 million."""


def diff(
    old: Path = typer.Argument(..., metavar="OLD.json", help="The earlier JSON report."),
    new: Path = typer.Argument(..., metavar="NEW.json", help="The later JSON report."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Compare two JSON reports: what moved, what got worse; exit code 1 where NEW is worse."""
    import json as json_text

    from vai_inspect.core.inspection import Inspection
    from vai_inspect.reports.console import console
    from vai_inspect.reports.text import difference as text

    reports = []
    for path in (old, new):
        try:
            reports.append(Inspection.from_json(_read(path)))
        except (OSError, UnicodeDecodeError) as error:
            raise ReportError(
                f"{path} cannot be read ({error}); give a file that inspect --json wrote."
            ) from None
        except ReportError as error:
            raise ReportError(f"{path}: {error}") from None
    found = reports[0].diff(reports[1])
    if json:
        put_json(json_text.dumps(found.to_dict(), indent=2) + "\n")
    else:
        console.tell(text.render(found).splitlines())
    raise typer.Exit(1 if found.worse else 0)


def _read(path: Path) -> str:
    """Returns the text of a report; a device or a pipe, which may have no end, is refused."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise ReportError("it is no regular file; give a file that inspect --json wrote.")
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ReportError(f"it is longer than {LARGEST} bytes; no report is.")
    return content.decode("utf-8")
