"""The picture's own graph: what the .gv file holds, arranged on a page.

The page is made of columns that stand side by side, a legend at their left. Each column is laid
out for itself, so that neither a long chain nor many long edges can spoil the whole. What passes
from one column to another is named at both ends, and a subgraph in several columns has a cluster
in each. A large graph has fuller and fewer boxes (see `boxes`).
"""

from __future__ import annotations

from collections import Counter
from typing import Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import dot
from vai_inspect.reports.boxes import LONGEST_RUN, Box, boxes
from vai_inspect.reports.columns import columns
from vai_inspect.reports.words import count, plain, shortened, size

RUN_NAME = 36
"""Characters of an operator's name in a box that holds several."""

NAMED = 3
"""Tensors that one box names for want of an arrow; of more it tells how many."""

MOST_ARROWS = 4
"""Arrows into one box; of more only those from its NEAREST sources are drawn."""

NEAREST = 2

_GREY = "#777777"
_TAG = 'shape=plaintext, style="", fontsize=9, fontcolor="#777777", height=0.2, margin="0.05,0.02"'
_TAG_EDGE = ' [style=dashed, arrowsize=0.5, color="#999999"]'


def render(inspection: Inspection) -> str:
    """Returns the picture as DOT text.

    Args:
        inspection: what to draw.
    """
    page = _Page(inspection)
    # "i": the columns stand in the order in which they are written, "t": all begin at the top.
    pack = ', pack=24, packmode="array_it{}"'.format(page.columns + 1)
    lines = ["digraph vai_inspect {", *dot.head([*dot.title(inspection), ""], pack)]
    lines += _legend(inspection, page.columns > 1)
    for place in range(page.columns):
        lines += page.column(place)
    return "\n".join([*lines, "}"]) + "\n"


class _Page:
    """The boxes and the columns in which they stand."""

    def __init__(self, inspection: Inspection) -> None:
        self.boxes = boxes(inspection.ops)
        crowded = len(self.boxes) < len(inspection.ops)
        inside = Counter(box.subgraph for box in self.boxes)
        self.alone = {part for part, number in inside.items() if crowded and number == 1}
        """Subgraphs of a single box, which in a large picture takes the name: no cluster."""
        self.texts = [
            ["{}:".format(box.subgraph)] * (box.subgraph in self.alone) + _lines(box)
            for box in self.boxes
        ]
        items = [dot.item(box, text) for box, text in zip(self.boxes, self.texts)]
        self.place = columns(items)
        self.columns = 1 + max(self.place, default=0)
        self.device = {part.name: part.device for part in inspection.subgraphs}
        self.pieces: Dict[str, List[int]] = {}
        """The columns in which each subgraph has a cluster."""
        for box, place in sorted(zip(self.boxes, self.place), key=lambda pair: pair[1]):
            if box.subgraph is not None and place not in self.pieces.setdefault(box.subgraph, []):
                self.pieces[box.subgraph].append(place)

    def column(self, place: int) -> Iterator[str]:
        """Yields the statements of one column."""
        here = [at for at in range(len(self.boxes)) if self.place[at] == place]
        parts: Dict[Optional[str], List[str]] = {}
        edges: List[str] = []
        tags: Set[str] = set()
        for at in here:
            box = self.boxes[at]
            part = None if box.subgraph in self.alone else box.subgraph
            statements = parts.setdefault(part, [])
            statements.append(_box(at, box, self.texts[at]))
            edges += ["  n{} -> n{};".format(source, at) for source in self._near(at)]
            for name, text in self._arrivals(at):
                edges.append("  {} -> n{}{};".format(name, at, _TAG_EDGE))
                if name not in tags:
                    statements.append(_tag(name, text))
                tags.add(name)
            for name, text in self._departure(at):
                statements.append(_tag(name, text))
                edges.append("  n{} -> {}{};".format(at, name, _TAG_EDGE))
        inside = parts.pop(None, [])
        for part, statements in parts.items():
            inside += self._cluster(str(part), place, statements)
        shown = "column {} of {}".format(place + 1, self.columns) if self.columns > 1 else ""
        yield '  subgraph "cluster_column_{}" {{'.format(place)
        yield "    {};".format(dot.attributes(label=shown, fontcolor=_GREY, peripheries="0"))
        yield from ("  " + line for line in inside + edges)
        yield "  }"

    def _cluster(self, part: str, place: int, inside: Iterable[str]) -> Iterator[str]:
        shown, places = part, self.pieces[part]
        if len(places) > 1:
            shown += " ({} of {})".format(1 + places.index(place), len(places))
        colour = dot.COLOURS[self.device[part]][0]
        return dot.cluster("{}_{}".format(part, place), shown, colour, inside)

    def _near(self, at: int) -> List[int]:
        """Returns what a box reads by an arrow; the arrows of a dense block would hide it."""
        reads = self.boxes[at].reads
        here = [source for source in reads if self.place[source] == self.place[at]]
        return here if len(reads) <= MOST_ARROWS else here[-NEAREST:]

    def _arrivals(self, at: int) -> Iterator[Tuple[str, str]]:
        """Yields name and text of the tags above a box: what else it reads.

        Boxes of a column share the tag of a tensor, but for those that read too many.
        """
        near = self._near(at)
        far = [source for source in self.boxes[at].reads if source not in near]
        named = ["{} ({})".format(self._giver(s), self._where(s, at)) for s in far]
        if len(far) <= NAMED:
            for source, text in zip(far, named):
                yield "from_{}_{}".format(source, self.place[at]), "from " + text
        else:
            more = "and {} more".format(len(far) - NAMED + 1)
            text = "\n".join(["from " + named[0], *named[1 : NAMED - 1], more])
            yield "from_many_{}".format(at), text

    def _where(self, source: int, at: int) -> str:
        if self.place[source] == self.place[at]:
            return "above"
        return "column {}".format(self.place[source] + 1)

    def _departure(self, at: int) -> Iterator[Tuple[str, str]]:
        """Yields name and text of the tag below a box that other columns read, if any does."""
        read_by = (self.place[reader] for reader in self.boxes[at].read_by)
        far = [str(place + 1) for place in sorted(set(read_by) - {self.place[at]})]
        if far:
            yield "to_{}".format(at), "to column{} ".format("s" * (len(far) > 1)) + ", ".join(far)

    def _giver(self, at: int) -> str:
        return shortened(plain(self.boxes[at].ops[-1].name), dot.LINE_WIDTH)


def _box(at: int, box: Box, lines: Sequence[str]) -> str:
    first = box.ops[0]
    unknown = any(op.verdict is Verdict.UNKNOWN for op in box.ops)
    names = first.name if len(box.ops) == 1 else "{} ... {}".format(first.name, box.ops[-1].name)
    text = dot.label(lines, "n" if len(box.ops) == 1 else "l")
    return dot.node("n{}".format(at), text, names, first.device, unknown)


def _tag(name: str, text: str) -> str:
    return "  {} [label={}, tooltip={}, {}];".format(
        name, dot.label(text.split("\n"), "l"), dot.quoted(text), _TAG
    )


def _lines(box: Box) -> List[str]:
    if len(box.ops) == 1:
        return dot.described(box.ops[0])
    if len(box.ops) > LONGEST_RUN:
        return _sum(box)
    lines = []
    for op in box.ops:
        shapes = ", ".join(size(tensor.shape) for tensor in op.op.outputs)
        text = "{}  {}  {}".format(
            plain(op.type), shortened(plain(op.name), RUN_NAME), shortened(shapes, RUN_NAME)
        )
        folded = dot.folded_layers(op)
        if folded:
            text += "  +{} folded".format(len(folded))
        lines.append(text)
        lines += ["    " + line for line in dot.reason(op, 2)]
    return lines


def _sum(box: Box) -> List[str]:
    """Returns the lines of a box that stands for more operators than can be listed."""
    first, last = (shortened(plain(box.ops[place].name), RUN_NAME) for place in (0, -1))
    kinds = Counter(plain(op.type) for op in box.ops).most_common()
    lines = [
        "{}: {} to {}".format(count(len(box.ops), "operator"), first, last),
        shortened(", ".join("{} {}".format(*kind) for kind in kinds), 2 * RUN_NAME),
    ]
    reasons = {line: None for op in box.ops for line in dot.reason(op, 1)}
    return lines + list(reasons)[:4]


def _legend(inspection: Inspection, apart: bool) -> Iterator[str]:
    """Yields one box of each sort that the picture has."""
    devices = {op.device for op in inspection.ops}
    sorts = [
        (Device.USER, False, "input or output of the graph"),
        (Device.DPU, False, "runs on the DPU"),
        (Device.CPU, False, "runs on the CPU, and why"),
        (Device.CPU, True, "no source decides, so on the CPU"),
    ]
    unsure = dot.has_unknown(inspection)
    shown = [
        dot.node("legend{}".format(at), dot.quoted(text), text, device, unknown)
        for at, (device, unknown, text) in enumerate(sorts)
        if device in devices and (unsure or not unknown)
    ]
    names = [statement.split()[0] for statement in shown]
    if apart:
        shown.append(_tag("legend_tag", "goes on in another column"))
        names.append("legend_tag")
    below = "  {} [style=invis];".format(" -> ".join(names))
    yield from dot.cluster("legend", "legend", _GREY, [*shown, below])
