"""Bare TensorFlow operations and layers of Keras 2, each read as what it is."""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, List, Tuple

import numpy
import pytest

from tests.frontends.keras2.library import inner, keras, kinds, layers, model_of
from tests.frontends.keras2.library import tensorflow as tf
from vai_inspect.frontends.keras import capture
from vai_inspect.rules.quantizers import quantized

SHAPE = (8, 8, 4)
Build = Callable[[Any], Any]

OPERATIONS: Dict[str, Tuple[Build, List[str], Dict[str, Any]]] = {
    "x + y": (lambda x: x + x, ["add"], {}),
    "x + 1": (lambda x: x + 1.0, ["const", "add"], {}),
    "1 - x": (lambda x: 1.0 - x, ["const", "sub"], {}),
    "x * array": (lambda x: x * numpy.ones(4, "float32"), ["const", "mul"], {}),
    "x / 2": (lambda x: x / 2, ["const", "div"], {}),
    "-x": (lambda x: -x, ["neg"], {}),
    "maximum": (lambda x: tf.maximum(x, 0.5), ["const", "max"], {}),
    "minimum": (lambda x: tf.math.minimum(x, x), ["min"], {}),
    "relu": (lambda x: tf.nn.relu(x), ["relu"], {}),
    "relu6": (lambda x: tf.nn.relu6(x), ["relu6"], {}),
    "leaky relu": (lambda x: tf.nn.leaky_relu(x, alpha=0.1), ["leaky-relu"], {"alpha": 0.1}),
    "leaky relu by default": (lambda x: tf.nn.leaky_relu(x), ["leaky-relu"], {"alpha": 0.2}),
    "sigmoid": (lambda x: tf.sigmoid(x), ["sigmoid"], {}),
    "silu": (lambda x: tf.nn.silu(x), ["swish"], {}),
    "softmax": (lambda x: tf.nn.softmax(x), ["softmax"], {"axis": 3}),
    "tanh": (lambda x: tf.tanh(x), ["tanh"], {}),
    "exp": (lambda x: tf.exp(x), ["exp"], {}),
    "clip": (lambda x: tf.clip_by_value(x, 0.0, 6.0), ["relu6"], {}),
    "cast": (lambda x: tf.cast(x, "float16"), ["cast"], {"data_type": "FLOAT16"}),
    "identity": (lambda x: tf.identity(x), ["identity"], {}),
    "concat": (lambda x: tf.concat([x, x], axis=-1), ["concat"], {"axis": 3}),
    "concat with an array": (
        lambda x: tf.concat([x, tf.ones((1, 8, 8, 2))], 3),
        ["const", "concat"],
        {"axis": 3},
    ),
    "stack": (lambda x: tf.stack([x, x], axis=1), ["stack"], {"axis": 1}),
    "slice": (
        lambda x: x[:, 1:7, ::2],
        ["strided_slice"],
        {"begin": [0, 1, 0, 0], "end": [1, 7, 8, 4], "strides": [1, 1, 2, 1]},
    ),
    "index": (lambda x: x[..., 0], ["strided_slice", "squeeze"], {"axis": [3]}),
    "reshape": (lambda x: tf.reshape(x, [-1, 256]), ["reshape"], {"shape": [1, 256]}),
    "expand_dims": (lambda x: tf.expand_dims(x, 1), ["reshape"], {"shape": [1, 1, 8, 8, 4]}),
    "transpose": (
        lambda x: tf.transpose(x, [0, 3, 1, 2]),
        ["transpose"],
        {"order": [0, 3, 1, 2]},
    ),
    "mean": (
        lambda x: tf.reduce_mean(x, axis=[1, 2], keepdims=True),
        ["reduction_mean"],
        {"axis": [1, 2], "keep_dims": True},
    ),
    "max": (lambda x: tf.reduce_max(x, -1), ["reduction_max"], {"axis": [3], "keep_dims": False}),
    "argmax": (lambda x: tf.argmax(x, axis=-1), ["argmax"], {"axis": 3}),
    "squeeze": (lambda x: tf.squeeze(x[:, :1], [1]), ["strided_slice", "squeeze"], {"axis": [1]}),
    "pad": (
        lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 2], [0, 0]]),
        ["pad"],
        {"paddings": [0, 0, 1, 1, 2, 2, 0, 0], "mode": "CONSTANT"},
    ),
    "reflect": (
        lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"),
        ["pad"],
        {"mode": "REFLECT"},
    ),
    "resize": (
        lambda x: tf.image.resize(x, (16, 16)),
        ["resize"],
        {"mode": "BILINEAR", "scale": [2.0, 2.0], "half_pixel_centers": True},
    ),
    "max pool": (
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        ["maxpool2d"],
        {"kernel": [2, 2], "stride": [2, 2]},
    ),
    "average pool": (
        lambda x: tf.nn.avg_pool2d(x, [1, 3, 3, 1], [1, 1, 1, 1], "SAME"),
        ["avgpool2d"],
        {"kernel": [3, 3], "pad": [1, 1, 1, 1]},
    ),
    "matmul": (lambda x: tf.matmul(x, numpy.ones((4, 4), "float32")), ["inner-product"], {}),
    "matmul transposed": (lambda x: tf.matmul(x, x, transpose_a=True), ["unknown"], {}),
    "split": (lambda x: tf.split(x, 2, axis=-1)[1], ["unknown"], {"framework_type": "tf.split"}),
    "sqrt": (lambda x: tf.sqrt(x), ["unknown"], {"framework_type": "tf.math.sqrt"}),
}


@pytest.mark.parametrize("case", OPERATIONS)
def test_operation(case: str) -> None:
    build, want, attributes = OPERATIONS[case]
    x = keras.Input(SHAPE, name="x")
    captured = capture(keras.Model(x, build(x)))
    assert kinds(captured.graph) == want
    ops = inner(quantized(captured, convert=False).graph)
    assert {key: ops[-1].attributes()[key] for key in attributes} == attributes
    calls = [op for op in ops if op.kind not in ("const", "squeeze") or "/" not in op.name]
    assert all("bare operation" in (op.float_only or "") for op in calls if op.kind != "identity")


LAYERS: Dict[str, Tuple[Callable[[], Any], List[str], Dict[str, Any]]] = {
    "leaky relu": (lambda: layers.LeakyReLU(alpha=0.1), ["leaky-relu"], {"alpha": 0.1}),
    "relu6": (lambda: layers.ReLU(6.0), ["relu6"], {}),
    "batch norm": (layers.BatchNormalization, ["batchnorm"], {"axis": 3}),
    "depthwise": (
        lambda: layers.DepthwiseConv2D(3, padding="same"),
        ["depthwise-conv2d"],
        {"pad": [1, 1, 1, 1]},
    ),
    "separable": (lambda: layers.SeparableConv2D(4, 3), ["depthwise-conv2d", "conv2d"], {}),
    "transposed": (lambda: layers.Conv2DTranspose(4, 2, 2), ["transposed-conv2d"], {}),
    "upsampling": (
        lambda: layers.UpSampling2D(2, interpolation="bilinear"),
        ["resize"],
        {"mode": "BILINEAR"},
    ),
    "global pool": (layers.GlobalAveragePooling2D, ["avgpool2d", "squeeze"], {}),
    "swish": (lambda: layers.Activation("swish"), ["swish"], {}),
    "tf.nn.relu": (lambda: layers.Activation(tf.nn.relu), ["relu"], {}),
    "hard_sigmoid": (
        lambda: layers.Activation("hard_sigmoid"),
        ["unknown"],
        {"framework_type": "hard_sigmoid of Keras 2"},
    ),
}


@pytest.mark.parametrize("case", LAYERS)
def test_layer(case: str) -> None:
    make, want, attributes = LAYERS[case]
    graph = capture(model_of(make(), shape=SHAPE)).graph
    assert kinds(graph) == want
    last = inner(graph)[-1].attributes()
    for key, value in attributes.items():
        assert last[key] == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_layer_of_a_graph_node_with_a_constant_among_its_operands() -> None:
    package = layers.Dense.__module__.split(".layers.")[0]
    cls = importlib.import_module(package + ".engine.base_layer").TensorFlowOpLayer
    with tf.Graph().as_default():
        left = tf.compat.v1.placeholder("float32", (1,))
        right = tf.compat.v1.placeholder("float32", (1,))
        node = (left - right).op.node_def
    x = keras.Input(SHAPE, name="x")
    layer = cls(node.SerializeToString(), "minus", constants={0: numpy.float32(1.0)})
    graph = capture(keras.Model(x, layer(x))).graph
    assert kinds(graph) == ["const", "sub"]
    assert [value.op for value in inner(graph)[-1].inputs][1] == "x"


def test_every_class_has_an_entry() -> None:
    from vai_inspect.frontends.keras.lower.dispatch import LAYERS as ENTRIES

    found = [getattr(layers, name) for name in dir(layers)]
    classes = {cls.__name__ for cls in found if isinstance(cls, type)}
    named = {name for name in classes if issubclass_of_layer(name)}
    assert "Conv2D" in named
    assert sorted(named - set(ENTRIES)) == []


def issubclass_of_layer(name: str) -> bool:
    cls = getattr(layers, name, None)
    return isinstance(cls, type) and issubclass(cls, layers.Layer)
