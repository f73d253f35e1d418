"""Channels put in another order, and pixels moved to channels, by convolutions."""

from __future__ import annotations

from typing import Any, List, Tuple

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.convolutions import permutation
from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError
from vai_inspect.frontends.torch.rewrite.functional import filled


def shuffle(edit: Edit, node: Any) -> None:
    """A channel shuffle becomes a 1x1 convolution with a permutation as weights."""
    module = edit.called(node, "ChannelShuffle")
    if module is not None or edit.is_call(node, "channel_shuffle", "native_channel_shuffle"):
        groups = module.groups if module is not None else edit.argument(node, 1, "groups")
        source, last = node.args[0], node
        channels = edit.shape(source)[1]
        order = torch.arange(channels).view(groups, -1).t().reshape(-1)
    else:
        source, last, order = _views(edit, node)
    made = edit.add(permutation(order, edit, last), source, last, "shuffle")
    edit.replace(last, made)


def _views(edit: Edit, node: Any) -> Tuple[Any, Any, Any]:
    """Returns source, end and order of channels of a view, a transpose and a view."""
    if not edit.is_call(node, "transpose", "permute", "swapaxes"):
        raise RefusedError("it is no transpose")
    before = node.args[0]
    while edit.is_call(before, "contiguous"):
        before = before.args[0]
    last = edit.only_user(node)
    while edit.is_call(last, "contiguous"):
        last = edit.only_user(last)
    shaped = ("view", "reshape", "flatten", "unflatten")
    if last is None or not edit.is_call(before, *shaped) or not edit.is_call(last, *shaped):
        raise RefusedError("no view stands before and after the transpose")
    source = before.args[0]
    shape, groups = edit.shape(source), edit.shape(before)
    if len(shape) != 4 or len(groups) != 5 or edit.shape(last) != shape:
        raise RefusedError("it is no shuffle of the channels of a feature map")
    indices = torch.arange(shape[1]).view(1, -1, 1, 1).expand(shape)
    moved = indices.reshape(groups)
    if edit.is_call(node, "permute"):
        axes = node.args[1] if isinstance(node.args[1], (list, tuple)) else node.args[1:]
        moved = moved.permute(*axes)
    else:
        moved = moved.transpose(*node.args[1:3])
    moved = moved.reshape(shape)
    order = moved[0, :, 0, 0]
    if not bool((moved == order.view(1, -1, 1, 1)).all()):
        raise RefusedError("it moves more than channels")
    return source, last, order


def unshuffle(edit: Edit, node: Any) -> None:
    """Space to depth, also as slices of every other pixel, becomes a convolution."""
    module, last = edit.called(node, "PixelUnshuffle"), False
    if module is not None or edit.is_call(node, "pixel_unshuffle"):
        size = (
            module.downscale_factor
            if module is not None
            else edit.argument(node, 1, "downscale_factor")
        )
        source = node.args[0]
        channels = edit.shape(source)[1]
        weight = torch.zeros(channels * size * size, channels, size, size)
        for channel in range(channels):
            for row in range(size):
                for column in range(size):
                    weight[(channel * size + row) * size + column, channel, row, column] = 1.0
    else:
        source, begins, last = _slices(edit, node)
        channels, size = edit.shape(source)[3 if last else 1], 2
        weight = torch.zeros(4 * channels, channels, 2, 2)
        for part, (row, column) in enumerate(begins):
            for channel in range(channels):
                weight[part * channels + channel, channel, row, column] = 1.0
        if last:
            source = edit.insert(torch.permute, (source, (0, 3, 1, 2)), node)
    conv = nn.Conv2d(channels, len(weight), size, stride=size, bias=False, **edit.like(node))
    new = edit.add(filled(conv, weight, None), source, node, "conv")
    if last:
        new = edit.insert(torch.permute, (new, (0, 2, 3, 1)), node)
    edit.replace(node, new)


def _slices(edit: Edit, node: Any) -> Tuple[Any, List[Tuple[int, int]], bool]:
    """Returns the map that is cut, where each slice begins, and whether its channels are last."""
    if not edit.is_call(node, "cat", "concat", "concatenate"):
        raise RefusedError("it is no space to depth")
    parts, axis = node.args[0], int(edit.argument(node, 1, "dim", 0)) % 4
    sources, begins = set(), []
    for part in parts:
        if not edit.is_call(part, "getitem") or not isinstance(part.args[1], tuple):
            raise RefusedError("it joins something else than slices")
        if len(edit.shape(part.args[0])) != 4 or axis not in (1, 3):
            raise RefusedError("it joins something else than the channels of maps")
        others = [one for at, one in enumerate(_each_axis(part.args[1])) if at not in (0, axis)]
        for one in others:
            if not isinstance(one, slice) or one.step != 2 or one.stop is not None:
                raise RefusedError("a slice takes something else than every other pixel")
        sources.add(part.args[0])
        row, column = (one.start or 0 for one in others)
        begins.append((row, column))
    if len(parts) != 4 or len(sources) != 1 or len(set(begins)) != 4:
        raise RefusedError("the slices are not the four of one map")
    return sources.pop(), begins, axis == 3


def _each_axis(index: Tuple[Any, ...]) -> List[Any]:
    """Returns the item of an index for each of four axes."""
    whole = [one for one in index if one is not Ellipsis]
    at = index.index(Ellipsis) if Ellipsis in index else len(index)
    return [*whole[:at], *[slice(None)] * (4 - len(whole)), *whole[at:]]
