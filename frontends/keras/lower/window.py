"""Window geometry: from Keras's order (h, w) and padding modes to XIR's order and numbers."""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

from vai_inspect.frontends.keras.lower.layer import Layer


def xir(sizes: Sequence[int], rank: int) -> Any:
    """Returns (w,), (w, h) or (w, h, d) of Keras's (w,), (h, w) or (d, h, w).

    Raises:
        ValueError: there is not one size per axis.
    """
    if len(sizes) != rank:
        raise ValueError(f"{sizes} does not have {rank} sizes")
    return tuple(int(size) for size in reversed(sizes))


def window_of(layer: Layer, shape: Sequence[int], rank: int) -> Dict[str, Any]:
    """Returns kernel, stride, dilation and pads of a convolution, in XIR's order.

    Args:
        layer: the convolution.
        shape: shape of its input, channels last.
        rank: number of its spatial axes.
    """
    kernel, stride, dilation = layer.kernel_size, layer.strides, layer.dilation_rate
    return {
        "kernel": xir(kernel, rank),
        "stride": xir(stride, rank),
        "dilation": xir(dilation, rank),
        "pad": window_pads(layer.padding, shape[1 : 1 + rank], kernel, stride, dilation),
    }


def reach(kernel: int, dilation: int) -> int:
    """Returns the number of elements that a dilated kernel spans."""
    return (kernel - 1) * dilation + 1


def same_pads(size: int, kernel: int, stride: int, dilation: int = 1) -> Tuple[int, int]:
    """Returns (before, after) of "same" on one axis, as TensorFlow counts it.

    The output is ceil(size / stride); an odd pad goes to the end.
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

    The full output is (size - 1) * stride + reach. If the layer's output is smaller, it is
    cropped, an odd element at the end, as by the gradient of a "same" convolution in TensorFlow;
    if it is larger (a stride larger than the kernel), it is padded at the end.
    """
    surplus = int((size - 1) * stride + reach(kernel, dilation) - output)
    if surplus < 0:
        return 0, 0, -surplus
    return surplus // 2, surplus - surplus // 2, 0
