"""Sums, products and means as what the frameworks have modules for."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.edit import (
    Edit,
    Node,
    RefusedError,
    add,
    axes_of,
    call_name,
    carried,
    is_number,
    mul,
    operands,
)
from vai_inspect.frontends.torch.rewrite.functional import filled


def mean_to_pool(edit: Edit, node: Any) -> None:
    """A mean over height and width becomes nn.AdaptiveAvgPool2d(1)."""
    if edit.is_call(node, "mean") and edit.is_call(node.args[0], "mean"):
        node = node.args[0]  # the first of two, one axis each
    last = edit.only_user(node)
    if edit.is_call(node, "mean") and edit.is_call(last, "mean") and _one_after_another(edit, node):
        source, rank, kept = node.args[0], len(edit.shape(node.args[0])), False
        if rank != 4:
            raise RefusedError("it is no mean of a feature map")
        node = last
    elif edit.is_call(node, "mean"):
        source, kept = node.args[0], bool(edit.argument(node, 2, "keepdim", False))
        rank = len(edit.shape(source))
        if rank != 4 or axes_of(edit.argument(node, 1, "dim"), rank) != (2, 3):
            raise RefusedError("it is no mean over height and width")
    else:
        raise RefusedError("it is no call of mean")
    made = edit.add(nn.AdaptiveAvgPool2d(1), source, node, "pool")
    if not kept:
        made = edit.insert(torch.flatten, (made, 1), node)
    edit.replace(node, made)


def _one_after_another(edit: Edit, node: Any) -> bool:
    """Tells whether a mean over the width is followed by one over the height, none kept."""
    following = edit.only_user(node)
    both = (node, following)
    if any(edit.argument(one, 2, "keepdim", False) for one in both):
        return False
    first = edit.argument(node, 1, "dim"), edit.argument(following, 1, "dim")
    return first in ((3, 2), (-1, 2), (-1, -1), (3, -1), (2, 2), (-2, -1), (2, -1), (-2, 2))


def channel_mean(edit: Edit, node: Any) -> None:
    """A mean over the channels becomes a 1x1 convolution with the weights 1 / C."""
    source = node.args[0]
    shape = edit.shape(source)
    kept = edit.argument(node, 2, "keepdim", False)
    if not edit.is_call(node, "mean") or len(shape) != 4 or not kept:
        raise RefusedError("it is no mean over channels that keeps the axis")
    if axes_of(edit.argument(node, 1, "dim"), 4) != (1,):
        raise RefusedError("it is no mean over channels")
    conv = nn.Conv2d(shape[1], 1, 1, bias=False, **edit.like(node))
    filled(conv, torch.full_like(conv.weight, 1 / shape[1]), None)
    edit.replace(node, edit.add(conv, source, node, "conv"))


def square(edit: Edit, node: Any) -> None:
    """X ** 2 becomes x * x."""
    power = 2 if edit.is_call(node, "square") else edit.argument(node, 1, "exponent")
    if not edit.is_call(node, "pow", "square") or power != 2:
        raise RefusedError("it is no square")
    edit.replace(node, edit.insert(mul, (node.args[0], node.args[0]), node))


def divide_by_constant(edit: Edit, node: Any) -> None:
    """X / c becomes x * (1 / c)."""
    if not edit.is_call(node, "div") or node.kwargs.get("rounding_mode"):
        raise RefusedError("it is no plain division")
    value, by = operands(node)
    constant = edit.constant(by)
    if is_number(by):
        if not by:
            raise RefusedError("it divides by 0")
        factor: Any = 1 / by
    elif constant is not None:
        factor = edit.buffer(carried(1 / constant, constant), node, "factor")
    else:
        raise RefusedError("the divisor is no constant")
    edit.replace(node, edit.insert(mul, (value, factor), node))


def subtract(edit: Edit, node: Any) -> None:
    """A - b becomes a + b * (-1), with a 1x1 depthwise convolution for the product."""
    if not edit.is_call(node, "sub", "rsub", "neg") or node.kwargs.get("alpha", 1) != 1:
        raise RefusedError("it is no plain difference")
    if edit.is_call(node, "neg"):
        edit.replace(node, negated(edit, node.args[0], node))
        return
    first, second = operands(node)
    if edit.is_call(node, "rsub"):
        first, second = second, first
    constant = edit.constant(second)
    if is_number(second):
        minus: Any = -second
    elif constant is not None:
        minus = edit.buffer(carried(-constant, constant), node, "negated")
    else:
        minus = negated(edit, second, node)
    made = edit.insert(add, (first, minus) if isinstance(first, Node) else (minus, first), node)
    edit.replace(node, made)


def negated(edit: Edit, source: Any, node: Any) -> Any:
    """Returns a map times -1, by a 1x1 depthwise convolution.

    Args:
        edit: the graph.
        source: the node that gives the map.
        node: the call in front of which it is made.

    Raises:
        RefusedError: it is no feature map.
    """
    shape = edit.shape(source)
    if len(shape) != 4:
        raise RefusedError("what is subtracted is no feature map")
    conv = nn.Conv2d(shape[1], shape[1], 1, groups=shape[1], bias=False, **edit.like(node))
    filled(conv, torch.full_like(conv.weight, -1.0), None)
    return edit.add(conv, source, node, "negated")


def add_zero(edit: Edit, node: Any) -> None:
    """X + 0, x - 0, x * 1, x / 1, and the sum that Python begins with 0, become x."""
    first, second = operands(node)
    neutral = 0 if edit.is_call(node, "add", "sub") else 1
    if not edit.is_call(node, "add", "sub", "mul", "div"):
        raise RefusedError("it is no sum or product")
    if isinstance(first, Node) and is_number(second) and second == neutral:
        edit.replace(node, first)
    elif (
        isinstance(second, Node)
        and is_number(first)
        and first == neutral
        and edit.is_call(node, "add", "mul")
    ):
        edit.replace(node, second)
    else:
        raise RefusedError("it does not leave its input as it is")


def drop(edit: Edit, node: Any) -> None:
    """What does nothing at inference is left out."""
    if edit.shape(node) != edit.shape(node.args[0]):
        raise RefusedError("it changes the shape")
    edit.replace(node, node.args[0])


def drop_expand(edit: Edit, node: Any) -> None:
    """X * y.expand_as(x) becomes x * y, which broadcasts alike."""
    if not edit.is_call(node, "expand_as", "expand", "broadcast_to"):
        raise RefusedError("it is no expand")
    source = node.args[0]
    small, large = edit.shape(source), edit.shape(node)
    for user in edit.users(node):
        others = [one for one in user.args if one is not node and isinstance(one, Node)]
        if call_name(user) not in ("add", "sub", "mul", "div") or not others:
            raise RefusedError("what reads it does not broadcast")
        if len(small) != len(large) or edit.shape(others[0]) != edit.shape(user):
            raise RefusedError("without it the result would have another shape")
    edit.replace(node, source)


def hard_swish(edit: Edit, node: Any) -> None:
    """X * relu6(x + 3) / 6 and x * hardsigmoid(x) become nn.Hardswish."""
    gate, source = _gate(edit, node)
    product = None
    for _ in range(3):
        reader = edit.only_user(gate)
        if reader is None:
            break
        if edit.is_call(reader, "mul") and source in reader.args:
            product, gate = reader, reader
        elif edit.is_call(reader, "div", "mul") and _by_six(reader, gate):
            gate = reader
        else:
            break
    if product is None:
        raise RefusedError("what it is part of is no hard-swish")
    made = edit.add(nn.Hardswish(), source, gate, "hardswish")
    edit.replace(gate, made)


def _gate(edit: Edit, node: Any) -> "tuple[Any, Any]":
    """Returns the node that gives the gate, before it is multiplied, and the source."""
    if edit.is_call(node, "hardsigmoid") or edit.called(node, "Hardsigmoid") is not None:
        return node, node.args[0]
    clamp = (
        edit.is_call(node, "relu6", "clamp", "hardtanh")
        or edit.called(node, "ReLU6", "Hardtanh") is not None
    )
    if not clamp:
        raise RefusedError("it is no relu6 or hard-sigmoid")
    shifted = node.args[0]
    if not edit.is_call(shifted, "add"):
        raise RefusedError("nothing is added before it")
    first, second = operands(shifted)
    return node, first if isinstance(first, Node) else second


def _by_six(reader: Any, gate: Any) -> bool:
    others = [one for one in reader.args if one is not gate]
    if len(others) != 1 or not is_number(others[0]) or not others[0]:
        return False
    factor = others[0] if call_name(reader) == "mul" else 1 / others[0]
    return bool(abs(factor * 6 - 1) < 1e-6)
