"""Convolutions as others with the same function, their weights carried over."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError, carried
from vai_inspect.frontends.torch.rewrite.functional import as_module, filled


def group_to_dense(edit: Edit, node: Any) -> None:
    """A grouped convolution, or a depthwise one with a multiplier, becomes a dense one."""
    node = as_module(edit, node)
    conv = edit.called(node, "Conv2d")
    if conv is None:
        raise RefusedError("it is no 2-D convolution with constant weights")
    if conv.groups == 1:
        raise RefusedError("it has one group already")
    edit.swap(node, dense(conv))


def bake_weight(edit: Edit, node: Any) -> None:
    """A convolution whose weight the forward computes from parameters holds that weight."""
    if edit.called(as_module(edit, node), "Conv1d", "Conv2d", "Conv3d") is None:
        raise RefusedError("it is no convolution with constant weights")


def dense(conv: Any) -> Any:
    """Returns a convolution without groups that computes what one with groups does."""
    made = like(conv, conv.in_channels, conv.out_channels, groups=1)
    groups = conv.groups
    rows, columns = conv.out_channels // groups, conv.in_channels // groups
    weight = torch.zeros_like(made.weight)
    for group in range(groups):
        at = slice(group * rows, (group + 1) * rows)
        weight[at, group * columns : (group + 1) * columns] = conv.weight.detach()[at]
    return filled(made, carried(weight, conv.weight), conv.bias)


def like(conv: Any, inputs: int, outputs: int, **changes: Any) -> Any:
    """Returns a convolution with the settings of another, its weights not set."""
    settings = {
        "stride": conv.stride,
        "padding": conv.padding,
        "dilation": conv.dilation,
        "groups": conv.groups,
        "bias": conv.bias is not None,
        "padding_mode": conv.padding_mode,
        "dtype": conv.weight.dtype,
        "device": conv.weight.device,
    }
    settings.update(changes)
    kernel = settings.pop("kernel_size", conv.kernel_size)
    return nn.Conv2d(inputs, outputs, kernel, **settings)


def numeric_padding(edit: Edit, node: Any) -> None:
    """Conv2d(padding="same") becomes one with the numbers; an even kernel gets a pad before."""
    node = as_module(edit, node)
    conv = edit.called(node, "Conv2d")
    if conv is None or not isinstance(conv.padding, str):
        raise RefusedError("it is no 2-D convolution with its padding as text")
    if conv.padding == "valid":
        edit.swap(node, filled(_padded(conv, 0), conv.weight, conv.bias))
        return
    total = [dilation * (size - 1) for dilation, size in zip(conv.dilation, conv.kernel_size)]
    if all(size % 2 == 0 for size in total):
        around = tuple(size // 2 for size in total)
        edit.swap(node, filled(_padded(conv, around), conv.weight, conv.bias))
        return
    if conv.padding_mode != "zeros":
        raise RefusedError("it pads with something else than zeros")
    height, width = ((size // 2, size - size // 2) for size in total)
    pad = edit.add(nn.ZeroPad2d((*width, *height)), node.args[0], node, "pad")
    node.args = (pad, *node.args[1:])
    edit.swap(node, filled(_padded(conv, 0), conv.weight, conv.bias))


def _padded(conv: Any, padding: Any) -> Any:
    return like(conv, conv.in_channels, conv.out_channels, padding=padding)


def own_reader(edit: Edit, node: Any) -> None:
    """A convolution that its batch norm and others read is called twice, with the same weights.

    Args:
        edit: the graph.
        node: the batch norm, or the convolution.
    """
    node = as_module(edit, node)
    source = node.args[0] if edit.called(node, "BatchNorm2d") is not None else node
    source = as_module(edit, source)
    conv = edit.called(source, "Conv2d", "ConvTranspose2d")
    if source is not node and len(source.users) == 1:
        return  # done at the convolution already
    readers = [as_module(edit, one) for one in list(source.users)]
    norms = [one for one in readers if edit.called(one, "BatchNorm2d") is not None]
    if conv is None or not norms or len(source.users) < 2:
        raise RefusedError("it is no convolution that a batch norm and others read")
    for norm in norms if len(norms) < len(source.users) else norms[1:]:
        made = edit.add(copy.deepcopy(conv), source.args[0], norm, "own")
        made.meta["shape"] = source.meta.get("shape")
        norm.replace_input_with(source, made)


def permutation(channels: Any, edit: Edit, node: Any) -> Any:
    """Returns a 1x1 convolution that puts channels in an order.

    Args:
        channels: for each output channel the input channel that it is.
        edit: says the element type.
        node: the call that it stands for.
    """
    size = len(channels)
    conv = nn.Conv2d(size, size, 1, bias=False, **edit.like(node))
    weight = torch.zeros_like(conv.weight)
    weight[torch.arange(size), torch.as_tensor(channels)] = 1.0
    return filled(conv, weight, None)
