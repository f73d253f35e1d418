"""A table as text or as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import List, Sequence

Row = Sequence[str]


@dataclass
class Table:
    """Figures of one section.

    Attributes:
        title: what was measured.
        head: the title of each column; the first names what the row is of.
        note: how, in a sentence or two.
        rows: the cells as text, as many as titles.
    """

    title: str
    head: Row
    note: str = ""
    rows: List[Row] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Adds a row; fractions are written with as many digits as they have meaning."""
        self.rows.append([_text(cell) for cell in cells])

    def text(self) -> str:
        """Returns the table for a terminal."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows)]
        lines = [self.title, *([self.note] if self.note else []), ""]
        for row in (self.head, *self.rows):
            first, *rest = (
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths))
            )
            lines.append("  ".join((first, *rest)).rstrip())
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """Returns the table as Markdown."""
        lines = ["## " + self.title, "", *([self.note, ""] if self.note else [])]
        lines.append("| " + " | ".join(self.head) + " |")
        lines.append("|---" + "|---:" * (len(self.head) - 1) + "|")
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, float):
        return str(cell)
    for below, digits in ((0.1, 3), (10.0, 2), (100.0, 1)):
        if abs(cell) < below:
            return "{:.{}f}".format(cell, digits)
    return f"{cell:,.0f}"
