"""Slices, gathers, pads and concatenation."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    PadAttrs,
    ReshapeAttrs,
    SqueezeAttrs,
    StridedSliceAttrs,
)
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.node_reader import NodeReader
from vai_inspect.frontends.onnx.tensors import Constant, Shape, UnreadableError

Range = Tuple[int, int, int]


def axis_of(call: NodeReader, default: int = 0, rank: int = -1) -> int:
    """Returns the attribute `axis` as a non-negative number."""
    rank = call.x.rank if rank < 0 else rank
    axis = call.integer("axis", default)
    if not -rank <= axis < rank:
        raise UnreadableError(f"axis {axis} is out of range for rank {rank}")
    return axis % rank


def _concat(call: Call) -> None:
    given = [one for one in call.inputs if one is not None]
    full = [one for one in given if 0 not in one.shape] or given
    values = [call.value(one, f"const_{at}") for at, one in enumerate(full)]
    call.emit("concat", AxisAttrs(axis_of(call, 1)), values)


def cut(call: Call, ranges: Sequence[Range], suffix: str = "") -> Value:
    """Emits a slice with a range (begin, end, step) per axis."""
    begin, end, strides = (tuple(column) for column in zip(*ranges))
    attrs = StridedSliceAttrs(begin, end, strides)
    return call.emit("strided_slice", attrs, suffix=suffix)


def _full_ranges(shape: Shape) -> List[Range]:
    return [(0, size, 1) for size in shape]


def ranges_of(call: NodeReader) -> List[Range]:
    """Returns the range of each axis of a Slice."""
    rank = call.x.rank
    if call.opset < 10:
        starts, ends = call.integers("starts"), call.integers("ends")
        axes, steps = call.integers("axes", range(len(starts))), (1,) * len(starts)
    else:
        starts, ends = (tuple(map(int, call.values(at))) for at in (1, 2))
        axes = tuple(map(int, call.values(3))) if call.has(3) else tuple(range(len(starts)))
        steps = tuple(map(int, call.values(4))) if call.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise UnreadableError("its starts, ends, axes and steps are inconsistent")
    ranges = _full_ranges(call.x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        if not -rank <= axis < rank:
            raise UnreadableError(f"axis {axis} is out of range for rank {rank}")
        size = call.x.shape[axis % rank]
        if step < 0 and end < -size:  # before the first element, where a `slice` would wrap
            ranges[axis % rank] = slice(start, None, step).indices(size)
        else:
            ranges[axis % rank] = slice(start, end, step).indices(size)
    return ranges


def _slice(call: Call) -> None:
    cut(call, ranges_of(call))


def part_sizes(call: NodeReader, axis: int) -> Tuple[int, ...]:
    """Returns the sizes of the parts of a Split."""
    size = call.x.shape[axis]
    if "split" in call.node.attributes:
        sizes = call.integers("split")
    elif call.has(1):
        sizes = tuple(map(int, call.values(1)))
    else:
        count = call.integer("num_outputs", len(call.node.outputs))
        each = -(-size // max(count, 1))
        sizes = tuple(min(each, max(size - each * at, 0)) for at in range(count))
    if sum(sizes) != size or min(sizes, default=0) < 0 or len(sizes) != len(call.node.outputs):
        raise UnreadableError(f"its parts {list(sizes)} do not add up to {size}")
    return sizes


def _split(call: Call) -> None:
    """Emits a slice per part."""
    axis, begin, values = axis_of(call), 0, []
    for number, size in enumerate(part_sizes(call, axis)):
        ranges = _full_ranges(call.x.shape)
        ranges[axis] = (begin, begin + size, 1)
        begin += size
        values.append(cut(call, ranges, f"part_{number}"))
    call.set_output_values(values)


def _gather(call: Call) -> None:
    """A scalar index removes its axis, evenly spaced indices are a slice, others are unknown.

    All elements of the only axis in order are a reshape: PyTorch exports `as_strided` so.
    """
    axis, indices = axis_of(call), call.input(1)
    shape, size = call.x.shape, call.x.shape[axis] if call.x.shape else 0
    values = indices.values if isinstance(indices, Constant) else None
    out = (*shape[:axis], *indices.shape, *shape[axis + 1 :])
    if shape == (len(values or ()),) and values == tuple(range(size)):
        call.emit("reshape", ReshapeAttrs(out))
        return
    found = _evenly([one % size for one in values]) if values and size else None
    if found is None or isinstance(call.x, Constant) or indices.rank > 1:
        call.unknown([out])
        return
    ranges = _full_ranges(shape)
    ranges[axis] = found
    if indices.rank:
        cut(call, ranges)
        return
    if ranges == _full_ranges(shape):
        call.emit("squeeze", SqueezeAttrs((axis,)))
        return
    value = cut(call, ranges)
    last = call.emit("squeeze", SqueezeAttrs((axis,)), [value], suffix="squeeze")
    call.set_output_values([last])


def _evenly(indices: Sequence[int]) -> "Range | None":
    first, last = indices[0], indices[-1]
    step = indices[1] - first if len(indices) > 1 else 1
    if step < 1 or list(indices) != list(range(first, last + 1, step)):
        return None
    return first, last + 1, step


def _gather_elements(call: Call) -> None:
    call.unknown([call.input(1).shape])


def _gather_nd(call: Call) -> None:
    indices, batch = call.input(1).shape, call.integer("batch_dims")
    if not indices or indices[-1] + batch > call.x.rank:
        raise UnreadableError(f"its indices {indices} do not fit")
    call.unknown([(*indices[:-1], *call.x.shape[batch + indices[-1] :])])


_MODES = {"constant": "CONSTANT", "reflect": "REFLECT", "edge": "EDGE", "wrap": "WRAP"}


def _pad(call: Call) -> None:
    """Negative pads are a slice; a mix of signs is not supported."""
    rank, mode = call.x.rank, call.text("mode", "constant")
    if mode not in _MODES:
        raise UnreadableError(f"XIR has no mode {mode!r}")
    if call.opset < 11:
        pads, fill = call.integers("pads"), call.number("value", 0.0)
    else:
        pads = tuple(map(int, call.values(1)))
        values = call.values(2) if call.has(2) else ()
        fill = float(values[0]) if values else 0.0
    axes = tuple(one % rank for one in map(int, call.values(3))) if call.has(3) else range(rank)
    if len(pads) != 2 * len(axes):
        raise UnreadableError(f"its pads {pads} are not for {len(axes)} axes")
    pairs = [(0, 0)] * rank
    for at, axis in enumerate(axes):
        pairs[axis] = (pads[at], pads[at + len(axes)])
    flat = tuple(side for pair in pairs for side in pair)
    if all(side <= 0 for side in flat) and any(flat) and mode == "constant":
        sizes = zip(pairs, call.x.shape)
        cut(call, [(-before, size + after, 1) for (before, after), size in sizes])
        return
    if min(flat, default=0) < 0:
        raise UnreadableError("it pads some sides and crops others")
    constant = (fill,) if mode == "constant" and fill else ()
    call.emit("pad", PadAttrs(flat, _MODES[mode], constant))


LOWERINGS: Dict[str, Lowering] = {
    "Concat": _concat,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "Pad": _pad,
    "Slice": _slice,
    "Split": _split,
}
