"""Each operator of ONNX as operators of XIR: kinds, shapes, attributes, in NHWC."""

from __future__ import annotations

import pytest

from tests.frontends.onnx.building import INT64, Constant, number, single, whole
from tests.frontends.onnx.reading import graph_of, inner_ops, kinds

X = (1, 4, 8, 10)
IMAGE = [X]
SAME = (1, 4, 8, 10)
W = Constant((6, 4, 3, 5))
CASES = {
    # name: (model, kind, shape as it lies, attributes)
    "conv": (
        single("Conv", IMAGE, [W, Constant((6,))], pads=[1, 2, 1, 2], strides=[2, 1]),
        "conv2d",
        (1, 4, 10, 6),
        {"kernel": [5, 3], "stride": [1, 2], "pad": [2, 2, 1, 1]},
    ),
    "conv, uneven pads": (
        single("Conv", IMAGE, [W], pads=[0, 1, 2, 3]),
        "conv2d",
        (1, 8, 10, 6),
        {"pad": [1, 3, 0, 2]},
    ),
    "conv, same upper": (
        single("Conv", IMAGE, [Constant((6, 4, 4, 4))], auto_pad="SAME_UPPER"),
        "conv2d",
        (1, 8, 10, 6),
        {"pad": [1, 2, 1, 2]},
    ),
    "conv, same lower": (
        single("Conv", IMAGE, [Constant((6, 4, 4, 4))], auto_pad="SAME_LOWER"),
        "conv2d",
        (1, 8, 10, 6),
        {"pad": [2, 1, 2, 1]},
    ),
    "conv, valid": (
        single("Conv", IMAGE, [W], auto_pad="VALID"),
        "conv2d",
        (1, 6, 6, 6),
        {"pad": [0, 0, 0, 0]},
    ),
    "conv, grouped": (
        single("Conv", IMAGE, [Constant((6, 2, 1, 1))], group=2),
        "conv2d",
        (1, 8, 10, 6),
        {"group": 2},
    ),
    "conv, depthwise": (
        single("Conv", IMAGE, [Constant((8, 1, 3, 3))], group=4, dilations=[2, 2]),
        "depthwise-conv2d",
        (1, 4, 6, 8),
        {"multiplier": 2, "dilation": [2, 2]},
    ),
    "conv 1-D": (
        single("Conv", [(1, 4, 8)], [Constant((6, 4, 3))]),
        "conv1d",
        (1, 6, 6),
        {"kernel": [3]},
    ),
    "conv 3-D": (
        single("Conv", [(1, 4, 5, 6, 7)], [Constant((6, 4, 1, 2, 3))]),
        "conv3d",
        (1, 5, 5, 5, 6),
        {"kernel": [3, 2, 1]},
    ),
    "transposed": (
        single(
            "ConvTranspose",
            IMAGE,
            [Constant((4, 6, 3, 3))],
            strides=[2, 2],
            pads=[1] * 4,
            output_padding=[1, 1],
        ),
        "transposed-conv2d",
        (1, 16, 20, 6),
        {"pad": [1, 1, 1, 1], "output_padding": [1, 1]},
    ),
    "transposed, output shape": (
        single(
            "ConvTranspose", IMAGE, [Constant((4, 6, 3, 3))], strides=[2, 2], output_shape=[16, 20]
        ),
        "transposed-conv2d",
        (1, 16, 20, 6),
        {"pad": [1, 0, 1, 0]},
    ),
    "transposed, same": (
        single(
            "ConvTranspose", IMAGE, [Constant((4, 6, 3, 3))], strides=[2, 2], auto_pad="SAME_UPPER"
        ),
        "transposed-conv2d",
        (1, 16, 20, 6),
        {"pad": [0, 1, 0, 1]},
    ),
    "transposed, depthwise": (
        single("ConvTranspose", IMAGE, [Constant((4, 1, 2, 2))], group=4, strides=[2, 2]),
        "transposed-depthwise-conv2d",
        (1, 16, 20, 4),
        {"kernel": [2, 2]},
    ),
    "max pool": (
        single("MaxPool", IMAGE, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        "maxpool2d",
        (1, 4, 5, 4),
        {"kernel": [3, 3], "pad_mode": "FLOOR"},
    ),
    "max pool, ceil": (
        single("MaxPool", [(1, 4, 8, 8)], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        "maxpool2d",
        (1, 4, 4, 4),
        {"pad_mode": "CEIL"},
    ),
    "max pool, ceil that is floor": (
        single("MaxPool", IMAGE, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        "maxpool2d",
        (1, 4, 5, 4),
        {"pad_mode": "FLOOR"},
    ),
    "max pool 1-D": (
        single("MaxPool", [(1, 4, 8)], kernel_shape=[2], strides=[2]),
        "maxpool1d",
        (1, 4, 4),
        {"kernel": [2]},
    ),
    "average pool": (
        single("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1),
        "avgpool2d",
        (1, 8, 10, 4),
        {"count_include_pad": True},
    ),
    "global average": (
        single("GlobalAveragePool", IMAGE),
        "avgpool2d",
        (1, 1, 1, 4),
        {"kernel": [10, 8], "global": True},
    ),
    "global maximum": (single("GlobalMaxPool", IMAGE), "maxpool2d", (1, 1, 1, 4), {}),
    "batch norm": (
        single("BatchNormalization", IMAGE, [Constant((4,))] * 4),
        "batchnorm",
        (1, 8, 10, 4),
        {"axis": 3},
    ),
    "relu6, attributes": (single("Clip", IMAGE, opset=7, min=0.0, max=6.0), "relu6", SAME, {}),
    "relu6": (single("Clip", IMAGE, [number(0), number(6)]), "relu6", SAME, {}),
    "hard tanh": (single("Clip", IMAGE, [number(-1), number(1)]), "hard-tanh", SAME, {}),
    "clip from 0 on": (single("Clip", IMAGE, [number(0)]), "relu", SAME, {}),
    "leaky": (single("LeakyRelu", IMAGE, alpha=0.1), "leaky-relu", SAME, {"alpha": 0.1}),
    "hard sigmoid": (
        single("HardSigmoid", IMAGE, alpha=1 / 6, beta=0.5),
        "hard-sigmoid",
        SAME,
        {},
    ),
    "softmax": (single("Softmax", IMAGE), "softmax", SAME, {"axis": 3}),
    "softmax of 12": (single("Softmax", [(1, 10)], opset=12), "softmax", (1, 10), {"axis": 1}),
    "gemm": (
        single("Gemm", [(1, 20)], [Constant((10, 20)), Constant((10,))], transB=1),
        "inner-product",
        (1, 10),
        {"axis": 1},
    ),
    "matmul": (
        single("MatMul", [(1, 7, 20)], [Constant((20, 10))]),
        "inner-product",
        (1, 7, 10),
        {},
    ),
    "matmul of two": (single("MatMul", [(1, 2, 3), (1, 3, 4)]), "matmul", (1, 2, 4), {}),
    "flatten": (single("Flatten", IMAGE), "flatten", (1, 320), {"start_axis": 1, "end_axis": 3}),
    "flatten by reshape": (single("Reshape", IMAGE, [whole(0, -1)]), "flatten", (1, 320), {}),
    "reshape": (
        single("Reshape", IMAGE, [whole(0, 2, -1, 10)]),
        "reshape",
        (1, 2, 16, 10),
        {"shape": [1, 2, 16, 10]},
    ),
    "squeeze": (single("Squeeze", [(1, 4, 1)], [whole(2)]), "squeeze", (1, 4), {"axis": [2]}),
    "squeeze, attribute": (
        single("Squeeze", [(1, 4, 1)], opset=11, axes=[2]),
        "squeeze",
        (1, 4),
        {},
    ),
    "unsqueeze": (single("Unsqueeze", [(1, 4)], [whole(-1, 1)]), "reshape", (1, 1, 4, 1), {}),
    "transpose": (
        single("Transpose", [(1, 2, 3)], perm=[0, 2, 1]),
        "transpose",
        (1, 3, 2),
        {"order": [0, 2, 1]},
    ),
    "concat": (single("Concat", [X, X], axis=1), "concat", (1, 8, 8, 10), {"axis": 1}),
    "slice": (
        single("Slice", IMAGE, [whole(1), whole(2**62), whole(2), whole(2)]),
        "strided_slice",
        (1, 4, 4, 10),
        {"begin": [0, 0, 1, 0], "strides": [1, 1, 2, 1]},
    ),
    "slice of 9": (
        single("Slice", IMAGE, opset=9, starts=[1], ends=[3], axes=[1]),
        "strided_slice",
        (1, 2, 8, 10),
        {},
    ),
    "pad": (
        single("Pad", IMAGE, [whole(0, 0, 1, 2, 0, 0, 3, 4)]),
        "pad",
        (1, 4, 12, 16),
        {"paddings": [0, 0, 0, 0, 1, 3, 2, 4]},
    ),
    "pad of 10": (
        single("Pad", IMAGE, opset=10, pads=[0, 0, 1, 1, 0, 0, 1, 1], mode="reflect"),
        "pad",
        (1, 4, 10, 12),
        {"mode": "REFLECT"},
    ),
    "resize by scales": (
        single(
            "Resize",
            IMAGE,
            [None, Constant((4,), (1.0, 1.0, 2.0, 2.0))],
            mode="linear",
            coordinate_transformation_mode="pytorch_half_pixel",
        ),
        "resize",
        (1, 16, 20, 4),
        {"mode": "BILINEAR", "half_pixel_centers": True, "scale": [2.0, 2.0]},
    ),
    "resize to sizes": (
        single(
            "Resize",
            IMAGE,
            [None, None, whole(1, 4, 16, 20)],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
        ),
        "resize",
        (1, 16, 20, 4),
        {"mode": "NEAREST", "half_pixel_centers": False},
    ),
    "resize, corners": (
        single(
            "Resize",
            IMAGE,
            [None, None, whole(1, 4, 16, 20)],
            mode="linear",
            coordinate_transformation_mode="align_corners",
        ),
        "resize",
        (1, 16, 20, 4),
        {"align_corners": True},
    ),
    "upsample of 7": (
        single("Upsample", IMAGE, opset=7, scales=[1.0, 1.0, 2.0, 2.0]),
        "resize",
        (1, 16, 20, 4),
        {"mode": "NEAREST"},
    ),
    "pixel shuffle": (
        single("DepthToSpace", IMAGE, blocksize=2, mode="CRD"),
        "pixel-shuffle",
        (1, 16, 20, 1),
        {"scale": 2, "upscale": True},
    ),
    "mean": (
        single("ReduceMean", IMAGE, axes=[2, 3]),
        "reduction_mean",
        (1, 4, 1, 1),
        {"axis": [2, 3], "keep_dims": True},
    ),
    "mean of 18": (
        single("ReduceMean", IMAGE, [whole(-1)], opset=18, keepdims=0),
        "reduction_mean",
        (1, 4, 8),
        {"axis": [3], "keep_dims": False},
    ),
    "l2": (single("LpNormalization", IMAGE, axis=1), "l2_normalize", SAME, {"axis": [1]}),
    "instance norm": (
        single("InstanceNormalization", IMAGE, [Constant((4,))] * 2),
        "instancenorm",
        (1, 8, 10, 4),
        {},
    ),
    "sum": (single("Sum", [X, X]), "add", SAME, {}),
    "cast": (single("Cast", IMAGE, to=INT64), "cast", SAME, {"data_type": "INT64"}),
    "prelu": (single("PRelu", IMAGE, [Constant((4, 1, 1))]), "prelu", (1, 8, 10, 4), {}),
    # Without XIR equivalent.
    "clip": (single("Clip", IMAGE, [number(0), number(1)]), "Clip(0, 1)", SAME, {}),
    "erf": (single("Erf", IMAGE), "Erf", SAME, {}),
    "layer norm": (
        single("LayerNormalization", [(1, 7, 20)], [Constant((20,))] * 2),
        "LayerNormalization",
        (1, 7, 20),
        {},
    ),
    "top k": (single("TopK", [(1, 20)], [whole(5)], outputs=2), "TopK", (1, 5), {}),
    "depth to space": (
        single("DepthToSpace", IMAGE, blocksize=2),
        "DepthToSpace",
        (1, 1, 16, 20),
        {},
    ),
    "expand": (single("Expand", [(1, 4, 1)], [whole(1, 4, 5)]), "Expand", (1, 4, 5), {}),
    "tile": (single("Tile", [(1, 4)], [whole(1, 3)]), "Tile", (1, 12), {}),
    "einsum": (
        single("Einsum", [(1, 2, 3), (1, 3, 4)], equation="bij,bjk->bik"),
        "Einsum",
        (1, 2, 4),
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_operator(name):
    model, kind, shape, attributes = CASES[name]
    graph = graph_of(model)
    assert kind in kinds(graph)
    op = inner_ops(graph)[kinds(graph).index(kind)]
    assert (op.output.shape, op.name) == (shape, "node")
    assert {key: op.attributes()[key] for key in attributes} == attributes


SEVERAL = {
    "split": (
        single("Split", IMAGE, [whole(1, 3)], axis=1, outputs=2),
        [("strided_slice", (1, 1, 8, 10)), ("strided_slice", (1, 3, 8, 10))],
    ),
    "split, equal": (
        single("Split", IMAGE, opset=18, axis=3, outputs=3, num_outputs=3),
        [("strided_slice", (1, 4, 8, 4))] * 2 + [("strided_slice", (1, 4, 8, 2))],
    ),
    "gather of one": (
        single("Gather", [(1, 4, 8)], [Constant((), (2,), INT64)], axis=1),
        [("strided_slice", (1, 1, 8)), ("squeeze", (1, 8))],
    ),
    "gather of some": (
        single("Gather", [(1, 4, 8)], [whole(0, 2)], axis=1),
        [("strided_slice", (1, 2, 8))],
    ),
    "gather out of order": (
        single("Gather", [(1, 4, 8)], [whole(2, 0)], axis=1),
        [("Gather", (1, 2, 8))],
    ),
    "three maxima": (single("Max", [X, X, X]), [("max", SAME), ("max", SAME)]),
    "argmax": (single("ArgMax", [(1, 9)], axis=1), [("argmax", (1,)), ("reshape", (1, 1))]),
    "lstm": (
        single(
            "LSTM",
            [(5, 1, 3)],
            [Constant((1, 16, 3)), Constant((1, 16, 4))],
            outputs=3,
            hidden_size=4,
        ),
        [("LSTM", (5, 1, 1, 4))],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_operators(name):
    model, wanted = SEVERAL[name]
    graph = graph_of(model)
    assert [(kind, op.output.shape) for kind, op in zip(kinds(graph), inner_ops(graph))] == wanted


@pytest.mark.parametrize(
    ("op_type", "shape"), [("DepthToSpace", (1, 16, 20, 1)), ("SpaceToDepth", (1, 4, 5, 16))]
)
def test_pixels_move_in_any_order_of_axes(op_type, shape):
    from tests.frontends.onnx.building import Proto, graph, model, node

    nodes = [
        node("Conv", ["x", "w"], ["a"], "conv"),
        node(op_type, ["a"], ["y"], "moved", blocksize=2),
    ]
    proto = Proto(model(graph(nodes, {"x": X}, constants={"w": Constant((4, 4, 1, 1))})))
    found = [
        (kind, op.output.shape)
        for kind, op in zip(kinds(graph_of(proto)), inner_ops(graph_of(proto)))
    ]
    assert found == [("conv2d", (1, 8, 10, 4)), (op_type, shape)]


def test_the_column_row_depth_is_pytorchs_pixel_shuffle():
    model = single("DepthToSpace", IMAGE, blocksize=2, mode="CRD")
    (op,) = inner_ops(graph_of(model))
    assert (op.kind, op.output.shape) == ("pixel-shuffle", (1, 16, 20, 1))


def test_a_custom_domain_is_unknown_with_the_shape_that_the_file_gives():
    from tests.frontends.onnx.building import Proto, graph, model, node

    mine = node("Swirl", ["x"], ["y0"], "swirl", "own")
    last = node("Relu", ["y0"], ["y"])
    whole_graph = graph([mine, last], {"x": X}, values={"y0": (1, 2, 3, 4)})
    op = inner_ops(graph_of(Proto(model(whole_graph))))[0]
    assert (op.kind, op.output.shape) == ("unknown", (1, 2, 3, 4))
    assert op.attributes()["framework_type"] == "own::Swirl"
