"""Tables of the console: the operators on the CPU with their reasons, and every operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Sequence, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.text.format import doubt, grounds, remedy, rule, size
from vai_inspect.reports.text.lines import hanging, plain, shortened
from vai_inspect.reports.text.reasons import FEW_NAMES, TITLES, Row

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

LONGEST_NAME = 240
"""Characters of a name; the text report has all of it."""

_STYLES = {Device.DPU: "blue", Device.CPU: "red", Device.USER: "dim"}


def styled(words: object, style: str = "") -> Text:
    """Returns escaped text in a style."""
    from rich.text import Text

    return Text(plain(words), style=style)


def on_cpu(found: Sequence[Row], sizes: Tuple[int, int, int], whole: bool) -> RenderableType:
    """Returns the table of the operators on the CPU, reasons wrapped to its width."""
    from rich.table import Table
    from rich.text import Text

    table = Table(expand=False, show_lines=True)
    for title, columns in zip(TITLES, sizes):
        table.add_column(title, width=columns, overflow="fold")
    for row in found:
        names = Text("\n").join(map(styled, row.named(None if whole else FEW_NAMES)))
        table.add_row(names, styled(row.type), Text("\n").join(_reasons(row, sizes[2], whole)))
    return table


def _reasons(row: Row, room: int, whole: bool) -> Iterator[Text]:
    for finding in row.findings:
        unsure = doubt(finding)
        said = finding.message + (f" ({unsure})" if unsure else "")
        yield from hung("- ", said, room, "yellow" if unsure else "red")
        if finding.remedies and finding.follows is None:
            yield from hung("  ", "what to change: " + remedy(finding), room, "green")
        yield from hung("  ", "rule: " + (grounds if whole else rule)(finding), room, "dim")


def hung(mark: str, words: str, room: int, style: str = "") -> Iterator[Text]:
    """Yields the lines of a text after a mark, the further ones set under its text."""
    for line in hanging(mark, plain(words), room):
        yield styled(line, style)


def every_operator(inspection: Inspection) -> RenderableType:
    """Returns the table of all operators with their devices."""
    from rich.table import Table

    table = Table(expand=False)
    table.add_column("node name", overflow="fold")
    table.add_column("op type", overflow="fold", min_width=8)
    table.add_column("output shape", overflow="fold", min_width=8)
    table.add_column("device", no_wrap=True)
    for op in inspection.ops:
        shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
        table.add_row(
            styled(shortened(plain(op.name), LONGEST_NAME)),
            styled(op.type),
            styled(shapes),
            styled(op.device.value, _STYLES[op.device]),
        )
    return table
