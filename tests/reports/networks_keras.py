"""Keras networks as users write them, small enough that a whole report is read in minutes."""

from __future__ import annotations

import keras
from keras import layers


def _conv(x, filters, name, kernel=3, strides=1, activation="relu"):
    x = layers.Conv2D(
        filters, kernel, strides, padding="same", use_bias=False, name=name + "_conv"
    )(x)
    x = layers.BatchNormalization(name=name + "_bn")(x)
    return layers.Activation(activation, name=name + "_act")(x) if activation else x


def unet():
    """Two levels, bilinear upsampling, a sigmoid at the end."""
    image = keras.Input((64, 64, 3), batch_size=1, name="image")
    one = _conv(image, 16, "down1")
    two = _conv(layers.MaxPooling2D(name="pool1")(one), 32, "down2")
    x = _conv(layers.MaxPooling2D(name="pool2")(two), 64, "bottom")
    x = layers.UpSampling2D(interpolation="bilinear", name="up2")(x)
    x = _conv(layers.Concatenate(name="skip2")([x, two]), 32, "dec2")
    x = layers.UpSampling2D(interpolation="bilinear", name="up1")(x)
    x = _conv(layers.Concatenate(name="skip1")([x, one]), 16, "dec1")
    mask = layers.Conv2D(1, 1, activation="sigmoid", name="mask")(x)
    return keras.Model(image, mask, name="unet")


def squeeze_excite():
    """MBConv blocks with swish and squeeze-excite, as EfficientNet has them."""
    image = keras.Input((96, 96, 3), batch_size=1, name="image")
    x = _conv(image, 16, "stem", strides=2, activation="swish")
    for number in range(2):
        stem = "block{}".format(number)
        before = x
        x = _conv(x, 64, stem + "_expand", 1, activation="swish")
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=stem + "_dw")(x)
        x = layers.BatchNormalization(name=stem + "_dw_bn")(x)
        x = layers.Activation("swish", name=stem + "_dw_act")(x)
        gate = layers.GlobalAveragePooling2D(keepdims=True, name=stem + "_squeeze")(x)
        gate = layers.Conv2D(4, 1, activation="swish", name=stem + "_reduce")(gate)
        gate = layers.Conv2D(64, 1, activation="sigmoid", name=stem + "_gate")(gate)
        x = layers.Multiply(name=stem + "_excite")([x, gate])
        x = layers.Add(name=stem + "_add")([_conv(x, 16, stem + "_project", 1, 1, None), before])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="classes")(x), name="se")


def residual():
    """A residual network without its softmax: wholly on the DPU."""
    image = keras.Input((64, 64, 3), batch_size=1, name="image")
    x = layers.MaxPooling2D(3, 2, padding="same", name="pool")(_conv(image, 32, "stem", 7, 2))
    for number, filters in enumerate((32, 64)):
        stem = "block{}".format(number)
        y = _conv(x, filters, stem + "_1", strides=1 + number)
        y = _conv(y, filters, stem + "_2", activation=None)
        x = x if not number else _conv(x, filters, stem + "_0", 1, 2, None)
        x = layers.ReLU(name=stem + "_out")(layers.Add(name=stem + "_add")([y, x]))
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(image, layers.Dense(10, name="classes")(x), name="residual")


NETWORKS = (unet, squeeze_excite, residual)
