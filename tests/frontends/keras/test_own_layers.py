"""Layers of the user's own in a live model are walked; one whose call cannot be is one operator."""

from __future__ import annotations

import keras
import pytest
from keras import layers, ops

from tests.frontends.keras.reading import fingerprint, inner_ops
from vai_inspect.frontends.keras import capture
from vai_inspect.keras import Inspector


class Block(layers.Layer):
    """A convolution and what stands after it, with state that a call changes."""

    def __init__(self, filters, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(filters, 3, padding="same", name="conv")
        self.norm = layers.BatchNormalization(name="norm")
        self.drop = layers.Dropout(0.3, name="drop")
        self.calls = 0

    def build(self, shape):
        self.conv.build(shape)
        self.norm.build(self.conv.compute_output_shape(shape))
        self.built = True

    def call(self, x, training=None):
        self.calls += 1
        y = self.norm(self.conv(x), training=training)
        return ops.relu(self.drop(y, training=training))


class Gated(layers.Layer):
    """Another layer of the user's own within, and two inputs."""

    def __init__(self, **options):
        super().__init__(**options)
        self.block = Block(8, name="block")
        self.pool = layers.GlobalAveragePooling2D(keepdims=True, name="pool")
        self.gate = layers.Conv2D(8, 1, activation="sigmoid", name="gate")

    def call(self, pair):
        x, other = pair
        y = self.block(x)
        return [y * self.gate(self.pool(y)), other]


class Attention(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.query, self.key = layers.Dense(8, name="query"), layers.Dense(8, name="key")

    def call(self, x):
        scores = ops.matmul(self.query(x), ops.transpose(self.key(x), (0, 2, 1)))
        return ops.matmul(ops.softmax(scores), x)


class Opaque(layers.Layer):
    """Whose call asks for a value."""

    def __init__(self, **options):
        super().__init__(**options)
        self.conv = layers.Conv2D(4, 1)

    def call(self, x):
        if isinstance(x, keras.KerasTensor):
            raise ValueError("no symbols")
        return self.conv(x)

    def compute_output_spec(self, x):
        return keras.KerasTensor((*x.shape[:-1], 4), dtype=x.dtype)


def model_of(build, *shapes):
    inputs = [keras.Input(shape, name="x{}".format(at)) for at, shape in enumerate(shapes)]
    return keras.Model(inputs, build(*inputs), name="m")


MODELS = {
    "a block": (lambda x: Block(4, name="own")(x), [(8, 8, 3)]),
    "blocks within": (lambda x, y: Gated(name="own")([x, y]), [(8, 8, 3), (4,)]),
    "attention": (lambda x: Attention(name="own")(x), [(6, 8)]),
    "a Lambda": (lambda x: layers.Lambda(lambda y: ops.relu(y) * 2, name="own")(x), [(4,)]),
    "what cannot be walked": (lambda x: Opaque(name="own")(x), [(8, 8, 3)]),
}
KINDS = {
    "a block": ["conv2d", "batchnorm", "identity", "relu"],
    "blocks within": ["conv2d", "batchnorm", "identity", "relu", "avgpool2d", "conv2d"]
    + ["sigmoid", "mul"],
    "attention": ["inner-product", "inner-product", "transpose", "matmul", "softmax", "matmul"],
    "a Lambda": ["relu", "mul"],
    "what cannot be walked": ["unknown"],
}


def built(name):
    build, shapes = MODELS[name]
    return model_of(build, *shapes)


@pytest.mark.parametrize("name", MODELS)
def test_the_call_of_a_layer_of_the_users_own_is_walked(name):
    model = built(name)
    before = fingerprint(model)
    graph = capture(model).graph
    assert fingerprint(model) == before
    assert [str(op) for op in capture(model).graph] == [str(op) for op in graph]
    inner = [op for op in inner_ops(graph) if op.kind != "const"]
    assert sorted(op.kind for op in inner) == sorted(KINDS[name])
    assert all(op.name.startswith("own") for op in inner)


@pytest.mark.parametrize("name", MODELS)
def test_the_quantiser_sees_the_layer_alone(name):
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(built(name), None, "cpu", None, 0)
    inner = [op for op in result.ops if op.device.value != "user" and op.type != "const"]
    for op in inner:
        assert (op.device.value, op.verdict.value) == ("cpu", "unsupported")
        assert "does not support the layer" in op.findings[0].message
        assert op.findings[0].suggestion == "write it with Keras layers"
    known = [op.macs for op in inner]
    assert (None in known) == (name == "what cannot be walked")


def test_the_users_state_is_as_before():
    model = built("a block")
    block = model.get_layer("own")
    calls, nodes = block.calls, len(block.conv._inbound_nodes)
    capture(model)
    assert (block.calls, len(block.conv._inbound_nodes)) == (calls, nodes)


def of_steps(layer, *shape):
    return keras.Sequential([keras.Input(shape), layer])


CONV = 6 * 6 * 4 * 27
COUNTS = {
    "TimeDistributed": (layers.TimeDistributed(layers.Conv2D(4, 3)), (5, 8, 8, 3), 5 * CONV),
    "of a model": (
        layers.TimeDistributed(
            keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten()])
        ),
        (5, 8, 8, 3),
        5 * CONV,
    ),
    "of a recurrent layer": (layers.TimeDistributed(layers.GRU(6)), (2, 5, 3), 2 * 5 * 3 * 6 * 9),
    "SimpleRNN": (layers.SimpleRNN(6), (5, 3), 5 * 6 * 9),
    "GRU": (layers.GRU(6), (5, 3), 5 * 3 * 6 * 9),
    "LSTM": (layers.LSTM(6, return_sequences=True), (5, 3), 5 * 4 * 6 * 9),
    "Bidirectional": (layers.Bidirectional(layers.LSTM(6)), (5, 3), 2 * 5 * 4 * 6 * 9),
    "cells": (
        layers.RNN([layers.LSTMCell(4), layers.GRUCell(5)]),
        (5, 3),
        5 * (4 * 4 * 7 + 3 * 5 * 9),
    ),
    "ConvLSTM2D": (layers.ConvLSTM2D(4, 3), (5, 8, 8, 3), 5 * 4 * 4 * 9 * 36 * 7),
}


@pytest.mark.parametrize("source", ["live", "file"])
@pytest.mark.parametrize("name", COUNTS)
def test_multiply_accumulates_of_what_stays_one_operator(name, source, tmp_path):
    layer, shape, want = COUNTS[name]
    model = of_steps(layer, *shape)
    if source == "file":
        model.save(tmp_path / "m.keras")
        model = tmp_path / "m.keras"
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, None, "cpu", None, 0)
    (op,) = [op for op in result.ops if op.type == "unknown"]
    if source == "file" and name == "of a model":
        assert op.macs is None  # a config alone does not say
    else:
        assert op.macs == want


@pytest.mark.parametrize("deep", [None, 3])
def test_multiply_accumulates_of_attention(deep):
    x = keras.Input((5, 16))
    model = keras.Model(x, layers.MultiHeadAttention(2, 8, value_dim=deep)(x, x))
    result = Inspector("DPUCZDX8G_ISA1_B4096").inspect(model, None, "cpu", None, 0)
    (op,) = [op for op in result.ops if op.type == "unknown"]
    deep = deep or 8
    projected = 2 * 5 * 16 * 2 * 8 + 2 * 5 * 16 * 2 * deep
    assert op.macs == projected + 2 * 5 * 5 * (8 + deep)
