"""Breaks a long graph into columns, so that its picture is a page and not a ribbon."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import List, Optional, Sequence, Tuple

WIDE = 1.25
"""Width of a page over its height that is aimed at."""

SHORTEST = 1500.0
"""Points that one column always takes; a graph of about this height stays in one piece."""

TALLEST = 5000.0
"""Points after which a column ends however wide the page gets: 6,700 pixels."""

GAP = 18.0
"""Points between two ranks, arrows among them."""


SPREAD = 1.4
"""How much wider a column gets than its boxes: ways around them, clusters, margins. Measured."""


@dataclass(frozen=True)
class Item:
    """What has a place in a column.

    Attributes:
        reads: numbers of the items that it reads; each is smaller than its own.
        read_by: numbers of the items that read it.
        part: the subgraph that it belongs to, or None.
        width: in points.
        height: in points.
    """

    reads: Sequence[int]
    read_by: Sequence[int]
    part: Optional[str]
    width: float
    height: float


def columns(items: Sequence[Item]) -> List[int]:
    """Returns the column of each item; what an item reads is in the same column or an earlier one.

    Of several heights that one is taken which makes the page about WIDE times as wide as high.
    Near it, the graph is cut where one subgraph ends and the next begins, else where few tensors
    pass.

    Args:
        items: every item in topological order.
    """
    if not items:
        return []
    ranks = _ranks(items)
    widths, ends = _sizes(items, ranks)
    anywhere, within = _passing(items, ranks, len(ends))
    best: Tuple[float, List[int]] = (float("inf"), [])
    height = SHORTEST
    while height <= TALLEST:
        cuts = _cuts(anywhere, within, ends, height)
        shape = abs(_width(widths, cuts) / _height(ends, cuts) / WIDE - 1.0)
        best = min(best, (shape, cuts))
        if not cuts:
            break
        height *= 1.15
    return [bisect_right(best[1], rank) for rank in ranks]


def _ranks(items: Sequence[Item]) -> List[int]:
    """Longest way from a source; a source stands right above the first that reads it."""
    ranks: List[int] = []
    for item in items:
        ranks.append(1 + max((ranks[source] for source in item.reads), default=-1))
    for at, item in enumerate(items):
        if not item.reads and item.read_by:
            ranks[at] = max(0, min(ranks[reader] for reader in item.read_by) - 1)
    return ranks


def _sizes(items: Sequence[Item], ranks: Sequence[int]) -> Tuple[List[float], List[float]]:
    """Returns the width of each rank, and how far from the top it ends."""
    count = 1 + max(ranks, default=0)
    widths, heights = [0.0] * count, [0.0] * count
    for item, rank in zip(items, ranks):
        widths[rank] += item.width + GAP
        heights[rank] = max(heights[rank], item.height + GAP)
    return widths, list(accumulate(heights))


def _passing(
    items: Sequence[Item], ranks: Sequence[int], count: int
) -> Tuple[List[int], List[int]]:
    """For each rank, how many items above it are read at it or below; then, by the same part.

    The second counts only what is read by the item's own subgraph.
    """
    anywhere, within = [0] * (count + 1), [0] * (count + 1)
    for item, rank in zip(items, ranks):
        inner = [r for r in item.read_by if item.part is not None and items[r].part == item.part]
        for change, readers in ((anywhere, item.read_by), (within, inner)):
            change[rank + 1] += 1
            change[1 + max((ranks[reader] for reader in readers), default=rank)] -= 1
    return list(accumulate(anywhere[:count])), list(accumulate(within[:count]))


def _cuts(
    anywhere: Sequence[int], within: Sequence[int], ends: Sequence[float], height: float
) -> List[int]:
    """Returns the ranks with which columns begin, but for the first."""
    cuts: List[int] = []
    start, top, last = 0, 0.0, len(ends) - 1
    while start < last and ends[last] - top > 1.5 * height:
        near = _between(ends, start, top + 0.75 * height, top + 1.25 * height)
        around = _between(ends, start, top + 0.5 * height, top + 1.5 * height)
        free = [cut for cut in around if not within[cut]]
        wanted = top + height
        start = min(free or near, key=lambda cut: (anywhere[cut], abs(ends[cut - 1] - wanted)))
        top = ends[start - 1]
        cuts.append(start)
    return cuts


def _between(ends: Sequence[float], start: int, low: float, high: float) -> range:
    """Returns the ranks whose upper edge is between two heights; at least one, after `start`."""
    first = min(max(start + 1, bisect_left(ends, low) + 1), len(ends) - 1)
    return range(first, max(first + 1, min(bisect_right(ends, high) + 1, len(ends))))


def _width(widths: Sequence[float], cuts: Sequence[int]) -> float:
    bare = sum(max(widths[a:b]) for a, b in zip([0, *cuts], [*cuts, len(widths)]))
    return SPREAD * bare


def _height(ends: Sequence[float], cuts: Sequence[int]) -> float:
    tops = [0.0] + [ends[cut - 1] for cut in cuts]
    return max(bottom - top for top, bottom in zip(tops, [*tops[1:], ends[-1]]))
