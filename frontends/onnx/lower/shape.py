"""Reshapes and transposes."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.ir.attrs import FlattenAttrs, ReshapeAttrs, SqueezeAttrs, TransposeAttrs
from vai_inspect.core.ir.ops import ShapeError, elements
from vai_inspect.core.ir.ops.joins import broadcast
from vai_inspect.core.ir.ops.moves import reshaped
from vai_inspect.frontends.layout.axes import LAST, Order, moves_nothing, ordered
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError


def target_shape(call: Call) -> Shape:
    """Returns the output shape of a Reshape; 0 keeps a size, -1 is inferred."""
    given = call.integers("shape") if call.opset < 5 else tuple(map(int, call.values(1)))
    keeps = not call.integer("allowzero")
    before, wanted = call.x.shape, []
    for axis, size in enumerate(given):
        if size == 0 and keeps:
            if axis >= len(before):
                raise UnreadableError(f"its shape {given} keeps an axis that does not exist")
            size = before[axis]
        wanted.append(size)
    try:
        return reshaped(before, wanted)
    except ShapeError as error:
        raise UnreadableError(str(error)) from error


def _set_shape(call: Call, shape: Shape) -> None:
    call.emit("reshape", ReshapeAttrs(shape))


def _reshape(call: Call) -> None:
    """A Reshape of all axes but the batch is a `flatten`, which exporters write in both forms.

    A Reshape to the input shape is an identity in any axis order.
    """
    shape, rank = target_shape(call), call.x.rank
    order = _same_as_transpose(call.x.shape, shape)
    if shape == call.x.shape:
        call.emit("identity")
    elif order is not None:
        call.emit("transpose", TransposeAttrs(order))
    elif rank > 2 and len(shape) == 2 and shape[0] == call.x.shape[0]:
        call.emit("flatten", FlattenAttrs(1, rank - 1))
    else:
        _set_shape(call, shape)


def _same_as_transpose(before: Shape, after: Shape) -> Optional[Order]:
    """Returns the axis order of a Reshape that is a transpose, or None.

    tf2onnx writes the transpose of an image of one channel or one pixel as a Reshape.
    """
    last = LAST.get(len(before), ())
    first = tuple(last.index(axis) for axis in range(len(last)))
    fits = (
        order
        for order in (first, last)
        if order and ordered(before, order) == after and moves_nothing(before, order)
    )
    return next(fits, None)


def _flatten(call: Call) -> None:
    """Flattens to two axes: those before `axis` and those from it on."""
    rank, shape = call.x.rank, call.x.shape
    axis = call.integer("axis", 1)
    axis = axis + rank if axis < 0 else axis
    if not 0 <= axis <= rank:
        raise UnreadableError(f"axis {axis} is out of range for rank {rank}")
    if axis == 1 and rank > 1:
        call.emit("flatten", FlattenAttrs(1, rank - 1))
    else:
        _set_shape(call, (elements(shape[:axis]), elements(shape[axis:])))


def _squeeze(call: Call) -> None:
    shape, axes = call.x.shape, call.axes(call.x.rank)
    if axes is None:
        axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    if axes:
        call.emit("squeeze", SqueezeAttrs(axes))
    else:
        call.emit("identity")


def _unsqueeze(call: Call) -> None:
    if "axes" in call.node.attributes:
        given: Tuple[int, ...] = call.integers("axes")
    else:
        given = tuple(map(int, call.values(1)))
    rank = call.x.rank + len(given)
    if any(not -rank <= axis < rank for axis in given):
        raise UnreadableError(f"axes {list(given)} are out of range for rank {rank}")
    added = {axis % rank for axis in given}
    if len(added) != len(given):
        raise UnreadableError("it names an axis twice")
    left = iter(call.x.shape)
    _set_shape(call, tuple(1 if axis in added else next(left) for axis in range(rank)))


def _transpose(call: Call) -> None:
    order = call.integers("perm", tuple(reversed(range(call.x.rank))))
    if sorted(order) != list(range(call.x.rank)):
        raise UnreadableError(f"{list(order)} is not a permutation of {call.x.rank} axes")
    call.emit("transpose", TransposeAttrs(order))


def _expand(call: Call) -> None:
    """XIR has an equivalent only if it adds axes of size 1 or does nothing."""
    try:
        shape = broadcast([call.x.shape, tuple(map(int, call.values(1)))])
    except ShapeError as error:
        raise UnreadableError(str(error)) from error
    if shape == call.x.shape:
        call.emit("identity")
    elif elements(shape) == elements(call.x.shape):
        _set_shape(call, shape)
    else:
        message = "XIR has no broadcast operator"
        call.unknown([shape], message=message, any_order=len(shape) == call.x.rank, reads=1)


def _tile(call: Call) -> None:
    repeats = tuple(map(int, call.values(1)))
    if len(repeats) != call.x.rank:
        raise UnreadableError(f"its repeats {repeats} are not for {call.x.rank} axes")
    shape = tuple(size * times for size, times in zip(call.x.shape, repeats))
    if shape == call.x.shape:
        call.emit("identity")
    else:
        call.unknown([shape], any_order=True, reads=1)


LOWERINGS: Dict[str, Lowering] = {
    "Expand": _expand,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
