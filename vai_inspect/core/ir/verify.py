"""The verifier: the laws of a graph, checked where a frontend or a pass hands one over."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir.graph import Graph
from vai_inspect.core.ir.kinds import KINDS, SOURCES
from vai_inspect.core.ir.op import Op

_SAME_SHAPE = frozenset(
    ("relu", "relu6", "leaky-relu", "prelu", "hard-sigmoid", "hard-swish", "sigmoid", "tanh")
    + ("softmax", "batchnorm", "scale", "identity", "return", "gelu", "selu", "swish", "mish")
    + ("elu", "celu", "exp", "neg", "cast")
)


def verify(graph: Graph) -> Graph:
    """Returns the graph if it is sound.

    Unique names, known inputs and topological order are laws that `Graph` itself keeps.

    Raises:
        GraphError: an operator of no known kind, with another kind's attributes, without an
            output or the inputs its kind needs, or with a shape that cannot be its own.
    """
    for op in graph:
        for problem in _problems(graph, op):
            raise GraphError("Operator {!r} ({}): {}.".format(op.name, op.kind, problem))
    return graph


def _problems(graph: Graph, op: Op) -> Iterator[str]:
    kind = KINDS.get(op.kind)
    if kind is None:
        yield "no kind of this name is in the vocabulary"
        return
    if type(op.attrs) is not kind.attrs:
        yield "carries {} where {} belongs".format(type(op.attrs).__name__, kind.attrs.__name__)
        return
    if not op.outputs:
        yield "has no output"
        return
    if op.kind in SOURCES and op.inputs:
        yield "is a source and reads {} inputs".format(len(op.inputs))
    if op.kind not in SOURCES and op.kind != "unknown" and not op.inputs:
        yield "reads no input"
    for tensor in op.outputs:
        if any(not isinstance(size, int) or size < 0 for size in tensor.shape):
            yield "has the output shape {}, which is not made of whole numbers".format(tensor.shape)
            return
    if op.inputs:
        yield from _shape_problems(graph, op)


def _shape_problems(graph: Graph, op: Op) -> Iterator[str]:
    received = graph.input_types(op)[0]
    if op.kind in _SAME_SHAPE and op.output.shape != received.shape:
        yield "turns {} into {} where the shape cannot change".format(
            received.shape, op.output.shape
        )
    moves = op.kind in ("reshape", "flatten", "squeeze", "transpose")
    if moves and op.output.elements != received.elements:
        yield "turns {} elements into {}".format(received.elements, op.output.elements)
    size = _window_output(op, received.shape)
    if size is not None and op.output.shape[1:-1] != size:
        yield "gives {} from {}; its window gives {}".format(op.output.shape, received.shape, size)


def _window_output(op: Op, shape: "tuple[int, ...]") -> "tuple[int, ...] | None":
    """Spatial output (h, w) of a 2-D window in FLOOR mode, or None where the law is another."""
    if op.kind not in ("conv2d", "depthwise-conv2d", "maxpool2d", "avgpool2d") or len(shape) != 4:
        return None
    attrs = op.attributes()
    if attrs["pad_mode"] != "FLOOR":
        return None
    left, right, top, bottom = attrs["pad"]
    dilation = attrs.get("dilation", [1, 1])
    size = []
    for axis, (extent, pads) in enumerate(((shape[2], left + right), (shape[1], top + bottom))):
        reach = (attrs["kernel"][axis] - 1) * dilation[axis] + 1
        size.append((extent + pads - reach) // attrs["stride"][axis] + 1)
    return (size[1], size[0])
