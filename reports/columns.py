"""Breaks a long graph into columns, so that its picture is a page and not a ribbon."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

from vai_inspect.core.inspection import InspectedOp

SHORTEST = 30
"""Ranks that one column always takes; a graph of about as many stays in one piece."""


@dataclass(frozen=True)
class Columns:
    """Where each operator stands.

    Attributes:
        of: the column of each operator, by name; edges lead to the same or a later one.
        tops: the topmost operator of each column.
    """

    of: Dict[str, int]
    tops: Tuple[str, ...]


def columns(ops: Sequence[InspectedOp]) -> Columns:
    """Divides a graph.

    The height is what makes the picture about as wide as it is high. Near it, the graph is cut
    where one subgraph ends and the next begins, else where few tensors pass.

    Args:
        ops: every operator in topological order.
    """
    depths = _depths(ops)
    ranks = 1 + max(depths.values(), default=0)
    cuts = _cuts(*_passing(ops, depths, ranks), max(SHORTEST, round(math.sqrt(6 * ranks))))
    of = {name: bisect.bisect_right(cuts, depth) for name, depth in depths.items()}
    tops: Dict[int, str] = {}
    for name in sorted(depths, key=depths.__getitem__):
        tops.setdefault(of[name], name)
    return Columns(of, tuple(tops[at] for at in sorted(tops)))


def _depths(ops: Sequence[InspectedOp]) -> Dict[str, int]:
    """Longest way from a source; a source stands right above the first that reads it."""
    depths: Dict[str, int] = {}
    for op in ops:
        depths[op.name] = 1 + max((depths[value.op] for value in op.op.inputs), default=-1)
    for op in ops:
        if not op.op.inputs and op.consumers:
            depths[op.name] = max(0, min(depths[reader] for reader in op.consumers) - 1)
    return depths


def _passing(
    ops: Sequence[InspectedOp], depths: Dict[str, int], ranks: int
) -> Tuple[List[int], List[int]]:
    """For each rank, how many operators above it are read at it or below; then, by the same part.

    The second counts only what is read by the operator's own subgraph.
    """
    part = {op.name: op.subgraph for op in ops}
    anywhere, within = [0] * (ranks + 1), [0] * (ranks + 1)
    for op in ops:
        inner = [r for r in op.consumers if op.subgraph is not None and part[r] == op.subgraph]
        for change, readers in ((anywhere, op.consumers), (within, inner)):
            change[depths[op.name] + 1] += 1
            change[1 + max((depths[reader] for reader in readers), default=depths[op.name])] -= 1
    return _running(anywhere[:ranks]), _running(within[:ranks])


def _running(changes: Iterable[int]) -> List[int]:
    sums, total = [], 0
    for change in changes:
        total += change
        sums.append(total)
    return sums


def _cuts(anywhere: Sequence[int], within: Sequence[int], height: int) -> List[int]:
    cuts: List[int] = []
    start, ranks = 0, len(anywhere)
    while ranks - start > height + height // 2:
        wanted = start + height
        near = range(start + height * 3 // 4, start + height * 5 // 4 + 1)
        around = range(start + height // 2, start + height * 3 // 2)
        between = [cut for cut in around if not within[cut]]
        start = min(between or near, key=lambda cut: (anywhere[cut], abs(cut - wanted)))
        cuts.append(start)
    return cuts
