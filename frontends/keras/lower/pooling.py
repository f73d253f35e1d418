"""Pooling: windows, whole inputs and adaptive sizes."""

from __future__ import annotations

from typing import Any, Callable, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    AvgPool2dAttrs,
    MaxPool1dAttrs,
    MaxPool2dAttrs,
    ReductionAttrs,
    SqueezeAttrs,
)
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.window import wh, window_pads

Lowering = Callable[[Call], None]

_MAX, _AVERAGE = "maxpool2d", "avgpool2d"


def pool_attrs(kind: str, kernel: Any, stride: Any, pad: Any, whole: bool = False) -> Attrs:
    """Returns the attributes of a 2-D pool; Keras never counts padding in a mean."""
    if kind == _MAX:
        return MaxPool2dAttrs(kernel, stride, pad=pad, global_=whole)
    return AvgPool2dAttrs(kernel, stride, pad=pad, global_=whole, count_include_pad=False)


def pool_2d(
    call: Call, kind: str, kernel: Sequence[int], stride: Sequence[int], padding: str
) -> None:
    """Writes a 2-D pool; kernel and stride are Keras's (h, w)."""
    pad = window_pads(padding, call.shape[1:3], kernel, stride, (1, 1))
    call.emit(kind, pool_attrs(kind, wh(kernel), wh(stride), pad))


def _window(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        layer = call.operation
        pool_2d(call, kind, layer.pool_size, layer.strides, layer.padding)

    return lowering


def _whole(kind: str) -> Lowering:
    """A global pool keeps its two axes; where Keras drops them, a squeeze follows."""

    def lowering(call: Call) -> None:
        size = wh(call.shape[1:3])
        attrs = pool_attrs(kind, size, size, (0, 0, 0, 0), whole=True)
        call.emit(kind, attrs)
        if not call.operation.keepdims:
            call.emit("squeeze", SqueezeAttrs((1, 2)), suffix="squeeze")

    return lowering


def _adaptive(kind: str) -> Lowering:
    """An adaptive pool is a window where its output size divides the input, else unknown."""

    def lowering(call: Call) -> None:
        sizes, outputs = call.shape[1:3], call.output.shape[1:3]
        if any(size % output for size, output in zip(sizes, outputs)):
            name = call.operation.class_name
            text = f"the output size {outputs} does not divide the input size {sizes}"
            call.unknown(name, text)
            return
        window = wh([size // output for size, output in zip(sizes, outputs)])
        whole = outputs == (1, 1)
        call.emit(kind, pool_attrs(kind, window, window, (0, 0, 0, 0), whole=whole))

    return lowering


def max_pool_1d(call: Call) -> None:
    """MaxPooling1D."""
    layer = call.operation
    pads = window_pads(layer.padding, call.shape[1:2], layer.pool_size, layer.strides, (1,))
    kernel, stride = int(layer.pool_size[0]), int(layer.strides[0])
    call.emit("maxpool1d", MaxPool1dAttrs((kernel,), (stride,), pad=(pads[0], pads[1])))


def _reduction(kind: str, axes: Tuple[int, ...]) -> Lowering:
    """XIR has no global pool of one or three dimensions, but it has the reduction."""

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
    "GlobalAveragePooling2D": _whole(_AVERAGE),
    "GlobalAveragePooling3D": _reduction("reduction_mean", (1, 2, 3)),
    "GlobalMaxPooling1D": _reduction("reduction_max", (1,)),
    "GlobalMaxPooling2D": _whole(_MAX),
    "GlobalMaxPooling3D": _reduction("reduction_max", (1, 2, 3)),
    "MaxPooling1D": max_pool_1d,
    "MaxPooling2D": _window(_MAX),
}
