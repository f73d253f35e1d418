"""Networks written twice, once in Keras and once in PyTorch, with the same names."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

import keras
import torch
from torch import nn

L = keras.layers


class Net(nn.Module):
    """A network of named parts and a forward; its model name is `net`."""

    def __init__(self, forward: Callable[..., Any], **parts: Any) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self._forward = forward

    def forward(self, image: Any) -> Any:
        return self._forward(self, image)


class TwoInputs(Net):
    def forward(self, left: Any, right: Any) -> Any:
        return self._forward(self, left, right)


def _keras(inputs: Any, outputs: Any) -> Any:
    return keras.Model(inputs, outputs, name="Net")


def _image(size: int = 32, channels: int = 3) -> Any:
    return keras.Input((size, size, channels), batch_size=1, name="image")


def _bn(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=1e-3)


def plain_keras() -> Any:
    x = image = _image()
    for number, filters in enumerate((16, 32)):
        x = L.Conv2D(filters, 3, padding="same", name="conv{}".format(number))(x)
        x = L.BatchNormalization(name="bn{}".format(number))(x)
        x = L.ReLU(name="relu{}".format(number))(x)
        x = L.MaxPooling2D(2, name="pool{}".format(number))(x)
    x = L.GlobalAveragePooling2D(keepdims=True, name="gap")(x)
    return _keras(image, L.Dense(10, name="fc")(L.Flatten(name="flatten")(x)))


def plain_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        for number in (0, 1):
            x = getattr(m, "bn{}".format(number))(getattr(m, "conv{}".format(number))(x))
            x = getattr(m, "pool{}".format(number))(getattr(m, "relu{}".format(number))(x))
        return m.fc(torch.flatten(m.gap(x), 1))

    return Net(
        forward,
        conv0=nn.Conv2d(3, 16, 3, padding=1),
        bn0=_bn(16),
        relu0=nn.ReLU(),
        pool0=nn.MaxPool2d(2),
        conv1=nn.Conv2d(16, 32, 3, padding=1),
        bn1=_bn(32),
        relu1=nn.ReLU(inplace=True),
        pool1=nn.MaxPool2d(2),
        gap=nn.AdaptiveAvgPool2d(1),
        fc=nn.Linear(32, 10),
    )


def residual_keras() -> Any:
    image = _image(channels=16)
    x = L.Conv2D(16, 3, padding="same", use_bias=False, name="a")(image)
    x = L.ReLU(name="ra")(L.BatchNormalization(name="ba")(x))
    x = L.BatchNormalization(name="bb")(L.Conv2D(16, 3, padding="same", name="b")(x))
    return _keras(image, L.ReLU(name="out")(L.Add(name="add")([x, image])))


def residual_torch() -> Any:
    return Net(
        lambda m, x: m.out(m.bb(m.b(m.ra(m.ba(m.a(x))))) + x),
        a=nn.Conv2d(16, 16, 3, padding=1, bias=False),
        ba=_bn(16),
        ra=nn.ReLU(),
        b=nn.Conv2d(16, 16, 3, padding=1),
        bb=_bn(16),
        out=nn.ReLU(),
    )


def inverted_keras() -> Any:
    image = _image(channels=8)
    x = L.ReLU(6, name="r1")(L.Conv2D(48, 1, name="expand")(image))
    x = L.DepthwiseConv2D(3, padding="same", name="depth")(x)
    x = L.Conv2D(8, 1, name="project")(L.ReLU(6, name="r2")(x))
    return _keras(image, L.Add(name="add")([image, x]))


def inverted_torch() -> Any:
    return Net(
        lambda m, x: x + m.project(m.r2(m.depth(m.r1(m.expand(x))))),
        expand=nn.Conv2d(8, 48, 1),
        r1=nn.ReLU6(),
        depth=nn.Conv2d(48, 48, 3, padding=1, groups=48),
        r2=nn.ReLU6(),
        project=nn.Conv2d(48, 8, 1),
    )


def inception_keras() -> Any:
    image = _image()
    a = L.Conv2D(8, 1, name="a")(image)
    b = L.Conv2D(8, 5, padding="same", name="b")(L.Conv2D(4, 1, name="b0")(image))
    c = L.Conv2D(8, 1, name="c")(L.AveragePooling2D(3, 1, name="pool")(image))
    c = L.ZeroPadding2D(1, name="pad")(c)
    return _keras(image, L.Concatenate(name="cat")([a, b, c]))


def inception_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        return torch.cat([m.a(x), m.b(m.b0(x)), m.pad(m.c(m.pool(x)))], 1)

    return Net(
        forward,
        a=nn.Conv2d(3, 8, 1),
        b0=nn.Conv2d(3, 4, 1),
        b=nn.Conv2d(4, 8, 5, padding="same"),
        pool=nn.AvgPool2d(3, 1),
        c=nn.Conv2d(3, 8, 1),
        pad=nn.ZeroPad2d(1),
    )


def dense_keras() -> Any:
    image = _image(channels=8)
    x = image
    for number in range(3):
        name = "_{}".format(number) if number else ""
        new = L.Conv2D(4, 3, padding="same", name="c{}".format(number))(
            L.ReLU(name="r{}".format(number))(L.BatchNormalization(name="n{}".format(number))(x))
        )
        x = L.Concatenate(name="cat" + name)([x, new])
    return _keras(image, x)


def dense_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        for number in range(3):
            parts = [getattr(m, "{}{}".format(one, number)) for one in "nrc"]
            x = torch.cat([x, parts[2](parts[1](parts[0](x)))], 1)
        return x

    parts: Dict[str, Any] = {}
    for number in range(3):
        channels = 8 + 4 * number
        parts["n{}".format(number)] = _bn(channels)
        parts["r{}".format(number)] = nn.ReLU()
        parts["c{}".format(number)] = nn.Conv2d(channels, 4, 3, padding=1)
    return Net(forward, **parts)


def _unet_keras(up: Any) -> Any:
    image = _image()
    a = L.ReLU(name="ra")(L.Conv2D(8, 3, padding="same", name="a")(image))
    b = L.ReLU(name="rb")(L.Conv2D(8, 3, padding="same", name="b")(L.MaxPooling2D(2, name="p")(a)))
    x = L.Concatenate(name="cat")([a, up(b)])
    return _keras(image, L.Conv2D(2, 1, name="out")(x))


def _unet_torch(up: Any) -> Any:
    def forward(m: Any, x: Any) -> Any:
        a = m.ra(m.a(x))
        b = m.rb(m.b(m.p(a)))
        return m.out(torch.cat([a, m.up(b)], dim=1))

    return Net(
        forward,
        a=nn.Conv2d(3, 8, 3, padding=1),
        ra=nn.ReLU(),
        p=nn.MaxPool2d(2),
        b=nn.Conv2d(8, 8, 3, padding=1),
        rb=nn.ReLU(),
        up=up,
        out=nn.Conv2d(16, 2, 1),
    )


def gate_keras() -> Any:
    image = _image(channels=16)
    x = L.Conv2D(16, 3, padding="same", name="conv")(image)
    y = L.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    y = L.Conv2D(16, 1, name="f2")(L.ReLU(name="relu")(L.Conv2D(4, 1, name="f1")(y)))
    y = L.Activation("sigmoid", name="gate")(y)
    return _keras(image, L.Multiply(name="mul")([x, y]))


def gate_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        x = m.conv(x)
        return x * m.gate(m.f2(m.relu(m.f1(m.pool(x)))))

    return Net(
        forward,
        conv=nn.Conv2d(16, 16, 3, padding=1),
        pool=nn.AdaptiveAvgPool2d(1),
        f1=nn.Conv2d(16, 4, 1),
        relu=nn.ReLU(),
        f2=nn.Conv2d(4, 16, 1),
        gate=nn.Sigmoid(),
    )


def two_inputs_keras() -> Any:
    left = keras.Input((16, 16, 3), batch_size=1, name="left")
    right = keras.Input((16, 16, 3), batch_size=1, name="right")
    a, b = L.Conv2D(8, 3, name="a")(left), L.Conv2D(8, 3, name="b")(right)
    x = L.Add(name="add")([a, b])
    outputs = [L.Conv2D(4, 1, name="c")(x), x]
    return keras.Model([left, right], outputs, name="TwoInputs")


def two_inputs_torch() -> Any:
    def forward(m: Any, left: Any, right: Any) -> Any:
        x = m.a(left) + m.b(right)
        return m.c(x), x

    parts = {"a": nn.Conv2d(3, 8, 3), "b": nn.Conv2d(3, 8, 3), "c": nn.Conv2d(8, 4, 1)}
    return TwoInputs(forward, **parts)


def cpu_middle_keras() -> Any:
    image = _image()
    x = L.Activation("gelu", name="gelu")(L.Conv2D(8, 3, padding="same", name="a")(image))
    x = L.Activation("tanh", name="tanh")(L.Conv2D(8, 3, padding="same", name="b")(x))
    x = L.LeakyReLU(negative_slope=0.1, name="leaky")(L.Conv2D(8, 1, name="c")(x))
    return _keras(image, L.Softmax(name="soft")(x))


def cpu_middle_torch() -> Any:
    return Net(
        lambda m, x: m.soft(m.leaky(m.c(m.tanh(m.b(m.gelu(m.a(x))))))),
        a=nn.Conv2d(3, 8, 3, padding=1),
        gelu=nn.GELU(),
        b=nn.Conv2d(8, 8, 3, padding=1),
        tanh=nn.Tanh(),
        c=nn.Conv2d(8, 8, 1),
        leaky=nn.LeakyReLU(0.1),
        soft=nn.Softmax(1),
    )


def dilated_keras() -> Any:
    image = _image()
    x = L.Conv2D(8, 3, dilation_rate=2, padding="same", name="a")(image)
    x = L.Conv2D(8, (3, 5), strides=(2, 1), groups=2, name="b")(x)
    return _keras(image, L.PReLU(shared_axes=[1, 2], name="act")(x))


def dilated_torch() -> Any:
    return Net(
        lambda m, x: m.act(m.b(m.a(x))),
        a=nn.Conv2d(3, 8, 3, dilation=2, padding=2),
        b=nn.Conv2d(8, 8, (3, 5), stride=(2, 1), groups=2),
        act=nn.PReLU(8),
    )


def lenet_keras() -> Any:
    """Keras's flatten reads NHWC: the permute says that PyTorch's reads NCHW."""
    image = _image(28, 1)
    x = L.MaxPooling2D(2, name="p1")(L.ReLU(name="r1")(L.Conv2D(6, 5, name="c1")(image)))
    x = L.MaxPooling2D(2, name="p2")(L.ReLU(name="r2")(L.Conv2D(16, 5, name="c2")(x)))
    x = L.Permute((3, 1, 2), name="p2_sink_transpose")(x)
    x = L.ReLU(name="r3")(L.Dense(84, name="f1")(L.Flatten(name="flatten")(x)))
    return _keras(image, L.Dense(10, name="f2")(x))


def lenet_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        x = m.p2(m.r2(m.c2(m.p1(m.r1(m.c1(x))))))
        return m.f2(m.r3(m.f1(x.flatten(1))))

    return Net(
        forward,
        c1=nn.Conv2d(1, 6, 5),
        r1=nn.ReLU(),
        p1=nn.MaxPool2d(2),
        c2=nn.Conv2d(6, 16, 5),
        r2=nn.ReLU(),
        p2=nn.MaxPool2d(2),
        f1=nn.Linear(256, 84),
        r3=nn.ReLU(),
        f2=nn.Linear(84, 10),
    )


def shuffle_keras() -> Any:
    """As with the flatten: reshapes between NCHW permutes are what PyTorch's view does."""
    image = _image(8, 8)
    x = L.Conv2D(8, 1, name="a")(image)
    x = L.Permute((3, 1, 2), name="a_sink_transpose")(x)
    x = L.Reshape((2, 4, 8, 8), name="view")(x)
    x = L.Permute((2, 1, 3, 4), name="transpose")(x)
    x = L.Reshape((8, 8, 8), name="reshape")(x)
    x = L.Permute((2, 3, 1), name="reshape_swim_transpose")(x)
    return _keras(image, L.Conv2D(8, 1, name="b")(x))


def shuffle_torch() -> Any:
    def forward(m: Any, x: Any) -> Any:
        n, c, h, w = (x := m.a(x)).shape
        return m.b(x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w))

    return Net(forward, a=nn.Conv2d(8, 8, 1), b=nn.Conv2d(8, 8, 1))


IMAGE = ((1, 3, 32, 32),)
PAIRS: Dict[str, Tuple[Any, Any, Any]] = {
    "plain": (plain_keras, plain_torch, IMAGE),
    "residual": (residual_keras, residual_torch, ((1, 16, 32, 32),)),
    "inverted residual": (inverted_keras, inverted_torch, ((1, 8, 32, 32),)),
    "inception": (inception_keras, inception_torch, IMAGE),
    "dense block": (dense_keras, dense_torch, ((1, 8, 32, 32),)),
    "unet transposed": (
        lambda: _unet_keras(L.Conv2DTranspose(8, 2, 2, name="up")),
        lambda: _unet_torch(nn.ConvTranspose2d(8, 8, 2, 2)),
        IMAGE,
    ),
    "unet bilinear": (
        lambda: _unet_keras(L.UpSampling2D(2, interpolation="bilinear", name="up")),
        lambda: _unet_torch(nn.Upsample(scale_factor=2, mode="bilinear")),
        IMAGE,
    ),
    "squeeze-excite": (gate_keras, gate_torch, ((1, 16, 32, 32),)),
    "two inputs": (two_inputs_keras, two_inputs_torch, ((1, 3, 16, 16),) * 2),
    "cpu in the middle": (cpu_middle_keras, cpu_middle_torch, IMAGE),
    "dilated and grouped": (dilated_keras, dilated_torch, IMAGE),
    "lenet": (lenet_keras, lenet_torch, ((1, 1, 28, 28),)),
    "shuffle": (shuffle_keras, shuffle_torch, ((1, 8, 8, 8),)),
}
"""Name: the Keras model, the PyTorch module, the shapes of its inputs.

Pinned differences of the frameworks: Keras's epsilon of a batch norm is 1e-3; "same" with a
stride pads behind more than before; a Keras pool never counts its padding; Keras's quantiser
folds a batch norm into a Dense.
"""
