"""What the vendor's quantiser leaves in float, in the form that it quantises."""

from __future__ import annotations

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite


def quantised_form(graph: Graph, op: Op) -> Change:
    """An operator in float whose remedy is exact becomes the same operator, quantised."""
    if op.float_only is None or op.float_remedy is None or op.kind == "unknown":
        return None
    if op.float_remedy.effect is not Effect.EXACT:
        return None
    return {op.name: (op.replaced(float_only=None, float_remedy=None),)}


REWRITES = (Rewrite("quantised-form", Effect.EXACT, quantised_form),)
