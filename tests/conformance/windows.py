"""Cases of convolutions and pools."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F  # noqa: N812

from tests.conformance.table import IMAGE, LINE, TALL, VOLUME, behind, chain, conv, deconv, first


def _convolutions() -> None:
    for k in range(1, 18):
        chain("conv_k{:02d}".format(k), conv(k, pad=min(k // 2, 8)))
    for s in range(1, 10):
        chain("conv_s{}".format(s), conv(stride=s))
    chain("conv_k3x5", conv((3, 5), pad=(1, 2)))
    chain("conv_k1x17", conv((1, 17), pad=(0, 8)))
    chain("conv_s2x1", conv(stride=(2, 1)))
    for step in (2, 8):
        chain("conv_dil{}".format(step), conv(pad=step, dilation=step))
    chain("conv_dil24_k3", conv(pad=24, dilation=24), on=TALL)
    for pad in (3, 4):
        chain("conv_pad{}_k3".format(pad), conv(pad=pad))
    chain("conv_pad_same", conv(pad="same"))
    for mode in ("reflect", "replicate", "circular"):
        chain("conv_pad_" + mode, conv(padding_mode=mode))
    chain("conv_nobias", conv(bias=False))
    chain("conv_group2", conv(o=32, groups=2))
    chain("conv_group8", conv(groups=8))
    for i, o, size in ((4096, 16, 4), (4097, 16, 4), (2049, 16, 4), (8193, 8, 2)):
        chain("conv_ic{}".format(i), conv(1, i, o, 0), on=(1, i, size, size))
    chain("conv_oc8193", conv(1, 8, 8193, 0), on=(1, 8, 4, 4))
    chain("conv_k3_ic2048", conv(3, 2048), on=(1, 2048, 7, 7))
    chain("conv_k7_ic1024", conv(7, 1024, pad=3), on=(1, 1024, 14, 14))
    chain("conv_k16_ic512", conv(16, 512, 8, 0), on=(1, 512, 16, 16))
    chain("conv_k16_ic128", conv(16, 128, 8, 0), on=(1, 128, 32, 32))
    chain("conv_global_s9", conv(8, pad=0, stride=9), on=(1, 16, 8, 8))


def _depthwise() -> None:
    for k in (1, 2, 3, 5, 7, 8, 9, 15, 16, 17):
        chain("dw_k{:02d}".format(k), conv(k, pad=k // 2, groups=16))
    for s in (2, 3, 4, 5, 9):
        chain("dw_s{}".format(s), conv(stride=s, groups=16))
    chain("dw_mult2", conv(o=32, groups=16))
    chain("dw_dil2", conv(pad=2, dilation=2, groups=16))
    chain("dw_c4097", conv(3, 4097, 4097, groups=4097), on=(1, 4097, 4, 4))
    chain("dw_k46", conv(46, pad=0, groups=16), on=TALL)
    for name, part in (
        ("relu", nn.ReLU),
        ("relu6", nn.ReLU6),
        ("lrelu001", lambda: nn.LeakyReLU(0.01)),
        ("hswish", nn.Hardswish),
    ):
        chain("dw_" + name, conv(groups=16), part)
    norm, depthwise, point = (
        nn.BatchNorm2d,
        conv(groups=16, bias=False),
        conv(1, 16, 32, 0, bias=False),
    )
    chain(
        "dwsep",
        *(first, lambda: norm(16), nn.ReLU),
        *(depthwise, lambda: norm(16), nn.ReLU),
        *(point, lambda: norm(32), nn.ReLU),
        on=IMAGE,
    )


def _transposed() -> None:
    for name, k, s, settings in (
        ("k2s2", 2, 2, {}),
        ("k3s2", 3, 2, {"padding": 1}),
        ("k3s2_op1", 3, 2, {"padding": 1, "output_padding": 1}),
        ("k4s2", 4, 2, {"padding": 1}),
        ("k4s3", 4, 3, {}),
        ("k1s2", 1, 2, {}),
        ("k16s1", 16, 1, {}),
        ("k17s1", 17, 1, {}),
        ("k16s8", 16, 8, {"padding": 4}),
        ("group2", 4, 2, {"padding": 1, "groups": 2}),
    ):
        chain("tconv_" + name, deconv(k, s, **settings))  # type: ignore[arg-type]
    chain("tconv_relu", deconv(4, 2, padding=1), nn.ReLU)
    chain("tconv_bn", deconv(4, 2, padding=1), lambda: nn.BatchNorm2d(16))
    for name, k, o, settings in (
        ("k4s2", 4, 16, {"padding": 1}),
        ("k3s2", 3, 16, {"padding": 1}),
        ("k3s2_op1", 3, 16, {"padding": 1, "output_padding": 1}),
        ("k6s2", 6, 16, {"padding": 2}),
        ("mult2", 4, 32, {"padding": 1}),
    ):
        chain("dwtconv_" + name, deconv(k, 2, o, groups=16, **settings))  # type: ignore[arg-type]


def _other_ranks() -> None:
    line, volume = lambda: nn.Conv1d(16, 16, 3, padding=1), lambda: nn.Conv3d(16, 16, 3, padding=1)
    chain("conv1d", line, on=LINE)
    chain("conv1d_bn_relu", line, lambda: nn.BatchNorm1d(16), nn.ReLU, on=LINE)
    chain("maxpool1d", line, lambda: nn.MaxPool1d(2), on=LINE)
    chain("conv3d", volume, on=VOLUME)
    chain("conv3d_bn_relu", volume, lambda: nn.BatchNorm3d(16), nn.ReLU, on=VOLUME)
    chain("dwconv3d", lambda: nn.Conv3d(16, 16, 3, padding=1, groups=16), on=VOLUME)
    cube = (1, 16, 4, 8, 8)
    chain("tconv3d", lambda: nn.ConvTranspose3d(16, 16, 4, 2, 1), on=cube)
    chain("tconv3d_op1", lambda: nn.ConvTranspose3d(16, 16, 3, 2, 1, 1), on=cube)
    chain("maxpool3d", volume, lambda: nn.MaxPool3d(2), on=VOLUME)
    chain("gap3d", volume, lambda: nn.AdaptiveAvgPool3d(1), on=VOLUME)
    chain("upsample3d_near", volume, lambda: nn.Upsample(scale_factor=2), on=cube)
    chain("upsample3d_tri", volume, lambda: nn.Upsample(None, 2, "trilinear"), on=cube)


def _pools() -> None:
    for k in range(1, 10):
        chain("maxpool_k{}".format(k), lambda k=k: nn.MaxPool2d(k), on=TALL)  # type: ignore[misc]
        chain("avgpool_k{}".format(k), lambda k=k: nn.AvgPool2d(k), on=TALL)  # type: ignore[misc]
    wide, large = (1, 4, 8, 600), (1, 4, 128, 128)
    chain("maxpool_k16", lambda: nn.MaxPool2d(16), on=TALL)
    chain("maxpool_k101", lambda: nn.MaxPool2d(101), on=large)
    chain("maxpool_k257", lambda: nn.MaxPool2d(257), on=(1, 2, 300, 300))
    chain("maxpool_k2x50", lambda: nn.MaxPool2d((2, 50)), on=large)
    chain("maxpool_k1x300", lambda: nn.MaxPool2d((1, 300)), on=wide)
    chain("maxpool_k2x257", lambda: nn.MaxPool2d((2, 257)), on=wide)
    chain("maxpool_k3s2p1", lambda: nn.MaxPool2d(3, 2, 1))
    chain("maxpool_k3s2_ceil", lambda: nn.MaxPool2d(3, 2, ceil_mode=True))
    chain("maxpool_k2s9", lambda: nn.MaxPool2d(2, 9))
    chain("maxpool_dil2", lambda: nn.MaxPool2d(3, 2, dilation=2))
    behind("maxpool_idx", lambda x: F.max_pool2d(x, 2, return_indices=True)[0])
    chain("avgpool_k3s2p1", lambda: nn.AvgPool2d(3, 2, 1))
    chain("avgpool_k3s2p1_nocount", lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False))
    chain("avgpool_ceil", lambda: nn.AvgPool2d(3, 2, ceil_mode=True))
    chain("avgpool_k2x3", lambda: nn.AvgPool2d((2, 3)))
    chain("avgpool_k17", lambda: nn.AvgPool2d(17), on=TALL)
    chain("avgpool_divoverride", lambda: nn.AvgPool2d(2, divisor_override=3))
    for n in (4, 7, 8, 9, 14, 16, 17, 32):
        chain("gap_{}".format(n), lambda: nn.AdaptiveAvgPool2d(1), on=(1, 16, n, n))
    chain("gap_4x8", lambda: nn.AdaptiveAvgPool2d(1), on=(1, 16, 4, 8))
    for name, size, n in (("7", 7, 14), ("same", 7, 7), ("5", 5, 14)):
        part = lambda size=size: nn.AdaptiveAvgPool2d(size)  # noqa: E731
        chain("adaptavg_" + name, part, on=(1, 16, n, n))
    chain("adaptmax_1", lambda: nn.AdaptiveMaxPool2d(1), on=(1, 16, 8, 8))


def write() -> None:
    """Adds these cases to the table."""
    _convolutions()
    _depthwise()
    _transposed()
    _other_ranks()
    _pools()
