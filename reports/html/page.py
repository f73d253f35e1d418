"""An inspection as one HTML file: it needs no server, fetches nothing and works offline.

What there is to read is HTML and is there without the script, too; the script searches and sorts
the table, draws the graph and shows an operator's block. Its policy lets nothing else run.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Iterator

from vai_inspect.core.inspection import Inspection
from vai_inspect.reports.html import sections, table
from vai_inspect.reports.html.data import data
from vai_inspect.reports.html.estimate import op_times
from vai_inspect.reports.html.markup import text
from vai_inspect.reports.html.modules import modules
from vai_inspect.reports.text.lines import plain, shortened

SCRIPTS = ("layout.js", "graph.js", "block.js", "table.js", "page.js")
STYLES = "page.css"
LONGEST_NAME = 240


def render(inspection: Inspection) -> str:
    """Returns the page.

    Args:
        inspection: what to show.
    """
    return _page(inspection, [*sections.head(inspection), *sections.all_of(inspection)])


def render_part(inspection: Inspection) -> str:
    """Returns the page without what stands above it in a notebook: the table and the graph.

    Args:
        inspection: what to show.
    """
    return _page(inspection, [])


def operators(inspection: Inspection) -> "tuple[list[str], list[str]]":
    """Returns the table and the graph as lines, and what stands beside them: a block, the data.

    `start` of `page.js` makes them work, wherever they are put.

    Args:
        inspection: what to show.
    """
    times, tree = op_times(inspection), modules(inspection.ops)
    known = data(inspection, tree, times)
    beside = [*_panel(), f'<script type="application/json" id="data">{known}</script>']
    return [*table.lines(inspection, tree, times), *_graph()], beside


def _page(inspection: Inspection, above: "list[str]") -> str:
    style = asset(STYLES)
    script = '"use strict";\n' + "".join(map(asset, SCRIPTS)) + "\nstart();\n"
    shown, beside = operators(inspection)
    name = f"{inspection.model.name} on {inspection.target.name}"
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f'<meta name="generator" content="vai-inspect {text(inspection.tool_version)}">',
        f"<title>{text(shortened(plain(name), LONGEST_NAME))}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        '<a class="skip" href="#operators">Skip to the operators</a>',
        "<main>",
        *above,
        *shown,
        "</main>",
        *beside,
        f"<script>{script}</script>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def asset(name: str) -> str:
    """Returns a script or the style sheet of the page.

    Args:
        name: one of `SCRIPTS`, or `STYLES`.
    """
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri "
        "'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _graph() -> Iterator[str]:
    yield '<section id="graph" aria-labelledby="graph-title">'
    yield '<h2 id="graph-title">Graph</h2>'
    yield "<noscript><p>The script of this page, which draws it, does not run.</p></noscript>"
    yield '<div class="tools" id="graph-tools" role="toolbar" aria-label="Graph" hidden>'
    for identity, label, shown in (
        ("zoom-in", "Zoom in", "+"),
        ("zoom-out", "Zoom out", "&minus;"),
        ("zoom-fit", "", "Fit"),
        ("zoom-full", "", "100%"),
        ("open-all", "", "Open all modules"),
        ("close-all", "", "Close all"),
    ):
        named = f' aria-label="{label}"' if label else ""
        yield f'<button type="button" id="{identity}"{named}>{shown}</button>'
    yield '<span id="graph-status" role="status"></span>'
    yield "</div>"
    yield '<p class="legend" id="graph-legend" hidden>'
    for kind, words in (
        ("dpu", "DPU"),
        ("cpu", "CPU"),
        ("unknown", "CPU, as no source decides"),
        ("mixed", "a module on both"),
        ("user", "input or output"),
    ):
        yield f'<span class="mark {kind}">{words}</span>'
    yield "</p>"
    yield '<div id="canvas" hidden></div>'
    yield (
        '<p class="hint" id="graph-hint" hidden>Click a module to open it, its title to close it, '
        "an operator for its block. Drag or scroll to move, Ctrl and the wheel to zoom. Keys: "
        "arrows go from box to box, Enter opens, Backspace closes the module around it.</p>"
    )
    yield "</section>"


def _panel() -> Iterator[str]:
    yield '<aside id="block" aria-labelledby="block-title" tabindex="-1" hidden>'
    yield '<div class="bar-top"><h2 id="block-title"></h2>'
    yield '<button type="button" id="block-close" aria-label="Close the block">&times;</button>'
    yield "</div>"
    yield '<div id="block-body"></div>'
    yield "</aside>"
