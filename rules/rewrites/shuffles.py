"""Channels in another order, and pixels as channels, by convolutions of zeros and ones."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    Conv2dAttrs,
    PixelShuffleAttrs,
    StridedSliceAttrs,
    TransposeAttrs,
)
from vai_inspect.rules.rewrites.quantised import passing
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite

_LAST_TWO = (0, 1, 2, 4, 3)
_TO_NCHW, _TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


def shuffle(graph: Graph, op: Op) -> Change:
    """A channel shuffle becomes a 1x1 convolution with a permutation as weights."""
    if isinstance(op.attrs, TransposeAttrs) and tuple(op.attrs.order) == _LAST_TWO:
        return _shuffle_last(graph, op)
    first, last, between = op, op, [op]
    if isinstance(op.attrs, TransposeAttrs):
        if op.output.rank != 5 or sorted(op.attrs.order[1:3]) != [1, 2]:
            return None
        before, after = graph.producer(op), _reader(graph, op)
        if before is None or after is None or {before.kind, after.kind} != {"reshape"}:
            return None
        if not _keeps_map(before, graph) or not _keeps_map(after, graph):
            return None
        first, last, between = before, after, [before, op, after]
    elif op.float_remedy is None or op.float_remedy.rewrite != "shuffle-to-convolution":
        return None
    source, end = first.inputs[0], last
    opening, closing = graph[source.op], _reader(graph, last)
    change: Dict[str, Tuple[Op, ...]] = {one.name: () for one in between}
    if _is_transpose(opening, _TO_NCHW) and closing is not None:
        if not _is_transpose(closing, _TO_NHWC):
            return None
        if graph.consumers(opening) == (first,):
            change[opening.name] = ()
        source, end = opening.inputs[0], closing
    tensor = graph.type_of(source)
    if any(len(graph.consumers(one)) != 1 for one in between) or tensor.rank != 4:
        return None
    if end.output.shape != tensor.shape:
        return None
    change[end.name] = ()
    made = _convolution(op, op.name, source, end.output, (1, 1), tensor.channels)
    change[op.name] = (made,)
    return _given_by(change, end, op)


def _shuffle_last(graph: Graph, op: Op) -> Change:
    """A shuffle with the channels last: they are split, turned and joined as the last axes."""
    before, after = graph.producer(op), _reader(graph, op)
    if before is None or after is None or {before.kind, after.kind} != {"reshape"}:
        return None
    tensor = graph.type_of(before.inputs[0])
    if len(graph.consumers(before)) != 1 or tensor.rank != 4:
        return None
    if after.output.shape != tensor.shape or before.output.shape[:3] != tensor.shape[:3]:
        return None
    made = _convolution(op, op.name, before.inputs[0], after.output, (1, 1), tensor.channels)
    return _given_by({before.name: (), op.name: (made,)}, after, op)


def _given_by(change: Dict[str, Tuple[Op, ...]], end: Op, op: Op) -> Change:
    """Returns the change with the new operator at the place of the last of those before it."""
    if end is not op:
        (made,) = change[op.name]
        change[op.name] = ()
        change[end.name] = (made, passing(end.replaced(inputs=(Value(made.name),))))
    return change


def unshuffle(graph: Graph, op: Op) -> Change:
    """Space to depth, also as slices of every other pixel, becomes a convolution."""
    attrs = op.attrs
    if isinstance(attrs, PixelShuffleAttrs):
        if attrs.upscale:
            return None
        source = op.inputs[0]
        channels = graph.type_of(source).channels
        size = (attrs.scale, attrs.scale)
        return {op.name: (_convolution(op, op.name, source, op.output, size, channels),)}
    if op.kind != "concat" or len(op.inputs) != 4 or op.output.rank != 4:
        return None
    corners = [_corner(graph, one) for one in graph.producers(op)]
    slices = {part.name: part for corner in corners for part in corner.slices}
    sources = {corner.source for corner in corners}
    if len({corner.begin for corner in corners}) != 4 or len(sources) != 1:
        return None
    if any(corner.begin is None for corner in corners):
        return None
    inside = {op.name, *slices}
    if any(one.name not in inside for part in slices.values() for one in graph.consumers(part)):
        return None
    (source,) = sources
    tensor = graph.type_of(source)
    if tensor.shape[1] % 2 or tensor.shape[2] % 2 or op.output.channels != 4 * tensor.channels:
        return None
    if (2 * op.output.shape[1], 2 * op.output.shape[2]) != tensor.shape[1:3]:
        return None
    made = _convolution(op, op.name, source, op.output, (2, 2), tensor.channels)
    return {**dict.fromkeys(slices, ()), op.name: (made,)}


class _Corner(NamedTuple):
    """Every other pixel of a map.

    Attributes:
        source: the map.
        begin: the first row and column; None where it is something else.
        slices: what cuts it, one after another.
    """

    source: Value
    begin: Optional[Tuple[int, int]]
    slices: Tuple[Op, ...]


def _corner(graph: Graph, op: Op) -> _Corner:
    """Follows slices to what they cut; ONNX has one for each axis."""
    begin: Dict[int, int] = {}
    slices: List[Op] = []
    source = Value(op.name)
    while isinstance(op.attrs, StridedSliceAttrs) and len(begin) < 2:
        attrs = op.attrs
        axes = [axis for axis in range(len(attrs.strides)) if attrs.strides[axis] != 1]
        rest = [attrs.begin[axis] for axis in range(len(attrs.begin)) if axis not in axes]
        every_other = all(attrs.strides[axis] == 2 and attrs.begin[axis] < 2 for axis in axes)
        if op.output.rank != 4 or any(rest) or not every_other or begin.keys() & set(axes):
            break
        begin.update((axis, attrs.begin[axis]) for axis in axes)
        slices.append(op)
        source = op.inputs[0]
        op = graph[source.op]
    both = (begin[1], begin[2]) if set(begin) == {1, 2} else None
    return _Corner(source, both, tuple(slices))


def slices_to_convolutions(graph: Graph, op: Op) -> Change:
    """A slice of a convolution's channels becomes a convolution with those rows of the weights."""
    attrs = op.attrs
    before = graph.producer(op)
    if not isinstance(attrs, StridedSliceAttrs) or before is None or before.kind != "conv2d":
        return None
    shape = before.output.shape
    whole = attrs.begin[:3] == (0, 0, 0) and tuple(attrs.end[:3]) == shape[:3]
    grouped = isinstance(before.attrs, Conv2dAttrs) and before.attrs.group != 1
    if op.output.rank != 4 or not whole or set(attrs.strides) != {1} or grouped:
        return None
    params = tuple(
        Param(one.role, TensorType((op.output.channels, *one.type.shape[1:]), one.type.dtype))
        for one in before.params
    )
    return {op.name: (before.replaced(name=op.name, outputs=op.outputs, params=params),)}


def _convolution(
    op: Op, name: str, source: Value, output: TensorType, size: Sequence[int], channels: int
) -> Op:
    width, height = size
    weights = Param("weights", TensorType((output.channels, height, width, channels)))
    return op.quantised(
        name=name,
        kind="conv2d",
        attrs=Conv2dAttrs((width, height), (width, height)),
        inputs=(source,),
        outputs=(output,),
        params=(weights,),
    )


def _reader(graph: Graph, op: Op) -> Optional[Op]:
    readers = graph.consumers(op)
    return readers[0] if len(readers) == 1 else None


def _is_transpose(op: Op, order: Tuple[int, ...]) -> bool:
    return isinstance(op.attrs, TransposeAttrs) and tuple(op.attrs.order) == order


def _keeps_map(op: Op, graph: Graph) -> bool:
    """Tells whether a reshape keeps the batch and the last two axes."""
    shapes: List[Tuple[int, ...]] = [graph.type_of(op.inputs[0]).shape, op.output.shape]
    one, other = shapes
    return one[0] == other[0] and one[-2:] == other[-2:] and {len(one), len(other)} == {4, 5}


REWRITES = (
    Rewrite(
        "shuffle-to-convolution", Effect.EXACT, shuffle,
        {
            "torch": "use a 1x1 nn.Conv2d without bias, its weights the permutation",
            "keras": "use a 1x1 Conv2D without bias, its weights the permutation",
            "onnx": "use a 1x1 Conv without bias, its weights the permutation",
        },
    ),
    Rewrite(
        "unshuffle-to-convolution", Effect.EXACT, unshuffle,
        {
            "torch": "use an nn.Conv2d of kernel and stride r without bias, its weights 0 and 1",
            "keras": "use a Conv2D of kernel and stride r without bias, its weights 0 and 1",
            "onnx": "use a Conv of kernel and stride r without bias, its weights 0 and 1",
        },
    ),
    Rewrite(
        "slices-to-convolutions", Effect.EXACT, slices_to_convolutions,
        {
            "torch": "use an nn.Conv2d for each slice, with its rows of the weights",
            "keras": "use a Conv2D for each slice, with its columns of the kernel",
            "onnx": "use a Conv for each Slice or part, with its rows of the weights",
        },
    ),
)  # fmt: skip
