"""PyTorch networks as users write them, small enough that a whole report is read in minutes."""

from __future__ import annotations

import torch
from torch import nn


def conv(into, out, kernel=3, stride=1, act=nn.ReLU):
    """A convolution that keeps the size, a batch norm, an activation."""
    return nn.Sequential(
        nn.Conv2d(into, out, kernel, stride, (kernel - 1) // 2, bias=False),
        nn.BatchNorm2d(out),
        act(),
    )


class BasicBlock(nn.Module):
    """A residual block of ResNet-18."""

    def __init__(self, into, out, stride):
        super().__init__()
        self.conv1 = conv(into, out, 3, stride)
        self.conv2 = conv(out, out, 3, 1, nn.Identity)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or into != out:
            self.downsample = conv(into, out, 1, stride, nn.Identity)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + shortcut)


class ResNet(nn.Module):
    """Three stages of one block: wholly on the DPU."""

    def __init__(self):
        super().__init__()
        self.stem = conv(3, 32, 7, 2)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = BasicBlock(32, 32, 1)
        self.layer2 = BasicBlock(32, 64, 2)
        self.layer3 = BasicBlock(64, 128, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.pool(self.stem(x)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Csp(nn.Module):
    """Half of the channels through a bottleneck, then all together, as YOLOv5 has it."""

    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.cv1 = conv(channels, half, 1, act=nn.SiLU)
        self.cv2 = conv(channels, half, 1, act=nn.SiLU)
        self.inner = conv(half, half, 3, act=nn.SiLU)
        self.cv3 = conv(channels, channels, 1, act=nn.SiLU)

    def forward(self, x):
        first = self.cv1(x)
        return self.cv3(torch.cat([first + self.inner(first), self.cv2(x)], 1))


class Yolo(nn.Module):
    """A detector with SiLU, a pyramid of pools, an upsampling and two sigmoid heads."""

    def __init__(self, classes=3):
        super().__init__()
        self.stem = conv(3, 16, 6, 2, nn.SiLU)
        self.down1 = conv(16, 32, 3, 2, nn.SiLU)
        self.csp1 = Csp(32)
        self.down2 = conv(32, 64, 3, 2, nn.SiLU)
        self.csp2 = Csp(64)
        self.pool = nn.MaxPool2d(5, 1, 2)
        self.mix = conv(192, 32, 1, act=nn.SiLU)
        self.up = nn.Upsample(scale_factor=2)
        self.fine = nn.Conv2d(64, 3 * (5 + classes), 1)
        self.coarse = nn.Conv2d(32, 3 * (5 + classes), 1)

    def forward(self, x):
        fine = self.csp1(self.down1(self.stem(x)))
        coarse = self.csp2(self.down2(fine))
        once = self.pool(coarse)
        coarse = self.mix(torch.cat([coarse, once, self.pool(once)], 1))
        fine = self.fine(torch.cat([fine, self.up(coarse)], 1))
        return fine.sigmoid(), self.coarse(coarse).sigmoid()


class UNet(nn.Module):
    """Two levels, transposed convolutions up."""

    def __init__(self):
        super().__init__()
        self.down1 = conv(3, 16)
        self.down2 = conv(16, 32)
        self.bottom = conv(32, 64)
        self.up2 = nn.ConvTranspose2d(64, 32, 2, 2)
        self.dec2 = conv(64, 32)
        self.up1 = nn.ConvTranspose2d(32, 16, 2, 2)
        self.dec1 = conv(32, 16)
        self.head = nn.Conv2d(16, 2, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        one = self.down1(x)
        two = self.down2(self.pool(one))
        x = self.bottom(self.pool(two))
        x = self.dec2(torch.cat([self.up2(x), two], 1))
        x = self.dec1(torch.cat([self.up1(x), one], 1))
        return self.head(x)


class Mixed(nn.Module):
    """One of each: a wide kernel, a slope, a tanh between, groups, a permute at the end."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(3, 16, (3, 21), padding=(1, 10))
        self.leaky = nn.LeakyReLU(0.1)
        self.grouped = nn.Conv2d(16, 16, 3, padding=1, groups=4)
        self.relu = nn.ReLU()
        self.last = conv(16, 16)

    def forward(self, x):
        x = self.leaky(self.wide(x))
        x = torch.tanh(self.relu(self.grouped(x)))
        return self.last(x).permute(0, 2, 3, 1).reshape(1, -1)


SHAPES = {
    ResNet: (1, 3, 64, 64),
    Yolo: (1, 3, 64, 64),
    UNet: (1, 3, 64, 64),
    Mixed: (1, 3, 32, 32),
}
