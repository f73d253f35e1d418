"""Fuses the product of a tensor and its hard-sigmoid into a hard-swish."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

MESSAGE = "x * hard-sigmoid(x) is deployed as one hard-swish"


def join_products(graph: Graph) -> Graph:
    """Fuses `mul(x, hard-sigmoid(x))` into one `hard-swish`.

    XIR writes hard-swish as this product (xop_creator.py), and the compiler fuses it. The
    hard-sigmoid must have no other reader, and the product must be a Multiply layer that is not
    left in float.

    Requires: sigmoids are converted and decomposed hard-sigmoids are fused.
    Ensures: the origin of the hard-swish lists the layer of the hard-sigmoid.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        gate = _gate(op, graph)
        if gate is not None:
            joined = op.replaced(kind="hard-swish", inputs=gate.inputs)
            change[gate.name] = None
            change[op.name] = joined.absorbed(gate, MESSAGE, first=None)
    return graph.rewritten(change) if change else graph


def _gate(op: Op, graph: Graph) -> Optional[Op]:
    """Returns the hard-sigmoid of a product that is a hard-swish, or None."""
    if op.kind != "mul" or len(op.inputs) != 2 or op.float_only is not None:
        return None
    for mine, other in (op.inputs, op.inputs[::-1]):
        gate = graph[mine.op]
        hard = gate.kind == "hard-sigmoid" and gate.float_only is None
        if hard and gate.inputs == (other,) and len(graph.consumers(gate)) == 1:
            return gate
    return None
