"""A factor and a shift for each channel, as convolutions and batch norms."""

from __future__ import annotations

from typing import Any, Tuple

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.convolutions import like
from vai_inspect.frontends.torch.rewrite.edit import Edit, Node, RefusedError, carried, operands
from vai_inspect.frontends.torch.rewrite.functional import filled, folded


def constant_sum(edit: Edit, node: Any) -> None:
    """X + c goes into the bias of the convolution before it, or of a 1x1 depthwise one."""
    source, shift = _with_constant(edit, node, "add")
    conv = edit.called(source, "Conv2d")
    if conv is not None and len(source.users) == 1:
        made = like(conv, conv.in_channels, conv.out_channels, bias=True)
        bias = shift if conv.bias is None else carried(conv.bias + shift, conv.bias, shift)
        edit.swap(source, filled(made, conv.weight, bias))
        edit.replace(node, source)
        return
    edit.replace(node, _depthwise(edit, node, source, torch.ones_like(shift), shift))


def parameter_to_depthwise(edit: Edit, node: Any) -> None:
    """A factor for each channel, and what is added after it, become a 1x1 depthwise one."""
    if edit.called(node, "FrozenBatchNorm2d") is not None:
        frozen_batch_norm(edit, node)
        return
    if edit.called(node, "BatchNorm2d") is not None:
        return  # it was a frozen one, at another of its operators
    if edit.is_call(node, "add"):
        constant_sum(edit, node)
        return
    source, scale = _with_constant(edit, node, "mul")
    reader, shift = edit.only_user(node), None
    if edit.is_call(reader, "add"):
        try:
            _, shift = _with_constant(edit, reader, "add")
        except RefusedError:
            shift = None
    if shift is not None:
        edit.replace(reader, _depthwise(edit, reader, source, scale, shift))
    else:
        edit.replace(node, _depthwise(edit, node, source, scale, None))


def frozen_batch_norm(edit: Edit, node: Any) -> None:
    """Torchvision's FrozenBatchNorm2d becomes nn.BatchNorm2d with the same figures."""
    frozen = edit.called(node, "FrozenBatchNorm2d")
    if edit.called(node, "BatchNorm2d") is not None:
        return  # done at another of its operators
    if frozen is None:
        scale_and_shift(edit, node)
        return
    norm = nn.BatchNorm2d(frozen.weight.numel(), eps=frozen.eps)
    norm = norm.to(frozen.weight.device, frozen.weight.dtype)
    with torch.no_grad():
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(norm, name).copy_(getattr(frozen, name))
    norm.requires_grad_(False)
    edit.swap(node, norm)


def scale_and_shift(edit: Edit, node: Any) -> None:
    """What is added to the product of a map and a factor for each channel, with the product."""
    first, second = operands(node)
    product = first if edit.is_call(first, "mul") else second
    if not edit.is_call(product, "mul"):
        raise RefusedError("nothing is multiplied before it")
    parameter_to_depthwise(edit, product)


def _with_constant(edit: Edit, node: Any, name: str) -> Tuple[Any, Any]:
    """Returns the map and the number for each channel of a sum or product.

    Raises:
        RefusedError: it is none.
    """
    if not edit.is_call(node, name):
        raise RefusedError(f"it is no call of {name}")
    first, second = operands(node)
    source, constant = first, folded(edit, second)
    if constant is None:
        source, constant = second, folded(edit, first)
    if constant is None or not isinstance(source, Node):
        raise RefusedError("neither of both is a constant")
    shape = edit.shape(source)
    wanted = (shape[1], 1, 1) if len(shape) == 4 else ()
    if tuple(constant.shape[-3:]) != wanted or constant.numel() != shape[1]:
        raise RefusedError("the constant holds no number for each channel")
    return source, carried(constant.reshape(-1), constant)


def _depthwise(edit: Edit, node: Any, source: Any, scale: Any, shift: Any) -> Any:
    channels = scale.numel()
    conv = nn.Conv2d(
        channels, channels, 1, groups=channels, bias=shift is not None, **edit.like(node)
    )
    return edit.add(filled(conv, scale.view(-1, 1, 1, 1), shift), source, node, "scale")
