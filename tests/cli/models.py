"""Models that the tests of the command line name as file.py:name."""

from __future__ import annotations

import os

import keras


def small(filters=8, name="small"):
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(filters, 3, activation="relu", name="conv"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(4, activation="softmax", name="dense"),
        ],
        name=name,
    )


def whole():
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3)], name="whole")


def open_size():
    return keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(8, 3)], name="open")


def undecided():
    """No source says whether a PReLU runs on the DPU."""
    last = keras.layers.PReLU(shared_axes=(1, 2), name="prelu")
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3), last])


def swish():
    layers = [keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, activation="swish")]
    return keras.Sequential(layers, name="swish")


def unbuilt():
    return keras.Sequential([keras.layers.Conv2D(8, 3)])


def needs(filters, classes, *, name="needs"):
    return small(filters, name)


def adds():
    return 1 + "1"


class Subclassed(keras.Model):
    def __init__(self, filters):
        super().__init__()
        self.conv = keras.layers.Conv2D(filters, 3, name="conv")

    def call(self, x):
        return self.conv(x)


def fails():
    raise RuntimeError("no weights\nat all")


def talks():
    """Prints when it is called, and again when Keras asks the Lambda for its shape."""

    def double(x):
        print("tracing")
        return x * 2

    print("building")
    os.write(2, b"native words\nI0000 00:00:17.5 77 port.cc:153] chatter\n")
    layers = [keras.Input((8, 8, 3)), keras.layers.Lambda(double, output_shape=(8, 8, 3))]
    return keras.Sequential(layers, name="\u6a21\u578b")


def leaves():
    raise SystemExit(5)


model = small(name="instance")
number = 3
