"""Inner products and matrix products."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from vai_inspect.core.ir.attrs import InnerProductAttrs, MatmulAttrs
from vai_inspect.frontends.torch.call import Call, UnreadableError
from vai_inspect.frontends.torch.conv import constant_weight


def inner_product(call: Call, weight: Sequence[int], bias: bool) -> None:
    """Writes an inner product over the last axis; weights [oc, ic]."""
    params: List[Tuple[str, Sequence[int]]] = [("weights", tuple(weight))]
    if bias:
        params.append(("bias", (weight[0],)))
    call.emit("inner-product", InnerProductAttrs(axis=call.x.rank - 1), params=params)


def _module(call: Call) -> None:
    layer = call.module
    inner_product(call, tuple(layer.weight.shape), layer.bias is not None)


def _function(call: Call) -> None:
    given = call.given("input", "weight", bias=None)
    inner_product(call, constant_weight(given.weight), given.bias is not None)


def matmul(call: Call) -> None:
    """`matmul`, `mm`, `bmm` and `@`; either side may be a constant."""
    given = call.given("input", "other", out=None)
    values = [call.value(given.input, "const"), call.value(given.other, "const")]
    call.emit("matmul", MatmulAttrs(), values)


def _bmm(call: Call) -> None:
    given = call.given("input", "mat2", out=None)
    call.emit("matmul", MatmulAttrs(), [call.value(given.input), call.value(given.mat2)])


def _addmm(call: Call) -> None:
    """`addmm` and `baddbmm`: a matrix product and a sum."""
    given = call.given("input", "mat1", "mat2", beta=1, alpha=1, out=None)
    if given.beta != 1 or given.alpha != 1:
        raise UnreadableError("with beta or alpha")
    values = [call.value(given.mat1), call.value(given.mat2)]
    product = call.emit("matmul", MatmulAttrs(), values, suffix="matmul")
    call.emit("add", inputs=[product, call.value(given.input)])


MODULES = {"Linear": _module, "NonDynamicallyQuantizableLinear": _module}
FUNCTIONS = {
    "addmm": _addmm,
    "baddbmm": _addmm,
    "bmm": _bmm,
    "linear": _function,
    "matmul": matmul,
    "mm": _bmm,
}
