"""Patterns of normalisations that exporters decompose."""

from __future__ import annotations

from typing import List, Optional, Tuple

from vai_inspect.core.ir import Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    GroupNormAttrs,
    InstanceNormAttrs,
    L2NormalizeAttrs,
    ReductionAttrs,
    ReshapeAttrs,
    UnknownAttrs,
)
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Replacement,
    ending_with,
    named,
    replacement,
)


@ending_with("div")
def layer_norm(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """LayerNorm: (x - mean) / sqrt(mean((x - mean)^2) + eps), the means over the last axis."""
    centred, root = (matcher.producer(value) for value in op.inputs)
    if centred.kind != "sub" or named(root) != "Sqrt":
        return None
    x, mean = centred.inputs
    shifted = matcher.producer(root.inputs[0])
    plus = matcher.with_number(shifted, "add")
    first = matcher.producer(mean)
    if plus is None or not mean_of(first, x):
        return None
    variance = matcher.producer(plus[0])
    square = matcher.producer(variance.inputs[0]) if variance.inputs else variance
    if not mean_of(variance, Value(square.name)) or not square.inputs:
        return None
    if square.inputs[0] != Value(centred.name):
        return None
    if not is_square(matcher, square):
        return None
    parts = [centred, root, shifted, variance, square, first]
    return replacement(parts, op, "unknown", [x], UnknownAttrs("LayerNormalization"))


def is_square(matcher: Matcher, op: Op) -> bool:
    """Returns whether an operator squares its first input."""
    if named(op) == "Pow":
        return matcher.number(op.inputs[1]) == 2
    return op.kind == "mul" and len(op.inputs) == 2 and op.inputs[0] == op.inputs[1]


def mean_of(op: Op, x: Value) -> bool:
    """Returns whether an operator is the mean of a value over its last axis, which is kept."""
    attrs = op.attrs
    return (
        op.kind == "reduction_mean"
        and isinstance(attrs, ReductionAttrs)
        and attrs.keep_dims
        and attrs.axis == (op.output.rank - 1,)
        and op.inputs[0] == x
    )


@ending_with("add", "mul")
def affine(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """The factor and the sum after a recomposed layer norm belong to it."""
    found = _with_constant(matcher, op, op.kind)
    if found is None:
        return None
    inner, constant = found
    if named(inner) != "LayerNormalization" or not matcher.inner(inner):
        return None
    wanted = 1 if op.kind == "mul" else 2
    if len(inner.inputs) != wanted or constant.output.shape != inner.output.shape[-1:]:
        return None
    inputs = (*inner.inputs, Value(constant.name))
    return replacement([inner], op, "unknown", inputs, inner.attrs)


def _with_constant(matcher: Matcher, op: Op, kind: str) -> Optional[Tuple[Op, Op]]:
    for first, second in matcher.pairs(op, kind):
        if matcher.is_constant(second) and not matcher.is_constant(first):
            return matcher.producer(first), matcher.producer(second)
    return None


@ending_with("div")
def l2_norm(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """L2 norm: x / max(norm(x), eps), with or without an expansion of the norm."""
    x, divisor = op.inputs
    parts: List[Op] = []
    norm, epsilon = matcher.producer(divisor), 0.0
    if named(norm) == "Expand":
        parts.append(norm)
        norm = matcher.producer(norm.inputs[0])
    clip = named(norm)
    if clip.startswith("Clip(") and clip.endswith(", none)"):
        parts.append(norm)
        epsilon = float(clip[5:-7])
        norm = matcher.producer(norm.inputs[0])
    elif matcher.with_number(norm, "max") is not None:
        found = matcher.with_number(norm, "max")
        assert found is not None
        parts.append(norm)
        epsilon, norm = found[1], matcher.producer(found[0])
    if named(norm) != "ReduceL2" or norm.inputs[0] != x:
        return None
    shape, reduced = op.output.shape, norm.output.shape
    axes = [axis for axis, (size, left) in enumerate(zip(shape, reduced)) if size != left]
    if len(shape) != len(reduced) or len(axes) != 1:
        return None
    attrs = L2NormalizeAttrs((axes[0],), epsilon)
    return replacement([*parts, norm], op, "l2_normalize", [x], attrs)


@ending_with("add")
def group_norm(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Group norm: an instance norm over groups of channels, then the affine.

    torch.onnx exports Reshape, InstanceNormalization, Reshape, Mul, Add.
    """
    found = _with_constant(matcher, op, "add")
    product = found[0] if found is not None else op
    factor = _with_constant(matcher, product, "mul") if found is not None else None
    back = factor[0] if factor is not None else op
    if not isinstance(back.attrs, ReshapeAttrs):
        return None
    norm = matcher.producer(back.inputs[0])
    if not isinstance(norm.attrs, InstanceNormAttrs):
        return None
    spread = matcher.producer(norm.inputs[0])
    if not isinstance(spread.attrs, ReshapeAttrs):
        return None
    x = spread.inputs[0]
    shape = matcher.graph.type_of(x).shape
    if shape != op.output.shape or len(shape) < 2:
        return None
    groups, channels = norm.output.shape[1], shape[1]
    params = [Param(role, TensorType((channels,), op.output.dtype)) for role in ("weight", "bias")]
    attrs = GroupNormAttrs(groups, channels, norm.attrs.eps, True)
    return replacement([product, back, norm, spread], op, "groupnorm", [x], attrs, params)
