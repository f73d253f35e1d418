"""What the quantiser leaves in float, because it does not know it."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.ir import CallForm, Graph, Op
from vai_inspect.rules.quantizers.keras.registry import (
    INSTEAD,
    OWN_CODE,
    PREPARING,
    QUANTISED,
    REASONS,
)

_BESIDE = frozenset(("const", "identity"))
_HARD_SIGMOID = (
    "it does not know tf.keras's hard_sigmoid",
    "write it as relu6(x + 3) * (1 / 6), with a ReLU(6) layer",
)


def leave_in_float(graph: Graph) -> Graph:
    """Marks the operators that the quantiser leaves in float, which no DPU can take.

    Requires: nothing.
    Ensures: each of them says why and, where it is known, what to do instead.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        found = None if op.kind in _BESIDE else _left_in_float(op)
        if found is not None:
            reason, cure = found
            change[op.name] = op.replaced(float_only=reason, float_cure=cure)
    return graph.rewritten(change) if change else graph


def _left_in_float(op: Op) -> Optional[Tuple[str, Optional[str]]]:
    """Returns why an operator is left in float and what to do instead; None where it is not.

    A class or a Lambda of the user's own is none of its layers either; what it computes is not
    looked into, so nothing is said of it here.
    """
    call = op.origin.call
    if call is None:
        return None
    name = call.base or call.name
    if not call.is_layer:
        return f"it knows layers only, and {call.name} is a bare operation", _instead(call)
    if call.argument("activation") == "keras.hard_sigmoid" and op.kind == "unknown":
        return _HARD_SIGMOID
    if call.base is None or name in QUANTISED or name in OWN_CODE:
        return None
    return REASONS.get(name, f"it does not know the layer {name}"), _instead(call)


def _instead(call: CallForm) -> Optional[str]:
    """Returns what to do in place of a layer or operation, or None where nothing is known."""
    name = call.base or call.name
    if name in PREPARING:
        return "do the same on the host, before the network"
    return f"use {INSTEAD[name]}" if name in INSTEAD else None
