"""Leaky ReLU: the quantiser puts the DPU's slope in place of 0.1."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs

SLOPE = 26 / 256
"""The one slope that the DPU computes."""
CONVERTED = 0.1
MESSAGE = (
    "the vendor's Keras quantiser converts the slope 0.1 of the leaky ReLU to the DPU's 26/256 = "
    "0.1015625"
)


def settle_slopes(graph: Graph) -> Graph:
    """Sets the slope 26/256 where it is 0.1; every other slope stays (convert_leaky_relu).

    Requires: nothing.
    Ensures: each slope that was changed is told of on its operator.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        attrs = op.attrs
        if isinstance(attrs, LeakyReluAttrs) and abs(attrs.alpha - CONVERTED) < 1e-6:
            change[op.name] = op.replaced(attrs=LeakyReluAttrs(SLOPE)).noted(MESSAGE)
    return graph.rewritten(change) if change else graph
