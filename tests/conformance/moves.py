"""Cases that join, resize, pad, reshape and slice; inner products; shapes of whole graphs."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tests.conformance.modules import (
    Attention,
    Behind,
    DeadBranch,
    Embedded,
    Forked,
    OfInputs,
    Recurrent,
    Shared,
    TwoInputs,
)
from tests.conformance.table import IMAGE, SMALL, add, bare, behind, chain, conv, first, joining


def _joined_and_resized() -> None:
    for name, axis in (("c", 1), ("h", 2), ("w", -1), ("n", 0)):
        joining("cat_" + name, lambda a, b, axis=axis: torch.cat([a, b], axis))  # type: ignore[misc]
    joining("cat_cpu_in", lambda a, b: torch.cat([torch.sigmoid(a), b], 1))
    joining("cat_h_cpu_in", lambda a, b: torch.cat([torch.sigmoid(a), b], 2))
    joining("stack", lambda a, b: torch.stack([a, b], 1))
    up = nn.Upsample
    chain("up_near2", lambda: up(scale_factor=2))
    chain("up_near3", lambda: up(scale_factor=3))
    chain("up_near_size", lambda: up(size=(50, 70)))
    chain("up_near_c4097", lambda: up(scale_factor=2), on=(1, 4097, 2, 2))
    for s in (2, 3, 4, 8):
        for corners in (True, False):
            name = "up_bil{}_ac{}".format(s, "T" if corners else "F")
            chain(name, lambda s=s, c=corners: up(None, s, "bilinear", c))  # type: ignore[misc]
    chain("up_bil2_default", lambda: up(None, 2, "bilinear"))
    chain("up_bil_size64_acF", lambda: up((64, 64), None, "bilinear", False))
    chain("up_bil_size64_acT", lambda: up((64, 64), None, "bilinear", True))
    chain("up_bil2x4", lambda: up(None, (2, 4), "bilinear", False))
    chain("up_bil2_conv", first, lambda: up(None, 2, "bilinear", False), conv(), on=IMAGE)
    chain("up_bicubic2", lambda: up(None, 2, "bicubic"))
    behind("interp_dyn", lambda x: F.interpolate(x, (x.shape[2] * 2, x.shape[3] * 2)))
    chain("pixelshuffle2", first, lambda: nn.PixelShuffle(2), on=IMAGE)
    chain("pixelunshuffle2", first, lambda: nn.PixelUnshuffle(2), on=IMAGE)
    behind("pad_const", lambda x: F.pad(x, (1, 2, 3, 4)))
    behind("pad_const_v1", lambda x: F.pad(x, (1, 1, 1, 1), value=1.0))
    chain("pad_zero_conv", lambda: nn.ZeroPad2d(1), bare, on=IMAGE)
    chain("pad_reflect", bare, lambda: nn.ReflectionPad2d(1), on=IMAGE)
    chain("pad_replicate", bare, lambda: nn.ReplicationPad2d(1), on=IMAGE)
    behind("pad_channel", lambda x: F.pad(x, (0, 0, 0, 0, 0, 16)))
    behind("pad_neg", lambda x: F.pad(x, (-1, -1, -1, -1)))


def _products() -> None:
    whole, few = lambda: nn.Linear(16 * 8 * 8, 10), lambda: nn.Linear(16, 10)
    for name, function in (
        ("flatten", lambda x: torch.flatten(x, 1)),
        ("view", lambda x: x.view(x.size(0), -1)),
        ("view_const", lambda x: x.view(1, -1)),
        ("view_m1", lambda x: x.view(-1, 16 * 8 * 8)),
        ("reshape", lambda x: x.reshape(x.shape[0], -1)),
        ("permute_reshape", lambda x: x.permute(0, 2, 3, 1).reshape(x.size(0), -1)),
    ):
        behind("lin_" + name, function, whole, SMALL)
    chain("lin_nnflatten", first, nn.Flatten, whole, on=SMALL)
    mean, flat = lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten
    chain("lin_gap_flatten", bare, mean, flat, few, on=SMALL)
    parts = (bare, nn.ReLU, mean, flat, few, nn.Sigmoid)
    chain("lin_gap_relu_flatten_lin_sig", *parts, on=SMALL)
    for name, function in (
        ("squeeze", lambda x: F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1)),
        ("mean23", lambda x: x.mean([2, 3])),
        ("mean_m1m2", lambda x: x.mean(-1).mean(-1)),
    ):
        behind("lin_" + name, function, few, SMALL)
    dense = lambda: nn.Linear(32, 16)  # noqa: E731
    chain("lin_alone", dense, on=(1, 32))
    chain("lin_mlp", dense, nn.ReLU, few, lambda: nn.Softmax(-1), on=(1, 32))
    chain("lin_3d", dense, on=(1, 8, 32))
    chain("lin_nobias", lambda: nn.Linear(32, 16, bias=False), on=(1, 32))


def _shapes() -> None:
    for name, function in (
        ("mean23_keep", lambda x: x.mean([2, 3], keepdim=True)),
        ("mean1_keep", lambda x: x.mean(1, keepdim=True)),
        ("mean_all", lambda x: x.mean()),
        ("sum1", lambda x: x.sum(1)),
        ("max1", lambda x: x.max(1)[0]),
        ("argmax1", lambda x: x.argmax(1)),
        ("view_4d", lambda x: x.view(1, 4, 4, 64)),
        ("view_5d", lambda x: x.view(1, 2, 8, 8, 8)),
        ("reshape_firstdim", lambda x: x.reshape(16, -1)),
        ("flatten_2", lambda x: x.flatten(2)),
        ("permute_0231", lambda x: x.permute(0, 2, 3, 1)),
        ("permute_0312", lambda x: x.permute(0, 3, 1, 2)),
        ("transpose_12", lambda x: x.transpose(1, 2)),
        ("transpose_flat", lambda x: x.flatten(2).transpose(1, 2)),
        ("unsqueeze", lambda x: x.unsqueeze(1)),
        ("squeeze_batch", lambda x: x.squeeze(0)),
        ("slice_h", lambda x: x[:, :, 1:5, :]),
        ("slice_c", lambda x: x[:, :8]),
        ("slice_step", lambda x: x[:, :, ::2, ::2]),
        ("select", lambda x: x[:, 3]),
        ("expand", lambda x: x.mean([2, 3], keepdim=True).expand(1, 16, 8, 8)),
        ("matmul_self", lambda x: torch.matmul(x, x.transpose(-1, -2))),
    ):
        behind(name, function, on=SMALL)
    add("reshape_alone", lambda: Behind(lambda x: x.reshape(1, -1), conv=False), SMALL)
    transposed = lambda: OfInputs(lambda x: x.t())  # noqa: E731
    chain("t_2d", lambda: nn.Linear(8, 8), transposed, on=(8, 8))
    add("matmul2", lambda: OfInputs(torch.matmul), (1, 4, 8, 16), (1, 4, 16, 8))
    add("bmm2", lambda: OfInputs(torch.bmm), (2, 8, 16), (2, 16, 8))


def _slices_and_graphs() -> None:
    corners = ((0, 0), (1, 0), (0, 1), (1, 1))

    def focus() -> OfInputs:
        return OfInputs(lambda x: torch.cat([x[..., t::2, s::2] for t, s in corners], 1))

    chain("focus", focus, conv(3, 12, 16, 0), on=SMALL)
    behind("chunk2", lambda x: torch.cat(x.chunk(2, 1)[::-1], 1), on=SMALL)
    behind("split", lambda x: torch.cat(torch.split(x, [4, 12], 1)[::-1], 1), on=SMALL)
    groups = lambda x: x.view(1, 2, 8, 8, 8).transpose(1, 2).contiguous()  # noqa: E731
    shuffled = lambda x: groups(x).view(1, 16, 8, 8)  # noqa: E731
    behind("shuffle", shuffled, conv(1, pad=0), SMALL)
    add("lstm", lambda: Recurrent(nn.LSTM), (1, 5, 16))
    add("gru", lambda: Recurrent(nn.GRU), (1, 5, 16))
    add("embedding", Embedded, (1, 5))
    add("mha", Attention, (1, 5, 16))
    add("multi_out", Forked)
    add("dict_out", lambda: Forked(named=True))
    add("two_inputs", TwoInputs, IMAGE, IMAGE)
    add("shared_modules", Shared)
    add("dead_branch", DeadBranch)
    mean, flat = lambda: nn.AdaptiveAvgPool2d(1), nn.Flatten
    parts = (bare, nn.ReLU, mean, flat, lambda: nn.Linear(16, 10))
    chain("batch4", *parts, on=(4, 3, 16, 16))
    add("input_passthrough", lambda: OfInputs(lambda x: x))
    parts = (first, nn.GELU, conv(), nn.Sigmoid, conv(1, 16, 8, 0))
    chain("custom_module_cpu_middle", *parts, on=IMAGE)


def write() -> None:
    """Adds these cases to the table."""
    _joined_and_resized()
    _products()
    _shapes()
    _slices_and_graphs()
