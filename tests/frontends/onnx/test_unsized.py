"""Nodes whose output shapes are not known: what depends on data, and what is broken."""

from __future__ import annotations

import pytest

from tests.frontends.onnx.building import Constant, Proto, graph, model, node, whole
from vai_inspect.frontends.onnx import capture

X = (1, 4, 8, 10)
W = Constant((6, 4, 3, 3))
UNSIZED = {
    "weights of other channels": (
        node("Conv", ["x", "w"], ["y"]),
        Constant((6, 5, 3, 3)),
        "do not fit 4 channels",
    ),
    "weights of one axis": (
        node("Conv", ["x", "w"], ["y"]),
        Constant((6,)),
        "do not have 1 to 3 spatial axes",
    ),
    "an attribute": (node("Conv", ["x", "w"], ["y"], strides=[1]), W, "are not for 2 axes"),
    "no weights": (node("Conv", ["x"], ["y"]), W, "its input 1 is missing"),
    "a reshape": (node("Reshape", ["x", "w"], ["y"]), whole(7, -1), "has not the elements"),
    "too large": (node("Tile", ["x", "w"], ["y"]), whole(1, 1, 1, 2**40), "too large"),
}


@pytest.mark.parametrize("name", UNSIZED)
def test_a_broken_node_is_not_called_data_dependent(name):
    broken, constant, reason = UNSIZED[name]
    relu = node("Relu", ["x"], ["a"])
    data = model(graph([relu, broken], {"x": X}, ("a", "y"), {"w": constant}))
    (warning,) = capture(Proto(data)).warnings
    assert "the sizes of 1 of 2 operators cannot be computed" in warning
    assert reason in warning
    assert "CPU" not in warning


def test_an_operator_of_no_rule_and_no_declared_shape_is_on_the_cpu():
    nodes = [node("Own", ["x"], ["a"], "own", domain="own"), node("Relu", ["a"], ["y"])]
    (warning,) = capture(Proto(model(graph(nodes, {"x": X})))).warnings
    assert "does not declare the sizes of 2 of 2 operators: own, which run on the CPU" in warning
    assert "whose device is unknown" in warning


def test_a_shape_whose_numbers_are_not_in_the_file_is_not_known():
    nodes = [node("ConstantOfShape", ["s"], ["c"], "ones"), node("Add", ["x", "c"], ["y"])]
    data = model(graph(nodes, {"x": X}, constants={"s": Constant((4,), None, 7)}))
    (warning,) = capture(Proto(data)).warnings
    assert "device is unknown: ones (the values of its input 0 are not known)" in warning


@pytest.mark.parametrize(
    "computed",
    [
        node("Reshape", ["x", "s"], ["y"], "it"),
        node("ConstantOfShape", ["s"], ["y"], "it"),
        node("Range", ["s", "s", "s"], ["y"], "it"),
        node("NonZero", ["x"], ["y"], "it"),
    ],
)
def test_a_shape_that_is_computed_is_data_dependent(computed):
    nodes = [node("ReduceMax", ["x"], ["s"], "most", keepdims=0), computed]
    (warning,) = capture(Proto(model(graph(nodes, {"x": X}, ("s", "y"))))).warnings
    assert "operators have data-dependent sizes; they run on the CPU: it and" in warning


@pytest.mark.parametrize(
    ("op_type", "inputs", "shape"),
    [
        ("Conv", {"w": (6, 4, 3, 3)}, (1, 6, 8, 6)),
        ("ConvTranspose", {"w": (4, 6, 3, 3)}, (1, 10, 12, 6)),
        ("BatchNormalization", {"a": (4,), "b": (4,), "c": (4,), "d": (4,)}, (1, 8, 10, 4)),
    ],
)
def test_weights_that_are_an_input_leave_the_shape_known(op_type, inputs, shape):
    nodes = [node(op_type, ["x", *inputs], ["y"], "node")]
    captured = capture(Proto(model(graph(nodes, {"x": X, **inputs}))))
    op = captured.graph["node"]
    assert captured.warnings == ()
    assert (op.kind, op.attributes()["framework_type"]) == ("unknown", op_type)
    assert sorted(op.output.shape) == sorted(shape)
    assert "its input 1 is computed from the model's inputs" in op.messages[0]
