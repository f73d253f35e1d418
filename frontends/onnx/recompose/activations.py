"""Patterns of activations that exporters decompose."""

from __future__ import annotations

import math
from typing import List, Optional, Tuple

from vai_inspect.core.ir import Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import AxisAttrs, TransposeAttrs
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Replacement,
    by_channel,
    ending_with,
    named,
    replacement,
)

_GATES = {"sigmoid": "swish", "hard-sigmoid": "hard-swish"}


@ending_with("mul")
def gated(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Gates: x * sigmoid(x) is a swish, x * hard-sigmoid(x) a hard-swish, and mish likewise."""
    for x, gate in matcher.pairs(op, "mul"):
        last = matcher.producer(gate)
        if last.kind in _GATES and last.inputs[0] == x:
            return replacement([last], op, _GATES[last.kind], [x])
        if last.kind == "tanh":
            first = matcher.producer(last.inputs[0])
            if named(first) == "Softplus" and first.inputs[0] == x:
                return replacement([last, first], op, "mish", [x])
    return None


@ending_with("transpose")
def softmax(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """A softmax over the last axis between two transposes is one over another axis.

    torch.onnx exports it in this form before opset 13.
    """
    inner = matcher.producer(op.inputs[0])
    if not isinstance(op.attrs, TransposeAttrs) or inner.kind != "softmax":
        return None
    before = matcher.producer(inner.inputs[0])
    if not isinstance(before.attrs, TransposeAttrs) or not isinstance(inner.attrs, AxisAttrs):
        return None
    order = before.attrs.order
    if tuple(order[axis] for axis in op.attrs.order) != tuple(range(len(order))):
        return None
    attrs = AxisAttrs(order[inner.attrs.axis])
    return replacement([inner, before], op, "softmax", [before.inputs[0]], attrs)


@ending_with("mul")
def gelu(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """GELU: x * 0.5 * (1 + erf(x / sqrt(2))), with its factors in any order.

    Also its approximation with tanh.
    """
    factors, parts = _factors(matcher, op)
    if len(factors) != 3:
        return None
    numbers = [one for one in factors if matcher.number(one) is not None]
    others = [one for one in factors if matcher.number(one) is None]
    if len(numbers) != 1 or not _near(matcher.number(numbers[0]), 0.5):
        return None
    for x, total in (others, others[::-1]):
        inner = _one_plus(matcher, total, x)
        if inner is not None:
            return replacement([*parts, *inner], op, "gelu", [x])
    return None


@ending_with("add")
def prelu(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' PReLU: relu(x) + slopes * relu(-x), a slope (negated) for each channel."""
    for positive, product in matcher.pairs(op, "add"):
        first, scaled = matcher.producer(positive), matcher.producer(product)
        for negative, slopes in matcher.pairs(scaled, "mul"):
            second = matcher.producer(negative)
            if first.kind != "relu" or second.kind != "relu" or not matcher.is_constant(slopes):
                continue
            turned = matcher.producer(second.inputs[0])
            axis = matcher.channel_axis(slopes, op.output.shape)
            if turned.kind != "neg" or turned.inputs != first.inputs or axis is None:
                continue
            weight = (1,) * max(op.output.rank - 2, 0) + (op.output.shape[axis],)
            params = [Param("weight", TensorType(weight, op.output.dtype))]
            parts = [first, scaled, second, turned]
            found = replacement(parts, op, "prelu", first.inputs, params=params)
            return by_channel(found, axis)
    return None


def _factors(matcher: Matcher, op: Op) -> Tuple[List[Value], List[Op]]:
    """Returns the factors of a product of products, and the inner products."""
    for first, second in matcher.pairs(op, "mul"):
        inner = matcher.producer(first)
        if inner.kind == "mul" and len(inner.inputs) == 2 and matcher.inner(inner):
            return [*inner.inputs, second], [inner]
    return [], []


def _one_plus(matcher: Matcher, total: Value, x: Value) -> Optional[List[Op]]:
    """Returns the operators of 1 + erf(x / sqrt(2)) or 1 + tanh(...)."""
    add = matcher.producer(total)
    plus = matcher.with_number(add, "add")
    if plus is None or not _near(plus[1], 1.0):
        return None
    function = matcher.producer(plus[0])
    if named(function) == "Erf":
        scaled = matcher.producer(function.inputs[0])
        scale = matcher.with_number(scaled, "div", "mul")
        if scale is None or scale[0] != x:
            return None
        wanted = math.sqrt(2) if scaled.kind == "div" else 1 / math.sqrt(2)
        return [add, function, scaled] if _near(scale[1], wanted) else None
    if function.kind == "tanh":
        inner = _cubic(matcher, function.inputs[0], x)
        return None if inner is None else [add, function, *inner]
    return None


def _cubic(matcher: Matcher, value: Value, x: Value) -> Optional[List[Op]]:
    """Returns the operators of sqrt(2 / pi) * (x + 0.044715 * x^3)."""
    scaled = matcher.producer(value)
    scale = matcher.with_number(scaled, "mul")
    if scale is None or not _near(scale[1], math.sqrt(2 / math.pi)):
        return None
    total = matcher.producer(scale[0])
    for first, second in matcher.pairs(total, "add"):
        product = matcher.producer(second)
        factor = matcher.with_number(product, "mul")
        if first != x or factor is None or not _near(factor[1], 0.044715):
            continue
        cube = matcher.producer(factor[0])
        return [scaled, total, product, cube]
    return None


def _near(number: Optional[float], wanted: float) -> bool:
    return number is not None and abs(number - wanted) < 1e-3 * abs(wanted)
