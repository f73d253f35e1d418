"""Arithmetic, reductions and products of `keras.ops`."""

from __future__ import annotations

from typing import Any, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import AxisAttrs, MatmulAttrs, ReductionAttrs
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.dense import inner_product


def _arguments(call: Call) -> Tuple[Any, Any]:
    """Returns the two arguments in order."""
    given = dict(zip(("x1", "x2"), call.args))
    given.update((key, value) for key, value in call.kwargs.items() if key in ("x1", "x2"))
    return given["x1"], given["x2"]


def _operands(call: Call) -> Tuple[Value, Value]:
    """Returns the two operands in order; a number or an array becomes a constant."""
    first, second = _arguments(call)
    return call.operand(first), call.operand(second)


def _binary(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.emit(kind, inputs=_operands(call))

    return lowering


def square(call: Call) -> None:
    """`square`: a product of the tensor with itself."""
    call.emit("mul", inputs=(call.inputs[0], call.inputs[0]))


def matmul(call: Call) -> None:
    """`matmul`; a constant matrix on the right makes it an inner product."""
    first, second = _arguments(call)
    matrix = call.constant_shape(second)
    if matrix is not None and len(matrix) == 2 and call.constant_shape(first) is None:
        inner_product(call, matrix[::-1])
    else:
        call.emit("matmul", MatmulAttrs(), inputs=_operands(call))


def axes_of(axis: Any, rank: int) -> Tuple[int, ...]:
    """Returns sorted non-negative axes; None stands for all."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    return tuple(sorted(int(one) % rank for one in given))


def _reduction(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        operation = call.operation
        if getattr(operation, "initial", None) is not None:
            call.unknown(operation.class_name, "with an initial value")
            return
        axes = axes_of(operation.axis, call.types[0].rank)
        call.emit(kind, ReductionAttrs(axes, bool(operation.keepdims)))

    return lowering


def argmax(call: Call) -> None:
    """`argmax` over one axis, which is removed."""
    operation = call.operation
    if operation.axis is None or operation.keepdims:
        call.unknown("Argmax", "over all axes or with keepdims")
    else:
        call.emit("argmax", AxisAttrs(int(operation.axis) % call.types[0].rank))


OPERATIONS = {
    "Add": _binary("add"),
    "Argmax": argmax,
    "Divide": _binary("div"),
    "Matmul": matmul,
    "Max": _reduction("reduction_max"),
    "Maximum": _binary("max"),
    "Mean": _reduction("reduction_mean"),
    "Minimum": _binary("min"),
    "Multiply": _binary("mul"),
    "Prod": _reduction("reduction_product"),
    "Square": square,
    "Subtract": _binary("sub"),
    "Sum": _reduction("reduction_sum"),
    "TrueDivide": _binary("div"),
}
