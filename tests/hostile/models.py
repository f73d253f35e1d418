"""Plain model files for whole processes, which need no framework."""

from __future__ import annotations

from typing import Any, Dict


def layer(kind: str, name: str, **settings: Any) -> Dict[str, Any]:
    """A layer as Keras 3 saves it."""
    return {"class_name": kind, "module": "keras.layers", "config": {"name": name, **settings}}


def conv(name: str, size: int) -> Dict[str, Any]:
    """A convolution of a square kernel."""
    ones = {"strides": [1, 1], "dilation_rate": [1, 1], "groups": 1}
    more = {"padding": "same", "activation": "linear", "use_bias": True}
    return layer("Conv2D", name, filters=8, kernel_size=[size, size], **ones, **more)


def chain(name: str, *layers: Dict[str, Any]) -> Dict[str, Any]:
    """A Sequential model of layers on an image."""
    image = layer("InputLayer", "the image", batch_shape=[1, 8, 8, 3])
    return {"class_name": "Sequential", "config": {"name": name, "layers": [image, *layers]}}


SMALL = chain(
    "m",
    conv("c", 17),
    layer("Activation", "r", activation="relu"),
    conv("d", 3),
    layer("Activation", "s", activation="sigmoid"),
)
