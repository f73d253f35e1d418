"""Recomposes operators that exporters decompose, in the file's axis order.

A pattern is a function that matches the last of several operators and returns their replacement;
a pass runs its patterns over the graph once.
"""

from __future__ import annotations

import dataclasses

from vai_inspect.frontends.layout import Assembled
from vai_inspect.frontends.onnx.recompose import activations, norms, others, repeats
from vai_inspect.frontends.onnx.recompose import tf2onnx as tf
from vai_inspect.frontends.onnx.recompose.attention import attention
from vai_inspect.frontends.onnx.recompose.match import named, run

PASSES = (
    (activations.gelu, activations.softmax, norms.layer_norm, norms.l2_norm, norms.group_norm),
    (activations.gated, norms.affine, others.bias, others.stacked),
    (norms.affine, others.reshapes, attention),
)
"""Passes for PyTorch's exporters; the factor of an affine must be matched before its sum."""
TF2ONNX = "tf2onnx"
"""The producer of files of Keras models."""
OF_PRODUCER = {
    TF2ONNX: (
        (*map(tf.within_layer, (tf.layer_norm, tf.dense, tf.hard_sigmoid, activations.gelu)),),
        (*map(tf.within_layer, (activations.gated, activations.prelu)), others.bias),
        (tf.within_layer(tf.batch_norm), tf.global_pool, tf.pixels, repeats.repeated),
    )
}
"""The passes for other exporters, by producer."""
LONGEST_CHAIN = 8
"""Limit of consecutive slices that become one, each along another axis."""


def recompose(assembled: Assembled, producer: str = "") -> Assembled:
    """Returns the graph with the operators of the model's source code.

    Args:
        assembled: the graph of the file.
        producer: the name of the exporter.
    """
    graph = assembled.graph
    for patterns in OF_PRODUCER.get(producer, PASSES):
        graph = run(graph, patterns)
    for _ in range(LONGEST_CHAIN):
        before, graph = graph, run(graph, (others.slices,))
        if graph is before:
            break
    transparent = frozenset(
        op.name
        for op in graph
        if op.kind == "unknown"
        and op.name in assembled.transparent
        and named(op) == named(assembled.graph[op.name])
    )
    return dataclasses.replace(assembled, graph=graph, transparent=transparent)


__all__ = ["TF2ONNX", "recompose"]
