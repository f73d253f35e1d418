"""Pooling: windows, whole inputs and adaptive sizes."""

from __future__ import annotations

from typing import Any, Callable, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    AvgPool2dAttrs,
    MaxPool1dAttrs,
    MaxPool2dAttrs,
    ReductionAttrs,
)
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.lower.call import Call
from vai_inspect.frontends.torch.lower.window import sizes, xir, xir_pads

Lowering = Callable[[Call], None]
Sizes = Tuple[int, ...]
_MAX, _AVERAGE = "maxpool2d", "avgpool2d"


def _pad_mode(
    call: Call, kernel: Any, stride: Any, pad: Any, dilation: Any, ceil_mode: bool
) -> str:
    """Returns CEIL only if its output is larger than that of FLOOR; else both are equivalent."""
    floor = tuple(
        (size + 2 * p - (k - 1) * d - 1) // s + 1
        for size, k, s, p, d in zip(call.x.shape[2:], kernel, stride, pad, dilation)
    )
    return "CEIL" if ceil_mode and call.output.shape[2:] != floor else "FLOOR"


def _window(given: Any, rank: int) -> Tuple[Sizes, Sizes, Sizes]:
    """Returns kernel, stride and padding; the stride is by default the kernel."""
    kernel, stride = sizes(given.kernel_size, rank), given.stride
    if stride is None or stride == [] or stride == ():
        stride = kernel
    return kernel, sizes(stride, rank), sizes(given.padding, rank)


def _max_pool(rank: int) -> Lowering:
    """A max pool with a window of so many axes; the second output has the indices."""

    def lowering(call: Call) -> None:
        given = call.settings(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            dilation=1,
            ceil_mode=False,
            return_indices=False,
        )
        if call.x.rank != rank + 2:
            raise UnreadableError(f"its input {call.x.shape} has no batch axis")
        if rank == 3:
            call.unknown(call.step.operation, "XIR has no 3-D max pool")
            return
        kernel, stride, pad = _window(given, rank)
        gaps = sizes(given.dilation, rank)
        mode = _pad_mode(call, kernel, stride, pad, gaps, given.ceil_mode)
        pads = xir_pads([(one, one) for one in pad])
        if rank == 1:
            if gaps != (1,):
                raise UnreadableError("with a dilation")
            attrs: Attrs = MaxPool1dAttrs(xir(kernel), xir(stride), mode, pads)
            value = call.emit("maxpool1d", attrs)
        else:
            attrs = MaxPool2dAttrs(xir(kernel), xir(stride), mode, pads, dilation=xir(gaps))
            value = call.emit(_MAX, attrs)
        if len(call.step.outputs) > 1:
            indices = call.unknown(call.step.operation + " indices", suffix="indices")
            call.give(value, type(indices)(indices.op, 1))

    return lowering


def _average_pool(rank: int) -> Lowering:
    """An average pool; without padding it says that none counts, as nothing else could."""

    def lowering(call: Call) -> None:
        given = call.settings(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            ceil_mode=False,
            count_include_pad=True,
            divisor_override=None,
        )
        divisor = getattr(given, "divisor_override", None)
        if divisor is not None:
            text = f"with divisor_override={divisor}, which XIR's average pool does not have"
            call.unknown(call.step.operation, text, opaque=True)
            return
        if rank != 2 or call.x.rank != 4:
            call.unknown(call.step.operation, "XIR has 2-D average pools only")
            return
        kernel, stride, pad = _window(given, rank)
        mode = _pad_mode(call, kernel, stride, pad, (1, 1), given.ceil_mode)
        counts = bool(given.count_include_pad) and any(pad)
        call.emit(
            _AVERAGE,
            AvgPool2dAttrs(
                xir(kernel),
                xir(stride),
                mode,
                xir_pads([(one, one) for one in pad]),
                count_include_pad=counts,
            ),
        )

    return lowering


def _adaptive(kind: str, rank: int) -> Lowering:
    """An adaptive pool is a window if its output size divides the input, else unknown."""

    def lowering(call: Call) -> None:
        outputs = call.output.shape[2:]
        inputs = call.x.shape[2:]
        if call.x.rank != rank + 2:
            raise UnreadableError(f"its input {call.x.shape} has no batch axis")
        if len(call.step.outputs) > 1:
            raise UnreadableError("it returns indices")
        if rank != 2:
            _adaptive_reduction(call, kind, outputs)
            return
        if any(size % output for size, output in zip(inputs, outputs)):
            reason = f"the output size {outputs} does not divide the input size {inputs}"
            call.unknown(call.step.operation, reason)
            return
        window = xir([size // output for size, output in zip(inputs, outputs)])
        call.emit(kind, whole_pool(kind, window, outputs))

    return lowering


def whole_pool(kind: str, window: Tuple[int, int], outputs: Sequence[int]) -> Attrs:
    """Returns the attributes of a pool without padding, with a stride equal to its kernel."""
    is_global = tuple(outputs) == (1, 1)
    if kind == _MAX:
        return MaxPool2dAttrs(window, window, global_=is_global)
    return AvgPool2dAttrs(window, window, global_=is_global, count_include_pad=False)


def _adaptive_reduction(call: Call, kind: str, outputs: Sequence[int]) -> None:
    """XIR has no 1-D or 3-D average pool, but it has the reduction."""
    if set(outputs) != {1}:
        call.unknown(call.step.operation, "XIR has 2-D pools of this kind only")
        return
    axes = tuple(range(2, call.x.rank))
    reduction = "reduction_max" if kind == _MAX else "reduction_mean"
    call.emit(reduction, ReductionAttrs(axes, True))


MODULES = {
    **{f"MaxPool{rank}d": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"AvgPool{rank}d": _average_pool(rank) for rank in (1, 2, 3)},
    **{f"AdaptiveAvgPool{rank}d": _adaptive(_AVERAGE, rank) for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPool{rank}d": _adaptive(_MAX, rank) for rank in (1, 2, 3)},
}
FUNCTIONS = {
    **{f"max_pool{rank}d": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_with_indices": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _average_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive(_AVERAGE, rank) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive(_MAX, rank) for rank in (1, 2, 3)},
}
