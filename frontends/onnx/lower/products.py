"""Inner products and matrix products."""

from __future__ import annotations

from typing import Dict, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import InnerProductAttrs, MatmulAttrs
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.tensors import Constant, UnreadableError


def _gemm(call: Call) -> None:
    """Alpha * A * B + beta * C; B and C are usually weights."""
    a, b = call.x, call.input(1)
    plain = call.number("alpha", 1.0) == 1 and call.number("beta", 1.0) == 1
    if a.rank != 2 or b.rank != 2:
        raise UnreadableError(f"it multiplies {a.shape} and {b.shape}")
    transposed = bool(call.integer("transB"))
    outputs, features = b.shape if transposed else b.shape[::-1]
    bias = call.input(2) if call.has(2) else None
    fits = bias is None or (
        isinstance(bias, Constant) and bias.shape in ((outputs,), (1, outputs), (1,), (), (1, 1))
    )
    if isinstance(b, Constant) and fits and not call.integer("transA"):
        # Alpha and beta are folded into weights and bias.
        params: List[Tuple[str, Sequence[int]]] = [("weights", (outputs, features))]
        if bias is not None:
            params.append(("bias", (outputs,)))
        call.emit("inner-product", InnerProductAttrs(axis=1), [call.value(a)], params)
        return
    if not plain:
        raise UnreadableError("with alpha or beta")
    attrs = MatmulAttrs(bool(call.integer("transA")), transposed)
    values = [call.value(a), call.value(b, "const_1")]
    product = call.emit("matmul", attrs, values, suffix="matmul" if bias is not None else "")
    if bias is not None:
        call.emit("add", inputs=[product, call.value(bias, "const_2")])


def _matmul(call: Call) -> None:
    """With a weight matrix on the right it is an inner product."""
    a, b = call.x, call.input(1)
    if isinstance(b, Constant) and b.rank == 2 and a.rank >= 2:
        features, outputs = b.shape
        attrs = InnerProductAttrs(axis=a.rank - 1)
        call.emit("inner-product", attrs, [call.value(a)], [("weights", (outputs, features))])
        return
    values = [call.value(a), call.value(b, "const_1")]
    call.emit("matmul", MatmulAttrs(), values, shape=())


LOWERINGS: Dict[str, Lowering] = {"Gemm": _gemm, "MatMul": _matmul}
