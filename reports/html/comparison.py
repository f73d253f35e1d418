"""The comparison of targets, for a notebook or a page: what its text says, as a table."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.comparison import ComparedTarget, Comparison
from vai_inspect.core.errors import count
from vai_inspect.reports.html.markup import NOTEBOOK, Look, folded, text
from vai_inspect.reports.text.comparison import (
    boards,
    explained_marks,
    figures,
    has_times,
    mark,
    timed,
)
from vai_inspect.reports.text.format import doubt
from vai_inspect.reports.text.lines import plain, shortened
from vai_inspect.reports.text.summary import trust_sentences

TITLES = (
    "",
    "target",
    "operators on the DPU",
    "share of MACs",
    "DPU subgraphs",
    "crossings",
    "first blocker",
)
LONGEST = 240
"""Characters of a name or a reason."""


def render(comparison: Comparison, look: Look = NOTEBOOK) -> str:
    """Returns the comparison as HTML, for a notebook's cell or a page.

    Args:
        comparison: what to show.
        look: that of where it is shown.
    """
    return "\n".join(["<div>", *_lines(comparison, look), "</div>"])


def _lines(comparison: Comparison, look: Look) -> Iterator[str]:
    rows = comparison.rows
    name = shortened(plain(comparison.model.name), LONGEST)
    yield f"<p><b>{text(name)}</b> on {count(len(rows), 'target')}</p>"
    takes = sum(one.takes_all_but_ends for one in rows)
    verdict = f"{takes} of {count(len(rows), 'target')} take the model"
    verdict += ", but for what is allowed." if comparison.allow else "."
    yield look.banner(verdict, takes > 0)
    for sentence in trust_sentences(comparison.model):
        yield f"<p>{text(sentence)}</p>"
    if comparison.allow:
        yield f"<p>allowed on the CPU: {text(', '.join(comparison.allow))}</p>"
    yield "<table>"
    timed_titles = ("DPU ms", "frames per second") if has_times(rows) else ()
    yield look.row("th", (*TITLES[:-1], *timed_titles, TITLES[-1]))
    for one in rows:
        cells = [mark(one).strip(), *figures(one, rows)]
        yield look.row("td", [*map(text, cells), _blocker(one)])
    yield "</table>"
    for line in explained_marks(comparison, 10_000):
        yield f"<p><small>{text(line)}</small></p>"
    known = [f"<p>{text(board)}{text(names)}</p>" for board, names in boards(rows)]
    if known:
        yield from folded("boards", known)
    time_lines = [f"<p>{text(sign)}{text(line)}</p>" for sign, line in timed(comparison)]
    if time_lines:
        yield from folded("estimated time", time_lines)
    for warning in dict.fromkeys(each for one in rows for each in one.warnings):
        yield f"<p>warning: {text(warning)}</p>"


def _blocker(one: ComparedTarget) -> str:
    op, reason = one.blocker, one.reason
    if op is None or reason is None:
        return ""
    unsure = doubt(reason)
    described = f"{shortened(plain(op.name), LONGEST)} ({plain(op.type)}): {reason.message}"
    return text(described) + (f" (<i>{text(unsure)}</i>)" if unsure else "")
