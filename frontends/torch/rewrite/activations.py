"""Activations in place of others."""

from __future__ import annotations

import math
from typing import Any, Callable

from torch import nn

from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.frontends.torch.rewrite.edit import Edit, Program, RefusedError

ACTIVATIONS = {
    "silu", "relu6", "gelu", "mish", "sigmoid", "leaky_relu", "prelu", "elu", "celu", "selu",
    "hardswish", "hardsigmoid", "softplus", "relu", "hardtanh", "threshold",
}  # fmt: skip
CLASSES = (
    "SiLU", "ReLU6", "GELU", "Mish", "Sigmoid", "LeakyReLU", "PReLU", "ELU", "CELU", "SELU",
    "Hardswish", "Hardsigmoid", "Softplus", "ReLU", "Hardtanh", "Threshold", "RReLU",
)  # fmt: skip


def becomes(make: Callable[[], Any], suffix: str) -> Program:
    """Returns a program that puts an activation in the place of another.

    Args:
        make: makes the module.
        suffix: of its name, where the other is a function.
    """

    def program(edit: Edit, node: Any) -> None:
        known = edit.is_call(node, *ACTIVATIONS) or edit.called(node, *CLASSES) is not None
        if not known:
            product = _sigmoid_product(edit, node)
            if product is None:
                raise RefusedError("it is no activation by itself")
            made = edit.add(make(), product, node, suffix)
            edit.replace(node, made)
            return
        edit.to_module(node, make(), suffix)

    return program


def _sigmoid_product(edit: Edit, node: Any) -> Any:
    """Returns what x * sigmoid(x) reads, or None."""
    if not edit.is_call(node, "mul") or len(node.args) != 2:
        return None
    for one, other in (node.args, node.args[::-1]):
        gate = edit.is_call(other, "sigmoid") or edit.called(other, "Sigmoid") is not None
        if gate and other.args and other.args[0] is one:
            return one
    return None


def norm_between(edit: Edit, node: Any) -> None:
    """An identity batch norm before an activation."""
    source = node.args[0]
    shape = edit.shape(source)
    if len(shape) != 4:
        raise RefusedError("its input is no feature map")
    norm = nn.BatchNorm2d(shape[1], **edit.like(node))
    nn.init.constant_(norm.weight, math.sqrt(1 + norm.eps))
    norm.requires_grad_(False)
    made = edit.add(norm, source, node, "norm")
    node.args = (made, *node.args[1:])


swish = becomes(nn.Hardswish, "hardswish")
sigmoid = becomes(nn.Hardsigmoid, "hardsigmoid")
leaky = becomes(lambda: nn.LeakyReLU(SLOPE), "leaky")
relu = becomes(nn.ReLU, "relu")


def relu_after_norm(edit: Edit, node: Any) -> None:
    """An activation becomes ReLU, with an identity batch norm before it."""
    norm_between(edit, node)
    relu(edit, node)


def align_corners(edit: Edit, node: Any) -> None:
    """A resize with aligned corners becomes one with half-pixel centres."""
    module = edit.called(node, "Upsample")
    if module is not None:
        made = nn.Upsample(
            size=module.size,
            scale_factor=module.scale_factor,
            mode=module.mode,
            align_corners=False,
        )
        edit.swap(node, made)
    elif edit.is_call(node, "interpolate", "upsample"):
        position = 4
        if len(node.args) > position:
            node.args = (*node.args[:position], False, *node.args[position + 1 :])
        else:
            node.kwargs = {**node.kwargs, "align_corners": False}
    else:
        raise RefusedError("it is no resize")
