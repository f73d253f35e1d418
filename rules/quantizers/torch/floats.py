"""Marks operators that the quantiser leaves in float."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import CallForm, Graph, Op
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.rules.quantizers.torch.float_table import (
    ADVANCED_INDEX,
    CAST,
    CUSTOM,
    EINSUM_LINEAR,
    FLOAT,
    RESIZES,
    SELECT,
    TEXT_PADDING,
    InFloat,
)


def mark_float(graph: Graph) -> Graph:
    """Marks the operators that the quantiser leaves in float.

    A call that does nothing at inference but is not removed becomes an `unknown` operator with its
    name. Operators that are quantised although XIR has no operator for them have a message.

    Requires: nothing.
    Ensures: each has the reason and the remedy, if there is one.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        if call is None or op.kind == "const":
            continue
        found = _in_float(op, call)
        if found is not None:
            new = op.replaced(float_only=found.reason, float_remedy=found.remedy)
            if op.kind == "identity":
                new = new.replaced(kind="unknown", attrs=UnknownAttrs(call.name, idle=True))
            change[op.name] = new
        elif call.name in CUSTOM:
            change[op.name] = op.noted(CUSTOM[call.name])
    return graph.rewritten(change) if change else graph


def _in_float(op: Op, call: CallForm) -> Optional[InFloat]:
    padding = call.argument("padding")
    if padding is not None:
        return TEXT_PADDING.of(padding)
    if call.name == "getitem":
        index = call.argument("index")
        return {"select": SELECT, "advanced": ADVANCED_INDEX}.get(index or "")
    if op.kind == "cast":
        return CAST
    if call.name == "einsum" and op.kind in ("inner-product", "reshape"):
        return EINSUM_LINEAR
    if call.argument("mode") in RESIZES:
        return RESIZES[str(call.argument("mode"))]
    return FLOAT.get(call.name)
