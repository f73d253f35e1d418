"""The modules of a graph as a tree: what the graph of the page opens and closes.

A module is a stretch of a topological order whose operators have the beginning of their names in
common. However modules are opened and closed, what is seen has no cycle then; a module whose parts
lie apart, such as a head that is called for each level of a pyramid, is several.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import AbstractSet, Dict, List, Sequence, Tuple, Union

from vai_inspect.core.inspection import InspectedOp
from vai_inspect.reports.picture.order import brought_together
from vai_inspect.reports.text.lines import plain

Path = Tuple[str, ...]

FEWEST = 3
"""Operators of a module that is known by an underscore in their names alone."""

MOST_PARTS = 64
"""What one module or the whole shows side by side; more is divided into stretches."""


@dataclass(frozen=True)
class Module:
    """Operators that belong together.

    Attributes:
        name: the name within the module around it.
        path: the beginning of its operators' names; empty for the whole and for stretches.
        parts: numbers of operators, and modules, in topological order.
    """

    name: str
    path: str
    parts: Tuple[Union[int, "Module"], ...]


Part = Union[int, Module]


def modules(ops: Sequence[InspectedOp]) -> Module:
    """Returns the whole with the modules in it.

    Args:
        ops: every operator in topological order.
    """
    paths = _paths(ops)
    order = brought_together(ops, paths)
    whole = Module("", "", _parts(order, paths, 0))
    calls = Counter(one.path for one in _within(whole))
    return _named(whole, ops, calls, {})


def _paths(ops: Sequence[InspectedOp]) -> List[Path]:
    """Returns the beginnings of each operator's name that it has in common with others.

    Slashes and dots are the model's own; an underscore counts where a name such as `block1_conv`
    is all there is, and the operators of `block1` follow each other.
    """
    own = [op for op in ops if not op.constant]
    places: Dict[str, List[int]] = {}
    for at, op in enumerate(own):
        for underscore in re.finditer(r"(?<=[^_./])_", op.name):
            places.setdefault(op.name[: underscore.start()], []).append(at)
    stretches = {
        start
        for start, inside in places.items()
        if len(inside) >= FEWEST and inside[-1] - inside[0] + 1 == len(inside)
    }
    calls = Counter(op.op.layer for op in own if _is_call(op))
    found: Dict[str, Path] = {}
    for op in own:
        source = op.op.inputs[0].op if op.op.inputs else ""
        # A module without weights, such as an activation, may be one that many others share.
        shared = calls[op.op.layer] > 1 and _is_call(op) and not op.op.params
        found[op.name] = found[source] if shared and source in found else _path(op.name, stretches)
    # A constant is where it is read.
    placed = (op.consumers[0] if op.constant and op.consumers else op.name for op in ops)
    return [found.get(name, ()) for name in placed]


def _is_call(op: InspectedOp) -> bool:
    """Returns whether an operator is a layer itself, and not what the code of a layer computes."""
    return re.fullmatch(r"(_\d+)?", op.name[len(op.op.layer) :]) is not None


def _path(name: str, stretches: AbstractSet[str]) -> Path:
    starts = [found.start() for found in re.finditer(r"[./_]", name)]
    return tuple(
        name[:end] for end in starts if end and (name[end] != "_" or name[:end] in stretches)
    )


def _parts(order: Sequence[int], paths: Sequence[Path], depth: int) -> Tuple[Part, ...]:
    parts: List[Part] = []
    at = 0
    while at < len(order):
        path = paths[order[at]][depth : depth + 1]
        end = at + 1
        while path and end < len(order) and paths[order[end]][depth : depth + 1] == path:
            end += 1
        if end - at < 2:
            parts.append(order[at])
        else:
            inside = _parts(order[at:end], paths, depth + 1)
            only = inside[0] if len(inside) == 1 else None
            parts.append(only if isinstance(only, Module) else Module("", path[0], inside))
        at = end
    return tuple(parts)


def _within(module: Module) -> List[Module]:
    inner = [part for part in module.parts if isinstance(part, Module)]
    return [module, *(deeper for part in inner for deeper in _within(part))]


def _named(
    module: Module,
    ops: Sequence[InspectedOp],
    calls: Dict[str, int],
    seen: Dict[str, int],
    around: str = "",
) -> Module:
    """Returns a module with names for those in it, and none that shows too much side by side."""
    name = module.path[len(around) :].lstrip("./_") if module.path.startswith(around) else ""
    name = plain(name or module.path)
    if module.path and calls[module.path] > 1:
        seen[module.path] = seen.get(module.path, 0) + 1
        name += f" ({seen[module.path]} of {calls[module.path]})"
    parts: List[Part] = [
        _named(part, ops, calls, seen, module.path) if isinstance(part, Module) else part
        for part in module.parts
    ]
    while len(parts) > MOST_PARTS:
        parts = _stretches(parts, ops)
    return Module(name, module.path, tuple(parts))


def _stretches(parts: Sequence[Part], ops: Sequence[InspectedOp]) -> List[Part]:
    """Returns parts in stretches of like length, which begin where few tensors pass."""
    number = math.ceil(math.sqrt(len(parts)) / 2)
    number = max(number, math.ceil(len(parts) / MOST_PARTS))
    passing = _passing(parts, ops)
    starts = [0]
    for stretch in range(1, number):
        wanted = stretch * len(parts) / number
        slack = len(parts) / number / 4
        near = range(max(starts[-1] + 1, round(wanted - slack)), round(wanted + slack) + 1)
        starts.append(min(near, key=lambda at: (passing[at], abs(at - wanted))))
    return [
        Module(f"part {at + 1} of {number}", "", tuple(parts[start:end]))
        for at, (start, end) in enumerate(zip(starts, [*starts[1:], len(parts)]))
    ]


def _passing(parts: Sequence[Part], ops: Sequence[InspectedOp]) -> List[int]:
    """Returns for each part how many operators before it are read in it or after it."""
    part_of = {ops[op].name: at for at, part in enumerate(parts) for op in _ops(part)}
    change = [0] * (len(parts) + 1)
    for at, part in enumerate(parts):
        for op in _ops(part):
            last = max((part_of.get(name, at) for name in ops[op].consumers), default=at)
            if last > at:
                change[at + 1] += 1
                change[last + 1] -= 1
    return list(accumulate(change))


def _ops(part: Part) -> List[int]:
    return (
        [op for inner in part.parts for op in _ops(inner)] if isinstance(part, Module) else [part]
    )
