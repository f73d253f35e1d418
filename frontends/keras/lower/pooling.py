"""Pools: windowed, global and adaptive."""

from __future__ import annotations

from functools import partial
from typing import Callable, Dict, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    AvgPool2dAttrs,
    MaxPool1dAttrs,
    MaxPool2dAttrs,
    ReductionAttrs,
    SqueezeAttrs,
)
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.window import window_pads, xir

_MAX, _AVERAGE = "maxpool2d", "avgpool2d"


_ATTRS: Dict[str, Callable[..., Attrs]] = {
    _MAX: MaxPool2dAttrs,
    _AVERAGE: partial(AvgPool2dAttrs, count_include_pad=False),
}
"""Attributes of a 2-D pool; Keras never includes the padding in a mean."""


def pool_2d(
    call: Call, kind: str, kernel: Sequence[int], stride: Sequence[int], padding: str
) -> None:
    """Emits a 2-D pool; kernel and stride are Keras's (h, w)."""
    pad = window_pads(padding, call.shape[1:3], kernel, stride, (1, 1))
    call.emit(kind, _ATTRS[kind](xir(kernel, 2), xir(stride, 2), pad=pad))


def _window(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        layer = call.operation
        pool_2d(call, kind, layer.pool_size, layer.strides, layer.padding)

    return lowering


def _global(kind: str) -> Lowering:
    """A global pool keeps its two axes; a squeeze follows if Keras drops them."""

    def lowering(call: Call) -> None:
        size = xir(call.shape[1:3], 2)
        call.emit(kind, _ATTRS[kind](size, size, pad=(0, 0, 0, 0), global_=True))
        if not call.operation.keepdims:
            call.emit("squeeze", SqueezeAttrs((1, 2)), suffix="squeeze")

    return lowering


def _adaptive(kind: str) -> Lowering:
    """An adaptive pool is a window if its output size divides the input, else unknown."""

    def lowering(call: Call) -> None:
        sizes, outputs = call.shape[1:3], call.output.shape[1:3]
        if any(size % output for size, output in zip(sizes, outputs)):
            name = call.operation.class_name
            call.unknown(name, f"the output size {outputs} does not divide the input size {sizes}")
            return
        window = xir([size // output for size, output in zip(sizes, outputs)], 2)
        attrs = _ATTRS[kind](window, window, pad=(0, 0, 0, 0), global_=outputs == (1, 1))
        call.emit(kind, attrs)

    return lowering


def max_pool_1d(call: Call) -> None:
    """MaxPooling1D."""
    layer = call.operation
    pads = window_pads(layer.padding, call.shape[1:2], layer.pool_size, layer.strides, (1,))
    kernel, stride = int(layer.pool_size[0]), int(layer.strides[0])
    call.emit("maxpool1d", MaxPool1dAttrs((kernel,), (stride,), pad=(pads[0], pads[1])))


def _reduction(kind: str, axes: Tuple[int, ...]) -> Lowering:
    """Global pools of one and three dimensions, for which XIR has only the reduction."""

    def lowering(call: Call) -> None:
        if len(call.inputs) > 1:
            call.unknown(call.operation.class_name, "with a mask")
        else:
            call.emit(kind, ReductionAttrs(axes, bool(call.operation.keepdims)))

    return lowering


LAYERS = {
    "AdaptiveAveragePooling2D": _adaptive(_AVERAGE),
    "AdaptiveMaxPooling2D": _adaptive(_MAX),
    "AveragePooling2D": _window(_AVERAGE),
    "GlobalAveragePooling1D": _reduction("reduction_mean", (1,)),
    "GlobalAveragePooling2D": _global(_AVERAGE),
    "GlobalAveragePooling3D": _reduction("reduction_mean", (1, 2, 3)),
    "GlobalMaxPooling1D": _reduction("reduction_max", (1,)),
    "GlobalMaxPooling2D": _global(_MAX),
    "GlobalMaxPooling3D": _reduction("reduction_max", (1, 2, 3)),
    "MaxPooling1D": max_pool_1d,
    "MaxPooling2D": _window(_MAX),
}
