"""Rewrites of sums, products and means."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy

from vai_inspect.frontends.onnx.rewrite.edit import Edit, number_of, plain
from vai_inspect.frontends.onnx.rewrite.node_list import RefusedError


def mean_to_pool(edit: Edit, node: Any) -> None:
    """A mean over height and width becomes GlobalAveragePool, with Flatten for lost axes."""
    if not plain(node, "ReduceMean"):
        raise RefusedError("it is not a ReduceMean")
    before, after = edit.producer(node.input[0]), edit.only_reader(node)
    first, last = node, node
    if plain(before, "ReduceMean"):
        first = before  # the first of two, one axis each
    elif plain(after, "ReduceMean"):
        last = after
    source = first.input[0]
    if len(edit.shape(source)) != 4 or edit.shape(last.output[0])[:2] != edit.shape(source)[:2]:
        raise RefusedError("it is not a mean of a feature map")
    kept = [bool(edit.attribute(one, "keepdims", 1)) for one in (first, last)]
    reduced = _axes(edit, first)
    if first is not last:
        if edit.only_reader(first) is not last or kept[0] != kept[1]:
            raise RefusedError("the means before and after it are not a single one")
        remaining = [at for at in range(4) if kept[0] or at not in reduced]
        reduced = (*reduced, *(remaining[axis] for axis in _axes(edit, last)))
    if tuple(sorted(reduced)) != (2, 3):
        raise RefusedError("it is not a mean over height and width")
    if kept[0]:
        new = [edit.node("GlobalAveragePool", [source], last, "")]
    else:
        pool = edit.node("GlobalAveragePool", [source], last, "pool")
        new = [pool, edit.node("Flatten", [pool.output[0]], last, "", axis=1)]
    edit.replace([first] if first is last else [first, last], new)


def channel_mean(edit: Edit, node: Any) -> None:
    """A mean over the channels becomes a 1x1 convolution with the weights 1 / C."""
    if not plain(node, "ReduceMean"):
        raise RefusedError("it is not a ReduceMean")
    source = node.input[0]
    shape = edit.shape(source)
    kept = edit.attribute(node, "keepdims", 1)
    if len(shape) != 4 or not kept or _axes(edit, node) != (1,):
        raise RefusedError("it is not a mean over channels that keeps the axis")
    weights = edit.hold(numpy.full((1, shape[1], 1, 1), 1 / shape[1]), source, node, "weights")
    edit.replace([node], [edit.node("Conv", [source, weights], node, "", kernel_shape=[1, 1])])


def _axes(edit: Edit, node: Any) -> Tuple[int, ...]:
    """Returns the non-negative axes of a ReduceMean.

    Raises:
        RefusedError: they are computed.
    """
    found: Optional[List[int]] = edit.attribute(node, "axes")
    if found is None and len(node.input) > 1 and node.input[1]:
        held = edit.constant(node.input[1])
        if held is None:
            raise RefusedError("its axes are computed")
        found = [int(one) for one in held.reshape(-1)]
    rank = len(edit.shape(node.input[0]))
    if not found:
        return () if edit.attribute(node, "noop_with_empty_axes", 0) else tuple(range(rank))
    return tuple(sorted(axis % rank for axis in found))


def square(edit: Edit, node: Any) -> None:
    """X ** 2 becomes x * x."""
    if not plain(node, "Pow") or number_of(edit, node.input[1]) != 2:
        raise RefusedError("it is not a square")
    source = node.input[0]
    if edit.shape(node.output[0]) != edit.shape(source):
        raise RefusedError("its exponent has more axes")
    edit.replace([node], [edit.node("Mul", [source, source], node, "")])


def divide_by_constant(edit: Edit, node: Any) -> None:
    """X / c becomes x * (1 / c)."""
    divisor = edit.constant(node.input[1]) if plain(node, "Div") else None
    if divisor is None:
        raise RefusedError("the divisor is not constant")
    if not divisor.all():
        raise RefusedError("it divides by 0")
    source = node.input[0]
    factor = edit.hold(1 / divisor.astype(numpy.float64), source, node, "factor")
    edit.replace([node], [edit.node("Mul", [source, factor], node, "")])


def subtract(edit: Edit, node: Any) -> None:
    """A - b becomes a + b * (-1), with a 1x1 depthwise convolution for the product."""
    if plain(node, "Neg"):
        edit.replace([node], [_negated(edit, node.input[0], node, "")])
        return
    if not plain(node, "Sub"):
        raise RefusedError("it is not a difference")
    first, second = node.input
    constant = edit.constant(second)
    if constant is not None:
        held = edit.hold(-constant.astype(numpy.float64), first, node, "negated")
        edit.replace([node], [edit.node("Add", [first, held], node, "")])
        return
    negated = _negated(edit, second, node, "negated")
    edit.replace([node], [negated, edit.node("Add", [first, negated.output[0]], node, "")])


def _negated(edit: Edit, source: str, node: Any, suffix: str) -> Any:
    shape = edit.shape(source)
    if len(shape) != 4:
        raise RefusedError("the subtrahend is not a feature map")
    return depthwise(edit, source, numpy.full(shape[1], -1.0), None, node, suffix)


def depthwise(edit: Edit, source: str, factors: Any, shift: Any, node: Any, suffix: str) -> Any:
    """Returns a 1x1 depthwise convolution, not yet in the graph.

    Args:
        edit: the model.
        source: a feature map.
        factors: one for each channel.
        shift: added to each channel, or None.
        node: the node that it is named after.
        suffix: as of `Edit.node`.
    """
    channels = len(factors)
    weights = factors.reshape(channels, 1, 1, 1)
    read = [source, edit.hold(weights, source, node, "weights")]
    if shift is not None:
        read.append(edit.hold(shift, source, node, "bias"))
    return edit.node("Conv", read, node, suffix, kernel_shape=[1, 1], group=channels)


def norm_between(edit: Edit, node: Any) -> None:
    """A 1x1 depthwise convolution of ones before an activation, which an identity norm becomes."""
    if not plain(node, "Relu", "Clip"):
        raise RefusedError("it is not a separate ReLU")
    source = node.input[0]
    shape = edit.shape(source)
    if len(shape) != 4:
        raise RefusedError("its input is not a feature map")
    norm = depthwise(edit, source, numpy.ones(shape[1]), None, node, "norm")
    read = [norm.output[0], *node.input[1:]]
    again = edit.node(node.op_type, read, node, "")
    again.attribute.extend(node.attribute)
    edit.replace([node], [norm, again])


def parameter_to_depthwise(edit: Edit, node: Any) -> None:
    """A factor for each channel becomes a 1x1 depthwise convolution."""
    if not plain(node, "Mul"):
        raise RefusedError("it is not a product")
    source, factors = _with_numbers(edit, node)
    edit.replace([node], [depthwise(edit, source, factors, None, node, "")])


def constant_sum(edit: Edit, node: Any) -> None:
    """A number for each channel goes into the bias of the convolution before it.

    Without a convolution that only it reads, a 1x1 depthwise convolution adds it.
    """
    if not plain(node, "Add"):
        raise RefusedError("it is not a sum")
    source, numbers = _with_numbers(edit, node)
    conv = edit.producer(source)
    if not plain(conv, "Conv", "ConvTranspose") or edit.only_reader(conv) is not node:
        ones = numpy.ones(len(numbers))
        edit.replace([node], [depthwise(edit, source, ones, numbers, node, "")])
        return
    bias = numpy.zeros(1)
    if len(conv.input) > 2 and conv.input[2]:
        bias = edit.constant(conv.input[2])
        if bias is None:
            raise RefusedError("the bias before it is computed")
    held = edit.hold(bias.astype(numpy.float64) + numbers, source, conv, "bias")
    new = edit.node(conv.op_type, [*conv.input[:2], held], conv, "")
    new.attribute.extend(conv.attribute)
    new.output[0] = node.output[0]
    edit.replace([conv, node], [new])


def _with_numbers(edit: Edit, node: Any) -> Tuple[str, Any]:
    """Returns the feature map that a node reads, and its constant as a number for each channel.

    Raises:
        RefusedError: its operands are others.
    """
    for source, other in (node.input, list(node.input)[::-1]):
        numbers = edit.constant(other)
        if numbers is None or not edit.computed(source):
            continue
        shape = edit.shape(source)
        by_axis = (1,) * (4 - numbers.ndim) + numbers.shape
        channels = shape[1] if len(shape) == 4 else 0
        if by_axis == (1, channels, 1, 1) and edit.shape(node.output[0]) == shape:
            return source, numbers.reshape(-1).astype(numpy.float64)
    raise RefusedError("its constant is not a number for each channel of a feature map")


def hard_swish(edit: Edit, node: Any) -> None:
    """X * relu6(x + 3) / 6 becomes x * HardSigmoid(x), as HardSwish from opset 14 on."""
    if not _is_relu6(edit, node):
        raise RefusedError("it is not a ReLU6 or Clip to 0 and 6")
    shifted = edit.producer(node.input[0])
    if not plain(shifted, "Add"):
        raise RefusedError("nothing is added before it")
    pairs = [(shifted.input[at], shifted.input[1 - at]) for at in (0, 1)]
    source = next((one for one, three in pairs if number_of(edit, three) == 3), None)
    if source is None:
        raise RefusedError("what is added before it is not 3")
    parts, product, scaled, last = [shifted, node], False, False, node
    while not (product and scaled):
        reader = edit.only_reader(last)
        others = [name for name in reader.input if name != last.output[0]] if reader else []
        if not product and plain(reader, "Mul") and others == [source]:
            product = True
        elif not scaled and _by_six(edit, reader, last.output[0]):
            scaled = True
        else:
            raise RefusedError("it is not a part of a hard-swish")
        parts.append(reader)
        last = reader
    if edit.opset >= 14:
        new = [edit.node("HardSwish", [source], last, "")]
    else:
        gate = edit.node("HardSigmoid", [source], last, "gate", alpha=1 / 6, beta=0.5)
        new = [gate, edit.node("Mul", [source, gate.output[0]], last, "")]
    edit.replace(parts, new)


def _is_relu6(edit: Edit, node: Any) -> bool:
    if not plain(node, "Clip"):
        return False
    bounds = [edit.attribute(node, "min"), edit.attribute(node, "max")]
    for at, name in enumerate(node.input[1:3]):
        bounds[at] = number_of(edit, name) if name else None
    return bounds == [0, 6]


def _by_six(edit: Edit, node: Any, value: str) -> bool:
    """Returns whether a node divides a value by 6."""
    if plain(node, "Div"):
        return node.input[0] == value and number_of(edit, node.input[1]) == 6
    if not plain(node, "Mul"):
        return False
    factors = [number_of(edit, name) for name in node.input if name != value]
    return len(factors) == 1 and factors[0] is not None and abs(factors[0] * 6 - 1) < 1e-6
