"""The small network of this documentation: two of its operators cannot run on a DPUCZDX8G."""

from __future__ import annotations

from typing import Any

import keras


def build() -> Any:
    """Returns a classifier with a 17x17 convolution, which is too wide for the DPU."""
    layers = keras.layers
    image = keras.Input((64, 64, 3), name="image")
    x = image
    for number, filters in enumerate((16, 32)):
        x = layers.Conv2D(filters, 3, strides=2, use_bias=False, name="conv{}".format(number))(x)
        x = layers.BatchNormalization(name="bn{}".format(number))(x)
        x = layers.ReLU(name="relu{}".format(number))(x)
    x = layers.Conv2D(32, 17, padding="same", name="wide")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="narrow")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dense(10, activation="softmax", name="classes")(x)
    return keras.Model(image, x, name="example")
