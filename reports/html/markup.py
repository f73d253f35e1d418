"""Pieces of HTML for notebooks, whose background and style sheet are not known.

Nothing but text is coloured that does not bring its own background, so that dark themes are as
readable as light ones. Everything that comes from a model is escaped.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Iterator, Sequence

from vai_inspect.reports.text.lines import plain


def text(words: object) -> str:
    """Returns text that shows as it is, on one line."""
    return html.escape(plain(words))


@dataclass(frozen=True)
class Look:
    """How a sentence and the cells of a table look: attributes of their elements.

    Attributes:
        good: of a sentence that is good news.
        bad: of one that is not.
        cell: of a cell.
    """

    good: str
    bad: str
    cell: str

    def banner(self, sentence: str, good: bool) -> str:
        """Returns a sentence that stands out.

        Args:
            sentence: what it says.
            good: whether that is good news.
        """
        return f"<p><b {self.good if good else self.bad}>{text(sentence)}</b></p>"

    def row(self, tag: str, columns: Sequence[str]) -> str:
        """Returns a row of a table.

        Args:
            tag: `th` or `td`.
            columns: what stands in each, as HTML.
        """
        style = self.cell and " " + self.cell
        cells = "".join(f"<{tag}{style}>{content}</{tag}>" for content in columns)
        return f"<tr>{cells}</tr>"


_BANNER = 'style="color:{};background:{};padding:2px 8px;border-radius:4px"'
NOTEBOOK = Look(
    good=_BANNER.format("#0b3d91", "#d6e6ff"),
    bad=_BANNER.format("#8c0019", "#ffd9d6"),
    cell='style="text-align:left;vertical-align:top;overflow-wrap:break-word;max-width:40em"',
)
PAGE = Look(good='class="verdict good"', bad='class="verdict bad"', cell="")
"""Of a page that has the style sheet `page.css`."""


def folded(title: str, inside: Sequence[str], opened: bool = False) -> Iterator[str]:
    """Yields what opens with a click on its title.

    Args:
        title: the title.
        inside: lines of HTML.
        opened: whether it is open from the start.
    """
    state = " open" if opened else ""
    yield f"<details{state}><summary>{text(title)}</summary>"
    yield from inside
    yield "</details>"
