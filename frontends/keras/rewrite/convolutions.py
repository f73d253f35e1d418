"""Convolutions as others that the DPU has."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple, Union

import numpy as np

from vai_inspect.frontends.keras.live.model_kind import is_class
from vai_inspect.frontends.keras.lower.ops_shape import for_each_axis
from vai_inspect.frontends.keras.lower.reshaping import borders
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import OPEN, Site

KEPT = (
    ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias", "activation")
    + ("bias_initializer", "bias_regularizer", "activity_regularizer", "bias_constraint")
)  # fmt: skip
"""What a dense convolution has in common with the one in whose place it stands."""
NO_CROP = "it does not cut off borders of a feature map"


def group_to_dense(site: Site) -> Union[Edit, str]:
    """A grouped Conv2D becomes one with block-diagonal weights."""
    layer = site.layer
    groups = int(getattr(layer, "groups", 1))
    if site.part or not is_class(type(layer), "Conv2D") or groups == 1:
        return "it is no convolution in groups"
    kernel, *bias = (np.asarray(one) for one in layer.get_weights())
    height, width, inputs, filters = kernel.shape
    dense = np.zeros((height, width, inputs * groups, filters), kernel.dtype)
    part = filters // groups
    for number in range(groups):
        rows = slice(number * inputs, (number + 1) * inputs)
        columns = slice(number * part, (number + 1) * part)
        dense[:, :, rows, columns] = kernel[:, :, :, columns]

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.like(layer, tensors[0], weights=[dense, *bias], groups=1)

    return Edit(site.node, (site.source,), write)


def multiplier_to_dense(site: Site) -> Union[Edit, str]:
    """A depthwise convolution with a multiplier becomes a dense Conv2D."""
    layer = site.layer
    name = site.seen.name
    if name == "Conv2D":
        return group_to_dense(site)
    if name not in ("DepthwiseConv2D", "SeparableConv2D"):
        return "it is no depthwise convolution"
    held = [np.asarray(one) for one in layer.get_weights()]
    each = held[0]
    height, width, channels, times = each.shape
    kernel = np.zeros((height, width, channels, channels * times), each.dtype)
    for number in range(channels):
        kernel[:, :, number, number * times : (number + 1) * times] = each[:, :, number]
    rest = held[1:]
    if name == "SeparableConv2D":
        kernel, rest = kernel @ held[1][0, 0], held[2:]
    config = {key: value for key, value in layer.get_config().items() if key in KEPT}
    config["filters"] = kernel.shape[3]

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(
            "Conv2D",
            tensors[0],
            weights=[kernel, *rest],
            data_format="channels_last",
            **config,
        )

    return Edit(site.node, (site.source,), write)


def crop_to_depthwise(site: Site) -> Union[Edit, str]:
    """A crop of height and width becomes a depthwise convolution whose kernel has a single 1."""
    cropped = _cropped(site)
    if isinstance(cropped, str):
        return cropped
    (top, bottom), (left, right) = cropped
    channels = site.shapes[0][3]
    kernel = np.zeros((top + bottom + 1, left + right + 1, channels, 1))
    kernel[top, left] = 1

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(
            "DepthwiseConv2D",
            tensors[0],
            weights=[kernel],
            kernel_size=kernel.shape[:2],
            use_bias=False,
            data_format="channels_last",
        )

    return Edit(site.node, (site.source,), write)


def _cropped(site: Site) -> Union[List[Tuple[int, int]], str]:
    """Returns (before, after) of what is cut off height and width, or why it is no such crop."""
    seen, shape = site.seen, site.shapes[0]
    if seen.name == "Cropping2D":
        return borders(seen.operation.cropping)
    items = for_each_axis(seen.argument(1, "key"), 4) if seen.name == "GetItem" else None
    if len(shape) != 4 or items is None or not all(isinstance(one, slice) for one in items):
        return NO_CROP
    found = [item.indices(size) for item, size in zip(items, shape)]
    cut = [(begin, size - end) for (begin, end, _), size in zip(found, shape)]
    if any(step != 1 for _, _, step in found) or not cut[0] == cut[3] == (0, 0):
        return NO_CROP
    if site.open_size and not all(map(_cuts_borders, items[1:3])):
        return OPEN
    return cut[1:3]


def _cuts_borders(item: slice) -> bool:
    """Tells whether a slice cuts the same off an axis of any length."""
    return (item.start is None or item.start >= 0) and (item.stop is None or item.stop < 0)


def shuffle_to_convolution(site: Site) -> Union[Edit, str]:
    """A channel shuffle (reshape, transpose, reshape) becomes a 1x1 convolution."""
    for node in _before_and_after(site):
        found = _shuffle(site, node)
        if found is not None and any(one is site.node for one in found[0]):
            nodes, source, groups = found
            break
    else:
        return "it is no part of a channel shuffle"
    channels = int(source.shape[-1])
    order = np.arange(channels).reshape(groups, channels // groups).T.reshape(-1)
    kernel = np.zeros((1, 1, channels, channels))
    kernel[0, 0, order, np.arange(channels)] = 1

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(
            "Conv2D",
            tensors[0],
            weights=[kernel],
            filters=channels,
            kernel_size=1,
            use_bias=False,
            data_format="channels_last",
        )

    return Edit(nodes[-1], (source,), write)


def _before_and_after(site: Site) -> List[Any]:
    """Returns the call, and those up to two steps before it in a chain."""
    found = [site.node]
    for _ in range(2):
        before = site.level.giver(site.keras.inputs(found[-1])[0])
        if before is None:
            break
        found.append(before)
    return found


def _shuffle(site: Site, first: Any) -> Optional[Tuple[List[Any], Any, int]]:
    """Returns the three calls of a shuffle, what it reads, and its groups."""
    nodes = [first]
    for _ in range(2):
        reader = site.level.only_reader(site.keras.outputs(nodes[-1])[0])
        if reader is None:
            return None
        nodes.append(reader)
    source = site.keras.inputs(first)[0]
    symbols = [site.keras.outputs(node)[0] for node in nodes]
    split, turned, joined = (tuple(symbol.shape) for symbol in symbols)
    shape = tuple(source.shape)
    names = [site.seen_at(node).name for node in nodes]
    if names[0] != "Reshape" or names[2] != "Reshape" or len(shape) != 4 or len(split) != 5:
        return None
    if names[1] not in ("Permute", "Transpose") or shape != joined or split[1:3] != shape[1:3]:
        return None
    operation = site.seen_at(nodes[1]).operation
    order = operation.dims if names[1] == "Permute" else (operation.axes or ())[1:]
    if tuple(order) != (1, 2, 4, 3) or None in shape[1:] or split[3] * split[4] != shape[3]:
        return None
    return nodes, source, int(split[3])
