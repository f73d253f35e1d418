"""Arithmetic, reductions and products of `keras.ops`."""

from __future__ import annotations

from typing import Any, Callable, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import AxisAttrs, MatmulAttrs, ReductionAttrs
from vai_inspect.frontends.keras.call import Call

Lowering = Callable[[Call], None]


def _operands(call: Call) -> Tuple[Value, Value]:
    """Returns the two operands in order; a number or an array becomes a constant."""
    given = dict(zip(("x1", "x2"), call.args))
    given.update((key, value) for key, value in call.kwargs.items() if key in ("x1", "x2"))
    return call.operand(given["x1"]), call.operand(given["x2"])


def _binary(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.emit(kind, inputs=_operands(call))

    return lowering


def square(call: Call) -> None:
    """`square`: a product of the tensor with itself."""
    call.emit("mul", inputs=(call.inputs[0], call.inputs[0]))


def matmul(call: Call) -> None:
    """`matmul`; either side may be a constant."""
    call.emit("matmul", MatmulAttrs(), inputs=_operands(call))


def axes_of(axis: Any, rank: int) -> Tuple[int, ...]:
    """Returns axes counted from the front, in order; None stands for all."""
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
    """`argmax` over one axis, which goes."""
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
