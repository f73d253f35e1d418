"""Inner products: the fully connected layer, and einsum with a kernel."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from vai_inspect.core.ir.attrs import InnerProductAttrs, ReshapeAttrs
from vai_inspect.frontends import einsum
from vai_inspect.frontends.keras.lower.activation import append_activation
from vai_inspect.frontends.keras.lower.call import Call


def inner_product(
    call: Call, weights: Sequence[int], bias: bool = False, axis: Optional[int] = None
) -> None:
    """Emits an inner product.

    Args:
        call: the call.
        weights: shape of the weights [oc, ic].
        bias: whether it has a bias.
        axis: the first axis that is summed; by default the last.
    """
    params: List[Tuple[str, Sequence[int]]] = [("weights", weights)]
    if bias:
        params.append(("bias", (weights[0],)))
    axis = call.types[0].rank - 1 if axis is None else axis
    call.emit("inner-product", InnerProductAttrs(axis), inputs=call.inputs[:1], params=params)


def dense(call: Call) -> None:
    """Dense: an inner product over the last axis."""
    layer = call.operation
    inner_product(call, (layer.units, call.types[0].channels), layer.use_bias)
    append_activation(call, layer.activation)


def einsum_dense(call: Call) -> None:
    """EinsumDense: an inner product where the axes that it sums are the input's last."""
    layer = call.operation
    output = call.output.shape
    product = einsum.read_layer(layer.equation, call.shape, output)
    if product is None or product.operand is None:
        macs = None if product is None else product.macs
        call.unknown("EinsumDense", "a product over several axes", macs=macs)
        return
    made = layer.equation.replace(" ", "")[product.axis - len(output) :]
    bias = layer.bias_axes or ""
    full = bool(bias) and set(bias) == set(made)
    inner_product(call, product.weights, full, product.axis)
    if len(made) > 1:
        call.emit("reshape", ReshapeAttrs(output), suffix="reshape")
    if bias and not full:
        sizes = [size if letter in bias else 1 for letter, size in zip(made, output[-len(made) :])]
        call.emit("add", inputs=(call.last(), call.const(sizes, "bias")), suffix="add")
    append_activation(call, layer.activation)


LAYERS = {"Dense": dense, "EinsumDense": einsum_dense}
