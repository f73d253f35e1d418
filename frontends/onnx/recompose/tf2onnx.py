"""Patterns of Keras layers in files of tf2onnx.

Its nodes have the names of TensorFlow's operators (`model/dense_1/Relu`), which distinguish the
operators of one layer from the same computation written by hand; that is inspected as written.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import (
    AvgPool2dAttrs,
    BatchNormAttrs,
    InnerProductAttrs,
    MaxPool2dAttrs,
    ReductionAttrs,
    ReshapeAttrs,
    SqueezeAttrs,
    TransposeAttrs,
    UnknownAttrs,
)
from vai_inspect.frontends.onnx.recompose.match import (
    Matcher,
    Pattern,
    Replacement,
    by_channel,
    ending_with,
    named,
    replacement,
)
from vai_inspect.frontends.onnx.recompose.norms import is_square, mean_of


def within_layer(pattern: Pattern) -> Pattern:
    """Returns a pattern that matches only operators of a single layer of the model."""

    def only(matcher: Matcher, op: Op) -> Optional[Replacement]:
        found = pattern.match(matcher, op)
        if found is None or not _is_one_layer(matcher, [op, *found.parts]):
            return None
        return found

    only.__doc__ = pattern.match.__doc__
    return Pattern(pattern.ends, only)


def _is_one_layer(matcher: Matcher, ops: Sequence[Op]) -> bool:
    """Returns whether operators share the scope of a layer; that of a model has inner scopes."""
    paths = [op.name.split("/")[:-1] for op in ops]
    common: List[str] = []
    for parts in zip(*paths):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return bool(common) and len(matcher.scopes.get("/".join(common), ())) <= 1


@ending_with("mul", "div")
def hard_sigmoid(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' hard-sigmoid: relu6(x + 3) / 6, within one layer."""
    scaled = matcher.with_number(op, "mul", "div")
    if scaled is None:
        return None
    clamp = matcher.producer(scaled[0])
    factor = scaled[1] if op.kind == "mul" else 1 / (scaled[1] or 1)
    if clamp.kind != "relu6" or abs(factor - 1 / 6) > 1e-6:
        return None
    total = matcher.producer(clamp.inputs[0])
    shifted = matcher.with_number(total, "add")
    if shifted is None or shifted[1] != 3:
        return None
    return replacement([clamp, total], op, "hard-sigmoid", [shifted[0]])


@ending_with("reshape", "inner-product")
def dense(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' Dense of more than two axes: an inner product between two reshapes."""
    product = matcher.producer(op.inputs[0]) if op.kind == "reshape" else op
    if product.kind != "inner-product" or not matcher.inner(product):
        return None
    spread = matcher.producer(product.inputs[0])
    if spread.kind != "reshape" or product.output.rank != 2:
        return None
    shape = matcher.graph.type_of(spread.inputs[0]).shape
    if op.output.shape != (*shape[:-1], product.output.shape[1]):
        return None
    if spread.output.shape[1:] != shape[-1:]:
        return None
    attrs = InnerProductAttrs(axis=len(shape) - 1)
    return replacement([product, spread], op, "inner-product", spread.inputs, attrs, product.params)


@ending_with("add")
def layer_norm(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' LayerNormalization: x * m + (beta - mean * m), with m = gamma / sqrt(var + eps)."""
    for scaled, shift in matcher.pairs(op, "add"):
        first, second = matcher.producer(scaled), matcher.producer(shift)
        moved = next((one for one in _constant_last(matcher, second, "add")), None)
        centre = matcher.producer(moved[0]) if moved else second
        for x, factor in matcher.pairs(first, "mul"):
            found = _moments(matcher, x, factor, centre)
            if found is None or (moved is None and found[1] is None):
                continue
            parts, gamma = found
            beta = [moved[1]] if moved else []
            inputs = [x, *([gamma] if gamma else []), *beta]
            parts = [first, second, *([centre] if moved else []), *parts]
            return replacement(parts, op, "unknown", inputs, UnknownAttrs("LayerNormalization"))
    return None


def _constant_last(matcher: Matcher, op: Op, kind: str) -> List[Tuple[Value, Value]]:
    return [pair for pair in matcher.pairs(op, kind) if matcher.is_constant(pair[1])]


def _moments(
    matcher: Matcher, x: Value, factor: Value, centre: Op
) -> Optional[Tuple[List[Op], Optional[Value]]]:
    """Returns the parts of x * factor + -mean * factor, and gamma."""
    for turned, other in matcher.pairs(centre, "mul"):
        negative = matcher.producer(turned)
        if other != factor or negative.kind != "neg":
            continue
        mean = matcher.producer(negative.inputs[0])
        scale = matcher.producer(factor)
        with_gamma = _constant_last(matcher, scale, "mul")
        inverse = matcher.producer(with_gamma[0][0]) if with_gamma else scale
        root = matcher.producer(inverse.inputs[0]) if named(inverse) == "Reciprocal" else inverse
        if named(root) != "Sqrt" or not mean_of(mean, x):
            continue
        total = matcher.producer(root.inputs[0])
        plus = matcher.with_number(total, "add")
        variance = matcher.producer(plus[0]) if plus else total
        square = matcher.producer(variance.inputs[0]) if variance.inputs else variance
        if not mean_of(variance, Value(square.name)) or not is_square(matcher, square):
            continue
        centred = matcher.producer(square.inputs[0])
        if centred.kind != "sub" or centred.inputs[0] != x:
            continue
        parts = [negative, inverse, root, total, variance, square, centred, mean]
        stopped = matcher.producer(centred.inputs[1])  # StopGradient, if it is still there
        if stopped.kind == "identity":
            parts.append(stopped)
            stopped = matcher.producer(stopped.inputs[0])
        if stopped.name != mean.name:
            continue
        return (
            [*parts, *([scale] if with_gamma else [])],
            with_gamma[0][1] if with_gamma else None,
        )
    return None


@ending_with("add", "mul")
def batch_norm(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' BatchNormalization: a product and a sum with a constant for each channel.

    Either alone matches too in the scope of TensorFlow's `batch_normalization`: a sum with zeros,
    as in an untrained model, is omitted, and a product may be folded into the weights before it.
    """
    added = _by_channel(matcher, op, "add")
    product = matcher.producer(added[0]) if added is not None else op
    factor = _by_channel(matcher, product, "mul")
    both = added is not None and factor is not None and added[1] == factor[1]
    if both and matcher.inner(product):
        return _normalised(op, [product], factor)
    readers = matcher.graph.consumers(op)
    first = factor is not None and any(_by_channel(matcher, one, "add") for one in readers)
    if "/batchnorm/" not in op.name or both or (added is None and first):
        return None
    return _normalised(op, [], added or factor)


def _normalised(
    op: Op, parts: Sequence[Op], source: Optional[Tuple[Value, int]]
) -> Optional[Replacement]:
    if source is None:
        return None
    value, axis = source
    size = TensorType((op.output.shape[axis],), op.output.dtype)
    roles = ("gamma", "beta", "moving_mean", "moving_var")
    params = [Param(role, size) for role in roles]
    attrs = BatchNormAttrs(1, 0.0)
    return by_channel(replacement(parts, op, "batchnorm", [value], attrs, params), axis)


def _by_channel(matcher: Matcher, op: Op, kind: str) -> Optional[Tuple[Value, int]]:
    """Returns the operand that a constant per channel is applied to, and the channels' axis."""
    for first, second in matcher.pairs(op, kind):
        axis = matcher.channel_axis(second, op.output.shape)
        if axis is not None and matcher.graph.type_of(first).shape == op.output.shape:
            return first, axis
    return None


_POOLS = {"reduction_mean": "avgpool2d", "reduction_max": "maxpool2d"}


@ending_with("reduction_mean", "reduction_max")
def global_pool(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' global pools: a mean or maximum over height and width with the channels last."""
    before = matcher.graph.type_of(op.inputs[0])
    attrs, shape = op.attrs, before.shape
    if not isinstance(attrs, ReductionAttrs) or len(shape) != 4:
        return None
    if attrs.axis != (1, 2) or 0 in shape:
        return None
    first = Op(
        name=op.name + "/channels_first",
        kind="transpose",
        attrs=TransposeAttrs((0, 3, 1, 2)),
        inputs=op.inputs,
        outputs=(TensorType((shape[0], shape[3], shape[1], shape[2]), before.dtype),),
        origin=op.origin,
    )
    window = (shape[2], shape[1])
    cls: Any = AvgPool2dAttrs if op.kind == "reduction_mean" else MaxPool2dAttrs
    pool = op.replaced(
        name=op.name + "/pool",
        kind=_POOLS[op.kind],
        attrs=cls(window, window, global_=True),
        inputs=(Value(first.name),),
        outputs=(TensorType((shape[0], shape[3], 1, 1), before.dtype),),
    )
    source = (Value(pool.name),)
    if attrs.keep_dims:
        end = op.replaced(kind="transpose", attrs=TransposeAttrs((0, 2, 3, 1)), inputs=source)
    else:
        end = op.replaced(kind="squeeze", attrs=SqueezeAttrs((2, 3)), inputs=source)
    return Replacement(end, (), (first, pool))


@ending_with("reshape")
def pixels(matcher: Matcher, op: Op) -> Optional[Replacement]:
    """Keras' Reshape of a vector to an image of one pixel, with the channels last."""
    before, after = matcher.graph.type_of(op.inputs[0]), op.output
    if before.rank != 2 or after.shape != (*before.shape, 1, 1):
        return None
    shape = (before.shape[0], 1, 1, before.shape[1])
    name = op.name + "/channels_last"
    outputs = (TensorType(shape, after.dtype),)
    image = op.replaced(name=name, attrs=ReshapeAttrs(shape), outputs=outputs)
    order = TransposeAttrs((0, 3, 1, 2))
    return Replacement(
        op.replaced(kind="transpose", attrs=order, inputs=(Value(name),)), (), (image,)
    )
