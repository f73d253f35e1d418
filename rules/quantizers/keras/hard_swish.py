"""A product of a tensor with its own hard-sigmoid is a hard-swish."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

MESSAGE = "x * hard-sigmoid(x) is deployed as one hard-swish"


def join_products(graph: Graph) -> Graph:
    """Joins `mul(x, hard-sigmoid(x))` into one `hard-swish`.

    XIR writes hard-swish as that very product (xop_creator.py), and the compiler takes it as one.
    The hard-sigmoid must have no other reader, and the product must be a Multiply layer: one
    that is left in float is none of the DPU's.

    Requires: sigmoids are hard by now, written-out hard-sigmoids are joined.
    Ensures: the layer of the hard-sigmoid stands in the origin of the hard-swish.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        gate = _gate(op, graph)
        if gate is not None:
            joined = op.replaced(kind="hard-swish", inputs=gate.inputs)
            change[gate.name] = None
            change[op.name] = joined.absorbed(gate, MESSAGE)
    return graph.rewritten(change) if change else graph


def _gate(op: Op, graph: Graph) -> Optional[Op]:
    """Returns the hard-sigmoid of a product that is a hard-swish."""
    if op.kind != "mul" or len(op.inputs) != 2 or op.float_only is not None:
        return None
    for mine, other in (op.inputs, op.inputs[::-1]):
        gate = graph[mine.op]
        hard = gate.kind == "hard-sigmoid" and gate.float_only is None
        if hard and gate.inputs == (other,) and len(graph.consumers(gate)) == 1:
            return gate
    return None
