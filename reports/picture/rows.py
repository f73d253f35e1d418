"""The rows of a picture: each item below all that it reads, and no row too wide."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence

WIDEST = 2400.0
"""Points of a row; what is wider is wrapped: 3,200 pixels."""

NARROWEST = 1200.0
"""Points of a row that is not wrapped however small the graph is."""

GAP = 18.0
"""Points between two items, arrows among them."""


@dataclass(frozen=True)
class Item:
    """What has a place in a picture.

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


def rows(items: Sequence[Item]) -> List[int]:
    """Returns the row of each item, the uppermost is 0.

    That is the longest way from an item that reads nothing; such a one stands right above the
    first that reads it. Where a row would be wider than WIDEST, or than a square of all the items,
    what is too much goes to the next, or to the one before if it reads nothing.

    Args:
        items: every item in topological order.
    """
    found: List[int] = []
    for item in items:
        found.append(1 + max((found[source] for source in item.reads), default=-1))
    for at, item in enumerate(items):
        if not item.reads and item.read_by:
            found[at] = max(0, min(found[reader] for reader in item.read_by) - 1)
    used: Dict[int, float] = defaultdict(float)
    for at, item in enumerate(items):
        used[found[at]] += item.width + GAP
    area = sum((item.width + GAP) * (item.height + GAP) for item in items)
    widest = min(WIDEST, max(NARROWEST, math.sqrt(area)))
    fits = max(used.values(), default=0.0) <= widest
    return found if fits else _wrapped(items, found, widest)


def _wrapped(items: Sequence[Item], natural: Sequence[int], widest: float) -> List[int]:
    used: Dict[int, float] = defaultdict(float)
    found = [0] * len(items)

    def full(row: int, item: Item) -> bool:
        return used[row] > 0 and used[row] + item.width > widest

    def put(at: int, row: int) -> None:
        found[at] = row
        used[row] += items[at].width + GAP

    placed = [at for at, item in enumerate(items) if item.reads or not item.read_by]
    for at in sorted(placed, key=lambda at: (natural[at], at)):
        row = 1 + max((found[source] for source in items[at].reads), default=-1)
        while full(row, items[at]):
            row += 1
        put(at, row)
    for at, item in enumerate(items):
        if item.read_by and not item.reads:
            below = min(found[reader] for reader in item.read_by)
            free = (row for row in range(below - 1, -1, -1) if not full(row, item))
            put(at, next(free, below - 1))
    return found
