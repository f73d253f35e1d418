"""The modules that the cases are made of."""

from __future__ import annotations

from typing import Any, Tuple

import torch
from torch import nn


class Behind(nn.Module):
    """A function behind a 3x3 convolution to 16 channels, or alone, with a module behind it."""

    def __init__(self, function: Any, conv: bool = True, last: Any = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1) if conv else None
        self.function, self.last = function, last

    def forward(self, x: Any) -> Any:
        x = self.function(x if self.conv is None else self.conv(x))
        return x if self.last is None else self.last(x)


class Joining(nn.Module):
    """A function of two convolutions of one image, with a module behind it."""

    def __init__(self, function: Any, last: Any = None) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(3, 16, 3, padding=1)
        self.function, self.last = function, last

    def forward(self, x: Any) -> Any:
        x = self.function(self.left(x), self.right(x))
        return x if self.last is None else self.last(x)


class OfInputs(nn.Module):
    """A function of the inputs themselves."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)


class WithTensor(nn.Module):
    """A convolution's output times, or plus, a tensor that the module holds."""

    def __init__(self, shape: Tuple[int, ...], trained: bool = False, times: bool = True) -> None:
        super().__init__()
        self.conv, self.times = nn.Conv2d(3, 16, 3, padding=1), times
        if trained:
            self.held = nn.Parameter(torch.randn(shape))
        else:
            self.register_buffer("held", torch.randn(shape))

    def forward(self, x: Any) -> Any:
        x = self.conv(x)
        return x * self.held if self.times else x + self.held


class SqueezeExcite(nn.Module):
    """Channels weighted by a gate that two 1x1 convolutions compute from their means."""

    def __init__(self, gate: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU())
        self.excite = nn.Sequential(nn.Conv2d(4, 16, 1), gate)

    def forward(self, x: Any) -> Any:
        x = self.conv(x)
        return x * self.excite(self.squeeze(x))


class Recurrent(nn.Module):
    """The sequence that a recurrent layer gives."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer(16, 8, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


class Embedded(nn.Module):
    """An embedding of whole numbers that the module makes of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 8)

    def forward(self, x: Any) -> Any:
        return self.table((x * 0).long())


class Attention(nn.Module):
    """Self-attention."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.attention(x, x, x)[0]


class Forked(nn.Module):
    """One convolution that two read; both are outputs."""

    def __init__(self, named: bool = False) -> None:
        super().__init__()
        self.stem, self.named = nn.Conv2d(3, 8, 3), named
        self.wide, self.thin = nn.Conv2d(8, 8, 3), nn.Conv2d(8, 4, 1)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        if self.named:
            return {"wide": self.wide(x), "thin": self.thin(x)}
        return self.wide(x), self.thin(x)


class TwoInputs(nn.Module):
    """Two images, a convolution each, and their sum."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 8, 3), nn.Conv2d(3, 8, 3)

    def forward(self, x: Any, y: Any) -> Any:
        return self.left(x) + self.right(y)


class Shared(nn.Module):
    """Every module is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.relu = (
            nn.Conv2d(3, 3, 3, padding=1),
            nn.BatchNorm2d(3),
            nn.ReLU(),
        )

    def forward(self, x: Any) -> Any:
        for _ in range(2):
            x = self.relu(self.norm(self.conv(x)))
        return x


class DeadBranch(nn.Module):
    """A convolution whose output nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.dead = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

    def forward(self, x: Any) -> Any:
        self.dead(x)
        return self.used(x)
