"""Window geometry: ONNX attributes with their defaults, and XIR's axis order."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Sequence, Tuple

from vai_inspect.frontends.onnx.call import Call
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError

Pairs = List[Tuple[int, int]]
_SAME = ("SAME_UPPER", "SAME_LOWER")


class Window(NamedTuple):
    """A window: one value per spatial axis, in the file's order."""

    kernel: Tuple[int, ...]
    stride: Tuple[int, ...]
    dilation: Tuple[int, ...]
    pads: Pairs


def xir(sizes: Sequence[int]) -> Any:
    """Returns (w,), (w, h) or (w, h, d) of (w,), (h, w) or (d, h, w)."""
    return tuple(reversed(sizes))


def xir_pads(pairs: Sequence[Tuple[int, int]]) -> Any:
    """Returns (left, right, top, bottom, front, back) from a pair per axis (d), h, w."""
    return tuple(side for pair in reversed(list(pairs)) for side in pair)


def window(call: Call, kernel: Sequence[int]) -> Window:
    """Returns the window of a convolution or pool.

    Args:
        call: the node.
        kernel: its kernel.

    Raises:
        UnreadableError: an attribute does not fit the kernel.
    """
    one, mode = explicit_window(call, kernel), call.text("auto_pad", "")
    return one._replace(pads=_same_pads(call.x.shape[2:], one, mode)) if mode in _SAME else one


def explicit_window(call: Call, kernel: Sequence[int]) -> Window:
    """Returns a window with the pads of its attributes, whatever `auto_pad` adds.

    So a transposed convolution needs it, whose automatic pads depend on the output size.

    Args:
        call: the node.
        kernel: its kernel.

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
    mode = call.text("auto_pad", "") or "NOTSET"
    if mode not in ("NOTSET", "VALID", *_SAME):
        raise UnreadableError(f"auto_pad is {mode!r}")
    pads = [(0, 0)] * rank if mode == "VALID" else list(zip(flat[:rank], flat[rank:]))
    return Window(tuple(kernel), stride, dilation, pads)


def _same_pads(sizes: Shape, one: Window, mode: str) -> Pairs:
    """Returns the pads for an output size of ceil(size / stride)."""
    pads = []
    for size, k, s, d in zip(sizes, one.kernel, one.stride, one.dilation):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        half = (total + 1) // 2 if mode == "SAME_LOWER" else total // 2
        pads.append((half, total - half))
    return pads
