"""Convolutions and separable convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Attrs,
    Conv1dAttrs,
    Conv2dAttrs,
    Conv3dAttrs,
    DepthwiseConv2dAttrs,
)
from vai_inspect.frontends.keras.lower.activation import append_activation
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.window import window_of

Params = List[Tuple[str, Sequence[int]]]
_ATTRS: Dict[int, Any] = {1: Conv1dAttrs, 2: Conv2dAttrs, 3: Conv3dAttrs}


def _bias(call: Call, outputs: int) -> Params:
    """Returns the bias, one element per output channel; nothing for a layer without one."""
    return [("bias", (int(outputs),))] if call.operation.use_bias else []


def _emit_depthwise(
    call: Call, rank: int, multiplier: int, bias: Sequence[Any] = (), suffix: str = ""
) -> None:
    """Emits a depthwise convolution; weights [multiplier, kh, kw, c].

    In one dimension XIR has no equivalent: a conv1d with a group per channel; weights [oc, k, 1].
    """
    layer, channels = call.operation, call.types[0].channels
    window = window_of(layer, call.shape, rank)
    if rank == 1:
        attrs: Attrs = Conv1dAttrs(group=channels, **window)
        kind, weights = "conv1d", (channels * multiplier, *layer.kernel_size, 1)
    else:
        attrs = DepthwiseConv2dAttrs(multiplier=multiplier, **window)
        kind, weights = "depthwise-conv2d", (multiplier, *layer.kernel_size, channels)
    call.emit(kind, attrs, params=[("weights", weights), *bias], suffix=suffix)


def _convolution(rank: int) -> Lowering:
    """Conv1D, Conv2D and Conv3D; weights [oc, (kd), (kh), kw, ic / group].

    A Conv2D with a group per input channel is a depthwise convolution.
    """

    def lowering(call: Call) -> None:
        layer = call.operation
        group, channels = int(layer.groups), call.types[0].channels
        bias = _bias(call, layer.filters)
        if rank == 2 and group > 1 and group == channels:
            _emit_depthwise(call, rank, int(layer.filters) // channels, bias)
        else:
            weights = (layer.filters, *layer.kernel_size, channels // group)
            attrs = _ATTRS[rank](group=group, **window_of(layer, call.shape, rank))
            call.emit(f"conv{rank}d", attrs, params=[("weights", weights), *bias])
        append_activation(call, layer.activation)

    return lowering


def _depthwise(rank: int) -> Lowering:
    """DepthwiseConv1D and DepthwiseConv2D."""

    def lowering(call: Call) -> None:
        multiplier = int(call.operation.depth_multiplier)
        bias = _bias(call, call.types[0].channels * multiplier)
        _emit_depthwise(call, rank, multiplier, bias)
        append_activation(call, call.operation.activation)

    return lowering


def _separable(rank: int) -> Lowering:
    """SeparableConv1D and 2D: a depthwise and a pointwise convolution, the latter with the bias."""

    def lowering(call: Call) -> None:
        layer, multiplier = call.operation, int(call.operation.depth_multiplier)
        _emit_depthwise(call, rank, multiplier, suffix="depthwise")
        ones = (1,) * rank
        weights = (layer.filters, *ones, call.types[0].channels * multiplier)
        params = [("weights", weights), *_bias(call, layer.filters)]
        call.emit(f"conv{rank}d", _ATTRS[rank](kernel=ones), params=params)
        append_activation(call, layer.activation)

    return lowering


LAYERS = {
    "Conv1D": _convolution(1),
    "Conv2D": _convolution(2),
    "Conv3D": _convolution(3),
    "DepthwiseConv1D": _depthwise(1),
    "DepthwiseConv2D": _depthwise(2),
    "SeparableConv1D": _separable(1),
    "SeparableConv2D": _separable(2),
}
