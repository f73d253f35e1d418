"""Small models of which it is known what vai_q_tensorflow2 does with them in each release."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from keras import layers  # noqa: E402

from tests.quantizers.expected import B4096, OK, Case, check, labelled, since_3  # noqa: E402
from vai_inspect.keras import Inspector  # noqa: E402


def model(computes, shape=(16, 16, 3)):
    start = layers.Input(shape)
    return keras.Model(start, computes(start))


def conv(x, filters=8):
    return layers.Conv2D(filters, 3, padding="same")(x)


def chained(*after):
    """A convolution, then layers."""

    def computes(x):
        x = conv(x)
        for layer in after:
            x = layer(x)
        return x

    return model(computes)


def separable(x):
    x = layers.SeparableConv2D(8, 3, use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def shared(x):
    twice = layers.Conv2D(3, 3, padding="same")
    return twice(twice(x))


def dense(x):
    x = layers.Dense(8, activation="relu")(layers.Flatten()(x))
    return layers.Dense(4)(layers.BatchNormalization()(x))


def gate(shift, factor):
    return lambda x: layers.ReLU(6.0)(conv(x) + shift) * factor


CASES = (
    Case(
        "Conv2D, BatchNormalization, ReLU",
        lambda: chained(layers.BatchNormalization(), layers.ReLU()),
        since_3(OK),
    ),
    Case("SeparableConv2D, BatchNormalization, ReLU", lambda: model(separable), since_3(OK)),
    Case(
        "a Conv2D called twice",
        lambda: model(shared),
        {"3.0": ("float", "quantise", None), "3.5": ("fails", "convert", "UnboundLocalError")},
    ),
    Case(
        "SpatialDropout2D",
        lambda: chained(layers.SpatialDropout2D(0.3), layers.Conv2D(8, 3)),
        {"3.0": ("float", "quantise", None), "3.5": ("fails", "convert", "AssertionError")},
    ),
    Case("Dropout", lambda: chained(layers.Dropout(0.3), layers.Conv2D(8, 3)), since_3(OK)),
    Case(
        "Dense(relu), BatchNormalization",
        lambda: model(dense),
        since_3(("fails", "quantise", "ValueError")),
    ),
    Case(
        "relu6(x + 1) * 0.5",
        lambda: model(gate(1.0, 0.5)),
        since_3(("changes", "quantise", None)),
    ),
    Case("relu6(x + 3) * (1 / 6)", lambda: model(gate(3.0, 1.0 / 6.0)), {"3.5": OK}),
    Case(
        "conv + conv",
        lambda: model(lambda x: conv(x) + conv(x)),
        {"3.0": ("fails", "quantise", "KeyError"), "3.5": ("fails", "convert", "AssertionError")},
    ),
    Case(
        "Add of two convolutions",
        lambda: model(lambda x: layers.ReLU()(layers.Add()([conv(x), conv(x)]))),
        since_3(OK),
    ),
    Case(
        "an input of rank 3",
        lambda: model(lambda x: layers.ReLU()(layers.Conv1D(8, 3)(x)), (32, 3)),
        {"3.5": ("fails", "convert", "AssertionError")},
    ),
    Case(
        "ReLU(threshold=0.5)",
        lambda: chained(layers.ReLU(threshold=0.5)),
        {"3.5": ("changes", "convert", None)},
    ),
)


@pytest.mark.parametrize(("case", "release", "stated"), **labelled(CASES))
def test_case(case, release, stated):
    inspector = Inspector(B4096, release=release)
    result = inspector.inspect(case.build(), output_dir=None, verbose_level=0)
    assert (result.quantizer.flow, result.quantizer.release) == ("vai_q_tensorflow2", release)
    assert release in result.target.releases
    check(result.quantizer, stated)
