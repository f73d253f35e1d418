"""Convolutions, pools and what else turns an image into one of another size.

Lengths are XIR's (release 3.5, `shape_inference.cpp`):
FLOOR floor((in + pads - reach) / stride) + 1, CEIL the ceiling of it; a transposed window
(in - 1) * stride + reach - pads + output padding.
"""

from __future__ import annotations

from typing import Dict, Optional, Sequence, Tuple, Union

from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.shapes.base import Received, Rule, Shape, ShapeError

_Window = Union[a.Conv1dAttrs, a.WindowAttrs2d, a.WindowAttrs3d]
_Pool = Union[a.MaxPool1dAttrs, a.MaxPool2dAttrs, a.AvgPool2dAttrs]


def _axes(values: Sequence[int]) -> Tuple[int, ...]:
    """Returns (w, h, d) figures in the order of a shape: d, h, w."""
    return tuple(reversed(values))


def _pads(values: Sequence[int]) -> Tuple[Tuple[int, int], ...]:
    """Returns (before, after) for each axis in the order of a shape."""
    return tuple(zip(values[::2], values[1::2]))[::-1]


def _length(size: int, reach: int, stride: int, pads: Tuple[int, int], mode: str) -> int:
    room = size + sum(pads) - reach
    if room < 0 or stride < 1:
        raise ShapeError("a window of {} and stride {} does not fit {}".format(reach, stride, size))
    if mode == "FLOOR":
        return room // stride + 1
    length = -(-room // stride) + 1
    # A last window that would begin in the padding behind is left out, as the frameworks do.
    return length - 1 if (length - 1) * stride >= size + pads[0] else length


def _spatial(received: Received, attrs: Union[_Window, _Pool]) -> Optional[Shape]:
    """Returns the spatial sizes that a window gives."""
    if attrs.pad_mode not in ("FLOOR", "CEIL"):
        return None
    kernel, stride, pads = _axes(attrs.kernel), _axes(attrs.stride), _pads(attrs.pad)
    dilation = _axes(getattr(attrs, "dilation", (1,) * len(kernel)))
    sizes = received.of_rank(len(kernel) + 2)[1:-1]
    return tuple(
        _length(size, (k - 1) * d + 1, s, pad, attrs.pad_mode)
        for size, k, s, d, pad in zip(sizes, kernel, stride, dilation, pads)
    )


def _around(
    received: Received, spatial: Optional[Shape], channels: Optional[int]
) -> Optional[Shape]:
    if spatial is None or channels is None:
        return None
    return (received.shape[0], *spatial, channels)


def _filters(received: Received, group: int) -> Optional[int]:
    """Returns the output channels of weights [oc, ..., ic / group]."""
    weights = received.params.get("weights")
    if weights is None:
        return None
    if group < 1 or weights[-1] * group != received.channels or weights[0] % group:
        raise ShapeError(
            "weights {} in {} group{} do not fit {} channels".format(
                weights, group, "" if group == 1 else "s", received.channels
            )
        )
    return weights[0]


def _convolution(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (a.Conv1dAttrs, a.Conv2dAttrs, a.Conv3dAttrs))
    spatial = _spatial(received, attrs)
    return _around(received, spatial, _filters(received, attrs.group))


def _depthwise(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (a.DepthwiseConv2dAttrs, a.DepthwiseConv3dAttrs))
    multiplier = getattr(attrs, "multiplier", 1)
    weights = received.params.get("weights")
    if weights is not None and weights[-1] != received.channels:
        raise ShapeError("weights {} do not fit {} channels".format(weights, received.channels))
    return _around(received, _spatial(received, attrs), received.channels * multiplier)


def _transposed(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (a.WindowAttrs2d, a.WindowAttrs3d))
    if attrs.pad_mode != "FLOOR":
        return None
    outputs = _axes(getattr(attrs, "output_padding"))  # noqa: B009
    windows = zip(
        received.of_rank(len(attrs.kernel) + 2)[1:-1],
        _axes(attrs.kernel),
        _axes(attrs.stride),
        _axes(attrs.dilation),
        _pads(attrs.pad),
        outputs,
    )
    spatial = tuple(
        (size - 1) * s + (k - 1) * d + 1 - sum(pad) + out for size, k, s, d, pad, out in windows
    )
    if isinstance(attrs, (a.TransposedConv2dAttrs, a.TransposedConv3dAttrs)):
        # Weights are [oc, ..., ic / group]: each group gives its share of the channels.
        return _around(received, spatial, _filters(received, attrs.group))
    return _around(received, spatial, received.channels)


def _pool(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (a.MaxPool1dAttrs, a.MaxPool2dAttrs, a.AvgPool2dAttrs))
    return _around(received, _spatial(received, attrs), received.channels)


def _resize(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, a.ResizeAttrs)
    if not attrs.scale:
        return None
    scale = tuple(reversed(attrs.scale))
    sizes = received.of_rank(len(scale) + 2)[1:-1]
    # A scale may be the quotient of two whole sizes, a hair below what it stands for.
    spatial = tuple(int(size * factor + 1e-6) for size, factor in zip(sizes, scale))
    return _around(received, spatial, received.channels)


def _pad(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, a.PadAttrs)
    if len(attrs.paddings) != 2 * received.rank:
        raise ShapeError("{} paddings do not fit {}".format(len(attrs.paddings), received.shape))
    pairs = zip(attrs.paddings[::2], attrs.paddings[1::2])
    return tuple(size + sum(pair) for size, pair in zip(received.shape, pairs))


def _pixels(received: Received) -> Optional[Shape]:
    attrs = received.attrs
    assert isinstance(attrs, (a.PixelShuffleAttrs, a.ReorgAttrs))
    batch, height, width, channels = received.of_rank(4)
    scale = attrs.scale
    grows = attrs.upscale if isinstance(attrs, a.PixelShuffleAttrs) else attrs.reverse
    whole = channels % scale**2 == 0 if grows else height % scale == width % scale == 0
    if not whole:
        raise ShapeError("the scale {} does not divide {}".format(scale, received.shape))
    if grows:
        return batch, height * scale, width * scale, channels // scale**2
    return batch, height // scale, width // scale, channels * scale**2


RULES: Dict[str, Rule] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("depthwise-conv2d", "depthwise-conv3d"), _depthwise),
    **dict.fromkeys(("transposed-conv2d", "transposed-depthwise-conv2d"), _transposed),
    **dict.fromkeys(("transposed-conv3d", "transposed-depthwise-conv3d"), _transposed),
    **dict.fromkeys(("maxpool1d", "maxpool2d", "avgpool2d"), _pool),
    "pad": _pad,
    "pixel-shuffle": _pixels,
    "reorg": _pixels,
    "resize": _resize,
}
