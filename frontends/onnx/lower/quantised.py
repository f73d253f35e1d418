"""Quantised models: the float operators are seen through what quantises them."""

from __future__ import annotations

from typing import Callable, Dict

from vai_inspect.frontends.onnx.call import Call
from vai_inspect.frontends.onnx.lower.conv import convolution
from vai_inspect.frontends.onnx.tensors import Computed, Known


def _through(call: Call) -> None:
    """QuantizeLinear and DequantizeLinear give what they read, as the float model has it."""
    call.quantises()
    x = call.x
    if isinstance(x, Known):
        call.give(Known(x.shape, "float32", None, x.name))
    else:
        call.give(Computed(x.shape, "float32", x.value))


def _dynamic(call: Call) -> None:
    call.quantises()
    rest = [Known((), "float32"), Known((), "uint8")]
    call.give(call.x, *rest[: len(call.node.outputs) - 1])


def _convolution(call: Call) -> None:
    """QLinearConv: scales and zero points stand between its input, weights and bias."""
    call.quantises()
    convolution(call, 3, 8)


LOWERINGS: Dict[str, Callable[[Call], None]] = {
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), _through),
    "DynamicQuantizeLinear": _dynamic,
    "QLinearConv": _convolution,
}
VENDOR: Dict[str, Callable[[Call], None]] = dict.fromkeys(
    ("ExtendedDequantizeLinear", "ExtendedQuantizeLinear", "FixNeuron", "BFPQuantizeDequantize")
    + ("VitisDequantizeLinear", "VitisQuantizeLinear", "DequantizeLinear", "QuantizeLinear"),
    _through,
)
"""Of the domains of vai_q_onnx, Quark and onnxruntime."""
