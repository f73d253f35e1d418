"""The boxes of the picture: an operator each, or fewer and fuller ones where there are many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, Hashable, Iterator, List, Optional, Sequence, Tuple

from vai_inspect.core.inspection import InspectedOp
from vai_inspect.reports.picture.order import brought_together

ONE_EACH = 420
"""Operators up to which each has a box of its own; more are drawn as runs."""

MOST_BOXES = 700
"""Boxes up to which a picture is read and laid out in seconds."""

FEWEST_BOXES = 150
"""Boxes of a picture in which nothing but the order of the graph joins the operators."""

LONGEST_RUN = 24
"""Operators in one run, so that no box is higher than a column."""

LISTED = 4
"""Operators of one module that are listed; more are told in sum."""


@dataclass(frozen=True)
class Box:
    """Operators that are drawn as one.

    Attributes:
        ops: the operators, one or more, in graph order.
        reads: numbers of the boxes that it reads, ascending; each is smaller than its own.
        read_by: numbers of the boxes that read it, ascending.
        summed: whether they are told in sum and not one by one.
    """

    ops: Tuple[InspectedOp, ...]
    reads: Tuple[int, ...]
    read_by: Tuple[int, ...]
    summed: bool = False

    @property
    def subgraph(self) -> Optional[str]:
        """The subgraph of its operators, or None where they are of several or of none."""
        return self.ops[0].subgraph if len({op.subgraph for op in self.ops}) == 1 else None


def levels(ops: Sequence[InspectedOp]) -> Iterator[Tuple[Box, ...]]:
    """Yields ways to divide a graph into boxes in topological order, each coarser than the last.

    First a box for each operator, unless there are too many. Then one for each run: operators of
    one subgraph and one verdict, each of which reads only the one before it and is all that reads
    it. Then one for what is of one subgraph and one module, with less and less of the module's
    path; then for what is of one module, on whatever device; then for so many neighbours; last the
    graph's inputs and outputs are joined, too.

    Args:
        ops: every operator in topological order.
    """
    if len(ops) <= ONE_EACH:
        yield each_alone(ops)
    fewest = len(ops)
    for number_of, listed in _divisions(ops):
        fewer = 1 + max(number_of, default=-1)
        if fewer < fewest:
            yield _joined(ops, number_of, listed)
            fewest = fewer


def each_alone(ops: Sequence[InspectedOp]) -> Tuple[Box, ...]:
    """Returns a box for each operator.

    Args:
        ops: every operator in topological order.
    """
    return _joined(ops, range(len(ops)), 1)


def _divisions(ops: Sequence[InspectedOp]) -> Iterator[Tuple[List[int], int]]:
    """Yields the number of each operator's box, and how many of a box are listed."""
    yield _runs(ops), LONGEST_RUN
    modules = [tuple(re.split(r"[./]", op.op.layer)[:-1]) for op in ops]
    depths = range(max(map(len, modules), default=0), -1, -1)
    alone: List[Hashable] = [op.subgraph is None and op.name for op in ops]
    for depth in depths:
        keys = [(op.subgraph, path[:depth]) for op, path in zip(ops, modules)]
        yield _neighbours(ops, list(zip(alone, keys))), LISTED
    for depth in depths[:-1]:
        yield _neighbours(ops, [(a, path[:depth]) for a, path in zip(alone, modules)]), LISTED
    share = 1 + len(ops) // FEWEST_BOXES
    yield _numbered(range(len(ops)), [(a, at // share) for at, a in enumerate(alone)]), LISTED
    users = [op.subgraph is None for op in ops]
    yield _numbered(range(len(ops)), [(a, at // share) for at, a in enumerate(users)]), LISTED


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


def _neighbours(ops: Sequence[InspectedOp], keys: Sequence[Hashable]) -> List[int]:
    return _numbered(brought_together(ops, [(key,) for key in keys]), keys)


def _numbered(order: Sequence[int], keys: Sequence[Hashable]) -> List[int]:
    """Returns a number for each operator that neighbours of one key share.

    What stands together in a topological order can be one box without a cycle among the boxes.
    """
    numbers = [0] * len(order)
    for before, at in zip(order, order[1:]):
        numbers[at] = numbers[before] + (keys[at] != keys[before])
    return numbers


def _joined(ops: Sequence[InspectedOp], numbers: Sequence[int], listed: int) -> Tuple[Box, ...]:
    box_of = {op.name: number for op, number in zip(ops, numbers)}
    members: List[List[InspectedOp]] = [[] for _ in range(1 + max(numbers, default=-1))]
    for op, number in zip(ops, numbers):
        members[number].append(op)
    made = []
    for number, inside in enumerate(members):
        reads = {box_of[value.op] for op in inside for value in op.op.inputs} - {number}
        read_by = {box_of[reader] for op in inside for reader in op.consumers} - {number}
        around = tuple(sorted(reads)), tuple(sorted(read_by))
        made.append(Box(tuple(inside), *around, summed=len(inside) > listed))
    return tuple(made)
