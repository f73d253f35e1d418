"""Quantised models, read as their float operators."""

from __future__ import annotations

from typing import Dict, Sequence, Tuple

from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower import (
    activation,
    conv,
    elementwise,
    pooling,
    products,
    reduction,
    selection,
)
from vai_inspect.frontends.onnx.tensors import Computed, Constant, Operand, UnreadableError


def _float(operand: Operand) -> Operand:
    """Returns the float equivalent of an operand; its values are dropped."""
    if isinstance(operand, Constant):
        return Constant(operand.shape, "float32", None, operand.name)
    return Computed(operand.shape, "float32", operand.value)


def _through(call: Call) -> None:
    """QuantizeLinear and DequantizeLinear return their input, as in the float model."""
    call.quantises()
    call.set_outputs(_float(call.x))


def _dynamic(call: Call) -> None:
    call.quantises()
    rest = [Constant((), "float32"), Constant((), "uint8")]
    call.set_outputs(call.x, *rest[: len(call.node.outputs) - 1])


def _as_float(op_type: str, lowering: Lowering, *places: int) -> Lowering:
    """Returns the lowering of a quantised operator, whose inputs include scales and zero points.

    Args:
        op_type: the float operator.
        lowering: its lowering.
        places: the inputs of the float operator among those of the quantised one.
    """

    def of_quantised(call: Call) -> None:
        call.quantises()
        if call.integer("channels_last"):
            raise UnreadableError("its channels are last")
        found = [call.inputs[at] if at < len(call.inputs) else None for at in places]
        while found and found[-1] is None:
            found.pop()
        call.read_as(op_type, [None if one is None else _float(one) for one in found])
        lowering(call)

    return of_quantised


def _concat(call: Call) -> None:
    """QLinearConcat: scale and zero point of the output, then each tensor with its own two."""
    _as_float("Concat", selection.LOWERINGS["Concat"], *range(2, len(call.inputs), 3))(call)


_Row = Tuple[str, str, Dict[str, Lowering], Sequence[int]]


def _table(rows: Sequence[_Row]) -> Dict[str, Lowering]:
    return {
        name: _as_float(op_type, table[op_type], *places) for name, op_type, table, places in rows
    }


_TWO = (0, 3)
LOWERINGS: Dict[str, Lowering] = {
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), _through),
    "DynamicQuantizeLinear": _dynamic,
    **_table(
        (
            ("ConvInteger", "Conv", conv.LOWERINGS, (0, 1)),
            ("MatMulInteger", "MatMul", products.LOWERINGS, (0, 1)),
            ("QLinearConv", "Conv", conv.LOWERINGS, (0, 3, 8)),
            ("QLinearMatMul", "MatMul", products.LOWERINGS, _TWO),
        )
    ),
}
VENDOR: Dict[str, Lowering] = dict.fromkeys(
    ("ExtendedDequantizeLinear", "ExtendedQuantizeLinear", "FixNeuron", "BFPQuantizeDequantize")
    + ("VitisDequantizeLinear", "VitisQuantizeLinear", "DequantizeLinear", "QuantizeLinear"),
    _through,
)
"""Operators of the domains of vai_q_onnx, Quark and onnxruntime."""
MICROSOFT: Dict[str, Lowering] = {
    "QLinearConcat": _concat,
    **_table(
        (
            ("QGemm", "Gemm", products.LOWERINGS, (0, 3, 6)),
            ("QLinearAdd", "Add", elementwise.LOWERINGS, _TWO),
            ("QLinearAveragePool", "AveragePool", pooling.LOWERINGS, (0,)),
            ("QLinearConv", "Conv", conv.LOWERINGS, (0, 3, 8)),
            ("QLinearGlobalAveragePool", "GlobalAveragePool", pooling.LOWERINGS, (0,)),
            ("QLinearLeakyRelu", "LeakyRelu", activation.LOWERINGS, (0,)),
            ("QLinearMul", "Mul", elementwise.LOWERINGS, _TWO),
            ("QLinearReduceMean", "ReduceMean", reduction.LOWERINGS, (0,)),
            ("QLinearSigmoid", "Sigmoid", activation.LOWERINGS, (0,)),
            ("QLinearSoftmax", "Softmax", activation.LOWERINGS, (0,)),
            ("QLinearWhere", "Where", elementwise.LOWERINGS, (0, 1, 4)),
        )
    ),
}
"""Operators of onnxruntime's domain `com.microsoft`."""
