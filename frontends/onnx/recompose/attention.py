"""The pattern of attention, which PyTorch's exporters decompose."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

from vai_inspect.core.ir import Op, Value
from vai_inspect.core.ir.attrs import AxisAttrs, TransposeAttrs, UnknownAttrs
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Replacement,
    ending_with,
    replacement,
)

NAME = "scaled_dot_product_attention"


@ending_with("matmul")
def attention(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Attention: softmax((q * c) @ (k^T * c) + mask) @ v, with the same factor twice.

    Only `scaled_dot_product_attention` is exported in this form; a user's own has one factor.
    """
    weights = matcher.producer(op.inputs[0])
    if weights.kind != "softmax" or weights.attrs != AxisAttrs(weights.output.rank - 1):
        return None
    total = matcher.producer(weights.inputs[0])
    for scores, mask in [(Value(total.name), None), *matcher.pairs(total, "add")]:
        product = matcher.producer(scores)
        found = _scores(matcher, product)
        if found is None:
            continue
        q, k, parts = found
        if mask is not None:
            parts = [total, *parts]
        shape = weights.output.shape
        depth = matcher.graph.type_of(q).shape[-1] + op.output.shape[-1]
        attrs = UnknownAttrs(NAME, macs=math.prod(shape) * depth)
        inputs = [q, k, op.inputs[1], *([] if mask is None else [mask])]
        return replacement([weights, product, *parts], op, "unknown", inputs, attrs)
    return None


def _scores(matcher: Matcher, product: Op) -> Optional[Tuple[Value, Value, List[Op]]]:
    """Returns q, k and the parts of (q * c) @ (k^T * c)."""
    if product.kind != "matmul":
        return None
    first, second = (matcher.producer(value) for value in product.inputs)
    q, turned = (matcher.with_number(one, "mul") for one in (first, second))
    if q is None or turned is None or abs(q[1] - turned[1]) > 1e-6:
        return None
    k, moves = _turned_back(matcher, turned[0])
    return None if k is None else (q[0], k, [first, second, *moves])


def _turned_back(matcher: Matcher, value: Value) -> Tuple[Optional[Value], List[Op]]:
    """Returns k of k^T, which the newer exporter transposes with its leading axes merged."""
    shape, moves = matcher.graph.type_of(value).shape, []
    for _ in range(3):
        move = matcher.producer(value)
        if not isinstance(move.attrs, TransposeAttrs) and move.kind != "reshape":
            break
        moves.append(move)
        value = move.inputs[0]
        turns = [one for one in moves if isinstance(one.attrs, TransposeAttrs)]
        swapped = (*shape[:-2], shape[-1], shape[-2])
        if len(turns) == 1 and matcher.graph.type_of(value).shape == swapped:
            rank = turns[0].output.rank
            wanted = (*range(rank - 2), rank - 1, rank - 2)
            order = getattr(turns[0].attrs, "order", ())
            return (value if tuple(order) == wanted else None), moves
    return None, []
