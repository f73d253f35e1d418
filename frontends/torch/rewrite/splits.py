"""Splits as slices, and slices of a convolution's channels as convolutions."""

from __future__ import annotations

import operator
from typing import Any, List, Tuple

import torch
from torch import nn

from vai_inspect.frontends.torch.rewrite.convolutions import like
from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError, carried
from vai_inspect.frontends.torch.rewrite.functional import as_module, filled


def slices_to_convolutions(edit: Edit, node: Any) -> None:
    """A slice of a convolution's channels becomes a convolution with those rows of the weights.

    All parts of a chunk or split do at once.
    """
    if edit.is_call(node, "getitem"):
        _to_convolution(edit, node)
        return
    for part in sliced(edit, node):
        _to_convolution(edit, part)


def _to_convolution(edit: Edit, node: Any) -> None:
    index = node.args[1]
    source, conv, norms = _convolution_before(edit, node.args[0])
    if conv.groups != 1:
        raise RefusedError("the convolution before it is grouped")
    if not isinstance(index, tuple) or len(index) < 2:
        raise RefusedError("it is no slice of channels")
    others = (*index[:1], *index[2:])
    if any(one not in (slice(None), Ellipsis) for one in others) or index[0] is Ellipsis:
        raise RefusedError("it is no slice of channels alone")
    rows = torch.arange(conv.out_channels)[index[1]]
    made = like(conv, conv.in_channels, len(rows))
    bias = None if conv.bias is None else carried(conv.bias[rows], conv.bias)
    new = edit.add(
        filled(made, carried(conv.weight[rows], conv.weight), bias), source, node, "conv"
    )
    for norm in norms:
        new = edit.add(_rows_of(norm, rows), new, node, "norm")
    edit.replace(node, new)


def _convolution_before(edit: Edit, node: Any) -> Tuple[Any, Any, List[Any]]:
    """Returns what a convolution reads, the convolution, and the batch norms after it.

    Raises:
        RefusedError: what gives a node is no convolution, norms aside.
    """
    norms: List[Any] = []
    while True:
        node = as_module(edit, node)
        module = edit.called(node, "Conv2d", "BatchNorm2d", "Identity", "Dropout", "Dropout2d")
        if isinstance(module, nn.Conv2d):
            return node.args[0], module, norms[::-1]
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None:
            norms.append(module)
        elif module is None or isinstance(module, nn.BatchNorm2d):
            raise RefusedError("it is no slice of a convolution")
        node = node.args[0]


def _rows_of(norm: Any, rows: Any) -> Any:
    """Returns a batch norm of some of the channels."""
    like = norm.running_mean
    made = nn.BatchNorm2d(len(rows), norm.eps, norm.momentum, norm.affine)
    made = made.to(like.device, like.dtype)
    made.running_mean.copy_(norm.running_mean[rows])
    made.running_var.copy_(norm.running_var[rows])
    if not norm.affine:
        return made
    given = (carried(one[rows], one) for one in (norm.weight, norm.bias))
    return filled(made, *given)


def chunk_to_slices(edit: Edit, node: Any) -> None:
    """Chunk, split, tensor_split and unbind become slices."""
    sliced(edit, node)


def sliced(edit: Edit, node: Any) -> List[Any]:
    """Has slices give the parts of a split, and returns them.

    Raises:
        RefusedError: it is no split, or its parts are not used one by one.
    """
    if not edit.is_call(node, *_SPLITS):
        raise RefusedError("it is no split")
    source = node.args[0]
    shape = edit.shape(source)
    axis = edit.argument(node, 1 if edit.is_call(node, "unbind") else 2, "dim", 0) % len(shape)
    cuts = _cuts(edit, node, shape[axis])
    parts, made = [], []
    for user in edit.users(node):
        if not edit.is_call(user, "getitem") or not isinstance(user.args[1], int):
            raise RefusedError("its parts are not used one by one")
        parts.append(user)
    for part in parts:
        index = (*(slice(None),) * axis, cuts[part.args[1]])
        made.append(edit.insert(operator.getitem, (source, index), part))
        part.replace_all_uses_with(made[-1])
        edit.graph.erase_node(part)
    edit.drop(node)
    return made


def _cuts(edit: Edit, node: Any, total: int) -> List[Any]:
    """Returns the slice, or the index, that each part of a split is.

    Raises:
        RefusedError: where it splits is a tensor.
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
    else:
        size = edit.argument(node, 1, "split_size")
    if not isinstance(size, (list, tuple)):
        return [slice(at, min(at + size, total)) for at in range(0, total, size)]
    return [slice(sum(size[:at]), sum(size[: at + 1])) for at in range(len(size))]


_SPLITS = ("chunk", "split", "split_with_sizes", "tensor_split", "unbind", "unsafe_chunk")
