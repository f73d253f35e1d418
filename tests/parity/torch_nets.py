"""The networks in PyTorch, layer by layer under the names that the Keras ones have."""

from __future__ import annotations

from typing import Any, Dict, Tuple, Type

import torch
from torch import nn

NETS: Dict[str, Type[nn.Module]] = {}
IMAGE = ((1, 3, 32, 32),)
SHAPES: Dict[str, Tuple[Tuple[int, ...], ...]] = {}


def net(*shapes: Tuple[int, ...]) -> Any:
    """Adds a network to the table under its class's name, with its input shapes, NCHW."""

    def add(cls: Type[nn.Module]) -> Type[nn.Module]:
        NETS[cls.__name__], SHAPES[cls.__name__] = cls, shapes or IMAGE
        cls.__name__ = "Net"
        return cls

    return add


class Named(nn.Module):
    """A module whose parts are made, and called, by name."""

    def conv(
        self, name: str, i: int, o: int, size: Any = 3, act: str = "relu", **given: Any
    ) -> None:
        """Makes `<name>_conv`, `_bn` and `_relu`."""
        sizes = size if isinstance(size, tuple) else (size, size)
        step = given.get("dilation", 1)
        given.setdefault("padding", tuple((one - 1) // 2 * step for one in sizes))
        self.add_module(name + "_conv", nn.Conv2d(i, o, size, bias=False, **given))
        self.add_module(name + "_bn", nn.BatchNorm2d(o))
        if act:
            self.add_module(name + "_relu", nn.ReLU() if act == "relu" else nn.ReLU6())

    def run(self, name: str, x: Any) -> Any:
        """Calls what `conv` made."""
        for part in ("_conv", "_bn", "_relu"):
            if hasattr(self, name + part):
                x = getattr(self, name + part)(x)
        return x


@net()
class plain(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("a", 3, 16)
        self.pool = nn.MaxPool2d(2)
        self.conv("b", 16, 32, 2, stride=2, padding=0)
        self.conv("c", 32, 32, 5)
        self.mean, self.flat, self.fc = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)

    def forward(self, x: Any) -> Any:
        x = self.run("c", self.run("b", self.pool(self.run("a", x))))
        return self.fc(self.flat(self.mean(x)))


@net()
class residual(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16)
        self.conv("a1", 16, 16)
        self.conv("a2", 16, 16, act="")
        self.a_relu = nn.ReLU()
        self.conv("b1", 16, 32, 2, stride=2, padding=0)
        self.conv("b2", 32, 32, act="")
        self.conv("b0", 16, 32, 2, act="", stride=2, padding=0)
        self.b_relu = nn.ReLU()

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        x = self.a_relu(self.run("a2", self.run("a1", x)) + x)
        y = self.run("b2", self.run("b1", x))
        return self.b_relu(y + self.run("b0", x))


@net()
class inverted_residual(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16, act="relu6")
        self.conv("expand", 16, 96, 1, "relu6")
        self.conv("dw", 96, 96, 3, "relu6", groups=96)
        self.conv("project", 96, 16, 1, "")

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        return x + self.run("project", self.run("dw", self.run("expand", x)))


@net()
class inception(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16)
        self.conv("a", 16, 8, 1)
        self.conv("b1", 16, 8, 1)
        self.conv("b2", 8, 16, 3)
        self.conv("c1", 16, 8, 1)
        self.conv("c2", 8, 8, (1, 7))
        self.pool = nn.MaxPool2d(3, 1, 1)
        self.conv("d", 16, 8, 1)

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        a, b = self.run("a", x), self.run("b2", self.run("b1", x))
        c, d = self.run("c2", self.run("c1", x)), self.run("d", self.pool(x))
        return torch.cat([a, b, c, d], 1)


@net()
class dense_block(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16)
        for number in range(3):
            self.conv("l{}".format(number), 16 + 8 * number, 8)
        self.conv("transition", 40, 20, 1)
        self.pool = nn.AvgPool2d(2)

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        for number in range(3):
            x = torch.cat([x, self.run("l{}".format(number), x)], 1)
        return self.pool(self.run("transition", x))


class _Unet(Named):
    def __init__(self, up: nn.Module, channels: int) -> None:
        super().__init__()
        self.conv("down", 3, 16)
        self.pool = nn.MaxPool2d(2)
        self.conv("deep", 16, 32)
        self.up = up
        self.conv("out", channels, 16)
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, x: Any) -> Any:
        skip = self.run("down", x)
        x = self.up(self.run("deep", self.pool(skip)))
        return self.head(self.run("out", torch.cat([x, skip], 1)))


@net()
class unet_transposed(_Unet):  # noqa: N801
    def __init__(self) -> None:
        super().__init__(nn.ConvTranspose2d(32, 16, 2, 2), 32)


@net()
class unet_bilinear(_Unet):  # noqa: N801
    def __init__(self) -> None:
        super().__init__(nn.Upsample(None, 2, "bilinear", False), 48)


@net()
class nearest(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("a", 3, 16)
        self.pool, self.up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2)
        self.conv("b", 32, 16)

    def forward(self, x: Any) -> Any:
        x = self.run("a", x)
        return self.run("b", torch.cat([self.up(self.pool(x)), x], 1))


@net()
class squeeze_excite(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16)
        self.squeeze, self.fc1 = nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1)
        self.fc1_relu, self.fc2, self.gate = nn.ReLU(), nn.Conv2d(4, 16, 1), nn.Hardsigmoid()
        self.conv("out", 16, 16)

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        y = self.gate(self.fc2(self.fc1_relu(self.fc1(self.squeeze(x)))))
        return self.run("out", x * y)


@net((1, 1, 28, 28))
class lenet(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(1, 6, 5, padding=2), nn.ReLU()
        self.pool1, self.pool2 = nn.AvgPool2d(2), nn.AvgPool2d(2)
        self.conv2, self.relu2, self.flat = nn.Conv2d(6, 16, 5), nn.ReLU(), nn.Flatten()
        self.fc1, self.relu3 = nn.Linear(400, 120), nn.ReLU()
        self.fc2, self.relu4 = nn.Linear(120, 84), nn.ReLU()
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Any) -> Any:
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        x = self.flat(x.permute(0, 2, 3, 1))
        return self.fc3(self.relu4(self.fc2(self.relu3(self.fc1(x)))))


@net((1, 3, 32, 32), (1, 3, 32, 32))
class two_inputs(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("a", 3, 16)
        self.conv("b", 3, 16)
        self.conv("c", 16, 8)
        self.conv("d", 16, 8)

    def forward(self, x: Any, y: Any) -> Any:
        a, b = self.run("a", x), self.run("b", y)
        return self.run("c", a + b), self.run("d", a * b)


@net()
class cpu_in_the_middle(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("a", 3, 16)
        self.attend = nn.Softmax(1)
        self.conv("b", 16, 16)
        self.c, self.squash = nn.Conv2d(16, 16, 3, padding=1), nn.Tanh()
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, x: Any) -> Any:
        x = self.run("b", self.attend(self.run("a", x)))
        return self.head(self.squash(self.c(x)))


@net()
class leaky(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("a", 3, 16, act="")
        self.act1, self.act2 = nn.LeakyReLU(26 / 256), nn.LeakyReLU(26 / 256)
        self.dw = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.head = nn.Conv2d(16, 4, 1)

    def forward(self, x: Any) -> Any:
        return self.head(self.act2(self.dw(self.act1(self.run("a", x)))))


@net()
class dilated(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        self.conv("stem", 3, 16)
        for rate in (1, 2, 4):
            self.conv("r{}".format(rate), 16, 8, dilation=rate)
        self.conv("wide", 24, 8, 17)

    def forward(self, x: Any) -> Any:
        x = self.run("stem", x)
        x = torch.cat([self.run("r{}".format(rate), x) for rate in (1, 2, 4)], 1)
        return self.run("wide", x)


@net((1, 8, 32, 32))
class pre_activation(Named):  # noqa: N801
    def __init__(self) -> None:
        super().__init__()
        for number in range(2):
            self.add_module("n{}_bn".format(number), nn.BatchNorm2d(8 + 8 * number))
            self.add_module("n{}_relu".format(number), nn.ReLU())
            self.conv("l{}".format(number), 8 + 8 * number, 8)
        self.head = nn.Conv2d(24, 4, 1)

    def forward(self, x: Any) -> Any:
        for number in range(2):
            y = self.run("l{}".format(number), self.run("n{}".format(number), x))
            x = torch.cat([x, y], 1)
        return self.head(x)
