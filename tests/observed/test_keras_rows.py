"""Keras models of a few lines whose devices are published: inner products and what follows them."""

from __future__ import annotations

import pytest

keras = pytest.importorskip("keras")

from vai_inspect.keras import Inspector  # noqa: E402

layers = keras.layers
B4096, C32B6, ISA0 = "DPUCZDX8G_ISA1_B4096", "DPUCVDX8G_ISA3_C32B6", "0x1000020f6014407"


def sequence(shape, *rest):
    return keras.Sequential([keras.Input(shape), *rest])


def lenet_end():
    return sequence(
        (16, 16, 20),
        layers.Conv2D(50, 3, padding="same"),
        layers.Flatten(),
        layers.Dense(500, activation="relu"),
    )


def gated(activation):
    return sequence(
        (28, 28, 1),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation=activation),
    )


def mlp(shape, *widths):
    hidden = [layers.Dense(width, activation="relu") for width in widths[:-1]]
    return sequence(shape, layers.Flatten(), *hidden, layers.Dense(widths[-1]))


WHOLE = {
    "a map of 50x4x32": (
        B4096,
        lambda: sequence((50, 4, 3), layers.Conv2D(32, 1), layers.Flatten(), layers.Dense(8)),
    ),
    "LeNet's map of 16x16x50": (C32B6, lenet_end),
    "sigmoid after a flatten and Dense": (B4096, lambda: gated("sigmoid")),
    "swish after a flatten and Dense": (B4096, lambda: gated("swish")),
    "sigmoid after Conv2DTranspose": (
        B4096,
        lambda: sequence((8, 8, 4), layers.Conv2DTranspose(8, 2, 2, activation="sigmoid")),
    ),
    "an MLP on 28x28": (B4096, lambda: mlp((28, 28), 128, 10)),
    "an MLP of 63 numbers": (ISA0, lambda: mlp((63,), 32, 16, 4)),
}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_whole_in_one_subgraph(name):
    """[compiled] or one compiler pattern of the published 3.5 transforms; see the rules' notes."""
    target, build = WHOLE[name]
    result = Inspector(target).inspect(build(), None, "cpu", None, 0)
    assert (result.summary.fully_on_dpu, result.summary.dpu_subgraphs) == (True, 1)
