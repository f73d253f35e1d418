"""Activations that the quantiser replaces."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs
from vai_inspect.core.rewrite_numbers import SLOPE


def convert_activations(graph: Graph) -> Graph:
    """Replaces nn.ReLU6 by ReLU, and the slope of every leaky ReLU by 26/256.

    Source: the quantisers of 2.5, 3.0 and 3.5, executed (3.0 and 3.5 warn with REPLACE_RELU6 and
    LEAKYRELU, 2.5 is silent). F.relu6 and Hardtanh(0, 6) are unchanged.

    Requires: nothing.
    Ensures: each operator that becomes another function has a message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        if op.kind == "relu6" and call is not None and call.is_layer and call.name == "ReLU6":
            change[op.name] = op.replaced(kind="relu").noted(
                "the vendor's PyTorch quantiser replaces nn.ReLU6 by nn.ReLU, also in your module "
                "in place: another function above 6, so check the accuracy"
            )
        elif isinstance(op.attrs, LeakyReluAttrs) and abs(op.attrs.alpha - SLOPE) >= 1e-7:
            change[op.name] = op.replaced(attrs=LeakyReluAttrs(SLOPE)).noted(
                f"the vendor's PyTorch quantiser replaces the slope {op.attrs.alpha:g} by 26/256 "
                "= 0.1015625: another function below 0; train with that slope or check the accuracy"
            )
    return graph.rewritten(change) if change else graph
