"""Rewrites to dense convolutions and to convolutions that permute channels."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy

from vai_inspect.frontends.onnx.rewrite.edit import Edit, number_of, plain
from vai_inspect.frontends.onnx.rewrite.node_list import RefusedError


def group_to_dense(edit: Edit, node: Any) -> None:
    """A grouped convolution becomes a dense one with block-diagonal weights."""
    groups = edit.attribute(node, "group", 1) if plain(node, "Conv") else 1
    if groups == 1:
        raise RefusedError("it is not a convolution with groups")
    weights = edit.constant(node.input[1])
    if weights is None:
        raise RefusedError("its weights are computed")
    given, per_group = len(weights), weights.shape[1]
    dense = numpy.zeros((given, per_group * groups, *weights.shape[2:]), weights.dtype)
    for out in range(given):
        first = out // (given // groups) * per_group
        dense[out, first : first + per_group] = weights[out]
    held = edit.hold(dense, node.input[1], node, "weights")
    new = edit.node("Conv", [node.input[0], held, *node.input[2:]], node, "")
    new.attribute.extend(one for one in node.attribute if one.name != "group")
    edit.replace([node], [new])


def shuffle(edit: Edit, node: Any) -> None:
    """A channel shuffle becomes a 1x1 convolution with a permutation as weights."""
    if not plain(node, "Transpose") or edit.attribute(node, "perm") != [0, 2, 1, 3, 4]:
        raise RefusedError("it is not a transpose of groups of channels")
    before, after = edit.producer(node.input[0]), edit.only_reader(node)
    if not plain(before, "Reshape") or not plain(after, "Reshape"):
        raise RefusedError("no Reshape stands before and after the transpose")
    source = before.input[0]
    shape, apart = edit.shape(source), edit.shape(before.output[0])
    if len(shape) != 4 or edit.shape(after.output[0]) != shape or apart[3:] != shape[2:]:
        raise RefusedError("it is not a shuffle of channels")
    channels, groups = shape[1], apart[1]
    order = numpy.arange(channels).reshape(groups, -1).T.reshape(-1)
    weights = numpy.zeros((channels, channels, 1, 1))
    weights[numpy.arange(channels), order] = 1
    held = edit.hold(weights, source, node, "weights")
    conv = edit.node("Conv", [source, held], after, "", kernel_shape=[1, 1])
    edit.replace([before, node, after], [conv])


def unshuffle(edit: Edit, node: Any) -> None:
    """Every other pixel as channels becomes a convolution of kernel and stride 2."""
    if not plain(node, "Concat") or edit.attribute(node, "axis") not in (1, -3):
        raise RefusedError("it is not a Concat of channels")
    found = [_slices(edit, name, node) for name in node.input]
    sources = {source for source, _, _ in found}
    if len(found) != 4 or len(sources) != 1:
        raise RefusedError("it does not put four slices of one map together")
    (source,) = sources
    shape = edit.shape(source)
    if len(shape) != 4 or shape[2] % 2 or shape[3] % 2:
        raise RefusedError("its map has an odd size")
    channels = shape[1]
    weights = numpy.zeros((4 * channels, channels, 2, 2))
    for at, (_, (row, column), _) in enumerate(found):
        for channel in range(channels):
            weights[at * channels + channel, channel, row, column] = 1
    held = edit.hold(weights, source, node, "weights")
    size = {"kernel_shape": [2, 2], "strides": [2, 2]}
    conv = edit.node("Conv", [source, held], node, "", **size)
    parts = {id(part): part for _, _, slices in found for part in slices}
    edit.replace([*parts.values(), node], [conv])


def _slices(edit: Edit, name: str, reader: Any) -> Tuple[str, Tuple[int, int], List[Any]]:
    """Returns the sliced tensor, its first row and column, and the slices of every other pixel.

    Raises:
        RefusedError: the slices are others.
    """
    begin: Dict[int, int] = {}
    parts: List[Any] = []
    node = edit.producer(name)
    while plain(node, "Slice") and len(begin) < 2:
        given = [number_of(edit, one) for one in node.input[1:]]
        if len(given) < 4 or None in given:
            raise RefusedError("its slices are not constant and of one axis each")
        start, end, axis, step = (int(one or 0) for one in given)
        size = edit.shape(node.input[0])[axis]
        if axis % 4 not in (2, 3) or step != 2 or start not in (0, 1) or end < size:
            raise RefusedError("its slices do not take every other pixel")
        begin[axis % 4] = start
        parts.append(node)
        name = node.input[0]
        node = edit.producer(name)
    if set(begin) != {2, 3}:
        raise RefusedError("it reads no slices of every other pixel")
    return name, (begin[2], begin[3]), parts
