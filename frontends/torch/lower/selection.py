"""Slices, selections and concatenation."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import AxisAttrs, ReshapeAttrs, SqueezeAttrs, StridedSliceAttrs
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.lower.call import Call

Range = Tuple[int, int, int]


def concat(call: Call) -> None:
    """`cat` along an axis; anything but a tensor of the model is a constant."""
    given = call.given("tensors", dim=0, out=None)
    values = _listed(call, given.tensors)
    call.emit("concat", AxisAttrs(int(given.dim) % call.output.rank), values)


def stack(call: Call) -> None:
    """`stack`: the axis is the new one."""
    given = call.given("tensors", dim=0, out=None)
    values = _listed(call, given.tensors)
    call.emit("stack", AxisAttrs(int(given.dim) % call.output.rank), values)


def _listed(call: Call, tensors: Sequence[Any]) -> List[Value]:
    full = [one for one in tensors if 0 not in one.shape]
    return [call.value(one, "const") for one in full or tensors]


def _slice(call: Call, ranges: Sequence[Range], suffix: str = "") -> Value:
    """Emits a slice with a range (begin, end, step) per axis."""
    begin, end, strides = (tuple(column) for column in zip(*ranges))
    shape = tuple(len(range(*one)) for one in ranges)
    attrs = StridedSliceAttrs(begin, end, strides)
    return call.emit("strided_slice", attrs, [call.value(call.x)], shape, suffix=suffix)


def _full_ranges(shape: Sequence[int]) -> List[Range]:
    return [(0, size, 1) for size in shape]


def get_item(call: Call) -> None:
    """`x[...]` with slices, integers and new axes; an integer removes its axis."""
    given = call.given("input", "index")
    items = _for_each_axis(given.index, call.x.rank)
    if items is None:
        call.keep_argument("index", "advanced")
        call.unknown("getitem", "with an index other than integers and slices")
        return
    if any(isinstance(item, int) for item in items):
        call.keep_argument("index", "select")
    ranges, gone = [], []
    for axis, (item, size) in enumerate(
        zip((one for one in items if one is not None), call.x.shape)
    ):
        if isinstance(item, slice):
            ranges.append(item.indices(size))
        else:
            ranges.append((item % size, item % size + 1, 1))
            gone.append(axis)
    new_axes = any(item is None for item in items)
    value: Optional[Value] = None
    if ranges != _full_ranges(call.x.shape) or not (gone or new_axes):
        value = _slice(call, ranges)
    source = [call.value(call.x) if value is None else value]
    if new_axes:
        attrs = ReshapeAttrs(call.output.shape)
        call.emit("reshape", attrs, source, suffix="" if value is None else "reshape")
    elif gone:
        squeeze = SqueezeAttrs(tuple(gone))
        call.emit("squeeze", squeeze, source, suffix="" if value is None else "squeeze")


def _for_each_axis(key: Any, rank: int) -> Optional[List[Any]]:
    """Returns a slice, an integer or None (a new axis) per item; None for any other index."""
    items: Tuple[Any, ...] = tuple(key) if isinstance(key, tuple) else (key,)
    allowed = (slice, int, type(None), type(Ellipsis))
    if any(isinstance(item, bool) or not isinstance(item, allowed) for item in items):
        return None
    for item in items:
        parts = (item.start, item.stop, item.step) if isinstance(item, slice) else ()
        if any(not isinstance(part, (int, type(None))) for part in parts):
            return None
    used = sum(item is not None and item is not Ellipsis for item in items)
    places = [at for at, item in enumerate(items) if item is Ellipsis]
    cut = places[0] if places else len(items)
    filling = [slice(None)] * (rank - used)
    return [*items[:cut], *filling, *items[cut + 1 :]]


def _select(call: Call) -> None:
    given = call.given("input", "dim", "index")
    axis = int(given.dim) % call.x.rank
    ranges = _full_ranges(call.x.shape)
    at = int(given.index) % call.x.shape[axis]
    ranges[axis] = (at, at + 1, 1)
    value = _slice(call, ranges)
    call.emit("squeeze", SqueezeAttrs((axis,)), [value], suffix="squeeze")


def _narrow(call: Call) -> None:
    given = call.given("input", "dim", "start", "length")
    axis = int(given.dim) % call.x.rank
    ranges = _full_ranges(call.x.shape)
    begin = int(given.start) % call.x.shape[axis]
    ranges[axis] = (begin, begin + int(given.length), 1)
    _slice(call, ranges)


def _aten_slice(call: Call) -> None:
    given = call.given("input", dim=0, start=None, end=None, step=1)
    axis = int(given.dim) % call.x.rank
    ranges = _full_ranges(call.x.shape)
    bounds = slice(given.start, given.end, given.step)
    ranges[axis] = bounds.indices(call.x.shape[axis])
    _slice(call, ranges)


def _parts(call: Call) -> None:
    """`chunk`, `split` and the like: a slice per part, with the sizes from PyTorch."""
    axis = _axis(call)
    begin, values = 0, []
    for number, part in enumerate(call.step.outputs):
        ranges = _full_ranges(call.x.shape)
        ranges[axis] = (begin, begin + part.shape[axis], 1)
        begin += part.shape[axis]
        values.append(_slice(call, ranges, suffix=f"part_{number}"))
    if begin != call.x.shape[axis]:
        raise UnreadableError("its parts overlap")
    call.give(*values)


def _axis(call: Call) -> int:
    """Returns the axis along which the parts are smaller; 0 for a single part."""
    first = call.step.outputs[0].shape
    for axis, (size, part) in enumerate(zip(call.x.shape, first)):
        if size != part:
            return axis
    given = call.step.kwargs.get("dim", call.step.args[2] if len(call.step.args) > 2 else 0)
    return int(given) % call.x.rank


def _unbind(call: Call) -> None:
    axis = int(call.given("input", dim=0).dim) % call.x.rank
    values = []
    for number, part in enumerate(call.step.outputs):
        ranges = _full_ranges(call.x.shape)
        ranges[axis] = (number, number + 1, 1)
        cut = _slice(call, ranges, suffix=f"part_{number}")
        squeeze, suffix = SqueezeAttrs((axis,)), f"part_{number}/squeeze"
        values.append(call.emit("squeeze", squeeze, [cut], part.shape, suffix=suffix))
    call.give(*values)


FUNCTIONS = {
    **dict.fromkeys(("cat", "concat", "concatenate"), concat),
    **dict.fromkeys(("chunk", "split", "split_with_sizes", "tensor_split", "unsafe_chunk"), _parts),
    "getitem": get_item,
    "narrow": _narrow,
    "select": _select,
    "slice": _aten_slice,
    "stack": stack,
    "unbind": _unbind,
}
