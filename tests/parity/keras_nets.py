"""The networks in Keras, layer by layer under the names that the PyTorch ones have."""

from __future__ import annotations

from typing import Any, Callable, Dict

import keras
from keras import layers as L  # noqa: N812

NETS: Dict[str, Callable[[], Any]] = {}


def net(build: Callable[[], Any]) -> Callable[[], Any]:
    """Adds a network to the table under its function's name."""
    NETS[build.__name__] = build
    return build


def _image(size: int = 32, channels: int = 3, name: str = "x") -> Any:
    return keras.Input((size, size, channels), batch_size=1, name=name)


def _conv(x: Any, name: str, filters: int, size: int = 3, act: str = "relu", **given: Any) -> Any:
    """Convolution, batch normalisation and activation: `<name>_conv`, `_bn`, `_relu`."""
    given.setdefault("padding", "same")
    x = L.Conv2D(filters, size, use_bias=False, name=name + "_conv", **given)(x)
    return _act(L.BatchNormalization(name=name + "_bn")(x), name, act)


def _act(x: Any, name: str, act: str) -> Any:
    if act == "relu":
        return L.ReLU(name=name + "_relu")(x)
    return L.ReLU(6, name=name + "_relu")(x) if act == "relu6" else x


def _leaky(name: str) -> Any:
    """The slope that the DPU has; Keras 2 calls it alpha."""
    setting = "alpha" if keras.__version__.startswith("2.") else "negative_slope"
    return L.LeakyReLU(name=name, **{setting: 26 / 256})


def _model(x: Any, outputs: Any) -> Any:
    return keras.Model(x, outputs, name="Net")


@net
def plain() -> Any:
    """Convolutions in a row, a max pool, a global average, a classifier."""
    image = x = _image()
    x = _conv(x, "a", 16)
    x = L.MaxPooling2D(2, name="pool")(x)
    x = _conv(x, "b", 32, 2, strides=2, padding="valid")
    x = _conv(x, "c", 32, 5)
    x = L.GlobalAveragePooling2D(keepdims=True, name="mean")(x)
    x = L.Flatten(name="flat")(x)
    return _model(image, L.Dense(10, name="fc")(x))


@net
def residual() -> Any:
    """Two residual blocks, the second with a projection."""
    image = x = _image()
    x = _conv(x, "stem", 16)
    y = _conv(_conv(x, "a1", 16), "a2", 16, act="")
    x = L.ReLU(name="a_relu")(L.Add(name="add")([y, x]))
    y = _conv(_conv(x, "b1", 32, 2, strides=2, padding="valid"), "b2", 32, act="")
    short = _conv(x, "b0", 32, 2, act="", strides=2, padding="valid")
    x = L.ReLU(name="b_relu")(L.Add(name="add_1")([y, short]))
    return _model(image, x)


@net
def inverted_residual() -> Any:
    """Expansion, depthwise convolution, projection and a sum, with ReLU6."""
    image = x = _image()
    x = _conv(x, "stem", 16, act="relu6")
    y = _conv(x, "expand", 96, 1, "relu6")
    y = L.DepthwiseConv2D(3, padding="same", use_bias=False, name="dw_conv")(y)
    y = _act(L.BatchNormalization(name="dw_bn")(y), "dw", "relu6")
    y = _conv(y, "project", 16, 1, "")
    return _model(image, L.Add(name="add")([x, y]))


@net
def inception() -> Any:
    """Four branches of different kernels and a pool, joined by channels."""
    image = x = _image()
    x = _conv(x, "stem", 16)
    a = _conv(x, "a", 8, 1)
    b = _conv(_conv(x, "b1", 8, 1), "b2", 16, 3)
    c = _conv(_conv(x, "c1", 8, 1), "c2", 8, (1, 7))
    d = _conv(L.MaxPooling2D(3, 1, "same", name="pool")(x), "d", 8, 1)
    return _model(image, L.Concatenate(name="cat")([a, b, c, d]))


@net
def dense_block() -> Any:
    """Three layers, each of which reads all before it, and a transition that halves."""
    image = x = _image()
    x = _conv(x, "stem", 16)
    for number, name in enumerate(("cat", "cat_1", "cat_2")):
        x = L.Concatenate(name=name)([x, _conv(x, "l{}".format(number), 8)])
    x = _conv(x, "transition", 20, 1)
    return _model(image, L.AveragePooling2D(2, name="pool")(x))


@net
def unet_transposed() -> Any:
    """One level of a U-Net; a transposed convolution brings the size back."""
    image = x = _image()
    skip = _conv(x, "down", 16)
    x = _conv(L.MaxPooling2D(2, name="pool")(skip), "deep", 32)
    x = L.Conv2DTranspose(16, 2, strides=2, name="up")(x)
    x = _conv(L.Concatenate(name="cat")([x, skip]), "out", 16)
    return _model(image, L.Conv2D(4, 1, name="head")(x))


@net
def unet_bilinear() -> Any:
    """The same with a bilinear resize."""
    image = x = _image()
    skip = _conv(x, "down", 16)
    x = _conv(L.MaxPooling2D(2, name="pool")(skip), "deep", 32)
    x = L.UpSampling2D(2, interpolation="bilinear", name="up")(x)
    x = _conv(L.Concatenate(name="cat")([x, skip]), "out", 16)
    return _model(image, L.Conv2D(4, 1, name="head")(x))


@net
def nearest() -> Any:
    """A resize to the nearest pixel by 2, as in YOLO's neck."""
    image = x = _image()
    x = _conv(x, "a", 16)
    y = L.UpSampling2D(2, interpolation="nearest", name="up")(L.MaxPooling2D(2, name="pool")(x))
    return _model(image, _conv(L.Concatenate(name="cat")([y, x]), "b", 16))


@net
def squeeze_excite() -> Any:
    """Channels weighted by a gate; the gate is a hard-sigmoid."""
    image = x = _image()
    x = _conv(x, "stem", 16)
    y = L.GlobalAveragePooling2D(keepdims=True, name="squeeze")(x)
    y = L.ReLU(name="fc1_relu")(L.Conv2D(4, 1, name="fc1")(y))
    y = L.Activation("hard_sigmoid", name="gate")(L.Conv2D(16, 1, name="fc2")(y))
    x = L.Multiply(name="mul")([x, y])
    return _model(image, _conv(x, "out", 16))


@net
def lenet() -> Any:
    """Convolutions and pools, a flatten in the order of the channels last, three products."""
    image = x = _image(28, 1)
    x = L.ReLU(name="relu1")(L.Conv2D(6, 5, padding="same", name="conv1")(x))
    x = L.AveragePooling2D(2, name="pool1")(x)
    x = L.ReLU(name="relu2")(L.Conv2D(16, 5, name="conv2")(x))
    x = L.AveragePooling2D(2, name="pool2")(x)
    x = L.Flatten(name="flat")(x)
    x = L.ReLU(name="relu3")(L.Dense(120, name="fc1")(x))
    x = L.ReLU(name="relu4")(L.Dense(84, name="fc2")(x))
    return _model(image, L.Dense(10, name="fc3")(x))


@net
def two_inputs() -> Any:
    """Two images, joined by a sum and a product; two outputs."""
    left, right = _image(name="x"), _image(name="y")
    a, b = _conv(left, "a", 16), _conv(right, "b", 16)
    joined = L.Add(name="add")([a, b])
    scaled = L.Multiply(name="mul")([a, b])
    outputs = [_conv(joined, "c", 8), _conv(scaled, "d", 8)]
    return _model([left, right], outputs)


@net
def cpu_in_the_middle() -> Any:
    """A softmax and a tanh between convolutions cut the DPU's part."""
    image = x = _image()
    x = _conv(x, "a", 16)
    x = _conv(L.Softmax(name="attend")(x), "b", 16)
    x = L.Activation("tanh", name="squash")(L.Conv2D(16, 3, padding="same", name="c")(x))
    return _model(image, L.Conv2D(4, 1, name="head")(x))


@net
def leaky() -> Any:
    """The leaky ReLU that the DPU has, behind a convolution and behind a depthwise one."""
    image = x = _image()
    x = _leaky("act1")(_conv(x, "a", 16, act=""))
    x = L.DepthwiseConv2D(3, padding="same", name="dw")(x)
    x = _leaky("act2")(x)
    return _model(image, L.Conv2D(4, 1, name="head")(x))


@net
def dilated() -> Any:
    """Dilated convolutions side by side (ASPP), and a large kernel that no engine takes."""
    image = x = _image()
    x = _conv(x, "stem", 16)
    branches = [_conv(x, "r{}".format(r), 8, dilation_rate=r) for r in (1, 2, 4)]
    x = L.Concatenate(name="cat")(branches)
    return _model(image, _conv(x, "wide", 8, 17))


@net
def pre_activation() -> Any:
    """Normalisation and ReLU before each convolution, as in DenseNet; the first stands alone."""
    image = x = _image(channels=8)
    for number, name in enumerate(("cat", "cat_1")):
        y = L.BatchNormalization(epsilon=1e-5, name="n{}_bn".format(number))(x)
        y = _conv(_act(y, "n{}".format(number), "relu"), "l{}".format(number), 8)
        x = L.Concatenate(name=name)([x, y])
    return _model(image, L.Conv2D(4, 1, name="head")(x))
