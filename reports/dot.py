"""The graph, `inspect_<TARGET>.gv`, in Graphviz's DOT language.

The text is written here and not by a library: two rules of escaping are all there is, nodes are
called n0, n1, ... whatever the operators are called, and no label is ever HTML, which not every
renderer can read.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence

from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.reports.columns import columns
from vai_inspect.reports.summary import verdict_sentence
from vai_inspect.reports.words import plain, shortened, size, wrapped

NAME_WIDTH = 60
LINE_WIDTH = 44
LONGEST_SIDE = 104
"""Inches; what is larger is scaled down. At 96 dots an inch no side has 10,000 pixels."""

FONT = "Helvetica"
LEGEND = "blue: runs on the DPU    red: runs on the CPU    black: input or output"
UNKNOWN_LEGEND = "    dashed box: no source decides, so on the CPU"
COLUMNS_LEGEND = "    dashed arrow: goes on in another column"

_APART = ' [constraint=false, weight=0, style=dashed, color="#999999"]'
_COLOURS = {
    Device.DPU: ("blue", "#d6e6ff"),
    Device.CPU: ("red", "#ffd9d6"),
    Device.USER: ("black", "white"),
}


def render(inspection: Inspection) -> str:
    """Returns the graph as DOT text.

    Args:
        inspection: what to draw.
    """
    ids = {op.name: "n{}".format(at) for at, op in enumerate(inspection.ops)}
    placed = columns(inspection.ops)
    by_name = {op.name: op for op in inspection.ops}
    lines = ["digraph vai_inspect {", *_head(inspection, len(placed.tops) > 1)]
    lines += _side_by_side(placed.tops, ids)
    for part in inspection.subgraphs:
        colour = _COLOURS[part.device][0]
        lines.append("  subgraph {} {{".format(quoted("cluster_" + part.name)))
        lines.append("    " + _attributes(label=part.name, color=colour, fontcolor=colour) + ";")
        lines += ["    " + _node(ids[name], by_name[name]) for name in part.ops]
        lines.append("  }")
    lines += ["  " + _node(ids[op.name], op) for op in inspection.ops if op.subgraph is None]
    lines += _edges(inspection.ops, ids, placed.of)
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """Returns a DOT string that stands for exactly this text in a label, tooltip or name.

    A backslash would start an escape (a double one is read as one), an ampersand a character
    reference.
    """
    safe = plain(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + safe + '"'


def _attributes(**values: str) -> str:
    return "; ".join("{}={}".format(key, quoted(value)) for key, value in values.items())


def _lines(texts: List[str], end: str) -> str:
    """Returns a DOT string of several lines; `end` is `n` for centred, `l` for left."""
    return '"' + "".join(quoted(text)[1:-1] + "\\" + end for text in texts) + '"'


def _head(inspection: Inspection, apart: bool) -> Iterator[str]:
    unsure = any(op.verdict is Verdict.UNKNOWN for op in inspection.ops)
    title = [
        shortened(plain(inspection.model.name), NAME_WIDTH) + " on " + inspection.target.name,
        verdict_sentence(inspection),
        LEGEND + (UNKNOWN_LEGEND if unsure else "") + (COLUMNS_LEGEND if apart else ""),
        "",
    ]
    yield "  graph [fontname={}, fontsize=12, labelloc=t, labeljust=l, label={},".format(
        quoted(FONT), _lines(title, "l")
    )
    yield (
        '    rankdir=TB, ranksep=0.2, nodesep=0.2, nslimit=2, nslimit1=2, size="{0},{0}", '
        "bgcolor=white, style=rounded];".format(LONGEST_SIDE)
    )
    yield '  node [shape=box, style=filled, fontname={}, fontsize=10, margin="0.12,0.04",'.format(
        quoted(FONT)
    )
    yield "    height=0.3, fontcolor=black];"
    yield '  edge [arrowsize=0.6, color="#444444"];'


def _node(identity: str, op: InspectedOp) -> str:
    colour, fill = _COLOURS[op.device]
    style = "filled,dashed" if op.verdict is Verdict.UNKNOWN else "filled"
    return "{} [label={}, tooltip={}, color={}, fillcolor={}, style={}];".format(
        identity,
        _lines(_label(op), "n"),
        quoted(op.name),
        quoted(colour),
        quoted(fill),
        quoted(style),
    )


def _label(op: InspectedOp) -> List[str]:
    shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
    lines = [
        shortened(plain(op.name), NAME_WIDTH),
        "{} | {} | {}".format(plain(op.type), op.device.value, shortened(shapes, NAME_WIDTH)),
    ]
    folded = [layer for layer in op.op.origin.layers[1:] if layer != op.name]
    if folded:
        lines.append(shortened("with " + ", ".join(plain(layer) for layer in folded), LINE_WIDTH))
    reason = _reason(op)
    if reason:
        told = wrapped(reason, LINE_WIDTH)
        lines += told[:2] + ([] if len(told) < 3 else [told[2] + ("..." if told[3:] else "")])
    return lines


def _reason(op: InspectedOp) -> Optional[str]:
    """The first reason of its own, else the first that follows from another operator."""
    for finding in sorted(op.findings, key=lambda finding: finding.follows is not None):
        return plain(finding.message)
    return None


def _side_by_side(tops: Sequence[str], ids: Dict[str, str]) -> Iterator[str]:
    """Edges that nobody sees: they hold the columns in order, from left to right.

    Without them one version of Graphviz begins on the left and another on the right.
    """
    for left, right in zip(tops, tops[1:]):
        yield "  {} -> {} [style=invis, minlen=0];".format(ids[left], ids[right])


def _edges(
    ops: Sequence[InspectedOp], ids: Dict[str, str], column: Dict[str, int]
) -> Iterator[str]:
    for op in ops:
        for source in dict.fromkeys(value.op for value in op.op.inputs):
            # An edge to another column must not pull its reader below its producer.
            apart = column[source] != column[op.name]
            yield "  {} -> {}{};".format(ids[source], ids[op.name], _APART if apart else "")
