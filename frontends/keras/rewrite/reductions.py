"""Means and pools: global pools for means, smaller windows for large ones."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple, Union

import numpy as np

from vai_inspect.core.rewrite_numbers import CHAINED, divisor
from vai_inspect.frontends.keras.lower.ops_math import axes_of
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import OPEN, Site

_Pool = Callable[[Maker, Any, Tuple[int, int]], Any]
"""Makes a pool of what makes layers, the tensor and the window."""


def mean_to_pool(site: Site) -> Union[Edit, str]:
    """A mean over height and width becomes a GlobalAveragePooling2D, one over channels a Conv2D."""
    axes, kept = _reduced(site)
    if axes == (3,) and kept:
        return channel_mean(site)
    if len(site.shapes[0]) != 4 or axes != (1, 2):
        return "it is no mean over height and width of a feature map"

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(
            "GlobalAveragePooling2D", tensors[0], keepdims=kept, data_format="channels_last"
        )

    return Edit(site.node, (site.source,), write)


def channel_mean(site: Site) -> Union[Edit, str]:
    """A mean over the channels, kept, becomes a 1x1 convolution with weights 1 / C."""
    axes, kept = _reduced(site)
    shape = site.shapes[0]
    if len(shape) != 4 or axes != (3,) or not kept:
        return "it is no mean over the channels of a feature map that keeps their axis"
    weights = [np.full((1, 1, shape[3], 1), 1 / shape[3])]

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(
            "Conv2D",
            tensors[0],
            weights=weights,
            filters=1,
            kernel_size=1,
            use_bias=False,
            data_format="channels_last",
        )

    return Edit(site.node, (site.source,), write)


def global_max_pool(site: Site) -> Union[Edit, str]:
    """A GlobalMaxPooling2D becomes a MaxPooling2D of the map's size."""
    if site.open_size:
        return OPEN
    _, *size, channels = site.shapes[0]
    flat = not site.seen.operation.keepdims

    def write(make: Maker, tensors: List[Any]) -> Any:
        made = make.layer(
            "MaxPooling2D", tensors[0], "pool" if flat else "", pool_size=size, **_WHOLE
        )
        return make.layer("Reshape", made, target_shape=(channels,)) if flat else made

    return Edit(site.node, (site.source,), write)


def split_pool(site: Site) -> Union[Edit, str]:
    """An average pool with a large window becomes two whose windows multiply to it."""
    seen = site.seen
    height, width = site.shapes[0][1:3] if len(site.shapes[0]) == 4 else (0, 0)
    if seen.name == "GlobalAveragePooling2D":
        size, kept = (height, width), bool(seen.operation.keepdims)
    elif seen.name == "Mean" and _reduced(site)[0] == (1, 2) and height:
        size, kept = (height, width), _reduced(site)[1]
    elif seen.name in ("AveragePooling2D", "AveragePool"):
        return _split_windows(site)
    else:
        return "it is no average pool"
    if site.open_size:
        return OPEN
    return _two_pools(
        site,
        size,
        lambda make, made, rest: make.layer(
            "GlobalAveragePooling2D", made, keepdims=kept, data_format="channels_last"
        ),
    )


def _split_windows(site: Site) -> Union[Edit, str]:
    """Windows that do not overlap; those at a border are whole or, without padding, left out."""
    operation = site.seen.operation
    size, strides = _pair(operation.pool_size), operation.strides
    divides = all(length % part == 0 for length, part in zip(site.shapes[0][1:3], size))
    if (strides is not None and _pair(strides) != size) or not divides:
        return "its windows overlap, or do not divide the feature map"
    if site.open_size and str(operation.padding).lower() != "valid":
        return OPEN
    return _two_pools(
        site,
        size,
        lambda make, made, rest: make.layer("AveragePooling2D", made, pool_size=rest, **_WHOLE),
    )


def _two_pools(site: Site, size: Tuple[int, int], last: _Pool) -> Union[Edit, str]:
    """Returns the edit for a pool of a window as two; the second is made by `last`."""
    first = (divisor(size[0]), divisor(size[1]))
    if first == (1, 1):
        return f"neither {size[0]} nor {size[1]} is a product of smaller windows"
    rest = (size[0] // first[0], size[1] // first[1])

    def write(make: Maker, tensors: List[Any]) -> Any:
        made = make.layer("AveragePooling2D", tensors[0], "first", pool_size=first, **_WHOLE)
        return last(make, made, rest)

    return Edit(site.node, (site.source,), write)


def chain_max_pool(site: Site) -> Union[Edit, str]:
    """A max pool 9x9 or 13x13 of stride 1 becomes two or three of 5x5."""
    seen = site.seen
    operation = seen.operation
    if seen.name not in ("MaxPooling2D", "MaxPool"):
        return "it is no max pool"
    size = _pair(operation.pool_size)
    times, rest = divmod(size[0] - 1, CHAINED - 1)
    strides = size if operation.strides is None else _pair(operation.strides)
    if rest or times < 2 or size[0] != size[1] or strides != (1, 1):
        return "its window is no chain of 5x5 of stride 1"
    if str(operation.padding).lower() != "same":
        return "its borders are not padded as those of the smaller windows"

    def write(make: Maker, tensors: List[Any]) -> Any:
        value = tensors[0]
        for number in range(times):
            value = make.layer(
                "MaxPooling2D",
                value,
                "" if number == times - 1 else str(number),
                pool_size=CHAINED,
                strides=1,
                padding="same",
                data_format="channels_last",
            )
        return value

    return Edit(site.node, (site.source,), write)


_WHOLE: Any = {"padding": "valid", "data_format": "channels_last"}


def _reduced(site: Site) -> Tuple[Optional[Tuple[int, ...]], bool]:
    """Returns the axes that a mean sums, and whether they are kept."""
    seen = site.seen
    if seen.name != "Mean":
        return None, False
    axes = axes_of(seen.operation.axis, len(site.shapes[0]))
    return axes, bool(seen.operation.keepdims)


def _pair(value: Any) -> Tuple[int, int]:
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)
