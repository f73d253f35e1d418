"""Patterns of biases, stacks, reshapes and slices that exporters decompose."""

from __future__ import annotations

from typing import Optional

from vai_inspect.core.ir import Op, Param, TensorType
from vai_inspect.core.ir.attrs import AxisAttrs, ReshapeAttrs, StridedSliceAttrs
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Replacement,
    ending_with,
    replacement,
)


@ending_with("add")
def bias(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """A constant with one element per output that is added to an inner product is its bias."""
    for product, constant in matcher.pairs(op, "add"):
        inner = matcher.producer(product)
        if inner.kind != "inner-product" or inner.param("bias") is not None:
            continue
        shape = matcher.producer(constant).output.shape
        if not matcher.is_constant(constant) or not matcher.inner(inner):
            continue
        if shape != inner.output.shape[-1:] or op.output.shape != inner.output.shape:
            continue
        params = (*inner.params, Param("bias", TensorType(shape, inner.output.dtype)))
        return replacement([inner], op, "inner-product", inner.inputs, inner.attrs, params)
    return None


@ending_with("concat")
def stacked(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """A concatenation of reshaped tensors along a new axis of size 1 stacks them."""
    if not isinstance(op.attrs, AxisAttrs):
        return None
    axis, parts, sources = op.attrs.axis, [], []
    for value in op.inputs:
        part = matcher.producer(value)
        if not isinstance(part.attrs, ReshapeAttrs) or not matcher.inner(part):
            return None
        source = part.inputs[0]
        shape = matcher.graph.type_of(source).shape
        if part.output.shape != shape[:axis] + (1,) + shape[axis:]:
            return None
        parts.append(part)
        sources.append(source)
    if len(set(parts)) < len(op.inputs):
        return None
    return replacement(parts, op, "stack", sources, op.attrs)


@ending_with("reshape")
def reshapes(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """A reshape to one axis and back is an identity."""
    before = matcher.producer(op.inputs[0])
    if before.kind != "reshape" or before.output.rank != 1:
        return None
    if matcher.graph.type_of(before.inputs[0]).shape != op.output.shape:
        return None
    return replacement([before], op, "identity", before.inputs)


@ending_with("strided_slice")
def slices(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """A slice of a slice along other axes is one slice."""
    if not isinstance(op.attrs, StridedSliceAttrs):
        return None
    before = matcher.producer(op.inputs[0])
    if not isinstance(before.attrs, StridedSliceAttrs) or not matcher.inner(before):
        return None
    shape = matcher.graph.type_of(before.inputs[0]).shape
    rows = []
    for axis, size in enumerate(shape):
        first = (before.attrs.begin[axis], before.attrs.end[axis], before.attrs.strides[axis])
        second = (op.attrs.begin[axis], op.attrs.end[axis], op.attrs.strides[axis])
        if second == (0, before.output.shape[axis], 1):
            rows.append(first)
        elif first == (0, size, 1):
            rows.append(second)
        else:
            return None
    begin, end, strides = (tuple(column) for column in zip(*rows))
    attrs = StridedSliceAttrs(begin, end, strides)
    return replacement([before], op, "strided_slice", before.inputs, attrs)
