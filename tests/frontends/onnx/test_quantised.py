"""Quantised operators are the float ones that they stand for."""

from __future__ import annotations

import pytest

from tests.frontends.onnx.building import UINT8, Constant, Proto, graph, model, node, number
from tests.frontends.onnx.reading import inner_ops
from vai_inspect.frontends.onnx import capture

IMAGE, ROWS = (1, 4, 8, 10), (1, 20)
ZERO = Constant((), (128,), UINT8)
SCALES = {"s": number(0.5), "z": ZERO}
MICROSOFT = "com.microsoft"


def quantised(op_type, inputs, shape, domain="", constants=None, values=None, **attributes):
    """Quantises x, runs one operator on it, and dequantises what it gives."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node(op_type, inputs.split(), ["r"], "node", domain, **attributes),
        node("DequantizeLinear", ["r", "s", "z"], ["y"]),
    ]
    held = {**SCALES, **(constants or {})}
    return Proto(model(graph(nodes, {"x": shape}, constants=held, values=values)))


def weights(*shape):
    return {"w": Constant(shape, None, UINT8), "b": Constant((6,), None, 6)}


CASES = {
    "QLinearConv": (
        quantised("QLinearConv", "q s z w s z s z b", IMAGE, "", weights(6, 4, 3, 3)),
        ("conv2d", (1, 6, 8, 6)),
    ),
    "QLinearConv, depthwise": (
        quantised("QLinearConv", "q s z w s z s z", IMAGE, "", weights(4, 1, 3, 3), group=4),
        ("depthwise-conv2d", (1, 6, 8, 4)),
    ),
    "ConvInteger": (
        quantised("ConvInteger", "q w z z", IMAGE, "", weights(6, 4, 1, 1)),
        ("conv2d", (1, 8, 10, 6)),
    ),
    "QLinearMatMul": (
        quantised("QLinearMatMul", "q s z w s z s z", ROWS, "", weights(20, 6)),
        ("inner-product", (1, 6)),
    ),
    "MatMulInteger": (
        quantised("MatMulInteger", "q w z z", ROWS, "", weights(20, 6)),
        ("inner-product", (1, 6)),
    ),
    "QGemm": (
        quantised("QGemm", "q s z w s z b s z", ROWS, MICROSOFT, weights(6, 20), transB=1),
        ("inner-product", (1, 6)),
    ),
    "QLinearAdd": (quantised("QLinearAdd", "q s z q s z s z", IMAGE, MICROSOFT), ("add", IMAGE)),
    "QLinearMul": (quantised("QLinearMul", "q s z q s z s z", IMAGE, MICROSOFT), ("mul", IMAGE)),
    "QLinearConcat": (
        quantised("QLinearConcat", "s z q s z q s z", IMAGE, MICROSOFT, axis=1),
        ("concat", (1, 8, 8, 10)),
    ),
    "QLinearAveragePool": (
        quantised("QLinearAveragePool", "q s z s z", IMAGE, MICROSOFT, kernel_shape=[2, 2]),
        ("avgpool2d", (1, 7, 9, 4)),
    ),
    "QLinearGlobalAveragePool": (
        quantised("QLinearGlobalAveragePool", "q s z s z", IMAGE, MICROSOFT),
        ("avgpool2d", (1, 1, 1, 4)),
    ),
    "QLinearLeakyRelu": (
        quantised("QLinearLeakyRelu", "q s z s z", IMAGE, MICROSOFT, alpha=0.1),
        ("leaky-relu", IMAGE),
    ),
    "QLinearSigmoid": (
        quantised("QLinearSigmoid", "q s z s z", IMAGE, MICROSOFT),
        ("sigmoid", IMAGE),
    ),
    "QLinearSoftmax": (
        quantised("QLinearSoftmax", "q s z s z", ROWS, MICROSOFT, axis=1, opset=13),
        ("softmax", ROWS),
    ),
    "QLinearReduceMean": (
        quantised("QLinearReduceMean", "q s z s z", IMAGE, MICROSOFT, axes=[2, 3]),
        ("reduction_mean", (1, 4, 1, 1)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_float_operator(name):
    proto, wanted = CASES[name]
    captured = capture(proto)
    (op,) = inner_ops(captured.graph)
    assert (op.kind, op.output.shape) == wanted
    assert op.output.dtype == "float32"
    assert op.name == "node"
    assert not [one for one in captured.graph if one.kind == "const"]
    assert "3 operators quantise or dequantise" in captured.warnings[0]


def test_channels_last_within_a_file_are_said_to_be_unread():
    given = {"r": (1, 1, 1, 10)}
    name = "QLinearGlobalAveragePool"
    proto = quantised(name, "q s z s z", IMAGE, MICROSOFT, None, given, channels_last=1)
    (op,) = inner_ops(capture(proto).graph)
    assert (op.kind, op.output.shape, op.attrs.opaque) == ("unknown", (1, 1, 1, 10), True)
    assert op.messages == ("could not be read as an XIR operator (its channels are last)",)


def test_another_operator_of_that_domain_is_unknown():
    nodes = [node("QLinearSwirl", ["x"], ["y"], "node", MICROSOFT)]
    captured = capture(Proto(model(graph(nodes, {"x": IMAGE}, values={"y": IMAGE}))))
    (op,) = inner_ops(captured.graph)
    assert op.attrs.opaque
    assert op.messages == ("an operator of the domain com.microsoft",)
