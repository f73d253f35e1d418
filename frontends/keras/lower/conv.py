"""Convolutions and separable convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    Conv1dAttrs,
    Conv2dAttrs,
    Conv3dAttrs,
    DepthwiseConv2dAttrs,
)
from vai_inspect.frontends.keras.lower.activation import append_activation
from vai_inspect.frontends.keras.lower.call import Call
from vai_inspect.frontends.keras.lower.window import wh, whd, window_pads

Params = List[Tuple[str, Sequence[int]]]


def _pads(call: Call, spatial: Sequence[int]) -> Tuple[int, ...]:
    layer = call.operation
    return window_pads(
        layer.padding, spatial, layer.kernel_size, layer.strides, layer.dilation_rate
    )


def _attrs_2d(call: Call, cls: Any, **extra: int) -> Attrs:
    layer = call.operation
    attrs: Attrs = cls(
        kernel=wh(layer.kernel_size),
        stride=wh(layer.strides),
        dilation=wh(layer.dilation_rate),
        pad=_pads(call, call.shape[1:3]),
        **extra,
    )
    return attrs


def _attrs_1d(call: Call, group: int) -> Conv1dAttrs:
    layer = call.operation
    left, right = _pads(call, call.shape[1:2])
    return Conv1dAttrs(
        kernel=(int(layer.kernel_size[0]),),
        stride=(int(layer.strides[0]),),
        dilation=(int(layer.dilation_rate[0]),),
        pad=(left, right),
        group=group,
    )


def _with_bias(call: Call, weights: Sequence[int], outputs: int) -> Params:
    """Weights and, where the layer has one, the bias of as many elements as output channels."""
    params: Params = [("weights", tuple(weights))]
    if call.operation.use_bias:
        params.append(("bias", (int(outputs),)))
    return params


def conv1d(call: Call) -> None:
    """Conv1D; weights [oc, k, ic / group]."""
    layer = call.operation
    group, channels = int(layer.groups), call.types[0].channels
    weights = (layer.filters, layer.kernel_size[0], channels // group)
    call.emit("conv1d", _attrs_1d(call, group), params=_with_bias(call, weights, layer.filters))
    append_activation(call, layer.activation)


def conv2d(call: Call) -> None:
    """Conv2D; as many groups as input channels make it a depthwise convolution."""
    layer = call.operation
    group, channels = int(layer.groups), call.types[0].channels
    kernel = tuple(layer.kernel_size)
    if group > 1 and group == channels:
        multiplier = layer.filters // channels
        attrs = _attrs_2d(call, DepthwiseConv2dAttrs, multiplier=multiplier)
        params = _with_bias(call, (multiplier,) + kernel + (channels,), layer.filters)
        call.emit("depthwise-conv2d", attrs, params=params)
    else:
        params = _with_bias(call, (layer.filters,) + kernel + (channels // group,), layer.filters)
        call.emit("conv2d", _attrs_2d(call, Conv2dAttrs, group=group), params=params)
    append_activation(call, layer.activation)


def conv3d(call: Call) -> None:
    """Conv3D; weights [oc, kd, kh, kw, ic / group]."""
    layer = call.operation
    group, channels = int(layer.groups), call.types[0].channels
    left, right, top, bottom, front, back = _pads(call, call.shape[1:4])
    attrs = Conv3dAttrs(
        kernel=whd(layer.kernel_size),
        stride=whd(layer.strides),
        dilation=whd(layer.dilation_rate),
        pad=(left, right, top, bottom, front, back),
        group=group,
    )
    weights = (layer.filters,) + tuple(layer.kernel_size) + (channels // group,)
    call.emit("conv3d", attrs, params=_with_bias(call, weights, layer.filters))
    append_activation(call, layer.activation)


def depthwise_conv1d(call: Call) -> None:
    """DepthwiseConv1D: a conv1d of one group for each input channel, as XIR has no other word."""
    layer = call.operation
    channels = call.types[0].channels
    outputs = channels * layer.depth_multiplier
    weights = (outputs, layer.kernel_size[0], 1)
    call.emit("conv1d", _attrs_1d(call, channels), params=_with_bias(call, weights, outputs))
    append_activation(call, layer.activation)


def depthwise_conv2d(call: Call) -> None:
    """DepthwiseConv2D; weights [multiplier, kh, kw, c]."""
    layer = call.operation
    attrs = _attrs_2d(call, DepthwiseConv2dAttrs, multiplier=int(layer.depth_multiplier))
    channels = call.types[0].channels
    weights = (layer.depth_multiplier,) + tuple(layer.kernel_size) + (channels,)
    params = _with_bias(call, weights, channels * layer.depth_multiplier)
    call.emit("depthwise-conv2d", attrs, params=params)
    append_activation(call, layer.activation)


def separable_conv1d(call: Call) -> None:
    """SeparableConv1D: a depthwise and a pointwise conv1d; the bias is the latter's."""
    layer = call.operation
    channels = call.types[0].channels
    middle = channels * layer.depth_multiplier
    call.emit(
        "conv1d",
        _attrs_1d(call, channels),
        params=[("weights", (middle, layer.kernel_size[0], 1))],
        suffix="depthwise",
    )
    weights = (layer.filters, 1, middle)
    call.emit("conv1d", Conv1dAttrs(kernel=(1,)), params=_with_bias(call, weights, layer.filters))
    append_activation(call, layer.activation)


def separable_conv2d(call: Call) -> None:
    """SeparableConv2D: a depthwise and a pointwise convolution; the bias is the latter's."""
    layer = call.operation
    channels, multiplier = call.types[0].channels, int(layer.depth_multiplier)
    middle = channels * multiplier
    call.emit(
        "depthwise-conv2d",
        _attrs_2d(call, DepthwiseConv2dAttrs, multiplier=multiplier),
        params=[("weights", (multiplier,) + tuple(layer.kernel_size) + (channels,))],
        suffix="depthwise",
    )
    weights = (layer.filters, 1, 1, middle)
    call.emit("conv2d", Conv2dAttrs(kernel=(1, 1)), params=_with_bias(call, weights, layer.filters))
    append_activation(call, layer.activation)


LAYERS = {
    "Conv1D": conv1d,
    "Conv2D": conv2d,
    "Conv3D": conv3d,
    "DepthwiseConv1D": depthwise_conv1d,
    "DepthwiseConv2D": depthwise_conv2d,
    "SeparableConv1D": separable_conv1d,
    "SeparableConv2D": separable_conv2d,
}
