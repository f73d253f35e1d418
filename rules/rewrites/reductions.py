"""Means as pools and convolutions."""

from __future__ import annotations

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    AvgPool2dAttrs,
    Conv2dAttrs,
    ReductionAttrs,
    ReshapeAttrs,
)
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite


def mean_to_pool(graph: Graph, op: Op) -> Change:
    """A mean over height and width becomes a global average pool, and a reshape for lost axes."""
    if op.kind != "reduction_mean" or not isinstance(op.attrs, ReductionAttrs):
        return None
    source = graph.type_of(op.inputs[0])
    if len(op.attrs.axis) == 1 and not op.attrs.keep_dims:
        before = graph.producer(op)
        second = source.rank == 3 and before is not None and before.kind == "reduction_mean"
        return _one_after_another(graph, before if second and before is not None else op)
    if source.rank != 4 or tuple(sorted(axis % 4 for axis in op.attrs.axis)) != (1, 2):
        return None
    batch, height, width, channels = source.shape
    size = (width, height)
    kept = TensorType((batch, 1, 1, channels), op.output.dtype)
    attrs = AvgPool2dAttrs(size, size, global_=True)
    if op.attrs.keep_dims:
        return {
            op.name: (
                op.quantised(
                    kind="avgpool2d",
                    attrs=attrs,
                    outputs=(kept,),
                ),
            )
        }
    pool = op.quantised(
        name=op.name + "/pool",
        kind="avgpool2d",
        attrs=attrs,
        outputs=(kept,),
    )
    shape = op.output.shape
    flat = op.quantised(
        kind="reshape",
        attrs=ReshapeAttrs(shape),
        inputs=(Value(pool.name),),
    )
    return {op.name: (pool, flat)}


def _one_after_another(graph: Graph, op: Op) -> Change:
    """x.mean(3).mean(2): a mean over one axis of the map and then over the other."""
    readers = graph.consumers(op)
    source = graph.type_of(op.inputs[0])
    if source.rank != 4 or not isinstance(op.attrs, ReductionAttrs) or op.attrs.keep_dims:
        return None
    if len(readers) != 1 or readers[0].kind != "reduction_mean" or readers[0].output.rank != 2:
        return None
    (last,) = readers
    if last.output.shape != (source.shape[0], source.channels):
        return None
    both = op.replaced(name=last.name, attrs=ReductionAttrs((1, 2), False), outputs=(last.output,))
    made = mean_to_pool(graph, both)
    return {op.name: (), **made} if made is not None else None


def channel_mean(graph: Graph, op: Op) -> Change:
    """A mean over the channels, kept, becomes a 1x1 convolution with weights 1 / C."""
    if op.kind != "reduction_mean" or not isinstance(op.attrs, ReductionAttrs):
        return None
    source = graph.type_of(op.inputs[0])
    if source.rank != 4 or not op.attrs.keep_dims or [a % 4 for a in op.attrs.axis] != [3]:
        return None
    weights = Param("weights", TensorType((1, 1, 1, source.channels)))
    new = op.quantised(
        kind="conv2d",
        attrs=Conv2dAttrs((1, 1)),
        params=(weights,),
    )
    return {op.name: (new,)}


REWRITES = (
    Rewrite(
        "mean-to-pool", Effect.EXACT, mean_to_pool,
        {
            "torch": "use nn.AdaptiveAvgPool2d(1), with a flatten where the axes vanish",
            "keras": "use GlobalAveragePooling2D",
            "onnx": "use GlobalAveragePool, with a Flatten where the axes vanish",
        },
        "the vendor's option ConvertReduceMeanToGlobalAvgPool",
    ),
    Rewrite(
        "channel-mean", Effect.EXACT, channel_mean,
        {
            "torch": "use a 1x1 nn.Conv2d with the weights 1 / C",
            "keras": "use a 1x1 Conv2D with the weights 1 / C",
            "onnx": "use a 1x1 Conv with the weights 1 / C",
        },
    ),
)  # fmt: skip
