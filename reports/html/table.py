"""The table of the page: every operator, to be searched, filtered and sorted."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import count
from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.html.estimate import OpTimes
from vai_inspect.reports.html.markup import text
from vai_inspect.reports.html.modules import Module
from vai_inspect.reports.text.format import size
from vai_inspect.reports.text.lines import plain, shortened

MOST_ROWS = 5000
"""Rows of the table; the JSON report has the rest."""

LONGEST_NAME = 240
MOST_LAYERS = 400
"""Modules that the filter lists."""

BAR = 64
"""Pixels of the longest bar."""

DEVICES = {Device.DPU: "DPU", Device.CPU: "CPU", Device.USER: "input or output"}


def lines(inspection: Inspection, tree: Module, times: OpTimes) -> Iterator[str]:
    """Yields the section of the table.

    Args:
        inspection: what to show.
        tree: its modules.
        times: the estimated time of operators.
    """
    ops = inspection.ops[:MOST_ROWS]
    yield '<section id="operators" aria-labelledby="operators-title" tabindex="-1">'
    yield '<h2 id="operators-title">Operators</h2>'
    yield from _tools(inspection, tree)
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Table of operators">'
    yield '<table id="table"><thead><tr>'
    titles = [("at", "#", "num"), ("name", "operator", ""), ("device", "device", "")]
    titles += [("type", "type", ""), ("macs", "MACs", "num")]
    titles += [("us", "time (us)", "num")] if times else []
    for key, title, kind in [*titles, ("", "output", ""), ("", "reason", "")]:
        sorts = f' data-key="{key}"' if key else ""
        yield f'<th scope="col"{_class(kind)}{sorts}>{title}</th>'
    yield "</tr></thead><tbody>"
    most_macs = max((op.macs or 0 for op in ops), default=0)
    most_us = max((one.us for one in times.values()), default=0.0)
    for at, op in enumerate(ops):
        cells = "".join(_cells(at, op, times, (most_macs, most_us)))
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"
    left_out = len(inspection.ops) - len(ops)
    if left_out:
        yield f"<p>and {count(left_out, 'more operator')}, which the JSON report has</p>"
    yield "</section>"


def _tools(inspection: Inspection, tree: Module) -> Iterator[str]:
    yield '<div class="tools" id="table-tools" hidden>'
    yield '<label>Search <input type="search" id="search" autocomplete="off" spellcheck="false"'
    yield ' placeholder="name, type, layer, reason"></label>'
    on = {op.device for op in inspection.ops}
    yield from _choice(
        "device", "Device", [(d.value, shown) for d, shown in DEVICES.items() if d in on]
    )
    found = {op.verdict for op in inspection.ops}
    yield from _choice("verdict", "Verdict", [(v.value, v.value) for v in Verdict if v in found])
    layers = _layers(tree)
    if layers:
        yield from _choice("layer", "Layer", layers[:MOST_LAYERS])
    yield '<button type="button" id="reset">Show all</button>'
    yield '<span id="shown" role="status"></span>'
    yield "</div>"


def _choice(identity: str, label: str, options: Sequence[Tuple[str, str]]) -> Iterator[str]:
    yield f'<label>{label} <select id="{identity}"><option value="">all</option>'
    for value, shown in options:
        yield f'<option value="{text(value)}">{text(shown)}</option>'
    yield "</select></label>"


def _layers(whole: Module) -> List[Tuple[str, str]]:
    """Returns the modules by path, those within a module after it."""
    found: Dict[str, str] = {}

    def walk(module: Module) -> None:
        if module.path:
            found.setdefault(plain(module.path), shortened(plain(module.path), 60))
        for part in module.parts:
            if isinstance(part, Module):
                walk(part)

    walk(whole)
    return list(found.items())


def _cells(at: int, op: InspectedOp, times: OpTimes, most: Tuple[int, float]) -> Iterator[str]:
    name = text(shortened(plain(op.name), LONGEST_NAME))
    yield f'<td class="num">{at + 1}</td>'
    yield f'<th scope="row"><button type="button" class="op">{name}</button></th>'
    kind = "unknown" if op.verdict is Verdict.UNKNOWN else op.device.value
    yield f'<td><span class="mark {kind}">{_device(op)}</span></td>'
    yield f"<td>{text(op.type)}</td>"
    yield _figure(op.macs, "{:,}", most[0])
    if times:
        yield _figure(times[op.name].us if op.name in times else None, "{:,.1f}", most[1])
    shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
    yield f"<td>{text(shortened(shapes, 40))}</td>"
    yield f"<td>{_reason(op)}</td>"


def _device(op: InspectedOp) -> str:
    return "CPU?" if op.verdict is Verdict.UNKNOWN else DEVICES[op.device]


def _figure(value: Optional[float], form: str, most: float) -> str:
    if value is None:
        return '<td class="num">?</td>' if form == "{:,}" else "<td></td>"
    if not value:
        return '<td class="num" data-v="0"></td>'
    bar = ""
    if most:
        width = max(1, round(BAR * value / most))
        bar = (
            f'<svg class="bar" width="{BAR}" height="4" aria-hidden="true"><rect '
            f'x="{BAR - width}" width="{width}" height="4"/></svg>'
        )
    return f'<td class="num" data-v="{value}">{form.format(value)}{bar}</td>'


def _reason(op: InspectedOp) -> str:
    for finding in sorted(op.findings, key=lambda one: one.follows is not None):
        more = len(op.findings) - 1
        return text(finding.message) + (f" (and {count(more, 'more')})" if more else "")
    return ""


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
