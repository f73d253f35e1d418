"""Operators that bring several tensors together: sums, products, concatenations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import IN, Received, Shape, ShapeError, Trait, define


@dataclass(frozen=True)
class AxisAttrs(Attrs):
    """One axis of the operator's own (NHWC) order: `argmax`, `concat`, `softmax`, `stack`."""

    axis: int


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """Returns the shape that tensors have together, axes counted from the last.

    Raises:
        ShapeError: two sizes differ, and neither is 1.
    """
    rank = max(len(shape) for shape in shapes)
    result = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            listed = ", ".join(str(shape) for shape in shapes)
            raise ShapeError(f"the shapes {listed} do not broadcast")
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _elementwise(received: Received) -> Optional[Shape]:
    shapes = received.inputs or (received.shape,)
    if set(shapes) == {(), (1,)}:
        return None  # a number is a tensor of one element, also next to a scalar
    return broadcast(shapes)


def _concat(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, AxisAttrs)
    axis = received.axis(received.attrs.axis)
    rests = {shape[:axis] + shape[axis + 1 :] for shape in received.inputs}
    if len(rests) > 1 or any(len(shape) != received.rank for shape in received.inputs):
        shapes = ", ".join(str(shape) for shape in received.inputs)
        raise ShapeError(f"{shapes} cannot be joined on axis {axis}")
    total = sum(shape[axis] for shape in received.inputs)
    return received.shape[:axis] + (total,) + received.shape[axis + 1 :]


def _stack(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, AxisAttrs)
    axis = received.attrs.axis % (received.rank + 1)
    if len(set(received.inputs)) > 1:
        listed = ", ".join(str(shape) for shape in received.inputs)
        raise ShapeError(f"{listed} are not of one shape")
    return received.shape[:axis] + (len(received.inputs),) + received.shape[axis:]


DEFINITIONS = (
    *(
        define(name, shape=_elementwise, traits={Trait.ELEMENTWISE})
        for name in ("add", "sub", "mul", "div", "min", "max")
    ),
    define("concat", AxisAttrs, IN, _concat, traits={Trait.NAMES_AXES}),
    define("stack", AxisAttrs, IN, _stack),
)
