"""Inner products and matrix products."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import InnerProductAttrs, MatmulAttrs, ReshapeAttrs
from vai_inspect.frontends import einsum
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.lower.call import Call
from vai_inspect.frontends.torch.lower.conv import constant_weight


def inner_product(call: Call, weight: Sequence[int], bias: bool, x: Any = None) -> None:
    """Emits an inner product over the last axis.

    Args:
        call: the call.
        weight: shape of the weights [oc, ic].
        bias: whether there is one.
        x: the input tensor; by default the call's first.
    """
    params: List[Tuple[str, Sequence[int]]] = [("weights", tuple(weight))]
    if bias:
        params.append(("bias", (weight[0],)))
    x = call.x if x is None else x
    attrs = InnerProductAttrs(axis=x.rank - 1)
    call.emit("inner-product", attrs, [call.value(x)], params=params)


def _linear(call: Call) -> None:
    given = call.settings("input", "weight", bias=None)
    inner_product(call, constant_weight(given.weight), given.bias is not None)


def matmul(call: Call) -> None:
    """`matmul`, `mm`, `bmm` and `@`; a constant matrix on the right makes it an inner product."""
    _product(call, call.given("input", "other", out=None))


def _mm(call: Call) -> None:
    given = call.given("input", "mat2", out=None)
    given.other = given.mat2
    _product(call, given)


def _product(call: Call, given: Any) -> None:
    if _is_inner(given.input, given.other):
        inner_product(call, given.other.shape[::-1], False)
    else:
        values = [call.value(given.input, "const"), call.value(given.other, "const")]
        call.emit("matmul", MatmulAttrs(), values)


def _addmm(call: Call) -> None:
    """`addmm` and `baddbmm`: a matrix product and a sum."""
    given = call.given("input", "mat1", "mat2", beta=1, alpha=1, out=None)
    if given.beta != 1 or given.alpha != 1:
        raise UnreadableError("with beta or alpha")
    bias = given.input
    if _is_inner(given.mat1, given.mat2):
        matrix = given.mat2.shape[::-1]
        if bias.constant and bias.shape == matrix[:1]:
            inner_product(call, matrix, True, given.mat1)
            return
        params = [("weights", matrix)]
        attrs = InnerProductAttrs(axis=given.mat1.rank - 1)
        product = call.emit(
            "inner-product", attrs, [call.value(given.mat1)], params=params, suffix="matmul"
        )
    else:
        values = [call.value(given.mat1, "const"), call.value(given.mat2, "const")]
        product = call.emit("matmul", MatmulAttrs(), values, suffix="matmul")
    call.emit("add", inputs=[product, call.value(bias)])


def _is_inner(x: Any, weight: Any) -> bool:
    """Returns whether a product is that of a feature map and a constant matrix."""
    return bool(weight.constant and not x.constant and weight.rank == 2 and x.rank >= 2)


def _einsum(call: Call) -> None:
    """`einsum`; one of a feature map and a constant matrix is an inner product."""
    equation, *operands = call.step.args
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    shapes = [tuple(one.shape) for one in operands]
    product = einsum.read(equation, shapes, [one.constant for one in operands])
    if product is None or product.operand is None:
        call.unknown(call.step.operation, macs=None if product is None else product.macs)
        return
    x = operands[product.operand]
    shape = (*x.shape[: product.axis], product.weights[0])
    last = shape == call.output.shape
    params = [("weights", product.weights)]
    attrs = InnerProductAttrs(axis=product.axis)
    suffix = "" if last else "inner_product"
    made = call.emit("inner-product", attrs, [call.value(x)], shape, params, suffix)
    if not last:
        call.emit("reshape", ReshapeAttrs(call.output.shape), [made])


MODULES = {"Linear": _linear, "NonDynamicallyQuantizableLinear": _linear}
FUNCTIONS = {
    "addmm": _addmm,
    "baddbmm": _addmm,
    "bmm": _mm,
    "einsum": _einsum,
    "linear": _linear,
    "matmul": matmul,
    "mm": _mm,
}
