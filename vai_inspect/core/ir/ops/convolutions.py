"""Convolutions: plain, depthwise and transposed, of one to three dimensions.

Kernel, stride and dilation are (w,), (w, h) or (w, h, d); pads are (left, right), (left, right,
top, bottom) or (left, right, top, bottom, front, back). Pads are explicit: a frontend turns
"same" into figures and says `pad_mode` FLOOR. For transposed convolutions the pads are what is
cropped from the full output, as the frameworks count them: out = (in - 1) * stride +
dilation * (kernel - 1) + 1 - pads + output_padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs, Pads2d, Pads3d, Pair, Triple, extra
from vai_inspect.core.ir.ops.definition import (
    CONV,
    Received,
    Shape,
    ShapeError,
    Trait,
    define,
    elements,
)
from vai_inspect.core.ir.ops.windows import around, axes_of, pads_of, spatial


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


def _filters(received: Received, group: int) -> Optional[int]:
    """Returns the output channels of weights [oc, ..., ic / group]."""
    weights = received.params.get("weights")
    if weights is None:
        return None
    if group < 1 or weights[-1] * group != received.channels or weights[0] % group:
        groups = f"{group} group{'' if group == 1 else 's'}"
        raise ShapeError(f"weights {weights} in {groups} do not fit {received.channels} channels")
    return weights[0]


def _convolution(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (Conv1dAttrs, Conv2dAttrs, Conv3dAttrs))
    return around(received, spatial(received, attrs), _filters(received, attrs.group))


def _depthwise(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (DepthwiseConv2dAttrs, DepthwiseConv3dAttrs))
    multiplier = getattr(attrs, "multiplier", 1)
    weights = received.params.get("weights")
    if weights is not None and weights[-1] != received.channels:
        raise ShapeError(f"weights {weights} do not fit {received.channels} channels")
    return around(received, spatial(received, attrs), received.channels * multiplier)


def _transposed(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (WindowAttrs2d, WindowAttrs3d))
    if attrs.pad_mode != "FLOOR":
        return None
    outputs = axes_of(getattr(attrs, "output_padding"))  # noqa: B009
    windows = zip(
        received.of_rank(len(attrs.kernel) + 2)[1:-1],
        axes_of(attrs.kernel),
        axes_of(attrs.stride),
        axes_of(attrs.dilation),
        pads_of(attrs.pad),
        outputs,
    )
    sizes = tuple(
        (size - 1) * s + (k - 1) * d + 1 - sum(pad) + out for size, k, s, d, pad, out in windows
    )
    if isinstance(attrs, (TransposedConv2dAttrs, TransposedConv3dAttrs)):
        # Weights are [oc, ..., ic / group]: each group gives its share of the channels.
        return around(received, sizes, _filters(received, attrs.group))
    return around(received, sizes, received.channels)


def _at_outputs(received: Received, output: Shape) -> Optional[int]:
    """Every weight is used once for each output position of each image.

    Depthwise weights [multiplier, kh, kw, c] hold one filter an output channel as well, so the
    count is the same.
    """
    return _at(output, received)


def _at_inputs(received: Received, output: Shape) -> Optional[int]:
    """Every weight is used once for each input position, also where that falls outside."""
    return _at(received.shape, received)


def _at(positions: Shape, received: Received) -> Optional[int]:
    weights = received.params.get("weights")
    if weights is None:
        return None
    channels = positions[-1] if positions else 1
    return elements(positions) // max(1, channels) * elements(weights)


_LAST = frozenset((Trait.CHANNELS_LAST,))
DEFINITIONS = (
    define("conv1d", Conv1dAttrs, CONV, _convolution, _at_outputs, _LAST),
    define("conv2d", Conv2dAttrs, CONV, _convolution, _at_outputs, _LAST),
    define("depthwise-conv2d", DepthwiseConv2dAttrs, CONV, _depthwise, _at_outputs, _LAST),
    define("transposed-conv2d", TransposedConv2dAttrs, CONV, _transposed, _at_inputs, _LAST),
    define(
        "transposed-depthwise-conv2d",
        TransposedDepthwiseConv2dAttrs,
        CONV,
        _transposed,
        _at_inputs,
        _LAST,
    ),
    define("conv3d", Conv3dAttrs, CONV, _convolution, _at_outputs, _LAST),
    define("depthwise-conv3d", DepthwiseConv3dAttrs, CONV, _depthwise, _at_outputs, _LAST),
    define("transposed-conv3d", TransposedConv3dAttrs, CONV, _transposed, _at_inputs, _LAST),
    define(
        "transposed-depthwise-conv3d",
        TransposedDepthwiseConv3dAttrs,
        CONV,
        _transposed,
        _at_inputs,
        _LAST,
    ),
)
CONVOLUTIONS_2D = tuple(one.name for one in DEFINITIONS if issubclass(one.attrs, WindowAttrs2d))
CONVOLUTIONS_3D = tuple(one.name for one in DEFINITIONS if issubclass(one.attrs, WindowAttrs3d))
