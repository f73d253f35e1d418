"""The pattern of repeated pixels, which tf2onnx exports as reshapes, transposes and tiles."""

from __future__ import annotations

import math
from typing import List, NamedTuple, Optional, Sequence, Tuple

from vai_inspect.core.ir import Op, TensorType, Value
from vai_inspect.core.ir.attrs import Attrs, ResizeAttrs, TransposeAttrs
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Replacement,
    ending_with,
    named,
    replacement,
)

LONGEST = 12
"""Limit of operators in a chain."""
_MOVES = ("reshape", "transpose", "Tile", "Expand")
_LAST, _FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


class Part(NamedTuple):
    """A part of an axis: an axis of the source, or repetitions (axis None)."""

    axis: Optional[int]
    size: int


Axes = List[Tuple[Part, ...]]
"""For each axis of a tensor its parts, slowest first; none for an axis of size 1."""


class Repeated(NamedTuple):
    """An image with repeated pixels whose axes are then transposed.

    Attributes:
        times: number of repetitions along each axis of the source.
        order: the axis of the source at each axis.
    """

    times: Tuple[int, ...]
    order: Tuple[int, ...]


@ending_with("reshape", "transpose", "unknown")
def repeated(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' UpSampling2D: a new axis that is tiled and reshaped into the one before it, twice."""
    chain = _chain(matcher, op)
    for begin in range(len(chain) - 2):
        found = _last(matcher, chain[begin:])
        if found is not None and _is_end(matcher, chain[begin:]):
            return _resize(matcher, chain[begin:], found)
    return None


def _chain(matcher: Matcher, op: Op) -> List[Op]:
    """Returns the chain of moves that ends with an operator, each with a single reader."""
    found: List[Op] = []
    while named(op) in _MOVES and len(found) < LONGEST and (not found or matcher.inner(op)):
        found.append(op)
        op = matcher.producer(op.inputs[0])
    return found[::-1] if any(named(one) in ("Tile", "Expand") for one in found) else []


def _is_end(matcher: Matcher, chain: Sequence[Op]) -> bool:
    """Returns whether no move after a chain repeats pixels further."""
    longer = list(chain)
    for _ in range(LONGEST):
        readers = matcher.graph.consumers(longer[-1])
        if len(readers) != 1 or named(readers[0]) not in _MOVES:
            return True
        longer.append(readers[0])
        if _last(matcher, longer) is not None:
            return False
    return True


def _last(matcher: Matcher, chain: Sequence[Op]) -> Optional[Repeated]:
    """Returns the function of a chain if it repeats the pixels of an image, or None."""
    source = matcher.graph.type_of(chain[0].inputs[0]).shape
    axes: Optional[Axes] = [_part(at, size) for at, size in enumerate(source)]
    for op in chain:
        axes = axes and _moved(op, axes, matcher.graph.type_of(op.inputs[0]).shape)
    if not axes or len(axes) != 4 or len(source) != 4:
        return None
    units = [at for at, size in enumerate(source) if size == 1]
    times, order = [1] * 4, []
    for parts in axes:
        if not parts and units:
            order.append(units.pop(0))
            continue
        kept, more = parts[:1], parts[1:]
        if not kept or kept[0].axis is None or any(one.axis is not None for one in more):
            return None
        times[kept[0].axis] = math.prod(one.size for one in more)
        order.append(kept[0].axis)
    spatial = {at for at, count in enumerate(times) if count > 1}
    fits = spatial and (spatial <= {2, 3} or spatial == {1, 2})
    return Repeated(tuple(times), tuple(order)) if fits else None


def _part(axis: Optional[int], size: int) -> Tuple[Part, ...]:
    return (Part(axis, size),) if size != 1 else ()


def _moved(op: Op, axes: Axes, before: Sequence[int]) -> Optional[Axes]:
    after = op.output.shape
    if isinstance(op.attrs, TransposeAttrs):
        return [axes[at] for at in op.attrs.order]
    if op.kind == "reshape":
        return _regrouped([part for parts in axes for part in parts], after)
    if len(before) != len(after) or any(a != b and b != 1 for a, b in zip(after, before)):
        return None
    return [
        parts if size == old else _part(None, size) for parts, size, old in zip(axes, after, before)
    ]


def _regrouped(parts: Sequence[Part], shape: Sequence[int]) -> Optional[Axes]:
    """Returns the parts by the axes of a shape; None if a part would be divided."""
    left, found = list(parts), []  # type: List[Part], Axes
    for size in shape:
        taken: List[Part] = []
        while left and math.prod(one.size for one in taken) < size:
            taken.append(left.pop(0))
        if math.prod(one.size for one in taken) != size:
            return None
        found.append(tuple(taken))
    return None if left else found


def _resize(matcher: Matcher, chain: Sequence[Op], found: Repeated) -> Replacement:
    """Returns a channels-first resize between the transposes that it needs."""
    source, last = chain[0].inputs[0], chain[-1]
    shape, times, order = matcher.graph.type_of(source).shape, found.times, found.order
    steps: List[Tuple[str, Attrs, Tuple[int, ...]]] = []
    if times[1] > 1:
        shape, times = _ordered(shape, _FIRST), _ordered(times, _FIRST)
        steps.append(("transpose", TransposeAttrs(_FIRST), shape))
        order = tuple(_LAST[at] for at in order)
    shape = tuple(size * count for size, count in zip(shape, times))
    scale = (float(times[3]), float(times[2]))
    steps.append(("resize", ResizeAttrs("NEAREST", False, False, scale), shape))
    if order != (0, 1, 2, 3):
        steps.append(("transpose", TransposeAttrs(order), _ordered(shape, order)))
    places = [*chain[: len(steps) - 1], last]
    made: List[Op] = []
    for place, (kind, attrs, size) in zip(places, steps):
        rest = [one for one in chain if one not in places] if kind == "resize" else []
        new = replacement(rest, place, kind, [source], attrs).op
        outputs = (TensorType(size, last.output.dtype),)
        messages = () if kind == "resize" else new.messages  # those of the tile
        made.append(new.replaced(outputs=outputs, messages=messages))
        source = Value(place.name)
    return Replacement(made[-1], chain[:-1], made[:-1])


def _ordered(sizes: Sequence[int], order: Sequence[int]) -> Tuple[int, ...]:
    return tuple(sizes[at] for at in order)
