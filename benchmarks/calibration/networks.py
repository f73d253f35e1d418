"""The networks of the published times, built from their definitions; they need no weights."""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

from benchmarks.networks import torchvision_models


def torch_network(builder: str) -> Any:
    """Returns a network of PyTorch by the column `builder` of the published times."""
    import torch

    with torch.device("meta"):
        if builder == "torchvision resnet50":
            return torchvision_models().resnet50().eval()
        if builder.startswith("torchvision inception_v3"):
            found = torchvision_models().inception_v3(aux_logits=False, init_weights=False)
            return found.eval()
        if builder.startswith("zoo_nets.slim_resnet"):
            units = builder.split("[")[1].split("]")[0].split(",")
            return slim_resnet([int(count) for count in units])
        if builder.startswith("zoo_nets.yolo_v3"):
            return yolo_v3(int(builder.split("(")[1].rstrip(")")))
    raise ValueError(f"no network is known as {builder!r}")


def keras_network(builder: str, size: Tuple[int, int]) -> Any:
    """Returns a network of `keras.applications` by the column `builder`."""
    import keras

    name, _, settings = builder[len("applications.") :].partition("(")
    more: Dict[str, float] = {"alpha": 0.5} if "alpha=0.5" in settings else {}
    make = getattr(keras.applications, name)
    return make(weights=None, input_shape=(*size, 3), **more)


def slim_resnet(units: Sequence[int]) -> Any:
    """Returns a ResNet as TF-Slim has it: the last unit of a stage strides, in its 3x3.

    The shortcut of such a unit is a max pool of one pixel with that stride.

    Args:
        units: bottlenecks in each of the four stages.
    """
    from torch import nn

    resnet = torchvision_models().resnet
    net = resnet.ResNet(resnet.Bottleneck, list(units))
    given = 64
    for stage, count in enumerate(units, 1):
        planes = 32 * 2**stage
        blocks = []
        for unit in range(1, count + 1):
            stride = 2 if unit == count and stage < len(units) else 1
            shortcut = nn.MaxPool2d(1, stride) if stride == 2 else None
            if unit == 1:
                shortcut = nn.Sequential(
                    nn.Conv2d(given, 4 * planes, 1, stride, bias=False),
                    nn.BatchNorm2d(4 * planes),
                )
            blocks.append(resnet.Bottleneck(given, planes, stride, shortcut))
            given = 4 * planes
        setattr(net, f"layer{stage}", nn.Sequential(*blocks))
    return net.eval()


def yolo_v3(outputs: int) -> Any:
    """Returns YOLOv3 with this many channels at each of its three outputs."""
    import torch
    from torch import nn

    def unit(given: int, out: int, kernel: int, stride: int = 1) -> Any:
        conv = nn.Conv2d(given, out, kernel, stride, kernel // 2, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(out), nn.LeakyReLU(0.1015625))

    class Residual(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            half = channels // 2
            self.body = nn.Sequential(unit(channels, half, 1), unit(half, channels, 3))

        def forward(self, x: Any) -> Any:
            return x + self.body(x)

    def stage(given: int, out: int, count: int) -> Any:
        return nn.Sequential(unit(given, out, 3, 2), *(Residual(out) for _ in range(count)))

    def neck(given: int, out: int) -> Any:
        narrow, wide = unit(given, out, 1), unit(out, 2 * out, 3)
        back = (unit(2 * out, out, 1), unit(out, 2 * out, 3), unit(2 * out, out, 1))
        return nn.Sequential(narrow, wide, *back)

    def head(given: int) -> Any:
        return nn.Sequential(unit(given, 2 * given, 3), nn.Conv2d(2 * given, outputs, 1))

    class YoloV3(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            first = unit(3, 32, 3)
            stages = (stage(32, 64, 1), stage(64, 128, 2), stage(128, 256, 8))
            self.fine = nn.Sequential(first, *stages)
            self.middle, self.coarse = stage(256, 512, 8), stage(512, 1024, 4)
            self.necks = nn.ModuleList([neck(1024, 512), neck(768, 256), neck(384, 128)])
            self.laterals = nn.ModuleList([unit(512, 256, 1), unit(256, 128, 1)])
            self.heads = nn.ModuleList([head(512), head(256), head(128)])
            self.up = nn.Upsample(scale_factor=2)

        def forward(self, x: Any) -> Tuple[Any, ...]:
            fine = self.fine(x)
            middle = self.middle(fine)
            found = [self.necks[0](self.coarse(middle))]
            for lateral, after, skip in zip(self.laterals, self.necks[1:], (middle, fine)):
                found.append(after(torch.cat([self.up(lateral(found[-1])), skip], 1)))
            return tuple(head(one) for head, one in zip(self.heads, found))

    return YoloV3().eval()
