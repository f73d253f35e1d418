"""What the page says above the table: the answer, the figures, the root causes.

`SECTIONS` lists the sections in their order; one that yields no line is not there. A section of its
own, such as a plan or what the quantiser refuses, is a function more.
"""

from __future__ import annotations

from typing import Callable, Container, Iterable, Iterator, List, Optional, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.html import estimate
from vai_inspect.reports.html.markup import text
from vai_inspect.reports.text import quantizer
from vai_inspect.reports.text.causes import (
    CAUSES_TITLE,
    ENDS_TITLE,
    at_the_ends,
    details,
    headline,
    ranked,
)
from vai_inspect.reports.text.format import NO_RELEASE, share, title_of_releases
from vai_inspect.reports.text.lines import plain, shortened
from vai_inspect.reports.text.plan import LONGEST_TEXT, effect, remaining, steps
from vai_inspect.reports.text.summary import (
    counts,
    cut_sentence,
    following_sentence,
    trust_sentences,
    verdict_sentence,
    work,
)

LONGEST_NAME = 120
OPEN_CAUSES = 5
"""Root causes whose details are seen without a click."""

MOST_CAUSES = 200
"""Root causes that are listed; the JSON report has all."""


def head(inspection: Inspection) -> Iterator[str]:
    """Yields the title, the answer and the figures.

    Args:
        inspection: what to show.
    """
    model, target, total = inspection.model, inspection.target, inspection.summary
    yield "<header>"
    name = shortened(plain(model.name), LONGEST_NAME)
    yield f"<h1>{text(name)} <small>on {text(target.name)}</small></h1>"
    good = "good" if total.whole_but_for_ends else "bad"
    yield f'<p class="verdict {good}">{text(verdict_sentence(inspection))}</p>'
    yield '<dl class="figures">'
    for title, figure in _figures(inspection):
        yield f"<div><dt>{text(title)}</dt><dd>{text(figure)}</dd></div>"
    yield "</dl>"
    sentences = [
        cut_sentence(inspection),
        counts(inspection) + ".",
        work(inspection) + ".",
        *estimate.remarks(inspection),
        *trust_sentences(model),
    ]
    yield f"<p>{'<br>'.join(map(text, sentences))}</p>"
    yield from _about(inspection)
    yield "</header>"


def all_of(inspection: Inspection, wanted: Optional[Container[str]] = None) -> Iterator[str]:
    """Yields the sections between the head and the table.

    Args:
        inspection: what to show.
        wanted: ids of sections; None for all.
    """
    for identity, title, content in SECTIONS:
        lines = list(content(inspection)) if wanted is None or identity in wanted else []
        if lines:
            yield f'<section id="{identity}" aria-labelledby="{identity}-title">'
            yield f'<h2 id="{identity}-title">{title}</h2>'
            yield from lines
            yield "</section>"


def _figures(inspection: Inspection) -> Iterator[Tuple[str, str]]:
    total = inspection.summary
    yield (
        "operators on the DPU",
        f"{total.dpu_ops:,} of {total.dpu_ops + total.cpu_ops:,}",
    )
    yield "multiply-accumulates on the DPU", share(total.dpu_macs, total.macs) or "none"
    yield "DPU subgraphs", f"{total.dpu_subgraphs:,}"
    yield "crossings", f"{total.crossings:,}"
    yield from estimate.figures(inspection)


def _about(inspection: Inspection) -> Iterator[str]:
    model, target = inspection.model, inspection.target
    yield "<details><summary>Model and target</summary><dl>"
    for title, value in (
        (
            "model",
            f"{model.name}, {model.framework} {model.framework_version}, captured by "
            f"{model.capture}",
        ),
        ("target", f"{target.name}, fingerprint {target.fingerprint_text}"),
        ("family", f"{target.dpu}, instruction set {target.isa_version}"),
        ("batch", str(target.batch)),
        ("peak operations per cycle", f"{target.peak_ops_per_cycle:,}"),
        (title_of_releases(target), ", ".join(target.releases) or NO_RELEASE),
        ("boards", ", ".join(map(str, target.board_uses))),
        ("vai-inspect", inspection.tool_version),
    ):  # fmt: skip
        if value:
            yield f"<dt>{title}</dt><dd>{text(value)}</dd>"
    yield "</dl></details>"


def _quantizer(inspection: Inspection) -> Iterator[str]:
    report = inspection.quantizer
    if report is None or not quantizer.has_more_than_checklist(report):
        return
    yield (
        f"<p>{text(_capital(quantizer.title(report)))}<br>"
        f"{text(quantizer.build_sentence(inspection))}</p>"
    )
    for outcome, entries, more in quantizer.groups(inspection):
        yield f"<p>{text(_capital(quantizer.TITLES[outcome]))}</p><ol>"
        for entry in entries:
            items = _items(f"{title}: {line}" for title, line in entry.details)
            yield f"<li>{text(entry.headline)}<ul>{items}</ul></li>"
        yield "</ol>"
        if more:
            yield f"<p>and {more:,} more</p>"
    converted = _items(quantizer.conversions(report))
    if converted:
        yield f"<details><summary>Conversions</summary><ul>{converted}</ul></details>"


def _plan(inspection: Inspection) -> Iterator[str]:
    found = list(steps(inspection))
    if found:
        yield '<ol class="plan">'
    for (_, changed, code), step in zip(found, inspection.steps):
        yield (
            f"<li>{text(shortened(plain(step.text), LONGEST_TEXT))} <small>"
            f"({text(effect(step))})</small><br>{text(changed)}"
        )
        if code:
            lines = "\n".join(map(text, code))
            yield f"<pre><code>{lines}</code></pre>"
        yield "</li>"
    if found:
        yield "</ol>"
        rest = remaining(inspection)
        if rest:
            yield f"<p>{text(_capital(rest))}.</p>"


def _causes(inspection: Inspection) -> Iterator[str]:
    causes = ranked(inspection)
    if causes:
        yield f"<p>{text(_capital(CAUSES_TITLE))}</p>"
        yield '<ol class="causes">'
    for number, cause in enumerate(causes[:MOST_CAUSES], 1):
        found = details(cause, number, inspection)
        items = _items(f"{title}: {line}" for title, line in found)
        opened = " open" if number <= OPEN_CAUSES else ""
        yield (
            f"<li><details{opened}><summary>{text(headline(cause, inspection))}</summary><ul>"
            f"{items}</ul></details>"
        )
        them = "it" if len(cause.ops) == 1 else "them"
        yield (
            f'<button type="button" class="show" data-cause="{number - 1}" hidden>Show {them}'
            "</button></li>"
        )
    if causes:
        yield "</ol>"
    if causes[MOST_CAUSES:]:
        more = count(len(causes) - MOST_CAUSES, "more root cause")
        yield f"<p>and {more}, which the JSON report has</p>"
    following = following_sentence(inspection)
    if following:
        yield f"<p>{text(following)}</p>"


def _ends(inspection: Inspection) -> Iterator[str]:
    items = _items(at_the_ends(inspection))
    if items:
        yield f"<p>{text(_capital(ENDS_TITLE))}</p><ul>{items}</ul>"


def _warnings(inspection: Inspection) -> Iterator[str]:
    if inspection.warnings:
        yield f"<ul>{_items(inspection.warnings)}</ul>"


def _items(lines: Iterable[str]) -> str:
    return "".join(f"<li>{text(line)}</li>" for line in lines)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


SECTIONS: List[Tuple[str, str, Callable[[Inspection], Iterator[str]]]] = [
    ("quantizer", "Quantizer", _quantizer),
    ("plan", "Plan", _plan),
    ("causes", "Root causes", _causes),
    ("ends", "Start and end", _ends),
    ("warnings", "Warnings", _warnings),
]
"""Each with its id, its title and what yields its lines."""
