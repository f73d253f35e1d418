"""Layers that join tensors."""

from __future__ import annotations

from typing import Tuple

from vai_inspect.core.errors import InputShapeError
from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import AxisAttrs, ReshapeAttrs
from vai_inspect.frontends.keras.lower.call import Call, Lowering


def _elementwise(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.emit(kind, inputs=_of_one_rank(call))

    return lowering


def _of_one_rank(call: Call) -> Tuple[Value, ...]:
    """Keras inserts axes of size 1 after the batch in tensors of lower rank before it merges."""
    rank = max(tensor.rank for tensor in call.types)
    values = []
    for index, (value, tensor) in enumerate(zip(call.inputs, call.types)):
        if tensor.rank < rank:
            shape = tensor.shape[:1] + (1,) * (rank - tensor.rank) + tensor.shape[1:]
            suffix = f"expand_{index}"
            value = call.emit("reshape", ReshapeAttrs(shape), (value,), suffix=suffix)
        values.append(value)
    return tuple(values)


def average(call: Call) -> None:
    """Average: a sum and a product with the constant 1 / n."""
    total = call.emit("add", inputs=_of_one_rank(call), suffix="add")
    call.emit("mul", inputs=(total, call.const((1,))))


def custom_scale(call: Call) -> None:
    """CustomScaleLayer of InceptionResNetV2: a + b * scale."""
    factor = call.const((1,), "scale", float(call.operation.scale))
    product = call.emit("mul", inputs=(call.inputs[1], factor), suffix="mul")
    call.emit("add", inputs=(call.inputs[0], product))


def concatenate(call: Call) -> None:
    """Concatenate; Keras's own shape inference does not compare the other axes."""
    axis = int(call.operation.axis) % call.types[0].rank
    rests = {tensor.shape[:axis] + tensor.shape[axis + 1 :] for tensor in call.types}
    if len(rests) > 1:
        shapes = ", ".join(str(tensor.shape) for tensor in call.types)
        raise InputShapeError(
            f"The input shapes do not fit the model: layer {call.path!r} concatenates {shapes} on "
            f"axis {axis}, and their other axes differ; give input shapes (batch first) that the "
            "model takes."
        )
    call.emit("concat", AxisAttrs(axis))


LAYERS = {
    "Add": _elementwise("add"),
    "Average": average,
    "Concatenate": concatenate,
    "CustomScaleLayer": custom_scale,
    "Maximum": _elementwise("max"),
    "Minimum": _elementwise("min"),
    "Multiply": _elementwise("mul"),
    "Subtract": _elementwise("sub"),
}
