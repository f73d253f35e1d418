"""Captures with one strategy alone, and what two captures have in common."""

from __future__ import annotations

from typing import Any, List, Tuple

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from vai_inspect.core.capture import Captured
from vai_inspect.core.passes import normalise
from vai_inspect.frontends.torch import capture
from vai_inspect.frontends.torch.capture import strategies


def capture_with(name: str, model: Any, inputs: Any, monkeypatch: Any) -> Captured:
    """A capture for which there is no other strategy."""
    only = tuple(one for one in strategies.capture_strategies() if one.name == name)
    with monkeypatch.context() as patch:
        patch.setattr(strategies, "capture_strategies", lambda: only)
        captured = capture(model, inputs)
    assert captured.model.capture == name
    return captured


def rows(captured: Captured, told: bool = True) -> List[Tuple[Any, ...]]:
    """What stands in the graph after the passes, an operator a row.

    `told` takes in where each comes from and what is said of it. torch.export leaves out calls
    that do nothing at inference, slices of everything among them, and keeps those of the user's
    lines alone that are in a function of the name `forward`.
    """
    graph = normalise(captured.graph, captured.batch_norm_into)
    at = {op.name: number for number, op in enumerate(graph)}
    return [
        (
            op.name,
            op.kind,
            op.attrs,
            tuple((at[value.op], value.index) for value in op.inputs),
            tuple((one.shape, one.dtype) for one in op.outputs),
            op.params,
            op.messages if told else (),
            op.origin if told else "",
        )
        for op in graph
    ]


class Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.scale = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Any) -> Any:
        y = self.bn(self.conv(x)) * self.scale
        return self.relu(y + x)


class Net(nn.Module):
    """Residual blocks, one of them used twice, a head, arithmetic with numbers on either side."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2)
        block = Block(8)
        self.body = nn.Sequential(block, Block(8), block)
        self.head = nn.Linear(16, 5)

    def forward(self, image: Any) -> Any:
        x = self.body(self.stem(2 * image - 1))
        x = torch.cat([1 - x, x / 3], dim=1)
        x[:, :2] = 0
        n, c = x.shape[:2]
        x = x.view(n, c, -1).mean(-1)
        return self.head(x), {"top": x[:, : c // 2].softmax(-1)}


class Functional(nn.Module):
    """Functions in place of modules, weights used directly, slices."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.deconv = nn.ConvTranspose2d(4, 4, 2, 2)
        self.bn = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        y = F.conv2d(x, self.conv.weight, self.conv.bias, padding=1)
        y = F.batch_norm(y, self.bn.running_mean, self.bn.running_var, self.bn.weight)
        y = F.relu6(y) + F.hardswish(y) * F.silu(y) - F.gelu(1 - y)
        up = F.interpolate(y[:, :2, ::2], scale_factor=2.0, mode="bilinear")
        down = F.max_pool2d(y, 2) / F.avg_pool2d(y, 2)
        wide = F.conv_transpose2d(F.pad(y, (1, 1, 0, 0)), self.deconv.weight, stride=2)
        flat = F.layer_norm(y.flatten(2), (64,)).permute(0, 2, 1)
        mixed = F.scaled_dot_product_attention(flat, flat, flat) @ self.fc.weight.t()
        parts = torch.stack(y.chunk(2, 1)).sum(0)
        pooled = F.adaptive_avg_pool2d(F.pixel_shuffle(y, 2), 1).squeeze(-1)
        line = F.linear(y.mean((2, 3)), self.fc.weight, self.fc.bias).softmax(1)
        return up, down, wide, mixed, parts, pooled, line, F.group_norm(y, 2), torch.max(y, 1)[0]


class Branching(nn.Module):
    """Goes another way where its input is dark."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Any) -> Any:
        self.calls += 1
        y = self.bn(self.conv(x))
        if x.mean() > 0.25:
            return y.relu()
        return 1 - y.sigmoid()


class Writing(nn.Module):
    """Writes into its own weight, and asks for a value."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        self.conv.weight.mul_(2)
        return self.conv(x) * float(x.max())
