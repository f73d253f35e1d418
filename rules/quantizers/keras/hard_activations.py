"""Sigmoid and swish: the quantiser replaces them by hard-sigmoid and hard-swish."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

HARD = {"sigmoid": "hard-sigmoid", "swish": "hard-swish"}
FORMULA = {
    "sigmoid": "relu6(x + 3) * 2731 / 16384",
    "swish": "x * relu6(x + 3) * 2731 / 16384",
}


def harden(graph: Graph) -> Graph:
    """Replaces `sigmoid` by `hard-sigmoid` and `swish` by `hard-swish` (convert_sigmoid).

    Operators left in float are unchanged: the quantiser converts layers only.

    Requires: nothing.
    Ensures: each converted operator has a message, since it computes another function.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        if op.kind in HARD and op.float_only is None:
            change[op.name] = op.replaced(kind=HARD[op.kind]).noted(_message(op.kind))
    return graph.rewritten(change) if change else graph


def _message(kind: str) -> str:
    return (
        f"the vendor's Keras quantiser converts {kind} to {HARD[kind]}, {FORMULA[kind]}: another "
        "function, so check the accuracy"
    )
