"""Whole networks whose DPU subgraphs are published in compiled models."""

from __future__ import annotations

from typing import NamedTuple

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.placing import built_on  # noqa: E402
from tests.torchvision_models import torchvision_models  # noqa: E402
from vai_inspect.torch import Inspector  # noqa: E402

B4096, B3136, C32B6 = "DPUCZDX8G_ISA1_B4096", "0x101000016010406", "DPUCVDX8G_ISA3_C32B6"
C32B3_HALF = "0x603000b16013831"
"""A C32B3 with half the weight bank."""


class Row(NamedTuple):
    """A target, a network, its input, DPU subgraphs, operators on the CPU by kind."""

    target: str
    build: object
    shape: tuple
    subgraphs: int = 1
    cpu: dict = {}


def of_torchvision(name, **settings):
    return lambda: getattr(torchvision_models(), name)(weights=None, **settings)


def without_silu(model):
    """EfficientNet as it is deployed: Hardswish in place of SiLU."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.SiLU):
                setattr(module, name, nn.Hardswish())
    return model


def conv_norm(inputs, outputs, kernel=3, stride=1, activation=None):
    pad = (kernel - 1) // 2
    conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), activation or nn.LeakyReLU(0.1))


class Residual(nn.Module):
    """Darknet's block of a 1x1 and a 3x3 convolution."""

    def __init__(self, channels):
        super().__init__()
        self.first = conv_norm(channels, channels // 2, 1)
        self.second = conv_norm(channels // 2, channels)

    def forward(self, x):
        return x + self.second(self.first(x))


class YoloV3(nn.Module):
    """Darknet-53 with three heads, without the decoding."""

    def __init__(self):
        super().__init__()
        channels, stages = 32, []
        self.stem = conv_norm(3, 32)
        for blocks in (1, 2, 8, 8, 4):
            inner = [Residual(2 * channels) for _ in range(blocks)]
            stages.append(nn.Sequential(conv_norm(channels, 2 * channels, 3, 2), *inner))
            channels *= 2
        self.stages = nn.ModuleList(stages)
        self.necks = nn.ModuleList(
            self.neck(inputs, width) for inputs, width in ((1024, 512), (768, 256), (384, 128))
        )
        self.narrow = nn.ModuleList(conv_norm(width, width // 2, 1) for width in (512, 256))
        self.heads = nn.ModuleList(
            nn.Sequential(conv_norm(width, 2 * width), nn.Conv2d(2 * width, 255, 1))
            for width in (512, 256, 128)
        )
        self.up = nn.Upsample(scale_factor=2)

    @staticmethod
    def neck(inputs, width):
        wide = [conv_norm(2 * width, width, 1), conv_norm(width, 2 * width)]
        return nn.Sequential(
            conv_norm(inputs, width, 1),
            conv_norm(width, 2 * width),
            *wide,
            conv_norm(2 * width, width, 1),
        )

    def forward(self, x):
        x = self.stem(x)
        kept = []
        for stage in self.stages:
            x = stage(x)
            kept.append(x)
        outputs = []
        for at, (neck, head) in enumerate(zip(self.necks, self.heads)):
            if at:
                x = torch.cat((self.up(self.narrow[at - 1](x)), kept[-1 - at]), 1)
            x = neck(x)
            outputs.append(head(x))
        return outputs


class YoloV3Tiny(nn.Module):
    """YOLOv3-tiny with Hardswish, without the decoding."""

    def __init__(self):
        super().__init__()
        widths = [16, 32, 64, 128, 256]
        inputs = [3, *widths[:-1]]
        self.body = nn.ModuleList(
            conv_norm(first, second, activation=nn.Hardswish())
            for first, second in zip(inputs, widths)
        )
        self.pool = nn.MaxPool2d(2)
        self.deep = nn.Sequential(
            conv_norm(256, 512, activation=nn.Hardswish()),
            nn.ZeroPad2d((0, 1, 0, 1)),
            nn.MaxPool2d(2, 1),
            conv_norm(512, 1024, activation=nn.Hardswish()),
            conv_norm(1024, 256, 1, activation=nn.Hardswish()),
        )
        self.large = nn.Sequential(
            conv_norm(256, 512, activation=nn.Hardswish()), nn.Conv2d(512, 255, 1)
        )
        self.narrow = conv_norm(256, 128, 1, activation=nn.Hardswish())
        self.up = nn.Upsample(scale_factor=2)
        self.small = nn.Sequential(
            conv_norm(384, 256, activation=nn.Hardswish()), nn.Conv2d(256, 255, 1)
        )

    def forward(self, x):
        for layer in self.body:
            kept = layer(x)
            x = self.pool(kept)
        x = self.deep(x)
        return self.large(x), self.small(torch.cat((self.up(self.narrow(x)), kept), 1))


class ResNet20(nn.Module):
    """The ResNet of CIFAR-10."""

    class Block(nn.Module):
        """Two convolutions and a shortcut."""

        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.first = conv_norm(inputs, outputs, 3, stride, nn.ReLU())
            self.second = conv_norm(outputs, outputs, 3, 1, nn.Identity())
            self.short = (
                nn.Identity()
                if stride == 1 and inputs == outputs
                else conv_norm(inputs, outputs, 1, stride, nn.Identity())
            )
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.second(self.first(x)) + self.short(x))

    def __init__(self):
        super().__init__()
        blocks, channels = [], 16
        for width, stride in ((16, 1), (32, 2), (64, 2)):
            for at in range(3):
                blocks.append(self.Block(channels, width, stride if at == 0 else 1))
                channels = width
        self.body = nn.Sequential(conv_norm(3, 16, 3, 1, nn.ReLU()), *blocks)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.body(x)), 1))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5),
        nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(800, 500),
        nn.ReLU(),
        nn.Linear(500, 10),
    )


ROWS = {
    "ResNet-18": Row(B4096, of_torchvision("resnet18"), (1, 3, 224, 224)),
    "ResNet-50": Row(B4096, of_torchvision("resnet50"), (1, 3, 224, 224)),
    "MobileNetV2": Row(B4096, of_torchvision("mobilenet_v2"), (1, 3, 224, 224)),
    "EfficientNet-B0 with Hardswish and sigmoid gates": Row(
        B4096,
        lambda: without_silu(of_torchvision("efficientnet_b0")()),
        (1, 3, 224, 224),
        17,
        {"sigmoid": 16},
    ),
    "LeNet": Row(C32B3_HALF, lenet, (1, 1, 28, 28)),
    "ResNet-20": Row(C32B6, ResNet20, (1, 3, 32, 32)),
    "YOLOv3": Row(B4096, YoloV3, (1, 3, 416, 416)),
    "YOLOv3-tiny with Hardswish": Row(B3136, YoloV3Tiny, (1, 3, 416, 416)),
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_compiled_subgraphs(name):
    row = ROWS[name]
    with built_on("meta"):
        model = row.build().eval()
    result = Inspector(row.target).inspect(model, row.shape, "cpu", None, 0)
    found = {}
    for op in result.ops:
        if op.device.value == "cpu" and op.type != "const":
            found[op.type] = found.get(op.type, 0) + 1
    assert (result.summary.dpu_subgraphs, found) == (row.subgraphs, row.cpu)
