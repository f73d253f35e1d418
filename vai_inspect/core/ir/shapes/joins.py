"""Operators that bring several tensors together, or one with its weights."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.shapes.base import Received, Rule, Shape, ShapeError


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
            raise ShapeError("the shapes {} do not broadcast".format(listed))
        result.append(sizes.pop() if sizes else 1)
    return tuple(result)


def _elementwise(received: Received) -> Optional[Shape]:
    return broadcast(received.inputs or (received.shape,))


def _concat(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.AxisAttrs)
    axis = received.axis(received.attrs.axis)
    rests = {shape[:axis] + shape[axis + 1 :] for shape in received.inputs}
    if len(rests) > 1 or any(len(shape) != received.rank for shape in received.inputs):
        raise ShapeError(
            "{} cannot be joined on axis {}".format(
                ", ".join(str(shape) for shape in received.inputs), axis
            )
        )
    total = sum(shape[axis] for shape in received.inputs)
    return received.shape[:axis] + (total,) + received.shape[axis + 1 :]


def _stack(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.AxisAttrs)
    axis = received.attrs.axis % (received.rank + 1)
    if len(set(received.inputs)) > 1:
        listed = ", ".join(str(shape) for shape in received.inputs)
        raise ShapeError("{} are not of one shape".format(listed))
    return received.shape[:axis] + (len(received.inputs),) + received.shape[axis:]


def _matmul(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.MatmulAttrs)
    if len(received.inputs) != 2:
        return None
    first, second = received.inputs
    if received.attrs.transpose_a:
        first = first[:-2] + first[-2:][::-1]
    if received.attrs.transpose_b:
        second = second[:-2] + second[-2:][::-1]
    # A vector is a matrix of one row on the left, of one column on the right.
    left = first if len(first) > 1 else (1,) + first
    right = second if len(second) > 1 else second + (1,)
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-2]:
        raise ShapeError("{} and {} cannot be multiplied".format(first, second))
    rows = left[-2:-1] if len(first) > 1 else ()
    columns = right[-1:] if len(second) > 1 else ()
    return broadcast((left[:-2], right[:-2])) + rows + columns if first and second else None


def _inner_product(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.InnerProductAttrs)
    weights = received.params.get("weights")
    if weights is None:
        return None
    axis = received.axis(received.attrs.axis)
    features = 1
    for size in received.shape[axis:]:
        features *= size
    if weights[-1] != features:
        raise ShapeError(
            "weights {} do not fit {} from axis {} on".format(weights, received.shape, axis)
        )
    return received.shape[:axis] + (weights[0],)


RULES: Dict[str, Rule] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "min", "max"), _elementwise),
    "concat": _concat,
    "inner-product": _inner_product,
    "matmul": _matmul,
    "stack": _stack,
}
