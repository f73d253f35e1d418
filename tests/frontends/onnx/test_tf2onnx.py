"""Files of Keras models: what tf2onnx takes apart is one layer again, what the user wrote stays."""

from __future__ import annotations

import time

import pytest

from tests.frontends.onnx.building import Constant, Proto, graph, model, node, number, whole
from tests.frontends.onnx.reading import graph_of, inner_ops, kinds
from vai_inspect.core.passes import normalise
from vai_inspect.frontends.onnx import capture

IMAGE = (1, 4, 8, 10)
TOKENS = (1, 7, 20)
CHANNELS = Constant((1, 4, 1, 1))


def net(nodes, shape, producer="tf2onnx", outputs=("y",), **constants):
    """Nodes as (op type, inputs, output) or with attributes; names are those of the outputs."""
    written = []
    for op_type, inputs, output, *attributes in nodes:
        more = attributes[0] if attributes else {}
        written.append(node(op_type, inputs.split(), [output], output, **more))
    written.append(node("Identity", [written_name(nodes)], ["y"], "Identity"))
    return Proto(model(graph(written, {"x": shape}, outputs, constants), producer=producer))


def written_name(nodes):
    return nodes[-1][2]


def layer(scope, *nodes):
    """Nodes whose outputs, but for the input x, lie in a scope."""
    return [
        (kind, " ".join(one if one in OUTSIDE else scope + one for one in inputs.split()), *rest)
        for kind, inputs, *rest in (
            (kind, inputs, scope + output, *more) for kind, inputs, output, *more in nodes
        )
    ]


OUTSIDE = ("x", "w", "k", "gamma", "beta", "slopes", "three", "sixth", "six", "low", "high", "eps")
OUTSIDE += ("to", "back", "last")
HARD_SIGMOID = [("Add", "x three", "add"), ("Clip", "add low high", "Relu6")]
NUMBERS = {
    "three": number(3),
    "sixth": number(1 / 6),
    "six": number(6),
    "low": number(0),
    "high": number(6),
}
SWISH = [("Sigmoid", "x", "Sigmoid"), ("Mul", "x Sigmoid", "mul")]
DEPTHWISE = ("Conv", "x w", "depthwise", {"group": 4})
UNTRAINED = "bn/batchnorm/mul_1"
NORM = [
    ("ReduceMean", "x", "moments/mean", {"axes": [2]}),
    ("Neg", "moments/mean", "Neg"),
    ("Sub", "x moments/mean", "moments/SquaredDifference"),
    ("Mul", "moments/SquaredDifference moments/SquaredDifference", "moments/Square"),
    ("ReduceMean", "moments/Square", "moments/variance", {"axes": [2]}),
    ("Add", "moments/variance eps", "add"),
    ("Sqrt", "add", "Rsqrt"),
    ("Reciprocal", "Rsqrt", "Rsqrt__27"),
    ("Mul", "Rsqrt__27 gamma", "mul"),
    ("Mul", "x mul", "mul_2"),
    ("Mul", "Neg mul", "mul_1"),
    ("Add", "mul_1 beta", "add_1"),
    ("Add", "mul_2 add_1", "add_2"),
]
AFFINE = {
    "eps": number(1e-3),
    "gamma": Constant((1, 1, 20)),
    "beta": Constant((1, 1, 20)),
}
DENSE = [
    ("Reshape", "x to", "Tensordot/Reshape"),
    ("MatMul", "Tensordot/Reshape w", "Tensordot/MatMul"),
    ("Reshape", "Tensordot/MatMul back", "Tensordot"),
    ("Add", "Tensordot k", "BiasAdd"),
]
OF_DENSE = {
    "to": whole(-1, 20),
    "back": whole(1, 7, 6),
    "w": Constant((20, 6)),
    "k": Constant((6,)),
}
SLOPED = [
    ("Relu", "x", "Relu"),
    ("Neg", "x", "Neg"),
    ("Relu", "Neg", "Relu_1"),
    ("Mul", "Relu_1 slopes", "mul"),
    ("Add", "Relu mul", "add"),
]
CASES = {
    "a hard sigmoid": (
        net(layer("m/act/", *HARD_SIGMOID, ("Mul", "Relu6 sixth", "truediv")), IMAGE, **NUMBERS),
        ["hard-sigmoid"],
    ),
    "a hard sigmoid, divided": (
        net(layer("m/act/", *HARD_SIGMOID, ("Div", "Relu6 six", "truediv")), IMAGE, **NUMBERS),
        ["hard-sigmoid"],
    ),
    "a hard swish": (
        net(
            layer(
                "m/act/",
                *HARD_SIGMOID,
                ("Mul", "Relu6 sixth", "truediv"),
                ("Mul", "x truediv", "mul"),
            ),
            IMAGE,
            **NUMBERS,
        ),
        ["hard-swish"],
    ),
    "a hard sigmoid of a layer, multiplied by another": (
        net(
            [
                *layer("m/act/", *HARD_SIGMOID, ("Mul", "Relu6 sixth", "truediv")),
                ("Mul", "x m/act/truediv", "m/multiply/Mul"),
            ],
            IMAGE,
            **NUMBERS,
        ),
        ["hard-sigmoid", "mul"],
    ),
    "a hard sigmoid written by hand": (
        net(
            [
                ("Add", "x three", "m/Add"),
                ("Clip", "m/Add low high", "m/re_lu/Relu6"),
                ("Mul", "m/re_lu/Relu6 sixth", "m/Mul"),
                ("Relu", "m/Mul", "m/re_lu_1/Relu"),
            ],
            IMAGE,
            **NUMBERS,
        ),
        ["add", "relu6", "mul", "relu"],
    ),
    "a hard sigmoid of another exporter": (
        net(
            layer("m/act/", *HARD_SIGMOID, ("Mul", "Relu6 sixth", "truediv")),
            IMAGE,
            producer="pytorch",
            **NUMBERS,
        ),
        ["add", "relu6", "mul"],
    ),
    "a swish": (net(layer("m/act/", *SWISH), IMAGE), ["swish"]),
    "a sigmoid and a product of two layers": (
        net([("Sigmoid", "x", "m/act/Sigmoid"), ("Mul", "x m/act/Sigmoid", "m/mul/Mul")], IMAGE),
        ["sigmoid", "mul"],
    ),
    "a PReLU": (net(layer("m/p/", *SLOPED), IMAGE, slopes=CHANNELS), ["prelu"]),
    "a PReLU with a slope for each element": (
        net(layer("m/p/", *SLOPED), IMAGE, slopes=Constant(IMAGE)),
        ["relu", "neg", "relu", "mul", "add"],
    ),
    "layer norm": (net(layer("m/n/", *NORM), TOKENS, **AFFINE), ["LayerNormalization"]),
    "layer norm with its gradient stopped": (
        net(
            layer(
                "m/n/",
                NORM[0],
                ("Identity", "moments/mean", "moments/StopGradient"),
                NORM[1],
                ("Sub", "x moments/StopGradient", "moments/SquaredDifference"),
                *NORM[3:],
            ),
            TOKENS,
            **AFFINE,
        ),
        ["LayerNormalization"],
    ),
    "layer norm without beta": (
        net(
            layer("m/n/", *NORM[:-2], ("Add", "mul_2 mul_1", "add_2")),
            TOKENS,
            **{key: AFFINE[key] for key in ("eps", "gamma")},
        ),
        ["LayerNormalization"],
    ),
    "dense of tokens": (net(layer("m/d/", *DENSE), TOKENS, **OF_DENSE), ["inner-product"]),
    "two reshapes of the user's": (
        net(
            [
                ("Reshape", "x to", "m/reshape/Reshape"),
                ("MatMul", "m/reshape/Reshape w", "m/dense/MatMul"),
                ("Reshape", "m/dense/MatMul back", "m/reshape_1/Reshape"),
            ],
            TOKENS,
            **OF_DENSE,
        ),
        ["reshape", "inner-product", "reshape"],
    ),
    "batch norm": (
        net(
            [
                DEPTHWISE,
                ("Mul", "depthwise gamma", "bn/mul_1"),
                ("Add", "bn/mul_1 beta", "bn/add_1"),
            ],
            IMAGE,
            w=Constant((4, 1, 3, 3)),
            gamma=CHANNELS,
            beta=CHANNELS,
        ),
        ["depthwise-conv2d", "batchnorm"],
    ),
    "batch norm without beta and mean": (
        net(
            [DEPTHWISE, ("Mul", "depthwise gamma", UNTRAINED), ("Relu", UNTRAINED, "relu")],
            IMAGE,
            w=Constant((4, 1, 3, 3)),
            gamma=CHANNELS,
        ),
        ["depthwise-conv2d", "batchnorm", "relu"],
    ),
    "a factor for each channel of another layer": (
        net(
            [DEPTHWISE, ("Mul", "depthwise gamma", "scale/mul"), ("Relu", "scale/mul", "relu")],
            IMAGE,
            w=Constant((4, 1, 3, 3)),
            gamma=CHANNELS,
        ),
        ["depthwise-conv2d", "mul", "relu"],
    ),
    "batch norm of which only the sum is left": (
        net(
            [
                ("Conv", "x w", "conv"),
                ("Add", "conv beta", "bn/batchnorm/add_1"),
                ("Relu", "bn/batchnorm/add_1", "relu"),
            ],
            IMAGE,
            w=Constant((4, 4, 3, 3)),
            beta=CHANNELS,
        ),
        ["conv2d", "batchnorm", "relu"],
    ),
    "batch norm before a convolution": (
        net(
            [
                ("Mul", "x gamma", "bn/mul_1"),
                ("Add", "bn/mul_1 beta", "bn/add_1"),
                ("Conv", "bn/add_1 w", "conv"),
            ],
            IMAGE,
            w=Constant((4, 4, 3, 3)),
            gamma=CHANNELS,
            beta=CHANNELS,
        ),
        ["batchnorm", "conv2d"],
    ),
    "a product with a number for each pixel": (
        net(
            [("Mul", "x gamma", "m/mul"), ("Add", "m/mul beta", "m/add"), ("Relu", "m/add", "r")],
            IMAGE,
            gamma=Constant((1, 1, 8, 1)),
            beta=Constant((1, 1, 8, 1)),
        ),
        ["mul", "add", "relu"],
    ),
    "a product of which something else reads": (
        net(
            [
                ("Mul", "x gamma", "m/mul"),
                ("Add", "m/mul beta", "m/add"),
                ("Sub", "m/add m/mul", "m/sub"),
            ],
            IMAGE,
            gamma=CHANNELS,
            beta=CHANNELS,
        ),
        ["mul", "add", "sub"],
    ),
}


def without_identities(found):
    return [kind for kind in found if kind != "identity"]


@pytest.mark.parametrize("name", CASES)
def test_joined(name):
    proto, wanted = CASES[name]
    assert without_identities(kinds(graph_of(proto))) == wanted


NHWC = (1, 8, 10, 4)
IN_NHWC = [("Transpose", "x", "first", {"perm": [0, 3, 1, 2]}), ("Conv", "first w", "conv")]
IN_NHWC += [("Transpose", "conv", "last", {"perm": [0, 2, 3, 1]})]


NORM_LAST = [("Mul", "last gamma", "mul_1"), ("Add", "mul_1 beta", "add_1")]
PRELU_LAST = [(kind, inputs.replace("x", "last"), output) for kind, inputs, output in SLOPED]


@pytest.mark.parametrize(
    ("nodes", "constants", "wanted"),
    [
        (NORM_LAST, {"gamma": Constant((4,)), "beta": Constant((4,))}, []),
        (PRELU_LAST, {"slopes": Constant((1, 1, 4))}, ["prelu"]),
    ],
)
def test_channels_last_in_the_file(nodes, constants, wanted):
    whole_net = [*IN_NHWC, *layer("m/p/", *nodes)]
    captured = capture(net(whole_net, NHWC, w=Constant((4, 4, 3, 3)), **constants))
    found = inner_ops(normalise(captured.graph, captured.batch_norm_into))
    assert [op.kind for op in found] == ["conv2d", *wanted]
    assert {op.output.shape for op in found} == {(1, 6, 8, 4)}


def test_a_batch_norm_is_folded():
    captured = capture(CASES["batch norm"][0])
    normal = normalise(captured.graph, captured.batch_norm_into)
    (op,) = inner_ops(normal)
    assert op.kind == "depthwise-conv2d"
    assert op.param("bias") is not None


@pytest.mark.parametrize(
    ("kind", "keep", "wanted"),
    [
        ("ReduceMean", 1, [("avgpool2d", (1, 1, 1, 4))]),
        ("ReduceMean", 0, [("avgpool2d", (1, 1, 1, 4)), ("squeeze", (1, 4))]),
        ("ReduceMax", 0, [("maxpool2d", (1, 1, 1, 4)), ("squeeze", (1, 4))]),
    ],
)
def test_a_global_pool_of_channels_last(kind, keep, wanted):
    nodes = [*IN_NHWC, (kind, "last", "m/pool/pool", {"axes": [1, 2], "keepdims": keep})]
    constants = {"w": Constant((4, 4, 3, 3))}
    found = inner_ops(normalise(graph_of(net(nodes, NHWC, **constants))))
    assert [(op.kind, op.output.shape) for op in found[1:]] == wanted


def test_figures_to_an_image_of_one_pixel():
    nodes = [
        ("GlobalAveragePool", "x", "pool"),
        ("Squeeze", "pool axes", "flat"),
        ("Reshape", "flat to", "image"),
        ("Conv", "image w", "conv"),
    ]
    constants = {"axes": whole(2, 3), "to": whole(-1, 4, 1, 1), "w": Constant((2, 4, 1, 1))}
    found = normalise(graph_of(net(nodes, IMAGE, **constants)))
    assert [(op.kind, op.output.shape) for op in inner_ops(found)] == [
        ("avgpool2d", (1, 1, 1, 4)),
        ("squeeze", (1, 4)),
        ("reshape", (1, 1, 1, 4)),
        ("conv2d", (1, 1, 1, 2)),
    ]


@pytest.mark.parametrize(
    ("shape", "to", "wanted"),
    [
        ((1, 8, 10, 1), (1, 1, 8, 10), []),
        ((1, 8, 10, 4), (1, 4, 8, 10), ["reshape"]),
        ((1, 1, 1, 4), (1, 4, 1, 1), []),
    ],
)
def test_a_reshape_that_moves_the_channels_of_one_pixel_or_one_channel(shape, to, wanted):
    nodes = [("Reshape", "x to", "image"), ("Conv", "image w", "conv")]
    constants = {"to": whole(*to), "w": Constant((2, to[1], 1, 1))}
    found = normalise(graph_of(net(nodes, shape, **constants)))
    assert [op.kind for op in inner_ops(found)][: len(wanted)] == wanted
    assert inner_ops(found)[-1].kind == "conv2d"


def test_inputs_that_nothing_reads_are_left_out():
    nodes = [node("Relu", ["x"], ["y"])]
    proto = Proto(model(graph(nodes, {"x": IMAGE, "mean": (1, 3), "var": (1, 3)})))
    for given in (None, IMAGE, [IMAGE, (1, 3), (1, 3)], {"x": IMAGE, "mean": (1, 3)}):
        captured = capture(proto, given)
        assert [op.name for op in captured.graph if op.kind == "data"] == ["x"]
        assert captured.warnings == ("inputs that no operator reads are ignored: mean, var",)


def test_scopes_without_end_take_no_time():
    deep = "/" * 200_000
    nodes = [("Sigmoid", "x", deep + "Sigmoid"), ("Mul", "x " + deep + "Sigmoid", deep + "mul")]
    begin = time.process_time()
    assert without_identities(kinds(graph_of(net(nodes, IMAGE))))
    assert time.process_time() - begin < 2
