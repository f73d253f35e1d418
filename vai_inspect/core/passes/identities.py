"""Drops operators that do nothing at inference."""

from __future__ import annotations

from typing import Dict, Optional

from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import StridedSliceAttrs


def drop_identities(graph: Graph) -> Graph:
    """Drops what changes nothing: dropout, linear activations, empty moves, slices of everything.

    A pool with kernel 1 and stride 1 goes as well; compiled models show it vanish. What is left in
    float stays: the compiler receives it as an operator of its own, whatever it computes.

    Requires: nothing.
    Ensures: no `identity` is left that is quantised; each dropped layer is found again in the
    origin of the operator that it followed, with a message there.
    """
    change: Dict[str, Optional[Op]] = {}
    forward: Dict[Value, Value] = {}
    for op in graph:
        if not _does_nothing(op, graph):
            continue
        change[op.name] = None
        forward[Value(op.name)] = op.inputs[0]
        source = op.inputs[0]
        while source in forward:
            source = forward[source]
        keeper = change.get(source.op) or graph[source.op]
        text = f"{_named(op)} does nothing at inference and is dropped"
        text += _KEPT.get(op.kind, "")
        given_by = (*keeper.origin.given_by, *op.origin.given_by)
        change[keeper.name] = keeper.absorbed(op, text, given_by=given_by)
    return graph.rewritten(change, forward)


def _does_nothing(op: Op, graph: Graph) -> bool:
    if op.float_only is not None:
        return False
    if op.kind == "identity":
        return True
    if op.kind == "transpose":
        return list(op.attributes()["order"]) == list(range(op.output.rank))
    if not op.inputs:
        return False
    unchanged = op.output.shape == graph.input_types(op)[0].shape
    if op.kind in ("maxpool2d", "avgpool2d"):
        return unchanged and set(op.attributes()["kernel"]) == {1}
    if isinstance(op.attrs, StridedSliceAttrs):
        return unchanged and set(op.attrs.strides) <= {1}
    return unchanged and op.kind in ("reshape", "flatten", "squeeze", "resize")


_KEPT = {"strided_slice": "; the 2.5 inspector keeps it, on the CPU: leave it out for that release"}
"""What is known of tools that keep what is dropped here, by kind."""


def _named(op: Op) -> str:
    call = op.origin.call
    if call is not None and not call.is_layer:
        return op.name if op.name == call.name else f"{call.name} ({op.name})"
    layers = op.origin.layers
    return f"layer {layers[0]}" if layers else op.name
