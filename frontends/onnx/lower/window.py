"""Window geometry: ONNX attributes with their defaults, and XIR's axis order."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence, Tuple

from vai_inspect.frontends.onnx.call import Call
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError

Pairs = List[Tuple[int, int]]


class Window(NamedTuple):
    """A window: one value per spatial axis, in the file's order."""

    kernel: Tuple[int, ...]
    stride: Tuple[int, ...]
    dilation: Tuple[int, ...]
    pads: Pairs


def xir(figures: Sequence[int]) -> Any:
    """Returns (w,), (w, h) or (w, h, d) of (w), (h, w) or (d, h, w)."""
    return tuple(reversed(figures))


def xir_pads(pairs: Sequence[Tuple[int, int]]) -> Any:
    """Returns (left, right, top, bottom, front, back) from a pair per axis (d), h, w."""
    return tuple(side for pair in reversed(list(pairs)) for side in pair)


def window(call: Call, kernel: Sequence[int], transposed: bool = False) -> Window:
    """Returns the window of a convolution or pool.

    Args:
        call: the node.
        kernel: its kernel.
        transposed: whether it belongs to a transposed convolution, whose pads follow another rule.

    Raises:
        UnreadableError: an attribute does not fit the kernel.
    """
    rank = len(kernel)
    stride = call.integers("strides", (1,) * rank)
    dilation = call.integers("dilations", (1,) * rank)
    flat = call.integers("pads", (0,) * (2 * rank))
    if not len(stride) == len(dilation) == rank or len(flat) != 2 * rank:
        raise UnreadableError(f"its attributes are not for {rank} axes")
    if min((*kernel, *stride, *dilation)) < 1 or min(flat) < 0:
        raise UnreadableError("a kernel, stride, dilation or pad is too small")
    if call.x.rank != rank + 2:
        raise UnreadableError(f"its input {call.x.shape} does not have {rank + 2} axes")
    mode = call.text("auto_pad", "NOTSET") or "NOTSET"
    pads = list(zip(flat[:rank], flat[rank:]))
    if mode == "VALID":
        pads = [(0, 0)] * rank
    elif mode in ("SAME_UPPER", "SAME_LOWER"):
        if not transposed:
            pads = same_pads(call.x.shape[2:], kernel, stride, dilation, mode == "SAME_LOWER")
    elif mode != "NOTSET":
        raise UnreadableError(f"auto_pad is {mode!r}")
    return Window(tuple(kernel), stride, dilation, pads)


def same_pads(
    sizes: Shape,
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    lower: bool,
) -> Pairs:
    """Returns the pads for an output size of ceil(size / stride)."""
    pads = []
    for size, k, s, d in zip(sizes, kernel, stride, dilation):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        half = (total + 1) // 2 if lower else total // 2
        pads.append((half, total - half))
    return pads
