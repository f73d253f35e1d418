"""Channels scaled, shifted, cut and put in another order, by convolutions."""

from __future__ import annotations

import operator
from typing import Any, List, Optional, Tuple

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.convolutions import filled, like, permutation
from vai_inspect.frontends.torch.rewrite.edit import Edit, Node, RefusedError, carried, operands


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
    source, constant = first, _folded(edit, second)
    if constant is None:
        source, constant = second, _folded(edit, first)
    if constant is None or not isinstance(source, Node):
        raise RefusedError("neither of both is a constant")
    shape = edit.shape(source)
    wanted = (shape[1], 1, 1) if len(shape) == 4 else ()
    if tuple(constant.shape[-3:]) != wanted or constant.numel() != shape[1]:
        raise RefusedError("the constant holds no number for each channel")
    return source, carried(constant.reshape(-1), constant)


def _folded(edit: Edit, node: Any) -> Optional[Any]:
    """Returns the tensor that a node gives whatever the inputs are, or None."""
    if not isinstance(node, Node):
        return None
    if node.op == "get_attr":
        return edit.constant(node)
    if node.op not in ("call_function", "call_method") or not node.all_input_nodes:
        return None
    known = {one: _folded(edit, one) for one in node.all_input_nodes}
    if any(one is None for one in known.values()):
        return None
    args = torch.fx.node.map_arg(node.args, lambda one: known[one])
    kwargs = torch.fx.node.map_arg(node.kwargs, lambda one: known[one])
    with torch.no_grad():
        if node.op == "call_method":
            found = getattr(args[0], node.target)(*args[1:], **kwargs)
        else:
            found = node.target(*args, **kwargs)
    return carried(found, *known.values()) if isinstance(found, torch.Tensor) else None


def _depthwise(edit: Edit, node: Any, source: Any, scale: Any, shift: Any) -> Any:
    channels = scale.numel()
    conv = nn.Conv2d(
        channels, channels, 1, groups=channels, bias=shift is not None, **edit.like(node)
    )
    return edit.add(filled(conv, scale.view(-1, 1, 1, 1), shift), source, node, "scale")


def slices_to_convolutions(edit: Edit, node: Any) -> None:
    """A slice of a convolution's channels becomes a convolution with those rows of the weights."""
    if not edit.is_call(node, "getitem"):
        raise RefusedError("it is no slice")
    source, index = node.args
    conv = edit.called(source, "Conv2d")
    if conv is None or conv.groups != 1:
        raise RefusedError("it is no slice of a convolution")
    if not isinstance(index, tuple) or len(index) < 2:
        raise RefusedError("it is no slice of channels")
    others = (*index[:1], *index[2:])
    if any(one not in (slice(None), Ellipsis) for one in others) or index[0] is Ellipsis:
        raise RefusedError("it is no slice of channels alone")
    rows = torch.arange(conv.out_channels)[index[1]]
    made = like(conv, conv.in_channels, len(rows))
    bias = None if conv.bias is None else carried(conv.bias[rows], conv.bias)
    filled(made, carried(conv.weight[rows], conv.weight), bias)
    new = edit.add(made, source.args[0], node, "conv")
    edit.replace(node, new)


def chunk_to_slices(edit: Edit, node: Any) -> None:
    """Chunk, split, tensor_split and unbind become slices."""
    source = node.args[0]
    shape = edit.shape(source)
    axis = edit.argument(node, 1 if edit.is_call(node, "unbind") else 2, "dim", 0) % len(shape)
    cuts = _cuts(edit, node, shape[axis])
    parts = []
    for user in edit.users(node):
        if not edit.is_call(user, "getitem") or not isinstance(user.args[1], int):
            raise RefusedError("its parts are not used one by one")
        parts.append(user)
    for part in parts:
        index = (*(slice(None),) * axis, cuts[part.args[1]])
        new = edit.insert(operator.getitem, (source, index), part)
        part.replace_all_uses_with(new)
        edit.graph.erase_node(part)
    edit.drop(node)


def _cuts(edit: Edit, node: Any, total: int) -> List[Any]:
    """Returns the slice, or the index, that each part of a split is.

    Raises:
        RefusedError: it is no split.
    """
    if edit.is_call(node, "unbind"):
        return list(range(total))
    if edit.is_call(node, "tensor_split"):
        given = edit.argument(node, 1, "indices_or_sections")
        if isinstance(given, int):
            each, more = divmod(total, given)
            given = [each * at + min(at, more) for at in range(1, given)]
        if not isinstance(given, (list, tuple)):
            raise RefusedError("where it splits is a tensor")
        ends = [0, *given, total]
        return [slice(*both) for both in zip(ends, ends[1:])]
    if edit.is_call(node, "chunk", "unsafe_chunk"):
        size: Any = -(-total // int(edit.argument(node, 1, "chunks")))
    elif edit.is_call(node, "split", "split_with_sizes"):
        size = edit.argument(node, 1, "split_size")
    else:
        raise RefusedError("it is no split")
    if not isinstance(size, (list, tuple)):
        return [slice(at, min(at + size, total)) for at in range(0, total, size)]
    return [slice(sum(size[:at]), sum(size[: at + 1])) for at in range(len(size))]


def drop(edit: Edit, node: Any) -> None:
    """What does nothing at inference is left out."""
    if edit.shape(node) != edit.shape(node.args[0]):
        raise RefusedError("it changes the shape")
    edit.replace(node, node.args[0])
