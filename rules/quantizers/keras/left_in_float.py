"""Marks operators that the quantiser does not support and leaves in float."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional

from vai_inspect.core.findings import Remedy, exact
from vai_inspect.core.ir import CallForm, Graph, Op
from vai_inspect.core.ir.attrs import UnknownAttrs
from vai_inspect.rules.quantizers.keras.activations import OWN_LAYERS, WRITTEN_OUT, refused
from vai_inspect.rules.quantizers.keras.supported_layers import (
    INSTEAD,
    PREPARING,
    QUANTISED,
    REASONS,
    REMOVED,
)

_DENSE = exact(
    "use keras.layers.Dense with these weights, which computes the same", "einsum-to-linear"
)
_REMOVE = exact("remove it from the deployed model", "drop-noise")


class InFloat(NamedTuple):
    """Why an operator stays in float, and the remedy if there is one."""

    reason: str
    remedy: Optional[Remedy] = None


def leave_in_float(graph: Graph) -> Graph:
    """Marks the operators that the quantiser leaves in float, which no DPU runs.

    A layer that does nothing at inference but is not removed stays in the deployed model as an
    `unknown` operator with the name of its class.

    Requires: nothing.
    Ensures: each has the reason and the remedy, if there is one; the remaining identities are
        those that the quantiser removes.
    """
    change: Dict[str, Optional[Op]] = {}
    for op in graph:
        call = op.origin.call
        found = None if call is None or op.kind == "const" else _in_float(op, call)
        if found is None or call is None:
            continue
        own = (call.base or "Lambda") == "Lambda"
        new = op.replaced(float_only=found.reason, float_remedy=found.remedy)
        if op.kind == "identity":
            attrs = UnknownAttrs(call.name, idle=True)
            remedy = found.remedy if own else _REMOVE
            new = new.replaced(kind="unknown", attrs=attrs, float_remedy=remedy)
        change[op.name] = new
    return graph.rewritten(change) if change else graph


def _in_float(op: Op, call: CallForm) -> Optional[InFloat]:
    """Returns why an operator is left in float, or None if it is quantised."""
    name = call.base or call.name
    if not call.is_layer:
        remedy = _DENSE if op.kind == "inner-product" else _instead(name)
        return InFloat(f"it supports layers only, and {call.name} is a bare operation", remedy)
    if call.base is None:
        return InFloat(f"it does not support the layer {name}, which is your own code", OWN_LAYERS)
    if call.name != name:
        return InFloat(
            f"it matches layers by class name, and {call.name} is your own class that extends "
            f"{name}",
            Remedy("use keras.layers.{layer} itself", arguments=(("layer", name),)),
        )
    if op.kind == "identity":
        return None if name in REMOVED else InFloat(f"it removes only Dropout, not {name}")
    if name not in QUANTISED:
        reason = REASONS.get(name, f"it does not support the layer {name}")
        return InFloat(reason, _DENSE if op.kind == "inner-product" else _instead(name))
    activation = call.argument("activation")
    found = None if activation is None else refused(activation)
    return None if found is None else InFloat(*found)


def _instead(name: str) -> Optional[Remedy]:
    """Returns the remedy for a layer or operation, or None if there is none."""
    if name in PREPARING:
        return Remedy("do the same on the host, before the network")
    if name == "Lambda":
        return OWN_LAYERS
    return WRITTEN_OUT.get(name) or INSTEAD.get(name)
