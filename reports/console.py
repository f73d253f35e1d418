"""What is printed: the operators on the CPU with the reasons, on request every operator."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Iterable, Optional

from vai_inspect.core.findings import Device, Finding
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.summary import verdict_sentence
from vai_inspect.reports.words import (
    count,
    doubt,
    ends,
    grounds,
    plain,
    share,
    shortened,
    size,
    wrapped,
)

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

PLAIN_WIDTH = 100
"""Columns where the output is no terminal, so that files and pipes read the same everywhere."""

LONGEST_NAME = 240
"""Characters of a name; the text report has the whole."""

_STYLES = {Device.DPU: "blue", Device.CPU: "red", Device.USER: "dim"}


def show(inspection: Inspection, verbose_level: int, file: Optional[IO[str]] = None) -> None:
    """Prints an inspection.

    Args:
        inspection: what to print.
        verbose_level: 0 prints nothing, 1 the operators on the CPU, 2 every operator too.
        file: where to print; None is standard output.
    """
    if verbose_level < 1:
        return
    stream = sys.stdout if file is None else file
    console = _console(stream)
    with console.capture() as captured:
        console.print(_panel(inspection))
        for op in inspection.on(Device.CPU):
            _print_reasons(console, op)
        for warning in inspection.warnings:
            _print_hanging(console, "warning: ", warning, 0, "yellow")
        if verbose_level >= 2:
            console.print("every operator:")
            console.print(_every_operator(inspection))
    _put(captured.get(), stream)


def tell(lines: Iterable[str], file: Optional[IO[str]] = None) -> None:
    """Prints lines as they are, one below the other.

    Args:
        lines: what to print; line breaks and control characters in them are escaped.
        file: where to print; None is standard output.
    """
    text = "".join(plain(line) + "\n" for line in lines)
    _put(text, sys.stdout if file is None else file)


def _put(text: str, stream: IO[str]) -> None:
    """Writes text; what the stream's encoding lacks is escaped, not a reason to lose the rest."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _console(stream: IO[str]) -> Console:
    from rich.console import Console

    terminal = bool(getattr(stream, "isatty", lambda: False)())
    # Names are the user's: nothing in them is markup, an emoji or a figure to be coloured.
    # A notebook's output is no terminal either; there the same plain text is printed.
    return Console(
        file=stream,
        width=None if terminal else PLAIN_WIDTH,
        force_terminal=terminal,
        force_jupyter=False,
        color_system="auto" if terminal else None,
        legacy_windows=None if terminal else False,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _text(words: object, style: str = "") -> Text:
    from rich.text import Text

    return Text(plain(words), style=style)


def _panel(inspection: Inspection) -> RenderableType:
    from rich.panel import Panel
    from rich.text import Text

    total = inspection.summary
    part = share(total.dpu_macs, total.macs)
    lines = [
        _text(verdict_sentence(inspection), "bold green" if total.fully_on_dpu else "bold red"),
        _text(
            "{}: {} on the DPU, {} on the CPU{}, {}".format(
                count(total.ops, "operator"),
                total.dpu_ops,
                total.cpu_ops,
                " ({} of unknown verdict)".format(total.unknown_ops) if total.unknown_ops else "",
                ends(total.user_ops),
            )
        ),
        _text(
            "{}, {}, {} ({})".format(
                count(total.dpu_subgraphs, "DPU subgraph"),
                count(total.cpu_subgraphs, "CPU subgraph"),
                count(total.crossings, "crossing"),
                count(total.crossing_bytes, "byte"),
            )
        ),
        _text(
            "{:,} multiply-accumulate operations".format(total.macs)
            + (", {} of them on the DPU".format(part) if part else "")
        ),
    ]
    title = "{} on {}".format(plain(inspection.model.name), plain(inspection.target.name))
    return Panel(Text("\n").join(lines), title=_text(title), title_align="left", expand=True)


def _print_reasons(console: Console, op: InspectedOp) -> None:
    from rich.text import Text

    head = _text(shortened(plain(op.name), LONGEST_NAME), "bold") + Text(
        " ({})".format(plain(op.type))
    )
    console.print(head)
    for finding in op.findings:
        _print_finding(console, finding)


def _print_finding(console: Console, finding: Finding) -> None:
    unsure = doubt(finding)
    style = "red" if unsure is None else "yellow"
    _print_hanging(
        console, "- ", finding.message + (" ({})".format(unsure) if unsure else ""), 2, style
    )
    if finding.follows is not None:
        _print_hanging(console, "follows from: ", finding.follows, 4)
    if finding.suggestion:
        _print_hanging(console, "what to change: ", finding.suggestion, 4, "green")
    _print_hanging(console, "rule: ", grounds(finding), 4, "dim")


def _print_hanging(console: Console, mark: str, words: str, indent: int, style: str = "") -> None:
    lines = wrapped(mark + plain(words), max(20, console.width - indent - 2))
    for at, line in enumerate(lines):
        console.print(_text(" " * (indent + (2 if at else 0)) + line, style), soft_wrap=True)


def _every_operator(inspection: Inspection) -> RenderableType:
    from rich.table import Table

    table = Table(expand=False)
    table.add_column("node name", overflow="fold")
    table.add_column("op type", overflow="fold", min_width=8)
    table.add_column("output shape", overflow="fold", min_width=8)
    table.add_column("device", no_wrap=True)
    for op in inspection.ops:
        shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
        table.add_row(
            _text(shortened(plain(op.name), LONGEST_NAME)),
            _text(op.type),
            _text(shapes),
            _text(op.device.value, _STYLES[op.device]),
        )
    return table
