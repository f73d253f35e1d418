"""The verifier: the laws of a graph, checked where a frontend or a pass hands one over."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir.graph import Graph
from vai_inspect.core.ir.op import Op
from vai_inspect.core.ir.ops import OPS, Received, ShapeError, Trait


def verify(graph: Graph) -> Graph:
    """Returns the graph if it is sound.

    Unique names, known inputs and topological order are laws that `Graph` itself keeps.

    Raises:
        GraphError: an operator of no known kind, with another kind's attributes, without an
            output or the inputs its kind needs, or with a shape that its definition refuses.
    """
    for op in graph:
        for problem in _problems(graph, op):
            raise GraphError("Operator {!r} ({}): {}.".format(op.name, op.kind, problem))
    return graph


def _problems(graph: Graph, op: Op) -> Iterator[str]:
    definition = OPS.get(op.kind)
    if definition is None:
        yield "no kind of this name is in the vocabulary"
        return
    if type(op.attrs) is not definition.attrs:
        yield "carries {} where {} belongs".format(
            type(op.attrs).__name__, definition.attrs.__name__
        )
        return
    if not op.outputs:
        yield "has no output"
        return
    source = Trait.SOURCE in definition.traits
    if source and op.inputs:
        yield "is a source and reads {} inputs".format(len(op.inputs))
    if not source and op.kind != "unknown" and not op.inputs:
        yield "reads no input"
    for tensor in op.outputs:
        if any(not isinstance(size, int) or size < 0 for size in tensor.shape):
            yield "has the output shape {}, which is not made of whole numbers".format(tensor.shape)
            return
    yield from _shape_problems(graph, op)


def _shape_problems(graph: Graph, op: Op) -> Iterator[str]:
    received = tuple(tensor.shape for tensor in graph.input_types(op))
    params = {param.role: param.type.shape for param in op.params}
    try:
        shape = OPS[op.kind].output_shape(Received(op.attrs, received, params))
    except ShapeError as error:
        yield "{}".format(error)
        return
    if shape is not None and shape != op.output.shape:
        yield "gives {} from {}; by its definition it gives {}".format(
            op.output.shape, " and ".join(map(str, received)) or "nothing", shape
        )
