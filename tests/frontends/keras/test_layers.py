"""One row for each layer: what it becomes, and the shape that Keras reports for it."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import keras
import numpy as np
import pytest

from tests.frontends.keras.reading import graph_of, inner_ops, model_of
from vai_inspect.frontends.keras import capture

L = keras.layers
IMAGE = (8, 10, 4)

Case = Tuple[Any, Sequence[int], List[str], Dict[str, Any]]

CASES: Dict[str, Case] = {
    # convolutions: attributes of the first operator, order (w, h) and (left, right, top, bottom)
    "conv2d": (
        lambda: L.Conv2D(6, (3, 5), strides=(2, 1), padding="same"),
        IMAGE,
        ["conv2d"],
        {"kernel": [5, 3], "stride": [1, 2], "pad": [2, 2, 0, 1], "group": 1},
    ),
    "conv2d dilated": (
        lambda: L.Conv2D(6, 3, dilation_rate=(2, 3), padding="same"),
        IMAGE,
        ["conv2d"],
        {"dilation": [3, 2], "pad": [3, 3, 2, 2], "pad_mode": "FLOOR"},
    ),
    "conv2d grouped": (lambda: L.Conv2D(6, 3, groups=2), IMAGE, ["conv2d"], {"group": 2}),
    "conv2d of as many groups as channels": (
        lambda: L.Conv2D(8, 3, groups=4),
        IMAGE,
        ["depthwise-conv2d"],
        {"multiplier": 2, "kernel": [3, 3]},
    ),
    "conv2d of one channel": (lambda: L.Conv2D(2, 1), (4, 4, 1), ["conv2d"], {"group": 1}),
    "conv2d with relu": (lambda: L.Conv2D(2, 1, activation="relu"), IMAGE, ["conv2d", "relu"], {}),
    "conv2d with a layer as activation": (
        lambda: L.Conv2D(2, 1, activation=L.LeakyReLU(negative_slope=0.1)),
        IMAGE,
        ["conv2d", "leaky-relu"],
        {},
    ),
    "conv2d with a function of the user's": (
        lambda: L.Conv2D(2, 1, activation=lambda x: x * 2),
        IMAGE,
        ["conv2d", "unknown"],
        {},
    ),
    "depthwise": (
        lambda: L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu6"),
        IMAGE,
        ["depthwise-conv2d", "relu6"],
        {"multiplier": 2, "pad": [0, 0, 0, 0]},
    ),
    "separable": (
        lambda: L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2),
        IMAGE,
        ["depthwise-conv2d", "conv2d"],
        {"multiplier": 2, "pad": [1, 1, 1, 1]},
    ),
    "transposed": (
        lambda: L.Conv2DTranspose(6, 4, strides=2, padding="same"),
        IMAGE,
        ["transposed-conv2d"],
        {"kernel": [4, 4], "stride": [2, 2], "pad": [1, 1, 1, 1], "output_padding": [0, 0]},
    ),
    "transposed, stride over kernel": (
        lambda: L.Conv2DTranspose(6, (1, 2), strides=(3, 2), padding="same"),
        IMAGE,
        ["transposed-conv2d"],
        {"pad": [0, 0, 0, 0], "output_padding": [0, 2]},
    ),
    "conv1d": (
        lambda: L.Conv1D(6, 3, strides=2, padding="same"),
        (9, 4),
        ["conv1d"],
        {"kernel": [3], "stride": [2], "pad": [1, 1]},
    ),
    "conv1d causal": (
        lambda: L.Conv1D(6, 3, dilation_rate=2, padding="causal"),
        (9, 4),
        ["conv1d"],
        {"pad": [4, 0], "dilation": [2]},
    ),
    "depthwise conv1d": (lambda: L.DepthwiseConv1D(3), (9, 4), ["conv1d"], {"group": 4}),
    "separable conv1d": (lambda: L.SeparableConv1D(5, 3), (9, 4), ["conv1d", "conv1d"], {}),
    "conv3d": (
        lambda: L.Conv3D(6, (2, 3, 4), padding="same"),
        (5, 6, 7, 2),
        ["conv3d"],
        {"kernel": [4, 3, 2], "pad": [1, 2, 1, 1, 0, 1]},
    ),
    "transposed conv3d": (
        lambda: L.Conv3DTranspose(6, 2, strides=2),
        (5, 6, 7, 2),
        ["transposed-conv3d"],
        {"pad": [0] * 6},
    ),
    "dense": (lambda: L.Dense(7), (5,), ["inner-product"], {"axis": 1}),
    "dense on an image": (lambda: L.Dense(7), IMAGE, ["inner-product"], {"axis": 3}),
    # pools
    "maxpool": (
        lambda: L.MaxPooling2D(3, strides=2, padding="same"),
        IMAGE,
        ["maxpool2d"],
        {"kernel": [3, 3], "stride": [2, 2], "pad": [0, 1, 0, 1], "global": False},
    ),
    "average pool": (
        lambda: L.AveragePooling2D((2, 3)),
        IMAGE,
        ["avgpool2d"],
        {"kernel": [3, 2], "stride": [3, 2], "count_include_pad": False},
    ),
    "global average": (
        lambda: L.GlobalAveragePooling2D(),
        IMAGE,
        ["avgpool2d", "squeeze"],
        {"kernel": [10, 8], "stride": [10, 8], "global": True},
    ),
    "global maximum, kept": (
        lambda: L.GlobalMaxPooling2D(keepdims=True),
        IMAGE,
        ["maxpool2d"],
        {"global": True},
    ),
    "maxpool1d": (lambda: L.MaxPooling1D(2), (9, 4), ["maxpool1d"], {"kernel": [2]}),
    "global average 1d": (
        lambda: L.GlobalAveragePooling1D(),
        (9, 4),
        ["reduction_mean"],
        {"axis": [1], "keep_dims": False},
    ),
    "average pool 1d": (lambda: L.AveragePooling1D(2), (9, 4), ["unknown"], {}),
    # activations
    "relu": (lambda: L.ReLU(), IMAGE, ["relu"], {}),
    "relu6": (lambda: L.ReLU(6.0), IMAGE, ["relu6"], {}),
    "relu with a slope": (
        lambda: L.ReLU(negative_slope=0.25),
        IMAGE,
        ["leaky-relu"],
        {"alpha": 0.25},
    ),
    "relu with another limit": (
        lambda: L.ReLU(4.0),
        IMAGE,
        ["unknown"],
        {"framework_type": "ReLU(max_value=4)"},
    ),
    "relu with a threshold": (
        lambda: L.ReLU(threshold=0.5),
        IMAGE,
        ["unknown"],
        {"framework_type": "ReLU(threshold=0.5)"},
    ),
    "relu that is never above 0": (
        lambda: L.ReLU(max_value=0.0),
        IMAGE,
        ["unknown"],
        {"framework_type": "ReLU(max_value=0)"},
    ),
    "leaky relu": (
        lambda: L.LeakyReLU(negative_slope=0.1),
        IMAGE,
        ["leaky-relu"],
        {"alpha": 0.1},
    ),
    "prelu": (lambda: L.PReLU(shared_axes=[1, 2]), IMAGE, ["prelu"], {}),
    "elu": (lambda: L.ELU(alpha=0.5), IMAGE, ["elu"], {"alpha": 0.5}),
    "softmax": (lambda: L.Softmax(), IMAGE, ["softmax"], {"axis": 3}),
    "linear": (lambda: L.Activation("linear"), IMAGE, ["identity"], {}),
    "softplus": (
        lambda: L.Activation("softplus"),
        IMAGE,
        ["unknown"],
        {"framework_type": "softplus"},
    ),
    # normalisations
    "batch norm": (
        lambda: L.BatchNormalization(epsilon=0.01),
        IMAGE,
        ["batchnorm"],
        {"axis": 3, "epsilon": 0.01},
    ),
    "layer norm": (
        lambda: L.LayerNormalization(),
        IMAGE,
        ["unknown"],
        {"framework_type": "LayerNormalization"},
    ),
    "rescaling": (lambda: L.Rescaling(1 / 255), IMAGE, ["const", "mul"], {"shape": [1]}),
    "rescaling with an offset": (
        lambda: L.Rescaling(2.0, offset=-1.0),
        IMAGE,
        ["const", "mul", "const", "add"],
        {},
    ),
    "normalization": (
        lambda: L.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 1.0, 1.0, 1.0]),
        IMAGE,
        ["const", "add", "const", "mul"],
        {"shape": [4]},
    ),
    # shapes
    "flatten": (
        lambda: L.Flatten(),
        IMAGE,
        ["flatten"],
        {"start_axis": 1, "end_axis": 3},
    ),
    "reshape": (lambda: L.Reshape((16, -1)), IMAGE, ["reshape"], {"shape": [1, 16, 20]}),
    "permute": (lambda: L.Permute((3, 1, 2)), IMAGE, ["transpose"], {"order": [0, 3, 1, 2]}),
    "zero padding": (
        lambda: L.ZeroPadding2D(((1, 2), (3, 4))),
        IMAGE,
        ["pad"],
        {"paddings": [0, 0, 1, 2, 3, 4, 0, 0], "mode": "CONSTANT"},
    ),
    "zero padding 1d": (
        lambda: L.ZeroPadding1D((1, 2)),
        (9, 4),
        ["pad"],
        {"paddings": [0, 0, 1, 2, 0, 0]},
    ),
    "cropping": (
        lambda: L.Cropping2D(((1, 2), (3, 4))),
        IMAGE,
        ["strided_slice"],
        {"begin": [0, 1, 3, 0], "end": [1, 6, 6, 4], "strides": [1, 1, 1, 1]},
    ),
    "upsampling": (
        lambda: L.UpSampling2D((2, 3)),
        IMAGE,
        ["resize"],
        {"mode": "NEAREST", "scale": [3.0, 2.0], "half_pixel_centers": False},
    ),
    "bilinear upsampling": (
        lambda: L.UpSampling2D(2, interpolation="bilinear"),
        IMAGE,
        ["resize"],
        {"mode": "BILINEAR", "half_pixel_centers": True, "align_corners": False},
    ),
    "resizing": (
        lambda: L.Resizing(16, 5),
        IMAGE,
        ["resize"],
        {"mode": "BILINEAR", "scale": [0.5, 2.0]},
    ),
    "repeat": (lambda: L.RepeatVector(3), (4,), ["unknown"], {"framework_type": "RepeatVector"}),
    # nothing at inference
    "dropout": (lambda: L.Dropout(0.5), IMAGE, ["identity"], {}),
    "spatial dropout": (lambda: L.SpatialDropout2D(0.5), IMAGE, ["identity"], {}),
    "noise": (lambda: L.GaussianNoise(0.5), IMAGE, ["identity"], {}),
    "activity penalty": (lambda: L.ActivityRegularization(), IMAGE, ["identity"], {}),
    "random flip": (lambda: L.RandomFlip(), (8, 8, 3), ["identity"], {}),
    "random crop": (lambda: L.RandomCrop(4, 4), (8, 8, 3), ["unknown"], {}),
    # XIR has no word
    "lstm": (lambda: L.LSTM(3), (9, 4), ["unknown"], {"framework_type": "LSTM"}),
    "attention": (
        lambda: L.TimeDistributed(L.Dense(3)),
        (9, 4),
        ["unknown"],
        {"framework_type": "TimeDistributed"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_layer(name: str) -> None:
    make, shape, kinds, attributes = CASES[name]
    model = model_of(make(), shape=shape)
    graph = capture(model).graph
    ops = inner_ops(graph)
    assert [op.kind for op in ops] == kinds
    got = ops[0].attributes()
    assert {key: got[key] for key in attributes} == attributes
    assert graph.ops[-1].output.shape == (1,) + model.output_shape[1:]
    assert all(op.origin.layers == (model.layers[-1].name,) for op in ops)
    assert all(op.origin.framework == "keras" for op in ops)
    if "unknown" not in kinds or len(kinds) == 1:
        assert sum(p.type.elements for op in ops for p in op.params) == model.count_params()


FUNCTIONS = {
    "relu": "relu",
    "relu6": "relu6",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "gelu": "gelu",
    "selu": "selu",
    "elu": "elu",
    "celu": "celu",
    "silu": "swish",
    "swish": "swish",
    "mish": "mish",
    "softmax": "softmax",
    "exponential": "exp",
    "hard_sigmoid": "hard-sigmoid",
    "hard_silu": "hard-swish",
    "hard_swish": "hard-swish",
    "hard_tanh": "hard-tanh",
    "leaky_relu": "leaky-relu",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_by_name(name: str) -> None:
    alone = inner_ops(graph_of(L.Activation(name, name="a"), shape=IMAGE))
    assert [(op.name, op.kind) for op in alone] == [("a", FUNCTIONS[name])]
    split = inner_ops(graph_of(L.Dense(3, activation=name, name="d"), shape=(4,)))
    assert [op.kind for op in split] == ["inner-product", FUNCTIONS[name]]
    assert split[1].name.startswith("d/")
    assert split[1].origin.layers == ("d",)


LAYOUTS = {
    "conv2d": (
        lambda: L.Conv2D(6, (3, 5), groups=2),
        [("weights", (6, 3, 5, 2)), ("bias", (6,))],
    ),
    "conv2d depthwise": (
        lambda: L.Conv2D(8, (3, 5), groups=4, use_bias=False),
        [("weights", (2, 3, 5, 4))],
    ),
    "depthwise": (
        lambda: L.DepthwiseConv2D((3, 5), depth_multiplier=2),
        [("weights", (2, 3, 5, 4)), ("bias", (8,))],
    ),
    "transposed": (
        lambda: L.Conv2DTranspose(6, (3, 5)),
        [("weights", (6, 3, 5, 4)), ("bias", (6,))],
    ),
    "dense": (lambda: L.Dense(6), [("weights", (6, 4)), ("bias", (6,))]),
    "batch norm": (
        lambda: L.BatchNormalization(scale=False),
        [("beta", (4,)), ("moving_mean", (4,)), ("moving_var", (4,))],
    ),
    "prelu": (lambda: L.PReLU(shared_axes=[1, 2]), [("weight", (1, 1, 4))]),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_parameters_in_xir_layout(name: str) -> None:
    make, params = LAYOUTS[name]
    (op,) = inner_ops(graph_of(make(), shape=IMAGE))
    assert [(p.role, p.type.shape) for p in op.params] == params


def test_separable_splits_into_two_named_operators() -> None:
    layer = L.SeparableConv2D(6, 3, depth_multiplier=2, activation="relu", name="s")
    ops = inner_ops(graph_of(layer, shape=IMAGE))
    assert [op.name for op in ops] == ["s/depthwise", "s", "s/relu"]
    assert ops[0].output.shape == (1, 6, 8, 8)
    assert [p.role for p in ops[0].params] == ["weights"]
    assert [p.role for p in ops[1].params] == ["weights", "bias"]


def test_dropout_called_in_training_is_an_identity_with_a_note() -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, L.Dropout(0.5)(inputs, training=True))
    (op,) = inner_ops(capture(model).graph)
    assert op.kind == "identity"
    assert "training=True" in op.messages[0]
    # Keras 3 itself turns it off where the model is run for inference, Keras 2 does not.
    values = np.ones((1, 4), "float32")
    assert (np.asarray(model(values, training=False)) == values).all()


def test_mixed_precision_types() -> None:
    (op,) = inner_ops(graph_of(L.Conv2D(2, 1, dtype="mixed_float16"), shape=IMAGE))
    assert op.output.dtype == "float16"
    assert {p.type.dtype for p in op.params} == {"float32"}
