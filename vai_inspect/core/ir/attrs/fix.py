"""Attributes of the quantised operators, as a compiled xmodel holds them.

No frontend of float models makes them; they are here because the vocabulary has them, for the
readers of compiled models to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from vai_inspect.core.ir.attrs.base import Attrs, Pads2d, Pads3d, Pair, Triple


@dataclass(frozen=True)
class ConvFixAttrs2d(Attrs):
    """`depthwise-conv2d-fix`, `transposed-conv2d-fix`, `transposed-depthwise-conv2d-fix`."""

    kernel: Pair
    stride: Pair
    dilation: Pair = (1, 1)
    pad: Pads2d = (0, 0, 0, 0)
    nonlinear: str = ""
    hsigmoid_in: int = -128
    shift_hsigmoid: int = -128
    shift_hswish: int = -128


@dataclass(frozen=True)
class Conv2dFixAttrs(ConvFixAttrs2d):
    """`conv2d-fix`."""

    group: int = 1


@dataclass(frozen=True)
class ConvFixAttrs3d(Attrs):
    """The four `*conv3d-fix`."""

    kernel: Triple
    stride: Triple
    dilation: Triple = (1, 1, 1)
    pad: Pads3d = (0, 0, 0, 0, 0, 0)
    nonlinear: str = ""
    hsigmoid_in: int = -128
    shift_hsigmoid: int = -128
    shift_hswish: int = -128


@dataclass(frozen=True)
class PoolFixAttrs(Attrs):
    """`pool-fix`; type MAX or AVG."""

    kernel: Pair
    stride: Pair
    pad: Pads2d = (0, 0, 0, 0)
    type: str = "MAX"


@dataclass(frozen=True)
class EltwiseFixAttrs(Attrs):
    """`eltwise-fix`; type ADD or MUL."""

    nonlinear: str = "NONE"
    type: str = "ADD"


@dataclass(frozen=True)
class DepthwiseFixAttrs(Attrs):
    """`depthwise-fix`."""

    type: str = "MUL"


@dataclass(frozen=True)
class FixPointAttrs(Attrs):
    """`fix`, `fix2float`, `float2fix`."""

    fix_point: int
    bit_width: int
    if_signed: bool
    round_mode: str


@dataclass(frozen=True)
class PadFixAttrs(Attrs):
    """`pad-fix`."""

    paddings: Tuple[int, ...]
    mode: str
    constant_values: Tuple[int, ...] = ()


@dataclass(frozen=True)
class PixelShuffleFixAttrs(Attrs):
    """`pixel-shuffle-fix`."""

    scale: int
    reverse: bool


@dataclass(frozen=True)
class SampleFixAttrs(Attrs):
    """`upsample-fix` and `downsample-fix`."""

    mode: str
    align_corners: bool = False
    half_pixel_centers: bool = False
    scale: Tuple[float, ...] = ()
