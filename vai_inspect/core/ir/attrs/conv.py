"""Attributes of the convolutions.

Kernel, stride and dilation are (w,), (w, h) or (w, h, d); pads are (left, right), (left, right,
top, bottom) or (left, right, top, bottom, front, back). Pads are explicit: a frontend turns
"same" into figures and says `pad_mode` FLOOR. For transposed convolutions the pads are what is
cropped from the full output, as the frameworks count them: out = (in - 1) * stride +
dilation * (kernel - 1) + 1 - pads + output_padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from vai_inspect.core.ir.attrs.base import Attrs, Pads2d, Pads3d, Pair, Triple, extra


@dataclass(frozen=True)
class Conv1dAttrs(Attrs):
    """`conv1d`."""

    kernel: Tuple[int]
    stride: Tuple[int] = (1,)
    dilation: Tuple[int] = (1,)
    pad_mode: str = "FLOOR"
    pad: Pair = (0, 0)
    group: int = extra(1)


@dataclass(frozen=True)
class WindowAttrs2d(Attrs):
    """What every 2-D convolution has."""

    kernel: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads2d = (0, 0, 0, 0)


@dataclass(frozen=True)
class Conv2dAttrs(WindowAttrs2d):
    """`conv2d`. A convolution of one input channel per group is `depthwise-conv2d` instead."""

    group: int = 1


@dataclass(frozen=True)
class DepthwiseConv2dAttrs(WindowAttrs2d):
    """`depthwise-conv2d`: one filter, or `multiplier` filters, for each input channel."""

    multiplier: int = extra(1)


@dataclass(frozen=True)
class TransposedConv2dAttrs(WindowAttrs2d):
    """`transposed-conv2d`. `output_padding` is (w, h)."""

    group: int = extra(1)
    output_padding: Pair = extra((0, 0))


@dataclass(frozen=True)
class TransposedDepthwiseConv2dAttrs(WindowAttrs2d):
    """`transposed-depthwise-conv2d`. `output_padding` is (w, h)."""

    output_padding: Pair = extra((0, 0))


@dataclass(frozen=True)
class WindowAttrs3d(Attrs):
    """What every 3-D convolution has."""

    kernel: Triple
    stride: Triple = (1, 1, 1)
    dilation: Triple = (1, 1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads3d = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Conv3dAttrs(WindowAttrs3d):
    """`conv3d`."""

    group: int = extra(1)


@dataclass(frozen=True)
class DepthwiseConv3dAttrs(WindowAttrs3d):
    """`depthwise-conv3d`."""


@dataclass(frozen=True)
class TransposedConv3dAttrs(WindowAttrs3d):
    """`transposed-conv3d`. `output_padding` is (w, h, d)."""

    group: int = extra(1)
    output_padding: Triple = extra((0, 0, 0))


@dataclass(frozen=True)
class TransposedDepthwiseConv3dAttrs(WindowAttrs3d):
    """`transposed-depthwise-conv3d`. `output_padding` is (w, h, d)."""

    output_padding: Triple = extra((0, 0, 0))
