"""The sizes that windows give, whether of a convolution or of a pool.

Lengths are XIR's (release 3.5, `shape_inference.cpp`):
FLOOR floor((in + pads - reach) / stride) + 1, CEIL the ceiling of it; a transposed window
(in - 1) * stride + reach - pads + output padding.
"""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

from vai_inspect.core.ir.ops.definition import Received, Shape, ShapeError


def axes_of(values: Sequence[int]) -> Tuple[int, ...]:
    """Returns (w, h, d) figures in the order of a shape: d, h, w."""
    return tuple(reversed(values))


def pads_of(values: Sequence[int]) -> Tuple[Tuple[int, int], ...]:
    """Returns (before, after) for each axis in the order of a shape."""
    return tuple(zip(values[::2], values[1::2]))[::-1]


def _length(size: int, reach: int, stride: int, pads: Tuple[int, int], mode: str) -> int:
    room = size + sum(pads) - reach
    if room < 0 or stride < 1:
        raise ShapeError(f"a window of {reach} and stride {stride} does not fit {size}")
    if mode == "FLOOR":
        return room // stride + 1
    length = -(-room // stride) + 1
    # A last window that would begin in the padding at the end is left out, as the frameworks do.
    return length - 1 if (length - 1) * stride >= size + pads[0] else length


def spatial(received: Received, attrs: Any) -> Optional[Shape]:
    """Returns the spatial sizes that a window gives."""
    if attrs.pad_mode not in ("FLOOR", "CEIL"):
        return None
    kernel, stride, pads = axes_of(attrs.kernel), axes_of(attrs.stride), pads_of(attrs.pad)
    dilation = axes_of(getattr(attrs, "dilation", (1,) * len(kernel)))
    sizes = received.of_rank(len(kernel) + 2)[1:-1]
    return tuple(
        _length(size, (k - 1) * d + 1, s, pad, attrs.pad_mode)
        for size, k, s, d, pad in zip(sizes, kernel, stride, dilation, pads)
    )


def around(received: Received, sizes: Optional[Shape], channels: Optional[int]) -> Optional[Shape]:
    """Returns the image (n, sizes, channels) around its sizes; None where a part is not known."""
    if sizes is None or channels is None:
        return None
    return (received.shape[0], *sizes, channels)
