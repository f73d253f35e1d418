"""Folds batch normalisation into the convolution before it."""

from __future__ import annotations

from typing import AbstractSet, Dict, Optional

from vai_inspect.core.ir import (
    CONVOLUTIONS_2D,
    CONVOLUTIONS_3D,
    Graph,
    Op,
    Param,
    TensorType,
    Value,
)

CONVOLUTIONS = frozenset(CONVOLUTIONS_2D + CONVOLUTIONS_3D)
FOLDS_BATCH_NORM = CONVOLUTIONS | {"inner-product"}
"""Kinds that fold a batch norm after them."""


def fold_batch_norm(graph: Graph, into: AbstractSet[str] = FOLDS_BATCH_NORM) -> Graph:
    """Folds a `batchnorm` into the convolution or inner product whose only reader it is.

    The vendor's quantisers scale the weights by gamma / sqrt(variance + epsilon) and move the
    bias, so the operator vanishes. The fold is refused where the convolution has another reader
    or is followed by an activation, since the result would be another function, and where one of
    the two is left in float.

    Args:
        graph: the graph.
        into: kinds that fold one. The Keras quantiser folds into inner products, too; the
            PyTorch one leaves a batch norm after a Linear alone.

    Requires: identities are dropped, so that a dropout does not hide the pair.
    Ensures: the batch norm's layer is in the convolution's origin; the convolution has a bias of
    one number for each output channel.
    """
    change: Dict[str, Optional[Op]] = {}
    forward: Dict[Value, Value] = {}
    for op in graph:
        if op.kind != "batchnorm":
            continue
        value = op.inputs[0]
        conv = change.get(value.op) or graph[value.op]
        if conv.kind not in into or len(graph.consumers(graph[value.op])) != 1:
            continue
        if op.float_only is not None or conv.float_only is not None:
            continue
        if not _per_channel(op):
            continue
        change[op.name] = None
        forward[Value(op.name)] = value
        message = f"batch normalisation {op.layer} is folded into this operator"
        sides = {"last": op.origin.output_layer or "", "given_by": op.origin.given_by}
        change[conv.name] = _with_bias(conv).absorbed(op, message, **sides)
    return graph.rewritten(change, forward)


def _per_channel(op: Op) -> bool:
    axis = op.attributes()["axis"]
    return bool(axis % op.output.rank == op.output.rank - 1)


def _with_bias(conv: Op) -> Op:
    if conv.param("bias") is not None:
        return conv
    bias = Param("bias", TensorType((conv.output.channels,), conv.output.dtype))
    return conv.replaced(params=conv.params + (bias,))
