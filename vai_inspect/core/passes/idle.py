"""What computes nothing and stays: no evidence says that the vendor's tools drop it."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import PadAttrs, StridedSliceAttrs, TensorAttrs, UnknownAttrs

LEAVE_OUT = "leave it out, which computes the same"
_NEUTRAL = {"add": 0.0, "sub": 0.0, "mul": 1.0, "div": 1.0}
_TEXTS = {
    "add": "x + 0, with which sum([...]) begins",
    "sub": "x - 0",
    "mul": "x * 1",
    "div": "x / 1",
}


def note_idle(graph: Graph) -> Graph:
    """Notes on operators that give what they read that the network computes the same without.

    Requires: constants are folded, identities are dropped.
    Ensures: each of them carries the message.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        text = idle(op, graph)
        if text is not None:
            change[op.name] = op.noted(f"it adds nothing ({text}): {LEAVE_OUT}")
    return graph.rewritten(change)


def idle(op: Op, graph: Graph) -> Optional[str]:
    """Returns how an operator gives what it reads; None where it may compute something."""
    if not op.inputs or op.output.shape != graph.input_types(op)[0].shape:
        return None
    if op.kind in _NEUTRAL:
        return _TEXTS[op.kind] if _is_neutral(op, graph) else None
    attrs = op.attrs
    if isinstance(attrs, StridedSliceAttrs):
        return "a slice of everything" if set(attrs.strides) <= {1} else None
    if isinstance(attrs, PadAttrs):
        return "a pad of 0 on every side" if not any(attrs.paddings) else None
    if isinstance(attrs, UnknownAttrs) and attrs.framework_type in ("expand", "expand_as"):
        return "its input has this shape"
    return None


def _is_neutral(op: Op, graph: Graph) -> bool:
    """Returns whether the second operand changes nothing; either one of a sum or product."""
    sides = (1, 0) if op.kind in ("add", "mul") else (1,)
    for side in sides:
        attrs = graph[op.inputs[side].op].attrs if side < len(op.inputs) else None
        number = attrs.number if isinstance(attrs, TensorAttrs) else None
        other = graph.type_of(op.inputs[1 - side])
        if number == _NEUTRAL[op.kind] and other.shape == op.output.shape:
            return True
    return False
