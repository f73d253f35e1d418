"""Breaks a long graph into columns, so that its picture is a page and not a ribbon."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import List, Sequence, Tuple

from vai_inspect.reports.picture.rows import GAP, Item, rows

WIDE = 1.25
"""Width of a page over its height that is aimed at."""

SHORTEST = 1500.0
"""Points that one column always takes; a graph of about this height stays in one piece."""

TALLEST = 5000.0
"""Points after which a column ends however wide the page gets: 6,700 pixels."""

MOST_TRIED = 40
"""Numbers of columns that are tried; of more, which only graphs of thousands of boxes have, some
are left out, as trying all would take the square of their time."""

SPREAD = 1.4
"""How much wider a column gets than its boxes: ways around them, clusters, margins. Measured."""


@dataclass(frozen=True)
class Layout:
    """Where the items stand.

    Attributes:
        column: the column of each; what an item reads is in the same one or an earlier one.
        row: the row of each, counted through all columns; what it reads is in an earlier one.
        width: of the page in points, about.
        height: of the page in points, about.
    """

    column: Sequence[int]
    row: Sequence[int]
    width: float
    height: float


def arranged(items: Sequence[Item], side: float = 0.0) -> Layout:
    """Returns columns and rows for items.

    Of several numbers of columns that one is taken which makes the page about WIDE times as wide
    as high. They are of like height; near where one should end, the graph is cut where one
    subgraph ends and the next begins, else where few tensors pass.

    Args:
        items: every item in topological order.
        side: points that each column is wider, such as for titles beside the items.
    """
    if not items:
        return Layout((), (), 0.0, 0.0)
    row = rows(items)
    widths, ends = _sizes(items, row)
    anywhere, within = _passing(items, row, len(ends))
    best: Tuple[float, List[int]] = (math.inf, [])
    least = math.ceil(ends[-1] / TALLEST)
    most = max(1 + (ends[-1] > 1.25 * SHORTEST), round(ends[-1] / SHORTEST))
    for number in range(least, most + 1, 1 + (most - least) // MOST_TRIED):
        cuts = _cuts(anywhere, within, ends, number)
        shape = _width(widths, cuts, side) / _height(ends, cuts) / WIDE
        best = min(best, (abs(math.log(shape)), cuts))
    column = [bisect_right(best[1], at) for at in row]
    for at, item in enumerate(items):
        if item.read_by and not item.reads:
            column[at] = min(column[reader] for reader in item.read_by)
    left = sorted(set(column))
    column = [bisect_left(left, old) for old in column]
    return Layout(column, row, _width(widths, best[1], side), _height(ends, best[1]))


def _sizes(items: Sequence[Item], row: Sequence[int]) -> Tuple[List[float], List[float]]:
    """Returns the width of each row, and how far from the top it ends."""
    count = 1 + max(row, default=0)
    widths, heights = [0.0] * count, [0.0] * count
    for item, at in zip(items, row):
        widths[at] += item.width + GAP
        heights[at] = max(heights[at], item.height + GAP)
    return widths, list(accumulate(heights))


def _passing(items: Sequence[Item], row: Sequence[int], count: int) -> Tuple[List[int], List[int]]:
    """For each row, how many items above it are read at it or below; then, by the same part.

    The second counts only what is read by the item's own subgraph.
    """
    anywhere, within = [0] * (count + 1), [0] * (count + 1)
    for item, at in zip(items, row):
        inner = [r for r in item.read_by if item.part is not None and items[r].part == item.part]
        for change, readers in ((anywhere, item.read_by), (within, inner)):
            change[at + 1] += 1
            change[1 + max((row[reader] for reader in readers), default=at)] -= 1
    return list(accumulate(anywhere[:count])), list(accumulate(within[:count]))


def _cuts(
    anywhere: Sequence[int], within: Sequence[int], ends: Sequence[float], number: int
) -> List[int]:
    """Returns the rows with which columns begin, but for the first."""
    cuts: List[int] = []
    height = ends[-1] / number
    for column in range(1, number):
        wanted = column * height
        start = cuts[-1] if cuts else 0
        if start >= len(ends) - 1:
            break
        near = _between(ends, start, wanted - 0.15 * height, wanted + 0.15 * height)
        around = _between(ends, start, wanted - 0.3 * height, wanted + 0.3 * height)
        free = [cut for cut in around if not within[cut]]
        cuts.append(min(free or near, key=lambda c: (anywhere[c], abs(ends[c - 1] - wanted))))
    return cuts


def _between(ends: Sequence[float], start: int, low: float, high: float) -> range:
    """Returns the rows whose upper edge is between two heights; at least one, after `start`."""
    first = min(max(start + 1, bisect_left(ends, low) + 1), len(ends) - 1)
    return range(first, max(first + 1, min(bisect_right(ends, high) + 1, len(ends))))


def _width(widths: Sequence[float], cuts: Sequence[int], side: float) -> float:
    bare = sum(max(widths[a:b]) for a, b in zip([0, *cuts], [*cuts, len(widths)]))
    return SPREAD * bare + side * (1 + len(cuts))


def _height(ends: Sequence[float], cuts: Sequence[int]) -> float:
    tops = [0.0] + [ends[cut - 1] for cut in cuts]
    return max(bottom - top for top, bottom in zip(tops, [*tops[1:], ends[-1]]))
