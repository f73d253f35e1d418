"""The picture's own graph: what the .gv file holds, arranged on a page.

The page is made of columns that stand side by side, a legend at their left. Each column is laid
out for itself, so that neither a long chain nor many long edges can spoil the whole. What passes
from one column to another is named at both ends, and a subgraph in several columns has a cluster
in each. A large graph has fuller and fewer boxes (see `boxes`): so few that the page can be read
when it is scaled to the largest size of a PNG.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Dict, Iterator, List, Optional, Sequence

from vai_inspect.core.findings import Device, Verdict
from vai_inspect.core.inspection import Inspection
from vai_inspect.reports import gv
from vai_inspect.reports.picture import labels
from vai_inspect.reports.picture.boxes import MOST_BOXES, Box, ends, levels
from vai_inspect.reports.picture.columns import Layout, arranged
from vai_inspect.reports.picture.rows import Item
from vai_inspect.reports.picture.svg import MOST_PIXELS
from vai_inspect.reports.text.lines import plain, shortened

READABLE = 0.75
"""What a page may be scaled by; letters of 13 pixels have 10 then."""

NAMED = 3
"""Tensors that one box names for want of an arrow; of more it tells how many."""

MOST_ARROWS = 4
"""Arrows into one box; of more only those from its NEAREST sources are drawn."""

NEAREST = 2

BESIDE = 120.0
"""Points of the title of a subgraph, which stands beside its boxes."""

_GREY = "#777777"
_NOT_DRAWN = "from ..., to ...: arrows that are not drawn"
_TAG = 'shape=plaintext, style="", fontsize=9, fontcolor="#777777", height=0.2, margin="0.05,0.02"'

_TITLE = 'shape=plaintext, style="", fontsize=12, height=0.2, margin="0.05,0.02"'


def render(inspection: Inspection) -> str:
    """Returns the picture as DOT text.

    Args:
        inspection: what to draw.
    """
    page = page_of(inspection)
    # "i": the columns stand in the order in which they are written, "t": all begin at the top.
    pack = f', pack=24, packmode="array_it{page.columns + 1}"'
    lines = ["digraph vai_inspect {", *gv.head([*gv.title(inspection), ""], pack)]
    lines += _legend(inspection, page)
    for place in range(page.columns):
        lines += page.column(place)
    return "\n".join([*lines, "}"]) + "\n"


def page_of(inspection: Inspection) -> Page:
    """Returns the fullest page that can be read.

    Args:
        inspection: what to draw.
    """
    found = Page(inspection, ())
    for number, boxes in enumerate(levels(inspection.ops, ends(inspection))):
        page = Page(inspection, boxes)
        fits = len(boxes) <= MOST_BOXES
        if fits and page.scale >= READABLE:
            return page
        better = (fits, page.scale) > (len(found.boxes) <= MOST_BOXES, found.scale)
        if number == 0 or better:
            found = page
    return found


class Page:
    """The boxes and the columns in which they stand.

    Attributes:
        boxes: the boxes.
        layout: where each stands.
        columns: how many columns there are.
        scale: what the page is scaled by where it is too large for a PNG, about; 1 where it fits.
    """

    def __init__(self, inspection: Inspection, boxes: Sequence[Box]) -> None:
        self.boxes = boxes
        crowded = any(len(box.ops) > 1 and not box.end for box in boxes)
        inside = Counter(box.subgraph for box in boxes)
        self.alone = {part for part, number in inside.items() if crowded and number == 1}
        self.alone |= {box.subgraph for box in boxes if box.end and inside[box.subgraph] == 1}
        """Subgraphs of a single box, which in a large picture takes the name: no cluster."""
        self.texts = [
            [f"{box.subgraph}:"] * (box.subgraph in self.alone and box.subgraph is not None)
            + labels.lines(box, inspection)
            for box in boxes
        ]
        titled = any(part is not None and part not in self.alone for part in inside)
        items = [_item(box, text) for box, text in zip(boxes, self.texts)]
        self.layout = arranged(items, BESIDE if titled else 0.0)
        self.place = self.layout.column
        self.columns = 1 + max(self.place, default=0)
        self.scale = _scale(self.layout)
        self.device = {part.name: part.device for part in inspection.subgraphs}
        self.pieces: Dict[str, List[int]] = {}
        """The columns in which each subgraph has a cluster."""
        for box, place in sorted(zip(boxes, self.place), key=lambda pair: pair[1]):
            if box.subgraph is not None and place not in self.pieces.setdefault(box.subgraph, []):
                self.pieces[box.subgraph].append(place)

    def column(self, place: int) -> Iterator[str]:
        """Yields the statements of one column."""
        here = [at for at in range(len(self.boxes)) if self.place[at] == place]
        parts: Dict[Optional[str], List[int]] = {}
        for at in here:
            part = self.boxes[at].subgraph
            parts.setdefault(None if part in self.alone else part, []).append(at)
        inside = [self._box(at) for at in parts.pop(None, [])]
        for number, (part, boxes) in enumerate(parts.items()):
            inside += self._cluster(str(part), place, f"t{place}_{number}", boxes)
        shown = f"column {place + 1} of {self.columns}" if self.columns > 1 else ""
        yield f'  subgraph "cluster_column_{place}" {{'
        look = gv.attributes(label=shown, fontcolor=_GREY, peripheries="0")
        yield f"    {look};"
        yield from ("  " + line for line in [*inside, *self._edges(here)])
        yield "  }"

    def _cluster(self, part: str, place: int, identity: str, boxes: Sequence[int]) -> Iterator[str]:
        """Yields a subgraph. Its title is a node left of its first box: arrows go around nodes."""
        shown, places = part, self.pieces[part]
        if len(places) > 1:
            shown += f" ({1 + places.index(place)} of {len(places)})"
        colour = gv.COLOURS[self.device[part]][0]
        first = [at for at in boxes if not set(self.near(at)) & set(boxes)]
        inside = [
            f"  {identity} [label={gv.quoted(shown)}, {_TITLE}, fontcolor={gv.quoted(colour)}];",
            *map(self._box, boxes),
            f"  {{rank=same; {identity}; n{first[0]}}}; {identity} -> n{first[0]} [style=invis];",
        ]
        return gv.cluster(f"{part}_{place}", "", colour, inside)

    def _box(self, at: int) -> str:
        ops = self.boxes[at].ops
        devices = {op.device for op in ops}
        colours = gv.COLOURS[ops[0].device] if len(devices) == 1 else gv.BOTH
        unknown = any(op.verdict is Verdict.UNKNOWN for op in ops)
        name = ops[0].name if len(ops) == 1 else f"{ops[0].name} ... {ops[-1].name}"
        text = gv.label([*self.texts[at], *self.far_ends(at)], "n" if len(ops) == 1 else "l")
        return gv.node(f"n{at}", text, name, colours, unknown)

    def _edges(self, here: Sequence[int]) -> Iterator[str]:
        """Yields the arrows within a column, and what keeps boxes without one in their rows."""
        row, above = self.layout.row, {self.layout.row[at]: at for at in reversed(here)}
        for at in here:
            near = self.near(at)
            for source in near:
                long = self._stretched(source, at)
                minlen = f" [minlen={row[at] - row[source]}]" if long else ""
                yield f"  n{source} -> n{at}{minlen};"
            if not near and self.boxes[at].reads and row[at] - 1 in above:
                yield f"  n{above[row[at] - 1]} -> n{at} [style=invis, weight=0];"

    def _stretched(self, source: int, at: int) -> bool:
        """Returns whether a wide row was wrapped between a box and one that it reads."""
        row = self.layout.row
        lowest = max(row[one] for one in self.boxes[at].reads)
        if row[at] > lowest + 1:
            return True
        highest = min(row[one] for one in self.boxes[source].read_by)
        return not self.boxes[source].reads and row[source] + 1 < highest

    def near(self, at: int) -> List[int]:
        """Returns what a box reads by an arrow; the arrows of a dense block would hide it."""
        reads = self.boxes[at].reads
        here = [source for source in reads if self.place[source] == self.place[at]]
        return here if len(reads) <= MOST_ARROWS else here[-NEAREST:]

    def far_ends(self, at: int) -> List[str]:
        """Returns the lines of a box that stand for arrows, into it and out of it."""
        near = self.near(at)
        far = [source for source in self.boxes[at].reads if source not in near]
        made = [f"from {self._giver(one)} ({self._where(one, at)})" for one in far]
        if len(made) > NAMED:
            made = [*made[: NAMED - 1], f"and from {len(made) - NAMED + 1:,} more"]
        readers = {self.place[reader] + 1 for reader in self.boxes[at].read_by}
        away = sorted(readers - {self.place[at] + 1})
        if away:
            made.append(f"to column{'s' * (len(away) > 1)} {', '.join(map(str, away))}")
        return made

    def _where(self, source: int, at: int) -> str:
        if self.place[source] == self.place[at]:
            return "above"
        return f"column {self.place[source] + 1}"

    def _giver(self, at: int) -> str:
        return shortened(plain(self.boxes[at].ops[-1].name), gv.LINE_WIDTH)


def _item(box: Box, text: Sequence[str]) -> Item:
    # The sources of a concatenation are reported by name.
    more = min(NAMED, len(box.reads) - NEAREST) if len(box.reads) > MOST_ARROWS else 0
    return gv.item(box, [*text, *[""] * more])


def _scale(layout: Layout) -> float:
    side = 72.0 * gv.LONGEST_SIDE
    area = MOST_PIXELS * (72.0 / 96.0) ** 2
    width, height = max(layout.width, 1.0), max(layout.height, 1.0)
    return min(1.0, side / width, side / height, math.sqrt(area / (width * height)))


def _legend(inspection: Inspection, page: Page) -> Iterator[str]:
    """Yields one box of each sort that the picture has."""
    devices = {op.device for op in inspection.ops}
    sorts = [
        (Device.USER, False, "input or output of the graph"),
        (Device.DPU, False, "runs on the DPU"),
        (Device.CPU, False, "runs on the CPU, and why"),
        (Device.CPU, True, "no source decides, so on the CPU"),
    ]
    unsure = gv.has_unknown(inspection)
    shown = [
        gv.node(f"legend{at}", gv.quoted(text), text, gv.COLOURS[device], unknown)
        for at, (device, unknown, text) in enumerate(sorts)
        if device in devices and (unsure or not unknown)
    ]
    if any(len({op.device for op in box.ops}) > 1 for box in page.boxes):
        both = "a part on the DPU, a part on the CPU"
        shown.append(gv.node("legend_both", gv.quoted(both), both, gv.BOTH))
    if any(page.far_ends(at) for at in range(len(page.boxes))):
        text = gv.quoted(_NOT_DRAWN)
        shown.append(f"  legend_told [label={text}, tooltip={text}, {_TAG}];")
    names = [statement.split()[0] for statement in shown]
    if len(names) > 1:  # of a single name the statement would hide the box itself
        shown.append(f"  {' -> '.join(names)} [style=invis];")
    yield from gv.cluster("legend", "legend", _GREY, shown)
