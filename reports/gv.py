"""The graph, `inspect_<TARGET>.gv`, in Graphviz's DOT language: one box for each operator.

The text is written here and not by a library: two rules of escaping are all there is, nodes are
called n0, n1, ... whatever the operators are called, and no label is ever HTML, which not every
renderer can read. The picture is drawn from a graph of its own, see `picture`.
"""

from __future__ import annotations

from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.gc_paused import paused
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.picture.boxes import Box, each_alone
from vai_inspect.reports.picture.columns import arranged
from vai_inspect.reports.picture.rows import Item
from vai_inspect.reports.text import times
from vai_inspect.reports.text.format import size
from vai_inspect.reports.text.lines import plain, shortened, wrapped
from vai_inspect.reports.text.summary import verdict_sentence

NAME_WIDTH = 60
LINE_WIDTH = 44
LONGEST_SIDE = 72
"""Inches; what is larger is scaled down. At 96 dots an inch no side has 7,000 pixels."""

FONT = "Helvetica"
LEGEND = "blue: runs on the DPU    red: runs on the CPU    black: input or output"
UNKNOWN_LEGEND = "    dashed box: no source decides, so on the CPU"
COLUMNS_LEGEND = "    dashed arrow: continues in another column"

_APART = ' [constraint=false, weight=0, style=dashed, color="#999999"]'

COLOURS = {
    Device.DPU: ("blue", "#d6e6ff"),
    Device.CPU: ("red", "#ffd9d6"),
    Device.USER: ("black", "white"),
}
"""Colours of the line and of the area."""

BOTH = ("purple", "#d6e6ff:#ffd9d6")
"""Colours of a box that stands for operators on the DPU and on the CPU."""


@paused()
def render(inspection: Inspection) -> str:
    """Returns the graph as DOT text.

    Args:
        inspection: what to draw.
    """
    ids = {op.name: f"n{at}" for at, op in enumerate(inspection.ops)}
    by_name = {op.name: op for op in inspection.ops}
    alone = each_alone(inspection.ops)
    labels = {op.name: described(op, time_of(op, inspection)) for op in inspection.ops}
    column = arranged([item(box, labels[box.ops[0].name]) for box in alone]).column
    legend = LEGEND + (UNKNOWN_LEGEND if has_unknown(inspection) else "")
    legend += COLUMNS_LEGEND if len(set(column)) > 1 else ""
    lines = ["digraph vai_inspect {", *head([*title(inspection), legend, ""])]
    for part in inspection.subgraphs:
        inside = [_node(ids[name], by_name[name], labels[name]) for name in part.ops]
        lines += cluster(part.name, part.name, COLOURS[part.device][0], inside)
    outside = [op for op in inspection.ops if op.subgraph is None]
    lines += [_node(ids[op.name], op, labels[op.name]) for op in outside]
    for at, box in enumerate(alone):
        lines += [_edge(source, at, column[source] != column[at]) for source in box.reads]
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """Returns a DOT string that stands for exactly this text in a label, tooltip or name.

    A backslash would start an escape (a double one is read as one), an ampersand a character
    reference.
    """
    safe = plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + safe + '"'


def attributes(**values: str) -> str:
    """Returns attributes of a graph as statements."""
    return "; ".join(f"{key}={quoted(value)}" for key, value in values.items())


def label(texts: Iterable[str], end: str) -> str:
    """Returns a DOT string of several lines; `end` is `n` for centred, `l` for left."""
    return '"' + "".join(quoted(text)[1:-1] + "\\" + end for text in texts) + '"'


def cluster(name: str, shown: str, colour: str, inside: Iterable[str]) -> Iterator[str]:
    """Yields the lines of a cluster.

    Args:
        name: its name, without the `cluster_` by which Graphviz knows one.
        shown: its label.
        colour: of its line and its label.
        inside: the statements in it.
    """
    yield f"  subgraph {quoted('cluster_' + name)} {{"
    yield "    " + attributes(label=shown, color=colour, fontcolor=colour, peripheries="1") + ";"
    for statement in inside:
        yield "  " + statement
    yield "  }"


def title(inspection: Inspection) -> List[str]:
    """Returns what a picture is of, whether the whole model runs on the DPU, and how fast."""
    model = shortened(plain(inspection.model.name), NAME_WIDTH)
    heading = [model + " on " + inspection.target.name, verdict_sentence(inspection)]
    return heading + [line for _, line in list(times.lines(inspection))[:1]]


def time_of(op: InspectedOp, inspection: Inspection) -> str:
    """Returns the estimated time of an operator, or nothing; its error stands in the title."""
    found = inspection.default_estimate
    return times.of_operator(found.ops.get(op.name)) if found is not None else ""


def has_unknown(inspection: Inspection) -> bool:
    """Returns whether some operator's verdict is unknown."""
    return any(op.verdict is Verdict.UNKNOWN for op in inspection.ops)


def head(title: Sequence[str], more: str = "") -> Iterator[str]:
    """Yields the statements that hold for the whole graph.

    Args:
        title: lines at the top left.
        more: further attributes of the graph.
    """
    font = quoted(FONT)
    shown = label(title, "l")
    yield f"  graph [fontname={font}, fontsize=12, labelloc=t, labeljust=l, label={shown},"
    yield (
        "    rankdir=TB, ranksep=0.2, nodesep=0.2, nslimit=2, nslimit1=2, "
        f'size="{LONGEST_SIDE},{LONGEST_SIDE}", '
        f"bgcolor=white, style=rounded{more}];"
    )
    yield f'  node [shape=box, style=filled, fontname={font}, fontsize=10, margin="0.12,0.04",'
    yield "    height=0.3, fontcolor=black];"
    yield '  edge [arrowsize=0.6, color="#444444"];'


def node(
    identity: str, text: str, tooltip: str, colours: Tuple[str, str], unknown: bool = False
) -> str:
    """Returns the statement of a box.

    Args:
        identity: the node's name.
        text: its label, a DOT string.
        tooltip: what an SVG shows beside the pointer.
        colours: of its line and its area.
        unknown: whether no source decides about it.
    """
    style = "filled,dashed" if unknown else "filled"
    return (
        f"  {identity} [label={text}, tooltip={quoted(tooltip)}, color={quoted(colours[0])}, "
        f"fillcolor={quoted(colours[1])}, style={quoted(style)}];"
    )


def described(op: InspectedOp, time: str = "") -> List[str]:
    """Returns the lines of an operator's own box: what it is, what it holds, why it is on the CPU.

    Args:
        op: the operator.
        time: what it takes, where that is estimated.
    """
    shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
    lines = [
        shortened(plain(op.name), NAME_WIDTH),
        f"{plain(op.type)} | {op.device.value} | {shortened(shapes, NAME_WIDTH)}",
    ]
    folded = folded_layers(op)
    if folded:
        lines.append(shortened("with " + ", ".join(map(plain, folded)), LINE_WIDTH))
    return lines + ([time] if time else []) + reason(op, 3)


def item(box: Box, lines: Sequence[str]) -> Item:
    """Returns what a box takes of a column.

    Args:
        box: the box.
        lines: its label.
    """
    width, height = 22.0 + 5.2 * max(map(len, lines)), 8.0 + 12.0 * len(lines)
    return Item(box.reads, box.read_by, box.subgraph, width, height)


def folded_layers(op: InspectedOp) -> List[str]:
    """Returns the user's layers that became part of an operator."""
    return [layer for layer in op.op.origin.layers[1:] if layer != op.name]


def reason(op: InspectedOp, most: int) -> List[str]:
    """Returns why an operator is on the CPU in at most so many lines; none where it is not.

    Its first reason of its own, else the first that follows from another operator.
    """
    first: Optional[str] = None
    for finding in sorted(op.findings, key=lambda finding: finding.follows is not None):
        first = plain(finding.message)
        break
    if first is None:
        return []
    broken = wrapped(first, LINE_WIDTH)
    return broken if len(broken) <= most else [*broken[: most - 1], broken[most - 1] + "..."]


def _node(identity: str, op: InspectedOp, lines: Sequence[str]) -> str:
    unknown = op.verdict is Verdict.UNKNOWN
    return node(identity, label(lines, "n"), op.name, COLOURS[op.device], unknown)


def _edge(source: int, reader: int, apart: bool) -> str:
    # An edge to another column must not pull its reader below its producer.
    return f"  n{source} -> n{reader}{_APART if apart else ''};"
