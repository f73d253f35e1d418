"""What the page says above the table: the answer, the figures, the root causes.

`SECTIONS` lists the sections in their order; one that yields no line is not there. A section of its
own, such as a plan or what the quantiser refuses, is a function more.
"""

from __future__ import annotations

from typing import Callable, Container, Iterable, Iterator, List, Optional, Tuple

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
from vai_inspect.reports.text.format import count, plain, share, shortened
from vai_inspect.reports.text.plan import LONGEST_TEXT, effect, steps
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
    yield "<h1>{} <small>on {}</small></h1>".format(text(name), text(target.name))
    good = "good" if total.whole_but_for_ends else "bad"
    yield '<p class="verdict {}">{}</p>'.format(good, text(verdict_sentence(inspection)))
    yield '<dl class="figures">'
    for title, figure in _figures(inspection):
        yield "<div><dt>{}</dt><dd>{}</dd></div>".format(text(title), text(figure))
    yield "</dl>"
    told = [
        cut_sentence(inspection),
        counts(inspection) + ".",
        work(inspection) + ".",
        *estimate.remarks(inspection),
        *trust_sentences(model),
    ]
    yield "<p>{}</p>".format("<br>".join(map(text, told)))
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
            yield '<section id="{0}" aria-labelledby="{0}-title">'.format(identity)
            yield '<h2 id="{}-title">{}</h2>'.format(identity, title)
            yield from lines
            yield "</section>"


def _figures(inspection: Inspection) -> Iterator[Tuple[str, str]]:
    total = inspection.summary
    yield (
        "operators on the DPU",
        "{:,} of {:,}".format(total.dpu_ops, total.dpu_ops + total.cpu_ops),
    )
    yield "multiply-accumulates on the DPU", share(total.dpu_macs, total.macs) or "none"
    yield "DPU subgraphs", "{:,}".format(total.dpu_subgraphs)
    yield "crossings", "{:,}".format(total.crossings)
    yield from estimate.figures(inspection)


def _about(inspection: Inspection) -> Iterator[str]:
    model, target = inspection.model, inspection.target
    yield "<details><summary>Model and target</summary><dl>"
    for title, told in (
        ("model", "{}, {} {}, captured by {}".format(model.name, model.framework,
                                                      model.framework_version, model.capture)),
        ("target", "{}, fingerprint {}".format(target.name, target.fingerprint_text)),
        ("family", "{}, instruction set {}".format(target.dpu, target.isa_version)),
        ("batch", str(target.batch)),
        ("peak operations per cycle", "{:,}".format(target.peak_ops_per_cycle)),
        ("Vitis AI releases", ", ".join(target.releases) or "none registers it"),
        ("boards", ", ".join(map(str, target.board_uses))),
        ("vai-inspect", inspection.tool_version),
    ):  # fmt: skip
        if told:
            yield "<dt>{}</dt><dd>{}</dd>".format(title, text(told))
    yield "</dl></details>"


def _quantizer(inspection: Inspection) -> Iterator[str]:
    report = inspection.quantizer
    if report is None or not quantizer.has_more_than_checklist(report):
        return
    yield "<p>{}<br>{}</p>".format(
        text(_capital(quantizer.title(report))), text(quantizer.build_sentence(inspection))
    )
    for outcome, entries, more in quantizer.groups(inspection):
        yield "<p>{}</p><ol>".format(text(_capital(quantizer.TITLES[outcome])))
        for entry in entries:
            told = _items("{}: {}".format(*pair) for pair in entry.details)
            yield "<li>{}<ul>{}</ul></li>".format(text(entry.headline), told)
        yield "</ol>"
        if more:
            yield "<p>{}</p>".format(text("and {:,} more".format(more)))
    converted = _items(quantizer.conversions(report))
    if converted:
        yield "<details><summary>Conversions</summary><ul>{}</ul></details>".format(converted)


def _plan(inspection: Inspection) -> Iterator[str]:
    told = list(steps(inspection))
    if told:
        yield '<ol class="plan">'
    for (_, changed, code), step in zip(told, inspection.steps):
        yield "<li>{} <small>({})</small><br>{}".format(
            text(shortened(plain(step.text), LONGEST_TEXT)), text(effect(step)), text(changed)
        )
        if code:
            yield "<pre><code>{}</code></pre>".format("\n".join(map(text, code)))
        yield "</li>"
    if told:
        yield "</ol>"


def _causes(inspection: Inspection) -> Iterator[str]:
    causes = ranked(inspection)
    if causes:
        yield "<p>{}</p>".format(text(_capital(CAUSES_TITLE)))
        yield '<ol class="causes">'
    for number, cause in enumerate(causes[:MOST_CAUSES], 1):
        told = _items("{}: {}".format(*pair) for pair in details(cause, number, inspection))
        opened = " open" if number <= OPEN_CAUSES else ""
        yield "<li><details{}><summary>{}</summary><ul>{}</ul></details>".format(
            opened, text(headline(cause, inspection)), told
        )
        button = '<button type="button" class="show" data-cause="{}" hidden>Show {}</button></li>'
        yield button.format(number - 1, "it" if len(cause.ops) == 1 else "them")
    if causes:
        yield "</ol>"
    if causes[MOST_CAUSES:]:
        more = count(len(causes) - MOST_CAUSES, "more root cause")
        yield "<p>and {}, which the JSON report has</p>".format(more)
    following = following_sentence(inspection)
    if following:
        yield "<p>{}</p>".format(text(following))


def _ends(inspection: Inspection) -> Iterator[str]:
    told = _items(at_the_ends(inspection))
    if told:
        yield "<p>{}</p><ul>{}</ul>".format(text(_capital(ENDS_TITLE)), told)


def _warnings(inspection: Inspection) -> Iterator[str]:
    if inspection.warnings:
        yield "<ul>{}</ul>".format(_items(inspection.warnings))


def _items(told: Iterable[str]) -> str:
    return "".join("<li>{}</li>".format(text(line)) for line in told)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


SECTIONS: List[Tuple[str, str, Callable[[Inspection], Iterator[str]]]] = [
    ("quantizer", "Quantiser", _quantizer),
    ("plan", "Plan", _plan),
    ("causes", "Root causes", _causes),
    ("ends", "Start and end", _ends),
    ("warnings", "Warnings", _warnings),
]
"""Each with its id, its title and what yields its lines."""
