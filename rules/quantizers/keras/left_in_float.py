"""What the quantiser leaves in float, because it does not know it."""

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
    """Why an operator stays in float, and what to do instead where that is known."""

    reason: str
    remedy: Optional[Remedy] = None


def leave_in_float(graph: Graph) -> Graph:
    """Marks the operators that the quantiser leaves in float, which no DPU computes.

    What does nothing at inference but is not removed stays in the deployed model under the name of
    its class, as an `unknown` operator.

    Requires: nothing.
    Ensures: each of them carries the reason and, where one is known, the remedy; the identities
        that are left are those that the quantiser removes.
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
    """Returns why an operator is left in float; None where it is not."""
    name = call.base or call.name
    if not call.is_layer:
        remedy = _DENSE if op.kind == "inner-product" else _instead(name)
        return InFloat(f"it knows layers only, and {call.name} is a bare operation", remedy)
    if call.base is None:
        return InFloat(f"it does not know the layer {name}, which is code of your own", OWN_LAYERS)
    if call.name != name:
        return InFloat(
            f"it knows layers by the name of their class, and {call.name} is a class of your own "
            f"that extends {name}",
            Remedy("use keras.layers.{layer} itself", arguments=(("layer", name),)),
        )
    if op.kind == "identity":
        return None if name in REMOVED else InFloat(f"it removes only Dropout, not {name}")
    if name not in QUANTISED:
        reason = REASONS.get(name, f"it does not know the layer {name}")
        return InFloat(reason, _DENSE if op.kind == "inner-product" else _instead(name))
    activation = call.argument("activation")
    found = None if activation is None else refused(activation)
    return None if found is None else InFloat(*found)


def _instead(name: str) -> Optional[Remedy]:
    """Returns what to do instead of a layer or operation, or None where nothing is known."""
    if name in PREPARING:
        return Remedy("do the same on the host, before the network")
    if name == "Lambda":
        return OWN_LAYERS
    return WRITTEN_OUT.get(name) or INSTEAD.get(name)
