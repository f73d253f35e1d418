"""Calls in the form that the quantiser accepts, with the same function."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from vai_inspect.frontends.torch.capture.leaf_modules import torch_class
from vai_inspect.frontends.torch.rewrite.activations import becomes
from vai_inspect.frontends.torch.rewrite.arithmetic import negated
from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError, add, operands

_BATCH_NORMS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d")
_hard_tanh = becomes(lambda: nn.Hardtanh(0.0, 6.0), "relu6")


def relu6_as_hardtanh(edit: Edit, node: Any) -> None:
    """ReLU6 becomes nn.Hardtanh(0, 6)."""
    if not edit.is_call(node, "relu6") and edit.called(node, "ReLU6") is None:
        raise RefusedError("it is no relu6")
    _hard_tanh(edit, node)


def affine_norm(edit: Edit, node: Any) -> None:
    """A norm without weights gets weights of 1 and a bias of 0; it may be folded into the call."""
    if edit.is_call(node, "layer_norm"):
        _module_of(edit, node)
        return
    for one in (node, edit.only_user(node)):
        norm = edit.called(one, *_BATCH_NORMS, "LayerNorm")
        if norm is not None and norm.weight is None:
            edit.swap(one, _with_weights(edit, one, norm))
            return
    raise RefusedError("it is no norm without weights")


def _with_weights(edit: Edit, node: Any, norm: Any) -> Any:
    if isinstance(norm, nn.LayerNorm):
        return nn.LayerNorm(norm.normalized_shape, norm.eps, **edit.like(node))
    kind: Any = getattr(nn, torch_class(norm))  # a subclass may be made with other arguments
    made = kind(norm.num_features, norm.eps, norm.momentum, **edit.like(node))
    for name in ("running_mean", "running_var", "num_batches_tracked"):
        setattr(made, name, getattr(norm, name))
    return made


def _module_of(edit: Edit, node: Any) -> None:
    """F.layer_norm without weights becomes nn.LayerNorm."""
    weight, bias = edit.argument(node, 2, "weight"), edit.argument(node, 3, "bias")
    if weight is not None or bias is not None:
        raise RefusedError("it is no norm without weights")
    shape, eps = edit.argument(node, 1, "normalized_shape"), edit.argument(node, 4, "eps", 1e-5)
    edit.to_module(node, nn.LayerNorm(shape, eps, **edit.like(node)), "norm")


def mean_with_dim(edit: Edit, node: Any) -> None:
    """A mean of a whole tensor names its axes."""
    if not edit.is_call(node, "mean") or len(node.args) > 1 or node.kwargs:
        raise RefusedError("it is no mean of a whole tensor")
    axes = tuple(range(len(edit.shape(node.args[0]))))
    edit.replace(node, edit.insert(torch.mean, (node.args[0], axes), node))


def max_to_relu(edit: Edit, node: Any) -> None:
    """The larger of two maps a and b becomes relu(a + b * (-1)) + b."""
    if not edit.is_call(node, "max", "maximum"):
        raise RefusedError("it is no maximum of two tensors")
    first, second = operands(node)
    if edit.shape(first) != edit.shape(second):
        raise RefusedError("its operands have different shapes")
    above = edit.insert(add, (first, negated(edit, second, node)), node)
    above = edit.add(nn.ReLU(), above, node, "relu")
    edit.replace(node, edit.insert(add, (above, second), node))
