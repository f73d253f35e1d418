"""Leaky ReLU: the quantiser replaces the slope 0.1 by that of the DPU."""

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
    "the vendor's Keras quantiser keeps the slope 0.1 of ReLU(negative_slope=0.1): it converts "
    "only that of the layer LeakyReLU(0.1) to the DPU's 26/256"
)


def settle_slopes(graph: Graph) -> Graph:
    """Replaces the slope 0.1 by 26/256; other slopes are unchanged (convert_leaky_relu).

    Only the class LeakyReLU is matched, not ReLU(negative_slope=0.1) (executed).

    Requires: nothing.
    Ensures: each changed operator has a message, and so does each ReLU whose slope would be
        changed in a LeakyReLU.
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
