"""Breaks a long graph into columns, so that its picture is a page and not a ribbon."""

from __future__ import annotations

import math
from typing import Dict, List, Sequence

from vai_inspect.core.inspection import InspectedOp

SHORTEST = 30
"""Ranks that one column always takes; a graph of no more stays in one piece."""


def columns(ops: Sequence[InspectedOp]) -> Dict[str, int]:
    """Returns the column of each operator, by name; edges lead to the same or a later column.

    The graph is cut where few tensors cross, near the height that makes the picture about as
    wide as it is high.

    Args:
        ops: every operator in topological order.
    """
    depths = _depths(ops)
    ranks = 1 + max(depths.values(), default=0)
    height = max(SHORTEST, round(math.sqrt(6 * ranks)))
    cuts = _cuts(_live(ops, depths, ranks), height)
    column_of_rank = [0] * ranks
    for cut in cuts:
        for rank in range(cut, ranks):
            column_of_rank[rank] += 1
    return {name: column_of_rank[depth] for name, depth in depths.items()}


def _depths(ops: Sequence[InspectedOp]) -> Dict[str, int]:
    """Longest way from a source; a source stands right above the first that reads it."""
    depths: Dict[str, int] = {}
    for op in ops:
        depths[op.name] = 1 + max((depths[value.op] for value in op.op.inputs), default=-1)
    for op in ops:
        if not op.op.inputs and op.consumers:
            depths[op.name] = max(0, min(depths[reader] for reader in op.consumers) - 1)
    return depths


def _live(ops: Sequence[InspectedOp], depths: Dict[str, int], ranks: int) -> List[int]:
    """For each rank, how many operators above it are read at it or below."""
    change = [0] * (ranks + 1)
    for op in ops:
        last = max((depths[reader] for reader in op.consumers), default=depths[op.name])
        change[depths[op.name] + 1] += 1
        change[min(last + 1, ranks)] -= 1
    live, running = [], 0
    for rank in range(ranks):
        running += change[rank]
        live.append(running)
    return live


def _cuts(live: Sequence[int], height: int) -> List[int]:
    cuts: List[int] = []
    start, ranks = 0, len(live)
    while ranks - start > height + height // 2:
        low, high = start + height * 3 // 4, start + height * 5 // 4
        wanted = start + height
        start = min(range(low, high + 1), key=lambda cut: (live[cut], abs(cut - wanted)))
        cuts.append(start)
    return cuts
