"""Pools: windowed and global."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from vai_inspect.core.ir.attrs import (
    AvgPool2dAttrs,
    MaxPool1dAttrs,
    MaxPool2dAttrs,
    ReductionAttrs,
)
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower.window import Window, window, xir, xir_pads
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError

ONLY_2D = "XIR has 2-D average pools only"


def _length(size: int, reach: int, stride: int, pads: Tuple[int, int], ceil: bool) -> int:
    room = size + sum(pads) - reach
    if room < 0:
        raise UnreadableError(f"its window {reach} does not fit {size}")
    length = (-(-room // stride) if ceil else room // stride) + 1
    # A window that would start in the trailing padding is dropped.
    return length - 1 if ceil and (length - 1) * stride >= size + pads[0] else length


def _sizes(shape: Shape, one: Window, ceil: bool) -> Shape:
    """Returns the spatial output sizes of a pool."""
    return tuple(
        _length(size, (k - 1) * d + 1, s, pads, ceil)
        for size, k, s, d, pads in zip(shape[2:], one.kernel, one.stride, one.dilation, one.pads)
    )


def _window(call: Call) -> Tuple[Window, str, Shape]:
    """Returns the window, XIR's pad mode, and the output shape.

    The mode is CEIL only if that gives a larger output than FLOOR; otherwise both are equivalent.
    """
    one = window(call, call.integers("kernel_shape"))
    shape = call.x.shape
    floor = _sizes(shape, one, False)
    found = _sizes(shape, one, bool(call.integer("ceil_mode")))
    return one, "FLOOR" if found == floor else "CEIL", (*shape[:2], *found)


def _max_pool(call: Call) -> None:
    """The second output has the indices."""
    one, mode, shape = _window(call)
    rank = len(one.kernel)
    indices = len(call.node.outputs) > 1 and bool(call.node.outputs[1])
    if rank == 3 or indices or (rank == 1 and one.dilation != (1,)):
        message = "it returns indices" if indices else "with a dilation"
        if rank == 3:
            message = "XIR has no 3-D max pool"
        call.unknown([shape] * len(call.declared), message=message)
        return
    pads = xir_pads(one.pads)
    if rank == 1:
        attrs: Any = MaxPool1dAttrs(xir(one.kernel), xir(one.stride), mode, pads)
        call.emit("maxpool1d", attrs)
    else:
        attrs = MaxPool2dAttrs(
            xir(one.kernel), xir(one.stride), mode, pads, dilation=xir(one.dilation)
        )
        call.emit("maxpool2d", attrs)


def _average_pool(call: Call) -> None:
    one, mode, shape = _window(call)
    if len(one.kernel) != 2:
        call.unknown([shape], message=ONLY_2D)
        return
    if one.dilation != (1, 1):
        call.unknown([shape], message="with a dilation")
        return
    counts = bool(call.integer("count_include_pad")) and any(map(any, one.pads))
    attrs = AvgPool2dAttrs(
        xir(one.kernel),
        xir(one.stride),
        mode,
        xir_pads(one.pads),
        global_=shape[2:] == (1, 1) and one.kernel == call.x.shape[2:] and mode == "FLOOR",
        count_include_pad=counts,
    )
    call.emit("avgpool2d", attrs)


def global_pool(call: Call, kind: str) -> None:
    """Emits a global pool, or a reduction if XIR has no such pool."""
    sizes = call.x.shape[2:]
    if len(sizes) == 2:
        if min(sizes) < 1:
            raise UnreadableError(f"its input {call.x.shape} has no elements")
        cls: Any = MaxPool2dAttrs if kind == "maxpool2d" else AvgPool2dAttrs
        more = {} if kind == "maxpool2d" else {"count_include_pad": False}
        call.emit(kind, cls(xir(sizes), xir(sizes), global_=True, **more))
        return
    if not sizes:
        raise UnreadableError(f"its input {call.x.shape} has no spatial axes")
    reduction = "reduction_max" if kind == "maxpool2d" else "reduction_mean"
    axes = tuple(range(2, call.x.rank))
    call.emit(reduction, ReductionAttrs(axes, True))


def _global(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        global_pool(call, kind)

    return lowering


def _lp_pool(call: Call) -> None:
    _, _, shape = _window(call)
    call.unknown([shape])


def _global_lp(call: Call) -> None:
    call.unknown([(*call.x.shape[:2], *(1,) * (call.x.rank - 2))])


LOWERINGS: Dict[str, Lowering] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global("avgpool2d"),
    "GlobalLpPool": _global_lp,
    "GlobalMaxPool": _global("maxpool2d"),
    "LpPool": _lp_pool,
    "MaxPool": _max_pool,
}
