"""The fully connected layer."""

from __future__ import annotations

from typing import List, Sequence, Tuple

from vai_inspect.core.ir.attrs import InnerProductAttrs
from vai_inspect.frontends.keras.activation import append_activation
from vai_inspect.frontends.keras.call import Call


def dense(call: Call) -> None:
    """Dense: an inner product over the last axis; weights [oc, ic]."""
    layer = call.operation
    weights = (layer.units, call.types[0].channels)
    params: List[Tuple[str, Sequence[int]]] = [("weights", weights)]
    if layer.use_bias:
        params.append(("bias", (layer.units,)))
    call.emit("inner-product", InnerProductAttrs(axis=call.types[0].rank - 1), params=params)
    append_activation(call, layer.activation)


LAYERS = {"Dense": dense}
