"""The verifier: the invariants of a graph, checked after a frontend and after the passes."""

from __future__ import annotations

from typing import Iterator, Tuple

from vai_inspect.core.errors import GraphError
from vai_inspect.core.ir.graph import Graph, Verified
from vai_inspect.core.ir.op import Op
from vai_inspect.core.ir.ops import OPS, Received, Shape, ShapeError, Trait


def verify(graph: Graph) -> Graph:
    """Returns the graph if it is sound.

    Unique names, known inputs and topological order are laws that `Graph` itself keeps. Of a graph
    that was rewritten, operators that are as they were verified before are not looked at again.

    Raises:
        GraphError: an operator of no known kind, with another kind's attributes, without an
            output or the inputs its kind needs, or with a shape that its definition refuses.
    """
    if graph.sound:
        return graph
    before, verified = graph.verified, {}
    for op in graph:
        received = tuple([tensor.shape for tensor in graph.input_types(op)])
        known = before.get(op.name)
        if known is None or not _same(known, (op, received)):
            for problem in _problems(received, op):
                raise GraphError(f"Operator {op.name!r} ({op.kind}): {problem}.")
        verified[op.name] = (op, received)
    graph.verified, graph.sound = verified, True
    return graph


def _same(known: Verified, now: Verified) -> bool:
    """Returns whether all that the laws of an operator cover is as it was."""
    (old, given), (op, received) = known, now
    return (
        op.kind == old.kind
        and op.attrs is old.attrs
        and op.outputs is old.outputs
        and op.params is old.params
        and received == given
    )


def _problems(received: Tuple[Shape, ...], op: Op) -> Iterator[str]:
    definition = OPS.get(op.kind)
    if definition is None:
        yield "no kind of this name is in the vocabulary"
        return
    if type(op.attrs) is not definition.attrs:
        yield f"carries {type(op.attrs).__name__} where {definition.attrs.__name__} belongs"
        return
    if not op.outputs:
        yield "has no output"
        return
    source = Trait.SOURCE in definition.traits
    if source and op.inputs:
        yield f"is a source and reads {len(op.inputs)} inputs"
    if not source and op.kind != "unknown" and not op.inputs:
        yield "reads no input"
    for tensor in op.outputs:
        if any(not isinstance(size, int) or size < 0 for size in tensor.shape):
            yield f"has the output shape {tensor.shape}, whose sizes are not all integers"
            return
    yield from _shape_problems(received, op)


def _shape_problems(received: Tuple[Shape, ...], op: Op) -> Iterator[str]:
    params = {param.role: param.type.shape for param in op.params}
    try:
        shape = OPS[op.kind].output_shape(Received(op.attrs, received, params))
    except ShapeError as error:
        yield f"{error}"
        return
    if shape is not None and shape != op.output.shape:
        inputs = " and ".join(map(str, received)) or "nothing"
        yield f"gives {op.output.shape} from {inputs}; by its definition it gives {shape}"
