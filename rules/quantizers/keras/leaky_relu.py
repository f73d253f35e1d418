"""Leaky ReLU: the quantiser puts the DPU's slope in place of 0.1."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs
from vai_inspect.core.rewrite_numbers import SLOPE

CONVERTED = 0.1
MESSAGE = (
    "the vendor's Keras quantiser converts the slope 0.1 of the leaky ReLU to the DPU's 26/256 = "
    "0.1015625"
)

KEPT = (
    "the vendor's Keras quantiser keeps the slope 0.1 of ReLU(negative_slope=0.1): that of the "
    "layer LeakyReLU(0.1) alone it converts to the DPU's 26/256"
)


def settle_slopes(graph: Graph) -> Graph:
    """Sets the slope 26/256 where it is 0.1; every other slope stays (convert_leaky_relu).

    The class LeakyReLU alone is matched, not ReLU(negative_slope=0.1) (executed).

    Requires: nothing.
    Ensures: each slope that was changed carries a message, and so does each slope of a ReLU that
        would be changed in a LeakyReLU.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        attrs, call = op.attrs, op.origin.call
        if not isinstance(attrs, LeakyReluAttrs) or call is None or op.float_only is not None:
            continue
        if abs(attrs.alpha - CONVERTED) >= 1e-6:
            continue
        if call.base == "LeakyReLU":
            change[op.name] = op.replaced(attrs=LeakyReluAttrs(SLOPE)).noted(MESSAGE)
        elif call.base == "ReLU":
            change[op.name] = op.noted(KEPT)
    return graph.rewritten(change) if change else graph
