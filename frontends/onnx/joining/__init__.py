"""Puts together what exporters take apart, in the file's order of axes.

A join is a function that looks whether an operator is the last of some that are one; each pass
runs joins over the graph once.
"""

from __future__ import annotations

import dataclasses

from vai_inspect.frontends.layout import Assembled
from vai_inspect.frontends.onnx.joining import activations, norms, others, repeats
from vai_inspect.frontends.onnx.joining import of_tf2onnx as tf
from vai_inspect.frontends.onnx.joining.attention import attention
from vai_inspect.frontends.onnx.joining.match import named, run

PASSES = (
    (activations.gelu, activations.softmax, norms.layer_norm, norms.l2_norm, norms.group_norm),
    (activations.gated, norms.affine, others.bias, others.stacked),
    (norms.affine, others.reshapes, attention),
)
"""Each pass reads what the one before gives: the affine's factor comes before its sum."""
TF2ONNX = "tf2onnx"
"""What writes the files of Keras."""
OF_PRODUCER = {
    TF2ONNX: (
        (*map(tf.within_a_layer, (tf.layer_norm, tf.dense, tf.hard_sigmoid, activations.gelu)),),
        (*map(tf.within_a_layer, (activations.gated, activations.prelu)), others.bias),
        (tf.within_a_layer(tf.batch_norm), tf.global_pool, tf.pixels, repeats.repeated),
    )
}
"""In the place of those passes, what one exporter writes."""
LONGEST_CHAIN = 8
"""Slices in a row; a tensor has no more axes that are cut."""


def put_together(assembled: Assembled, producer: str = "") -> Assembled:
    """Returns the graph with the operators that the model was written with.

    Args:
        assembled: the graph as the file has it.
        producer: the name of what wrote the file.
    """
    graph = assembled.graph
    for joins in OF_PRODUCER.get(producer, PASSES):
        graph = run(graph, joins)
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


__all__ = ["TF2ONNX", "put_together"]
