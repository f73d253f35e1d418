"""Shape, order, slices and joins of `keras.ops`."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    PadAttrs,
    SqueezeAttrs,
    StridedSliceAttrs,
    TransposeAttrs,
)
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.ops_math import axes_of
from vai_inspect.frontends.keras.lower.reshaping import reshape
from vai_inspect.frontends.keras.lower.resize import resizing


def concatenate(call: Call) -> None:
    """`concatenate`."""
    call.emit("concat", AxisAttrs(int(call.operation.axis) % call.types[0].rank), _listed(call))


def stack(call: Call) -> None:
    """`stack`: the axis is the new one."""
    axis = int(call.operation.axis) % (call.types[0].rank + 1)
    call.emit("stack", AxisAttrs(axis), _listed(call))


def _listed(call: Call) -> List[Value]:
    """Returns the values of a list argument, constants included."""
    given = call.args[0] if call.args else call.kwargs["xs" if "xs" in call.kwargs else "x"]
    return [call.operand(one, "const") for one in given]


def squeeze(call: Call) -> None:
    """`squeeze`; without an axis it removes every axis of size 1."""
    axis, shape = call.operation.axis, call.shape
    ones = tuple(index for index, size in enumerate(shape) if size == 1)
    call.emit("squeeze", SqueezeAttrs(ones if axis is None else axes_of(axis, len(shape))))


def transpose(call: Call) -> None:
    """`transpose`; without an order the axes are reversed."""
    axes, rank = call.operation.axes, call.types[0].rank
    order = range(rank)[::-1] if axes is None else axes
    call.emit("transpose", TransposeAttrs(tuple(int(axis) % rank for axis in order)))


def swapaxes(call: Call) -> None:
    """`swapaxes`."""
    order = list(range(call.types[0].rank))
    first, second = call.operation.axis1, call.operation.axis2
    order[first], order[second] = order[second], order[first]
    call.emit("transpose", TransposeAttrs(tuple(order)))


def moveaxis(call: Call) -> None:
    """`moveaxis`."""
    rank = call.types[0].rank
    sources = [int(axis) % rank for axis in _several(call.operation.source)]
    targets = [int(axis) % rank for axis in _several(call.operation.destination)]
    order = [axis for axis in range(rank) if axis not in sources]
    for target, source in sorted(zip(targets, sources)):
        order.insert(target, source)
    call.emit("transpose", TransposeAttrs(tuple(order)))


def _several(axes: Any) -> Sequence[Any]:
    return (axes,) if isinstance(axes, int) else tuple(axes)


_PAD_MODES = {
    "constant": "CONSTANT",
    "edge": "EDGE",
    "reflect": "REFLECT",
    "symmetric": "SYMMETRIC",
    "wrap": "WRAP",
}


def pad(call: Call) -> None:
    """`pad`; a non-zero constant is kept if it is a number."""
    given: Any = call.operation.pad_width
    pair: Any = (given, given) if isinstance(given, int) else given
    widths = [tuple(one) for one in ([pair] if isinstance(pair[0], int) else pair)]
    widths = widths * call.types[0].rank if len(widths) == 1 else widths
    value = call.kwargs.get("constant_values")
    value = call.args[1] if value is None and len(call.args) > 1 else value
    call.emit(
        "pad",
        PadAttrs(
            tuple(int(width) for pair in widths for width in pair),
            _PAD_MODES[call.operation.mode],
            () if value is None else (float(value),),
        ),
    )


def get_item(call: Call) -> None:
    """`x[...]` with slices and integers; an integer removes its axis."""
    key = call.args[1] if len(call.args) > 1 else call.kwargs["key"]
    items = for_each_axis(key, call.types[0].rank)
    if items is None:
        call.unknown("GetItem", "with an index other than integers and forward slices")
        return
    # An integer is a slice of one element whose axis is removed afterwards.
    slices = [
        item.indices(size) if isinstance(item, slice) else (item % size, item % size + 1, 1)
        for item, size in zip(items, call.shape)
    ]
    begin, end, strides = (tuple(column) for column in zip(*slices))
    gone = tuple(axis for axis, item in enumerate(items) if not isinstance(item, slice))
    attrs = StridedSliceAttrs(begin, end, strides)
    call.emit("strided_slice", attrs, inputs=call.inputs[:1])
    if gone:
        call.emit("squeeze", SqueezeAttrs(gone), suffix="squeeze")


def for_each_axis(key: Any, rank: int) -> "List[Any] | None":
    """Returns a slice or an integer for each axis; None for any other key."""
    items: Tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
    ellipses = [index for index, item in enumerate(items) if item is Ellipsis]
    cut = ellipses[0] if ellipses else len(items)
    front, back = list(items[:cut]), list(items[cut + 1 :])
    items_by_axis = front + [slice(None)] * (rank - len(front) - len(back)) + back
    for item in items_by_axis:
        if isinstance(item, slice):
            parts = (item.start, item.stop, item.step)
            if any(not isinstance(part, (int, type(None))) for part in parts):
                return None
            if item.step is not None and item.step < 1:
                return None
        elif not isinstance(item, int):
            return None
    return items_by_axis


OPERATIONS = {
    "Concatenate": concatenate,
    "ExpandDims": reshape,
    "GetItem": get_item,
    "Moveaxis": moveaxis,
    "Pad": pad,
    "Ravel": reshape,
    "Reshape": reshape,
    "Resize": resizing,
    "Squeeze": squeeze,
    "Stack": stack,
    "Swapaxes": swapaxes,
    "Transpose": transpose,
}
