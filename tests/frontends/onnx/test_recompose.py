"""What exporters take apart is one operator again; what only looks like it stays."""

from __future__ import annotations

import math

import pytest

from tests.frontends.onnx.building import INT64, Constant, Proto, graph, model, node, number, whole
from tests.frontends.onnx.reading import graph_of, inner_ops, kinds

IMAGE = (1, 4, 8, 10)
TOKENS = (1, 7, 20)


def net(nodes, shape, **constants):
    """Nodes as (op type, inputs, output) or with attributes behind them."""
    written = [
        node(one[0], one[1].split(), [one[2]], "n_" + one[2], **(one[3] if one[3:] else {}))
        for one in nodes
    ]
    return Proto(model(graph(written, {"x": shape}, ["y"], constants)))


GELU = [
    ("Div", "x root", "a"),
    ("Erf", "a", "b"),
    ("Add", "b one", "c"),
    ("Mul", "x c", "d"),
    ("Mul", "d half", "y"),
]
NUMBERS = {"root": number(math.sqrt(2)), "one": number(1), "half": number(0.5)}
NORM = [
    ("ReduceMean", "x", "mean", {"axes": [-1]}),
    ("Sub", "x mean", "a"),
    ("Pow", "a two", "b"),
    ("ReduceMean", "b", "var", {"axes": [-1]}),
    ("Add", "var eps", "c"),
    ("Sqrt", "c", "d"),
    ("Div", "a d", "e"),
    ("Mul", "e w", "f"),
    ("Add", "f v", "y"),
]
AFFINE = {
    "two": number(2),
    "eps": number(1e-5),
    "w": Constant((20,)),
    "v": Constant((20,)),
}
ATTENTION = [
    ("Mul", "x c", "q"),
    ("Transpose", "x", "t", {"perm": [0, 2, 1]}),
    ("Mul", "t c", "k"),
    ("MatMul", "q k", "scores"),
    ("Softmax", "scores", "weights"),
    ("MatMul", "weights x", "y"),
]
MASKED = [
    *ATTENTION[:4],
    ("Add", "scores mask", "masked"),
    ("Softmax", "masked", "weights"),
    ("MatMul", "weights x", "y"),
]
CASES = {
    "attention": (net(ATTENTION, TOKENS, c=number(0.5)), ["scaled_dot_product_attention"]),
    "attention with a mask": (
        net(MASKED, TOKENS, c=number(0.5), mask=Constant((7, 7))),
        ["scaled_dot_product_attention"],
    ),
    "attention with one factor": (
        net(
            [
                ("Transpose", "x", "t", {"perm": [0, 2, 1]}),
                ("MatMul", "x t", "product"),
                ("Mul", "product c", "scores"),
                *ATTENTION[4:],
            ],
            TOKENS,
            c=number(0.5),
        ),
        ["transpose", "matmul", "mul", "softmax", "matmul"],
    ),
    "attention with two factors": (
        net(
            [ATTENTION[0], ATTENTION[1], ("Mul", "t d", "k"), *ATTENTION[3:]],
            TOKENS,
            c=number(0.5),
            d=number(0.25),
        ),
        ["mul", "transpose", "mul", "matmul", "softmax", "matmul"],
    ),
    "silu": (
        net([("Sigmoid", "x", "a"), ("Mul", "x a", "y")], IMAGE),
        ["swish"],
    ),
    "silu, the other way": (
        net([("Sigmoid", "x", "a"), ("Mul", "a x", "y")], IMAGE),
        ["swish"],
    ),
    "a gate of another tensor": (
        net([("Relu", "x", "r"), ("Sigmoid", "x", "a"), ("Mul", "r a", "y")], IMAGE),
        ["relu", "sigmoid", "mul"],
    ),
    "a sigmoid that something else reads": (
        net([("Sigmoid", "x", "a"), ("Mul", "x a", "b"), ("Add", "a b", "y")], IMAGE),
        ["sigmoid", "swish", "add"],
    ),
    "hard-swish of opset 13": (
        net([("HardSigmoid", "x", "a", {"alpha": 1 / 6}), ("Mul", "x a", "y")], IMAGE),
        ["hard-swish"],
    ),
    "softmax of channels before opset 13": (
        net(
            [
                ("Transpose", "x", "a", {"perm": [0, 3, 2, 1]}),
                ("Softmax", "a", "b", {"axis": 3}),
                ("Transpose", "b", "y", {"perm": [0, 3, 2, 1]}),
            ],
            IMAGE,
        ),
        ["softmax"],
    ),
    "mish": (
        net([("Softplus", "x", "a"), ("Tanh", "a", "b"), ("Mul", "x b", "y")], IMAGE),
        ["mish"],
    ),
    "gelu": (net(GELU, IMAGE, **NUMBERS), ["gelu"]),
    "no gelu: another factor": (
        net(GELU, IMAGE, **{**NUMBERS, "half": number(0.4)}),
        ["div", "Erf", "add", "mul", "mul"],
    ),
    "gelu, approximated": (
        net(
            [
                ("Pow", "x three", "a"),
                ("Mul", "a cubic", "b"),
                ("Add", "x b", "c"),
                ("Mul", "c scale", "d"),
                ("Tanh", "d", "e"),
                ("Add", "e one", "f"),
                ("Mul", "half x", "g"),
                ("Mul", "g f", "y"),
            ],
            IMAGE,
            three=number(3),
            cubic=number(0.044715),
            scale=number(math.sqrt(2 / math.pi)),
            one=number(1),
            half=number(0.5),
        ),
        ["gelu"],
    ),
    "layer norm": (net(NORM, TOKENS, **AFFINE), ["LayerNormalization"]),
    "layer norm without factors": (
        net([*NORM[:6], ("Div", "a d", "y")], TOKENS, two=AFFINE["two"], eps=AFFINE["eps"]),
        ["LayerNormalization"],
    ),
    "l2 norm": (
        net(
            [
                ("ReduceL2", "x", "a", {"axes": [1]}),
                ("Clip", "a eps", "b"),
                ("Shape", "x", "s"),
                ("Expand", "b s", "c"),
                ("Div", "x c", "y"),
            ],
            IMAGE,
            eps=number(1e-12),
        ),
        ["l2_normalize"],
    ),
    "group norm": (
        net(
            [
                ("Reshape", "x split", "a"),
                ("InstanceNormalization", "a ones zeros", "b"),
                ("Shape", "x", "s"),
                ("Reshape", "b s", "c"),
                ("Mul", "c w", "d"),
                ("Add", "d v", "y"),
            ],
            IMAGE,
            split=whole(0, 2, -1),
            ones=Constant((2,)),
            zeros=Constant((2,)),
            w=Constant((4, 1, 1)),
            v=Constant((4, 1, 1)),
        ),
        ["groupnorm"],
    ),
    "bias of a product": (
        net(
            [("MatMul", "x w", "a"), ("Add", "v a", "y")],
            TOKENS,
            w=Constant((20, 10)),
            v=Constant((10,)),
        ),
        ["inner-product"],
    ),
    "slices along two axes": (
        net(
            [("Slice", "x zero end two step", "a"), ("Slice", "a zero end three step", "y")],
            IMAGE,
            zero=whole(0),
            end=whole(2**62),
            two=whole(2),
            three=whole(3),
            step=whole(2),
        ),
        ["strided_slice"],
    ),
    "slices along one axis": (
        net(
            [("Slice", "x one end two step", "a"), ("Slice", "a one end two step", "y")],
            IMAGE,
            one=whole(1),
            end=whole(2**62),
            two=whole(2),
            step=whole(2),
        ),
        ["strided_slice", "strided_slice"],
    ),
    "stack": (
        net(
            [
                ("Relu", "x", "r"),
                ("Unsqueeze", "x one", "a"),
                ("Unsqueeze", "r one", "b"),
                ("Concat", "a b", "y", {"axis": 1}),
            ],
            IMAGE,
            one=whole(1),
        ),
        ["relu", "stack"],
    ),
    "a view with computed sizes": (
        net(
            [
                ("Shape", "x", "s"),
                ("Gather", "s zero", "n", {"axis": 0}),
                ("Unsqueeze", "n axis", "m"),
                ("Concat", "m rest", "t", {"axis": 0}),
                ("Reshape", "x t", "y"),
            ],
            IMAGE,
            zero=Constant((), (0,), INT64),
            axis=whole(0),
            rest=whole(-1),
        ),
        ["flatten"],
    ),
    "quantise and dequantise": (
        net(
            [
                ("QuantizeLinear", "x scale", "a"),
                ("DequantizeLinear", "a scale", "b"),
                ("DequantizeLinear", "q scale", "w"),
                ("Conv", "b w", "y"),
            ],
            IMAGE,
            scale=number(0.5),
            q=Constant((6, 4, 3, 3), None, 3),
        ),
        ["conv2d"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_joined(name):
    proto, wanted = CASES[name]
    assert kinds(graph_of(proto)) == wanted


def test_the_parts_stand_in_the_origin():
    (op,) = inner_ops(graph_of(net(GELU, IMAGE, **NUMBERS)))
    assert op.name == "n_y"
    assert set(op.origin.layers) == {"n_a", "n_b", "n_c", "n_d", "n_y"}


def test_a_quantised_model_is_told():
    from vai_inspect.frontends.onnx import capture

    captured = capture(CASES["quantise and dequantise"][0])
    assert any("quantised model" in text for text in captured.warnings)
