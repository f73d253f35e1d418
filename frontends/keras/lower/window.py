"""Window geometry: from Keras's order (h, w) and padding modes to XIR's order and numbers."""

from __future__ import annotations

from typing import Sequence, Tuple


def wh(sizes: Sequence[int]) -> Tuple[int, int]:
    """Returns (w, h) of Keras's (h, w)."""
    height, width = sizes
    return int(width), int(height)


def whd(sizes: Sequence[int]) -> Tuple[int, int, int]:
    """Returns (w, h, d) of Keras's (d, h, w)."""
    depth, height, width = sizes
    return int(width), int(height), int(depth)


def reach(kernel: int, dilation: int) -> int:
    """Returns how many elements a dilated kernel spans."""
    return (kernel - 1) * dilation + 1


def same_pads(size: int, kernel: int, stride: int, dilation: int = 1) -> Tuple[int, int]:
    """Returns (before, after) of "same" on one axis, as TensorFlow counts it.

    The output is ceil(size / stride); an odd pad goes behind.
    """
    total = int(max((-(-size // stride) - 1) * stride + reach(kernel, dilation) - size, 0))
    return total // 2, total - total // 2


def window_pads(
    padding: str,
    spatial: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Tuple[int, ...]:
    """Returns the pads of a window in XIR's order.

    Args:
        padding: `valid`, `same` or, in one dimension, `causal`.
        spatial: size of the input, in Keras's order (w), (h, w) or (d, h, w); so are the others.
        kernel: size of the kernel.
        stride: stride of the kernel.
        dilation: dilation of the kernel.

    Returns:
        (left, right), (left, right, top, bottom) or (left, right, top, bottom, front, back).
    """
    pads: Tuple[int, ...] = ()
    # XIR counts the axes from the last one: w, h, d.
    for axis in reversed(range(len(spatial))):
        pads += _axis_pads(padding, spatial[axis], kernel[axis], stride[axis], dilation[axis])
    return pads


def _axis_pads(padding: str, size: int, kernel: int, stride: int, dilation: int) -> Tuple[int, int]:
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return int(reach(kernel, dilation)) - 1, 0
    if padding == "same":
        return same_pads(size, kernel, stride, dilation)
    raise ValueError(f"padding {padding!r} is none of valid, same, causal")


def transposed_crop(
    size: int, output: int, kernel: int, stride: int, dilation: int = 1
) -> Tuple[int, int, int]:
    """Returns (crop before, crop after, output padding) of a transposed window on one axis.

    The full output is (size - 1) * stride + reach. What the layer gives less is cropped, the odd
    element behind, as the gradient of a "same" convolution in TensorFlow does; what it gives
    more, where the stride outruns the kernel, is padded behind.
    """
    surplus = int((size - 1) * stride + reach(kernel, dilation) - output)
    if surplus < 0:
        return 0, 0, -surplus
    return surplus // 2, surplus - surplus // 2, 0
