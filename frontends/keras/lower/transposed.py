"""Transposed convolutions. Keras's output shape is the law; crop and padding follow from it."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from vai_inspect.core.ir.attrs import TransposedConv2dAttrs, TransposedConv3dAttrs
from vai_inspect.frontends.keras.lower.activation import append_activation
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.window import transposed_crop, wh, whd


def _crops(call: Call) -> List[Tuple[int, int, int]]:
    """Returns (crop before, crop after, output padding) for each axis in the order w, h, d."""
    layer = call.operation
    rank = len(layer.kernel_size)
    sizes = zip(
        call.shape[1 : 1 + rank],
        call.output.shape[1 : 1 + rank],
        layer.kernel_size,
        layer.strides,
        layer.dilation_rate,
    )
    return [transposed_crop(*axis) for axis in sizes][::-1]


def _params(call: Call) -> List[Tuple[str, Sequence[int]]]:
    layer = call.operation
    group = int(getattr(layer, "groups", 1))
    channels = call.types[0].channels // group
    weights = (layer.filters,) + tuple(layer.kernel_size) + (channels,)
    params: List[Tuple[str, Sequence[int]]] = [("weights", weights)]
    if layer.use_bias:
        params.append(("bias", (layer.filters,)))
    return params


def conv2d_transpose(call: Call) -> None:
    """Conv2DTranspose; weights [oc, kh, kw, ic]."""
    layer = call.operation
    (left, right, out_w), (top, bottom, out_h) = _crops(call)
    attrs = TransposedConv2dAttrs(
        kernel=wh(layer.kernel_size),
        stride=wh(layer.strides),
        dilation=wh(layer.dilation_rate),
        pad=(left, right, top, bottom),
        group=int(getattr(layer, "groups", 1)),
        output_padding=(out_w, out_h),
    )
    call.emit("transposed-conv2d", attrs, params=_params(call))
    append_activation(call, layer.activation)


def conv3d_transpose(call: Call) -> None:
    """Conv3DTranspose; weights [oc, kd, kh, kw, ic]."""
    layer = call.operation
    (left, right, out_w), (top, bottom, out_h), (front, back, out_d) = _crops(call)
    attrs = TransposedConv3dAttrs(
        kernel=whd(layer.kernel_size),
        stride=whd(layer.strides),
        dilation=whd(layer.dilation_rate),
        pad=(left, right, top, bottom, front, back),
        group=int(getattr(layer, "groups", 1)),
        output_padding=(out_w, out_h, out_d),
    )
    call.emit("transposed-conv3d", attrs, params=_params(call))
    append_activation(call, layer.activation)


LAYERS = {"Conv2DTranspose": conv2d_transpose, "Conv3DTranspose": conv3d_transpose}
