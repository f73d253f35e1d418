"""The boxes of the picture: an operator each, or fewer and fuller ones where there are many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.inspection import InspectedOp

ONE_EACH = 420
"""Operators up to which each has a box of its own; more are drawn as runs."""

MOST_BOXES = 700
"""Boxes up to which a picture is read and laid out in seconds; more are joined by module."""

LONGEST_RUN = 24
"""Operators in one run, so that no box is higher than a column."""


@dataclass(frozen=True)
class Box:
    """Operators that are drawn as one.

    Attributes:
        ops: the operators, one or more, in graph order; all are of one subgraph, or of none.
        reads: numbers of the boxes that it reads, ascending; each is smaller than its own.
        read_by: numbers of the boxes that read it, ascending.
    """

    ops: Tuple[InspectedOp, ...]
    reads: Tuple[int, ...]
    read_by: Tuple[int, ...]

    @property
    def subgraph(self) -> Optional[str]:
        """The subgraph of its operators."""
        return self.ops[0].subgraph


def boxes(ops: Sequence[InspectedOp]) -> Tuple[Box, ...]:
    """Divides a graph into boxes in topological order.

    A small graph has a box for each operator. A larger one has a box for each run: operators of
    one subgraph and one verdict, each of which reads only the one before it and is all that reads
    it. Where even these are too many, neighbours in the order of the graph that belong to one
    subgraph and one module are a box, with as much of the module's path as is possible.

    Args:
        ops: every operator in topological order.
    """
    if len(ops) <= ONE_EACH:
        return each_alone(ops)
    runs = _runs(ops)
    if 1 + max(runs) <= MOST_BOXES:
        return _joined(ops, runs)
    parts = {op.name: re.split(r"[./]", op.op.layer) for op in ops}
    groups: List[int] = []
    for depth in range(max(map(len, parts.values())), -1, -1):
        groups = _neighbours(ops, [tuple(parts[op.name][:depth]) for op in ops])
        if 1 + max(groups) <= MOST_BOXES:
            break
    return _joined(ops, groups)


def each_alone(ops: Sequence[InspectedOp]) -> Tuple[Box, ...]:
    """Returns a box for each operator.

    Args:
        ops: every operator in topological order.
    """
    return _joined(ops, range(len(ops)))


def _runs(ops: Sequence[InspectedOp]) -> List[int]:
    """Returns the number of each operator's run, numbered by their first operators."""
    by_name = {op.name: op for op in ops}
    group: Dict[str, int] = {}
    sizes: List[int] = []
    for op in ops:
        sources = {value.op for value in op.op.inputs}
        before = by_name[sources.pop()] if len(sources) == 1 else None
        if (
            before is not None
            and op.subgraph is not None
            and before.subgraph == op.subgraph
            and before.verdict is op.verdict
            and len(before.consumers) == 1
            and sizes[group[before.name]] < LONGEST_RUN
        ):
            group[op.name] = group[before.name]
            sizes[group[op.name]] += 1
        else:
            group[op.name] = len(sizes)
            sizes.append(1)
    return [group[op.name] for op in ops]


def _neighbours(ops: Sequence[InspectedOp], modules: Sequence[Tuple[str, ...]]) -> List[int]:
    """Returns numbers that neighbours of one subgraph and one module share.

    What stands together in topological order can be one box without a cycle among the boxes.
    """
    keys = [(op.subgraph, module) for op, module in zip(ops, modules)]
    numbers = [0] * len(ops)
    for at in range(1, len(ops)):
        same = keys[at] == keys[at - 1] and ops[at].subgraph is not None
        numbers[at] = numbers[at - 1] + (not same)
    return numbers


def _joined(ops: Sequence[InspectedOp], numbers: Sequence[int]) -> Tuple[Box, ...]:
    box_of = {op.name: number for op, number in zip(ops, numbers)}
    members: List[List[InspectedOp]] = [[] for _ in range(1 + max(numbers, default=-1))]
    for op, number in zip(ops, numbers):
        members[number].append(op)
    made = []
    for number, inside in enumerate(members):
        reads = {box_of[value.op] for op in inside for value in op.op.inputs} - {number}
        read_by = {box_of[reader] for op in inside for reader in op.consumers} - {number}
        made.append(Box(tuple(inside), tuple(sorted(reads)), tuple(sorted(read_by))))
    return tuple(made)
