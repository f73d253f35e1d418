"""The boxes of the picture: an operator each, or fewer and fuller ones where there are many."""

from __future__ import annotations

import heapq
import math
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import AbstractSet, Dict, Hashable, Iterator, List, Mapping, Optional, Sequence, Tuple

from vai_inspect.core.findings import Device
from vai_inspect.core.inspection import InspectedOp, Inspection
from vai_inspect.core.root_cause import Position
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
"""Operators of one module that are listed; more are reported in sum."""

_PLACES: Mapping[Hashable, float] = {"start": -1, "end": math.inf}
"""Of the boxes of both ends among the numbers of the others."""

_NOWHERE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Box:
    """Operators that are drawn as one.

    Attributes:
        ops: the operators, one or more, in graph order.
        reads: numbers of the boxes that it reads, ascending; each is smaller than its own.
        read_by: numbers of the boxes that read it, ascending.
        summed: whether they are reported in sum and not one by one.
        end: `start` or `end` where they are all that the CPU does there, else nothing.
    """

    ops: Tuple[InspectedOp, ...]
    reads: Tuple[int, ...]
    read_by: Tuple[int, ...]
    summed: bool = False
    end: str = ""

    @property
    def subgraph(self) -> Optional[str]:
        """The subgraph of its operators, or None where they are of several or of none."""
        return self.ops[0].subgraph if len({op.subgraph for op in self.ops}) == 1 else None


def ends(inspection: Inspection) -> Dict[str, str]:
    """Returns which operators are drawn as the start or the end of the network, by name.

    The start is what the CPU does before anything runs on the DPU, the end what it does of which
    nothing on the DPU reads anything. What has no DPU before or after it goes with the end. One
    operator alone is none of both, nor is a network of which nothing runs on the DPU.

    Args:
        inspection: what is drawn.
    """
    if not inspection.on(Device.DPU):
        return {}
    place = {Position.START: "start", Position.END: "end", Position.APART: "end"}
    found: Dict[str, str] = {}
    for op in inspection.on(Device.CPU):
        position = inspection.boundary.position((op.name,))
        if position in place and op.subgraph is not None:
            found[op.name] = place[position]
    for op in inspection.constants:
        read_at = {found.get(name) for name in op.consumers}
        if len(read_at) == 1 and None not in read_at and op.subgraph is not None:
            found[op.name] = str(read_at.pop())
    for end in ("start", "end"):
        inside = [name for name, at in found.items() if at == end]
        if sum(not _named(inspection, name).constant for name in inside) < 2:
            for name in inside:
                del found[name]
    return found


def _named(inspection: Inspection, name: str) -> InspectedOp:
    op = inspection.op(name)
    assert op is not None
    return op


def levels(
    ops: Sequence[InspectedOp], at_ends: Mapping[str, str] = _NOWHERE
) -> Iterator[Tuple[Box, ...]]:
    """Yields ways to divide a graph into boxes in topological order, each coarser than the last.

    What the CPU does at an end is one box in all of them. First each other operator has a box,
    unless there are too many. Then each run has one: operators of one subgraph and one verdict,
    each of which reads only the one before it and is all that reads it. Then what is of one
    subgraph and one module, with less and less of the module's path; then what is of one module, on
    whatever device; then so many neighbours; last the graph's inputs and its outputs are joined,
    too.

    Args:
        ops: every operator in topological order.
        at_ends: `start` or `end` by the names of the operators there, as `ends` gives them.
    """
    between = [op for op in ops if op.name not in at_ends]
    if len(between) <= ONE_EACH:
        yield _joined(ops, between, range(len(between)), 1, at_ends)
    fewest = len(between)
    for number_of, listed in _divisions(between):
        fewer = 1 + max(number_of, default=-1)
        if fewer < fewest:
            yield _joined(ops, between, number_of, listed, at_ends)
            fewest = fewer


def each_alone(ops: Sequence[InspectedOp]) -> Tuple[Box, ...]:
    """Returns a box for each operator.

    Args:
        ops: every operator in topological order.
    """
    return _joined(ops, ops, range(len(ops)), 1, {})


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
    users = [op.subgraph is None and op.type for op in ops]
    yield _numbered(range(len(ops)), [(a, at // share) for at, a in enumerate(users)]), LISTED


def _runs(ops: Sequence[InspectedOp]) -> List[int]:
    """Returns the number of each operator's run, numbered by their first operators."""
    by_name = {op.name: op for op in ops}
    group: Dict[str, int] = {}
    sizes: List[int] = []
    for op in ops:
        sources = {value.op for value in op.op.inputs}
        before = by_name.get(sources.pop()) if len(sources) == 1 else None
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


def _joined(
    ops: Sequence[InspectedOp],
    between: Sequence[InspectedOp],
    numbers: Sequence[int],
    listed: int,
    at_ends: Mapping[str, str],
) -> Tuple[Box, ...]:
    """Returns the boxes: those of `between` by their numbers, and one for each end."""
    key_of: Dict[str, Hashable] = {op.name: at for op, at in zip(between, numbers)}
    key_of.update(at_ends)
    members: Dict[Hashable, List[InspectedOp]] = {}
    for op in ops:
        members.setdefault(key_of[op.name], []).append(op)
    reads = {
        key: {key_of[value.op] for op in inside for value in op.op.inputs} - {key}
        for key, inside in members.items()
    }
    read_by = {
        key: {key_of[reader] for op in inside for reader in op.consumers} - {key}
        for key, inside in members.items()
    }
    number = {key: at for at, key in enumerate(_sorted(reads, read_by))}
    made = []
    for key in number:
        inside, end = tuple(members[key]), key if isinstance(key, str) else ""
        before, after = (
            tuple(sorted(number[one] for one in side[key])) for side in (reads, read_by)
        )
        most = LISTED if end else listed
        made.append(Box(inside, before, after, summed=len(inside) > most, end=end))
    return tuple(made)


def _sorted(
    reads: Mapping[Hashable, AbstractSet[Hashable]],
    read_by: Mapping[Hashable, AbstractSet[Hashable]],
) -> List[Hashable]:
    """Returns the keys of boxes in topological order, as near to their own as there is one."""
    place = {key: key if isinstance(key, int) else _PLACES[key] for key in reads}
    waits_for = {key: len(sources) for key, sources in reads.items()}
    ready = [(at, key) for key, at in place.items() if not waits_for[key]]
    order = []
    while ready:
        _, key = heapq.heappop(ready)
        order.append(key)
        for reader in read_by[key]:
            waits_for[reader] -= 1
            if not waits_for[reader]:
                heapq.heappush(ready, (place[reader], reader))
    return order
