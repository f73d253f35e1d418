"""SeparableConv2D, which the quantiser splits into a depthwise and a pointwise convolution."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op

MESSAGE = (
    "the vendor's Keras quantiser (3.0, 3.5) drops the activation of a SeparableConv2D without an "
    "error: another function; use an activation layer after it"
)


def note_dropped_activations(graph: Graph) -> Graph:
    """Adds a message to a SeparableConv2D whose activation is dropped.

    Source: executed, releases 3.0 and 3.5. A separate batch normalisation or activation layer is
    kept.

    Requires: nothing.
    Ensures: only messages change.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        if call is not None and call.base == "SeparableConv2D" and call.argument("activation"):
            change[op.name] = op.noted(MESSAGE)
    return graph.rewritten(change) if change else graph
