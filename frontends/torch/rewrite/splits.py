"""Splits as slices, and slices of a convolution's channels as convolutions."""

from __future__ import annotations

import operator
from typing import Any, List

import torch

from vai_inspect.frontends.torch.rewrite.convolutions import like
from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError, carried
from vai_inspect.frontends.torch.rewrite.functional import as_module, filled


def slices_to_convolutions(edit: Edit, node: Any) -> None:
    """A slice of a convolution's channels becomes a convolution with those rows of the weights."""
    if not edit.is_call(node, "getitem"):
        raise RefusedError("it is no slice")
    source, index = node.args
    source = as_module(edit, source)
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
