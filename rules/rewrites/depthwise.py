"""What a convolution computes as well: a crop, an inner product over channels, and nothing.

For Keras alone: its quantiser writes a batch norm that it cannot fold as a 1x1 depthwise
convolution itself (executed, 2.5 to 3.5). PyTorch's quantiser was not tried.
"""

from __future__ import annotations

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    Conv2dAttrs,
    DepthwiseConv2dAttrs,
    InnerProductAttrs,
    StridedSliceAttrs,
)
from vai_inspect.rules.rewrites.arithmetic import scaled
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite

CONVOLUTIONS = ("conv2d", "depthwise-conv2d", "transposed-conv2d", "batchnorm")
JOINED = ("concat", "avgpool2d")


def convolution_between(graph: Graph, op: Op) -> Change:
    """A 1x1 depthwise convolution of ones before an activation, after what does not fuse it.

    That is a convolution or batch norm that others read as well, a concatenation or an average
    pool. After a max pool or a sum an identity batch norm does.
    """
    before = graph.producer(op) if op.inputs else None
    if op.origin.framework != "keras" or op.kind not in ("relu", "relu6") or before is None:
        return None
    shared = before.kind in CONVOLUTIONS and len(graph.consumers(before)) > 1
    if op.output.rank != 4 or not (shared or before.kind in JOINED):
        return None
    made = scaled(op.name + "/between", op.inputs[0], graph.type_of(op.inputs[0]), op)
    return {op.name: (made, op.replaced(inputs=(Value(made.name),)))}


def crop_to_depthwise(graph: Graph, op: Op) -> Change:
    """A crop of height and width becomes a depthwise convolution whose kernel has a single 1."""
    attrs = op.attrs
    if op.origin.framework != "keras" or not isinstance(attrs, StridedSliceAttrs):
        return None
    source = graph.type_of(op.inputs[0])
    if source.rank != 4 or set(attrs.strides) != {1} or op.output.rank != 4:
        return None
    if (source.shape[0], source.channels) != (op.output.shape[0], op.output.channels):
        return None
    height, width = (source.shape[axis] - op.output.shape[axis] + 1 for axis in (1, 2))
    new = op.quantised(
        kind="depthwise-conv2d",
        attrs=DepthwiseConv2dAttrs((width, height)),
        params=(Param("weights", TensorType((1, height, width, source.channels))),),
    )
    return {op.name: (new,)}


def dense_to_convolution(graph: Graph, op: Op) -> Change:
    """An inner product over the channels of a feature map becomes a 1x1 convolution."""
    attrs = op.attrs
    if op.origin.framework != "keras" or not isinstance(attrs, InnerProductAttrs):
        return None
    source = graph.type_of(op.inputs[0])
    if source.rank != 4 or attrs.axis != 3 or op.output.rank != 4:
        return None
    weights = Param("weights", TensorType((op.output.channels, 1, 1, source.channels)))
    params = (weights, *(param for param in op.params if param.role != "weights"))
    new = op.quantised(
        kind="conv2d",
        attrs=Conv2dAttrs((1, 1)),
        params=params,
    )
    return {op.name: (new,)}


REWRITES = (
    Rewrite(
        "dense-to-convolution", Effect.EXACT, dense_to_convolution,
        {"keras": "use a 1x1 Conv2D with the same weights"},
        "algebra",
    ),
    Rewrite(
        "convolution-between", Effect.EXACT, convolution_between,
        {
            "keras": "put a DepthwiseConv2D(1) whose weights are 1 between: it fuses the "
            "activation",
        },
        "algebra; the quantiser itself writes a batch norm as a 1x1 depthwise convolution",
    ),
    Rewrite(
        "crop-to-depthwise", Effect.EXACT, crop_to_depthwise,
        {
            "keras": "use a DepthwiseConv2D without padding, as many pixels larger than 1 as it "
            "crops, whose weights are 0 but for a 1 at the pixel to keep",
        },
        "algebra",
    ),
)  # fmt: skip
