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
_MAX, _AVERAGE = "maxpool2d", "avgpool2d"


def _pad_mode(
    call: Call, kernel: Any, stride: Any, pad: Any, dilation: Any, ceil_mode: bool
) -> str:
    """Returns CEIL only where it gives more than FLOOR; else the two are the same pool."""
    floor = tuple(
        (size + 2 * p - (k - 1) * d - 1) // s + 1
        for size, k, s, p, d in zip(call.x.shape[2:], kernel, stride, pad, dilation)
    )
    return "CEIL" if ceil_mode and call.output.shape[2:] != floor else "FLOOR"


def max_pool(
    call: Call, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, rank: int
) -> None:
    """Writes a max pool; a second output holds the indices."""
    if call.x.rank != rank + 2:
        raise UnreadableError("its input {} has no batch axis".format(call.x.shape))
    if rank == 3:
        call.unknown(call.step.operation, "XIR has no max pool of three dimensions")
        return
    kernel = sizes(kernel, rank)
    stride = kernel if stride is None or stride == [] or stride == () else sizes(stride, rank)
    pad, gaps = sizes(padding, rank), sizes(dilation, rank)
    mode = _pad_mode(call, kernel, stride, pad, gaps, ceil_mode)
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


def average_pool(
    call: Call,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: Any,
    rank: int,
) -> None:
    """Writes an average pool; without padding it says that none counts, as nothing else could."""
    if divisor is not None:
        text = "with divisor_override={}, which XIR's average pool does not have"
        call.unknown(call.step.operation, text.format(divisor), opaque=True)
        return
    if rank != 2 or call.x.rank != 4:
        call.unknown(call.step.operation, "XIR has average pools of two dimensions only")
        return
    kernel = sizes(kernel, 2)
    stride = kernel if stride is None or stride == [] or stride == () else sizes(stride, 2)
    pad = sizes(padding, 2)
    mode = _pad_mode(call, kernel, stride, pad, (1, 1), ceil_mode)
    counts = bool(count_include_pad) and any(pad)
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


def _max_module(rank: int) -> Lowering:
    def lowering(call: Call) -> None:
        one = call.module
        max_pool(call, one.kernel_size, one.stride, one.padding, one.dilation, one.ceil_mode, rank)

    return lowering


def _max_function(rank: int) -> Lowering:
    def lowering(call: Call) -> None:
        one = call.given(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            dilation=1,
            ceil_mode=False,
            return_indices=False,
        )
        max_pool(call, one.kernel_size, one.stride, one.padding, one.dilation, one.ceil_mode, rank)

    return lowering


def _average_module(rank: int) -> Lowering:
    def lowering(call: Call) -> None:
        one = call.module
        average_pool(
            call,
            one.kernel_size,
            one.stride,
            one.padding,
            one.ceil_mode,
            one.count_include_pad,
            getattr(one, "divisor_override", None),
            rank,
        )

    return lowering


def _average_function(rank: int) -> Lowering:
    def lowering(call: Call) -> None:
        one = call.given(
            "input",
            "kernel_size",
            stride=None,
            padding=0,
            ceil_mode=False,
            count_include_pad=True,
            divisor_override=None,
        )
        average_pool(
            call,
            one.kernel_size,
            one.stride,
            one.padding,
            one.ceil_mode,
            one.count_include_pad,
            one.divisor_override,
            rank,
        )

    return lowering


def _adaptive(kind: str, rank: int) -> Lowering:
    """An adaptive pool is a window where its output size divides the input, else unknown."""

    def lowering(call: Call) -> None:
        outputs = call.output.shape[2:]
        inputs = call.x.shape[2:]
        if call.x.rank != rank + 2:
            raise UnreadableError("its input {} has no batch axis".format(call.x.shape))
        if len(call.step.outputs) > 1:
            raise UnreadableError("it gives indices")
        if rank != 2:
            _adaptive_reduction(call, kind, outputs)
            return
        if any(size % output for size, output in zip(inputs, outputs)):
            text = "the output size {} does not divide the input size {}"
            call.unknown(call.step.operation, text.format(outputs, inputs))
            return
        window = xir([size // output for size, output in zip(inputs, outputs)])
        call.emit(kind, whole_pool(kind, window, outputs))

    return lowering


def whole_pool(kind: str, window: Tuple[int, int], outputs: Sequence[int]) -> Attrs:
    """Returns the attributes of a pool without padding whose windows lie side by side."""
    whole = tuple(outputs) == (1, 1)
    if kind == _MAX:
        return MaxPool2dAttrs(window, window, global_=whole)
    return AvgPool2dAttrs(window, window, global_=whole, count_include_pad=False)


def _adaptive_reduction(call: Call, kind: str, outputs: Sequence[int]) -> None:
    """XIR has no average pool of one or three dimensions, but it has the reduction."""
    if set(outputs) != {1}:
        call.unknown(call.step.operation, "XIR has such pools of two dimensions only")
        return
    axes = tuple(range(2, call.x.rank))
    reduction = "reduction_max" if kind == _MAX else "reduction_mean"
    call.emit(reduction, ReductionAttrs(axes, True))


MODULES = {
    **{"MaxPool{}d".format(rank): _max_module(rank) for rank in (1, 2, 3)},
    **{"AvgPool{}d".format(rank): _average_module(rank) for rank in (1, 2, 3)},
    **{"AdaptiveAvgPool{}d".format(rank): _adaptive(_AVERAGE, rank) for rank in (1, 2, 3)},
    **{"AdaptiveMaxPool{}d".format(rank): _adaptive(_MAX, rank) for rank in (1, 2, 3)},
}
FUNCTIONS = {
    **{"max_pool{}d".format(rank): _max_function(rank) for rank in (1, 2, 3)},
    **{"max_pool{}d_with_indices".format(rank): _max_function(rank) for rank in (1, 2, 3)},
    **{"avg_pool{}d".format(rank): _average_function(rank) for rank in (1, 2, 3)},
    **{"adaptive_avg_pool{}d".format(rank): _adaptive(_AVERAGE, rank) for rank in (1, 2, 3)},
    **{"adaptive_max_pool{}d".format(rank): _adaptive(_MAX, rank) for rank in (1, 2, 3)},
}
