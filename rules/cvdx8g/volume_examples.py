"""The builder of three-dimensional examples."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    Conv3dAttrs,
    DepthwiseConv3dAttrs,
)
from vai_inspect.rules.plugin import Example
from vai_inspect.rules.shared.examples import alone


def volume(
    text: str,
    kernel: Tuple[int, int, int] = (3, 3, 3),
    channels: int = 16,
    oc: int = 16,
    depthwise: bool = False,
    size: Optional[Tuple[int, int, int]] = None,
    **attrs: object,
) -> Example:
    """A three-dimensional convolution on an input that is just as large as its reach needs."""
    stride: Sequence[int] = attrs.get("stride", (1, 1, 1))  # type: ignore[assignment]
    dilation: Sequence[int] = attrs.get("dilation", (1, 1, 1))  # type: ignore[assignment]
    kind = "depthwise-conv3d" if depthwise else "conv3d"
    made: Attrs = (DepthwiseConv3dAttrs if depthwise else Conv3dAttrs)(kernel, **attrs)  # type: ignore[arg-type]
    width, height, depth = size or tuple(
        (k - 1) * d + 1 + s for k, d, s in zip(kernel, dilation, stride)
    )
    pads: Sequence[int] = attrs.get("pad", (0,) * 6)  # type: ignore[assignment]
    out = [
        (extent + pads[2 * axis] + pads[2 * axis + 1] - (kernel[axis] - 1) * dilation[axis] - 1)
        // stride[axis]
        + 1
        for axis, extent in enumerate((width, height, depth))
    ]
    shape = (1, depth, height, width, channels)
    count = channels if depthwise else oc
    group = int(attrs.get("group", 1))  # type: ignore[call-overload]
    weights = (1 if depthwise else oc, kernel[2], kernel[1], kernel[0], channels // group)
    return alone(text, kind, made, shape, (1, out[2], out[1], out[0], count), weights)
