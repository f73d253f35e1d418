"""Convolutions and pools as others that the DPU has."""

from __future__ import annotations

import dataclasses

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    AvgPool2dAttrs,
    Conv2dAttrs,
    DepthwiseConv2dAttrs,
    MaxPool2dAttrs,
)
from vai_inspect.core.rewrite_numbers import CHAINED, divisor
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite


def group_to_dense(graph: Graph, op: Op) -> Change:
    """A grouped convolution becomes a dense one with block-diagonal weights."""
    if not isinstance(op.attrs, Conv2dAttrs) or op.attrs.group == 1:
        return None
    return {op.name: (_dense(graph, op, dataclasses.replace(op.attrs, group=1)),)}


def multiplier_to_dense(graph: Graph, op: Op) -> Change:
    """A depthwise convolution with a multiplier becomes a dense one."""
    attrs = op.attrs
    if not isinstance(attrs, DepthwiseConv2dAttrs) or attrs.multiplier == 1:
        return None
    dense = Conv2dAttrs(attrs.kernel, attrs.stride, attrs.dilation, attrs.pad_mode, attrs.pad)
    return {op.name: (_dense(graph, op, dense).replaced(kind="conv2d"),)}


def _dense(graph: Graph, op: Op, attrs: Conv2dAttrs) -> Op:
    width, height = attrs.kernel
    channels = graph.type_of(op.inputs[0]).channels
    weights = Param("weights", TensorType((op.output.channels, height, width, channels)))
    params = (weights, *(param for param in op.params if param.role != "weights"))
    return op.replaced(attrs=attrs, params=params)


def chain_max_pool(graph: Graph, op: Op) -> Change:
    """A max pool 9x9 or 13x13 of stride 1 becomes two or three of 5x5."""
    attrs = op.attrs
    if op.kind != "maxpool2d" or not isinstance(attrs, MaxPool2dAttrs):
        return None
    size = attrs.kernel[0]
    around = size // 2
    times, rest = divmod(size - 1, CHAINED - 1)
    if rest or times < 2 or attrs.kernel != (size, size) or attrs.stride != (1, 1):
        return None
    if attrs.pad != (around,) * 4 or attrs.dilation != (1, 1) or attrs.global_:
        return None
    one = MaxPool2dAttrs((CHAINED, CHAINED), (1, 1), attrs.pad_mode, (CHAINED // 2,) * 4)
    value, ops = op.inputs[0], []
    for number in range(times):
        last = number == times - 1
        name = op.name if last else f"{op.name}/{number}"
        ops.append(op.replaced(name=name, attrs=one, inputs=(value,)))
        value = Value(name)
    return {op.name: tuple(ops)}


def split_pool(graph: Graph, op: Op) -> Change:
    """An average pool with a large window becomes two whose windows multiply to it."""
    attrs = op.attrs
    if op.kind != "avgpool2d" or not isinstance(attrs, AvgPool2dAttrs) or any(attrs.pad):
        return None
    source = graph.type_of(op.inputs[0])
    divides = (source.shape[2] % attrs.kernel[0], source.shape[1] % attrs.kernel[1]) == (0, 0)
    if source.rank != 4 or attrs.stride != attrs.kernel or not divides:
        return None
    outer = (divisor(attrs.kernel[0]), divisor(attrs.kernel[1]))
    inner = (attrs.kernel[0] // outer[0], attrs.kernel[1] // outer[1])
    if (1, 1) in (outer, inner):
        return None
    batch, height, width, channels = source.shape
    between = TensorType((batch, height // inner[1], width // inner[0], channels), source.dtype)
    first = op.replaced(
        name=op.name + "/first", attrs=AvgPool2dAttrs(inner, inner), outputs=(between,)
    )
    last = op.replaced(
        attrs=AvgPool2dAttrs(outer, outer, global_=attrs.global_), inputs=(Value(first.name),)
    )
    return {op.name: (first, last)}


REWRITES = (
    Rewrite(
        "split-pool", Effect.EXACT, split_pool,
        {
            "torch": "use two nn.AvgPool2d in a row, whose kernels multiply to it",
            "keras": "use two AveragePooling2D in a row, whose sizes multiply to it",
            "onnx": "use two AveragePool in a row, whose kernels multiply to it",
        },
        "the vendor's option SplitLargeKernelPool",
    ),
    Rewrite(
        "chain-max-pool", Effect.EXACT, chain_max_pool,
        {
            "torch": "use two or three nn.MaxPool2d(5, 1, 2) in a row, as in SPPF",
            "keras": 'use two or three MaxPooling2D(5, 1, "same") in a row',
            "onnx": "use two or three MaxPool of kernel 5, stride 1 and pads 2 in a row",
        },
    ),
    Rewrite(
        "group-to-dense", Effect.EXACT, group_to_dense,
        {
            "torch": "use a convolution with groups=1 and block-diagonal weights (it multiplies "
            "more)",
            "keras": "use a convolution with groups=1 and block-diagonal weights (it multiplies "
            "more)",
            "onnx": "use a Conv of group 1 with block-diagonal weights (it multiplies more)",
        },
    ),
    Rewrite(
        "multiplier-to-depthwise", Effect.EXACT, multiplier_to_dense,
        {
            "torch": "use a dense convolution whose weights are 0 but for the channel's own, or "
            "repeat the channels before a depthwise one",
            "keras": "use a Conv2D whose weights are 0 but for the channel's own",
            "onnx": "use a Conv of group 1 whose weights are 0 but for the channel's own",
        },
    ),
)  # fmt: skip
