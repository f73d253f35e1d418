"""Attributes of pooling, resizing, padding and the operators that move pixels about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from vai_inspect.core.ir.attrs.base import Attrs, Pads2d, Pair, extra


@dataclass(frozen=True)
class MaxPool1dAttrs(Attrs):
    """`maxpool1d`; kernel and stride (w,), pad (left, right)."""

    kernel: Tuple[int]
    stride: Tuple[int] = (1,)
    pad_mode: str = "FLOOR"
    pad: Pair = (0, 0)
    global_: bool = False


@dataclass(frozen=True)
class MaxPool2dAttrs(Attrs):
    """`maxpool2d`; kernel and stride (w, h), pad (left, right, top, bottom).

    A global pool names the whole input as its kernel and stride.
    """

    kernel: Pair
    stride: Pair = (1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads2d = (0, 0, 0, 0)
    global_: bool = False
    dilation: Pair = extra((1, 1))


@dataclass(frozen=True)
class AvgPool2dAttrs(Attrs):
    """`avgpool2d`; as `maxpool2d`, and whether padding counts in the mean."""

    kernel: Pair
    stride: Pair = (1, 1)
    pad_mode: str = "FLOOR"
    pad: Pads2d = (0, 0, 0, 0)
    global_: bool = False
    count_include_pad: bool = True
    count_include_invalid: bool = True


@dataclass(frozen=True)
class ResizeAttrs(Attrs):
    """`resize`; mode NEAREST, BILINEAR, TRILINEAR or BICUBIC, scale (w, h) or (w, h, d)."""

    mode: str
    align_corners: bool = False
    half_pixel_centers: bool = False
    scale: Tuple[float, ...] = ()


@dataclass(frozen=True)
class PadAttrs(Attrs):
    """`pad`; paddings (before, after) for each axis in order, flattened: NHWC has eight.

    Modes: CONSTANT, REFLECT, SYMMETRIC (XIR), and EDGE and WRAP, which XIR does not have.
    """

    paddings: Tuple[int, ...]
    mode: str = "CONSTANT"
    constant_values: Tuple[float, ...] = ()


@dataclass(frozen=True)
class ReorgAttrs(Attrs):
    """`reorg`: space to depth, and back where `reverse` is set."""

    scale: int
    reverse: bool = False


@dataclass(frozen=True)
class PixelShuffleAttrs(Attrs):
    """`pixel-shuffle`: depth to space where `upscale` is set, else space to depth."""

    scale: int
    upscale: bool = True


@dataclass(frozen=True)
class GsTilingAttrs(Attrs):
    """`gstiling`."""

    reverse: bool
    stride: int
