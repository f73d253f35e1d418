"""Pieces of HTML for notebooks, whose background and style sheet are not known.

Nothing but text is coloured that does not bring its own background, so that dark themes are as
readable as light ones. Everything that comes from a model is escaped.
"""

from __future__ import annotations

import html
from typing import Iterator, Sequence

from vai_inspect.reports.text.format import plain

GOOD, BAD = ("#0b3d91", "#d6e6ff"), ("#8c0019", "#ffd9d6")
"""Colours of a sentence and of its background."""


def text(words: object) -> str:
    """Returns text that shows as it is, on one line."""
    return html.escape(plain(words))


def banner(sentence: str, colours: Sequence[str]) -> str:
    """Returns a sentence on a background of its own.

    Args:
        sentence: what it says.
        colours: of the text and of the background.
    """
    style = "color:{};background:{};padding:2px 8px;border-radius:4px".format(*colours)
    return '<p><b style="{}">{}</b></p>'.format(style, text(sentence))


def row(tag: str, columns: Sequence[str]) -> str:
    """Returns a row of a table.

    Args:
        tag: `th` or `td`.
        columns: what stands in each, as HTML.
    """
    style = "text-align:left;vertical-align:top;overflow-wrap:break-word;max-width:40em"
    cell = '<{0} style="{2}">{1}</{0}>'
    return "<tr>{}</tr>".format("".join(cell.format(tag, told, style) for told in columns))


def folded(title: str, inside: Sequence[str], opened: bool = False) -> Iterator[str]:
    """Yields what opens with a click on its title.

    Args:
        title: the title.
        inside: lines of HTML.
        opened: whether it is open from the start.
    """
    yield "<details{}><summary>{}</summary>".format(" open" if opened else "", text(title))
    yield from inside
    yield "</details>"
