"""Inner products with weights, and matrix products of two tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import (
    CONV,
    Received,
    Shape,
    ShapeError,
    define,
    elements,
)
from vai_inspect.core.ir.ops.joins import broadcast


@dataclass(frozen=True)
class InnerProductAttrs(Attrs):
    """`inner-product`: weights (out features, in features) over the axes from `axis` on."""

    axis: int = 1


@dataclass(frozen=True)
class MatmulAttrs(Attrs):
    """`matmul` of two tensors of the graph."""

    transpose_a: bool = False
    transpose_b: bool = False


def _inner_product(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, InnerProductAttrs)
    weights = received.params.get("weights")
    if weights is None:
        return None
    axis = received.axis(received.attrs.axis)
    features = 1
    for size in received.shape[axis:]:
        features *= size
    if weights[-1] != features:
        raise ShapeError(f"weights {weights} do not fit {received.shape} from axis {axis} on")
    return received.shape[:axis] + (weights[0],)


def _matmul(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, MatmulAttrs)
    if len(received.inputs) != 2:
        return None
    first, second = received.inputs
    if received.attrs.transpose_a:
        first = first[:-2] + first[-2:][::-1]
    if received.attrs.transpose_b:
        second = second[:-2] + second[-2:][::-1]
    # A vector is a matrix of one row on the left, of one column on the right.
    left = first if len(first) > 1 else (1,) + first
    right = second if len(second) > 1 else second + (1,)
    if len(left) < 2 or len(right) < 2 or left[-1] != right[-2]:
        raise ShapeError(f"{first} and {second} cannot be multiplied")
    rows = left[-2:-1] if len(first) > 1 else ()
    columns = right[-1:] if len(second) > 1 else ()
    return broadcast((left[:-2], right[:-2])) + rows + columns if first and second else None


def _inner_macs(received: Received, output: Shape) -> Optional[int]:
    weights = received.params.get("weights")
    return None if weights is None else elements(output) * weights[-1]


def _matmul_macs(received: Received, output: Shape) -> int:
    assert isinstance(received.attrs, MatmulAttrs)
    first = received.shape
    inner = first[-2 if received.attrs.transpose_a else -1] if len(first) > 1 else first[0]
    return elements(output) * inner


DEFINITIONS = (
    define("inner-product", InnerProductAttrs, CONV, _inner_product, _inner_macs),
    define("matmul", MatmulAttrs, ("input", "bias"), _matmul, _matmul_macs),
)
