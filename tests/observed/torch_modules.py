"""Small modules as the vendor's users write them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 26 / 256


class Fn(nn.Module):
    """A forward given as a function of the input and the modules."""

    def __init__(self, function, *modules):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)

    def forward(self, x):
        return self.function(x, *self.parts)


def flat_linear(channels, out=8):
    """A convolution whose map is flattened for a Linear; the map's size comes with the input."""

    class Net(nn.Module):
        def __init__(self, features):
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, channels, 1), nn.Linear(features, out)

        def forward(self, x):
            return self.fc(torch.flatten(self.conv(x), 1))

    return Net


def squeeze_excite():
    """Pool, view, Linear, ReLU, Linear, Hardsigmoid, view, product."""

    def forward(x, conv, pool, gate):
        x = conv(x)
        n, c = x.shape[:2]
        return x * gate(pool(x).view(n, c)).view(n, c, 1, 1)

    gate = nn.Sequential(nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 32), nn.Hardsigmoid())
    return Fn(forward, nn.Conv2d(3, 32, 1), nn.AdaptiveAvgPool2d(1), gate)


def after_conv(function, channels=16):
    """A function between two convolutions of so many channels."""
    return Fn(
        lambda x, a, b: b(function(a(x))),
        nn.Conv2d(3, channels, 3, padding=1),
        nn.LazyConv2d(8, 1),
    )


def cut(activation, parts=lambda y: (y[:, :16], y[:, 16:])):
    """C2f's split: channels of a convolution's output go different ways."""

    def forward(x, a, b, c):
        first, second = parts(activation(a(x)))
        return c(torch.cat((first, second, b(second)), 1))

    return Fn(forward, nn.Conv2d(3, 32, 1), nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(48, 8, 1))


def leaky(x):
    return functional.leaky_relu(x, SLOPE)
