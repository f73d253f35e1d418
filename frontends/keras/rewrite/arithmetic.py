"""Sums, differences, products and quotients as layers that the quantiser knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Tuple, Union

import numpy as np

from vai_inspect.frontends.keras.live.model_kind import is_class
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import Site

NO_PLACE = "no layer multiplies by a constant there: its input is no feature map"
FOLDED = ("Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization")
"""Layers whose weights take in a factor and an offset of their result."""


@dataclass(frozen=True)
class Scaled:
    """A tensor times a factor, plus an offset.

    Attributes:
        reads: what the layers that compute it read.
        write: makes them; its last argument is the suffix of the last layer's name.
    """

    reads: Tuple[Any, ...]
    write: Callable[[Maker, List[Any], str], Any]


def sum_of(site: Site) -> Union[Edit, str]:
    """`a + b` becomes an Add layer; a constant is taken in by the layer before it."""
    first, second = operands(site)
    if all(map(site.is_tensor, (first, second))):
        return _joined(site, "Add", first, second)
    tensor, constant = (first, second) if site.is_tensor(first) else (second, first)
    return _alone(site, scaled(site, tensor, 1.0, constant))


def difference(site: Site) -> Union[Edit, str]:
    """`a - b` becomes a + b * (-1)."""
    first, second = operands(site)
    if not site.is_tensor(second):
        return _alone(site, scaled(site, first, 1.0, -np.asarray(second)))
    if not site.is_tensor(first):
        return _alone(site, scaled(site, second, -1.0, first))
    negated = scaled(site, second, -1.0)
    if isinstance(negated, str):
        return negated
    write = negated.write

    def whole(make: Maker, tensors: List[Any]) -> Any:
        return make.layer("Add", [tensors[0], write(make, tensors[1:], "negated")])

    return Edit(site.node, (first, *negated.reads), whole)


def product(site: Site) -> Union[Edit, str]:
    """`a * b` becomes a Multiply layer; a constant is taken in by the layer before it."""
    first, second = operands(site)
    if all(map(site.is_tensor, (first, second))):
        return _joined(site, "Multiply", first, second)
    tensor, constant = (first, second) if site.is_tensor(first) else (second, first)
    return _alone(site, scaled(site, tensor, constant))


def quotient(site: Site) -> Union[Edit, str]:
    """`x / c` becomes a product, which the layer before it takes in."""
    first, second = operands(site)
    if site.is_tensor(second):
        return "it divides by a tensor"
    return _alone(site, scaled(site, first, 1 / np.asarray(second, "float64")))


def average(site: Site) -> Union[Edit, str]:
    """An Average becomes an Add and a product."""
    symbols = site.keras.inputs(site.node)
    if len(site.shapes[0]) != 4:
        return NO_PLACE

    def write(make: Maker, tensors: List[Any]) -> Any:
        return depthwise(make, make.layer("Add", tensors, "sum"), 1 / len(symbols), None, "")

    return Edit(site.node, tuple(symbols), write)


def square(site: Site) -> Union[Edit, str]:
    """`x ** 2` becomes the product of the tensor and itself."""
    seen = site.seen
    if seen.name == "Power":
        exponent = seen.argument(1, "x2")
        if site.is_tensor(exponent) or np.any(np.asarray(exponent) != 2):
            return "it is no square"
    elif seen.name != "Square":
        return "it is no square"

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer("Multiply", [tensors[0], tensors[0]])

    return Edit(site.node, (site.source,), write)


def affine(site: Site) -> Union[Edit, str]:
    """Rescaling, Normalization: a factor and an offset for each channel."""
    layer, seen = site.layer, site.seen
    if seen.name == "Rescaling":
        factor, offset = np.asarray(layer.scale, "float64"), np.asarray(layer.offset, "float64")
    else:
        if layer.invert:
            return "it is an inverse normalisation"
        mean = np.asarray(layer.mean, "float64")
        factor = 1 / np.maximum(np.sqrt(np.asarray(layer.variance, "float64")), 1e-7)
        offset = -mean * factor
    return _alone(site, scaled(site, site.source, factor, offset if np.any(offset) else None))


def custom_scale(site: Site) -> Union[Edit, str]:
    """A sum of one tensor and another times a factor becomes an Add."""
    symbols = site.keras.inputs(site.node)
    factor = getattr(site.layer, "scale", None)
    if not isinstance(factor, (int, float)) or len(symbols) != 2:
        return "it is code of its own"
    second = scaled(site, symbols[1], factor)
    if isinstance(second, str):
        return second
    write = second.write

    def whole(make: Maker, tensors: List[Any]) -> Any:
        return make.layer("Add", [tensors[0], write(make, tensors[1:], "scaled")])

    return Edit(site.node, (symbols[0], *second.reads), whole)


def scaled(site: Site, symbol: Any, factor: Any, offset: Any = None) -> Union[Scaled, str]:
    """Returns how to compute a tensor times a factor, plus an offset.

    The layer before takes them in where nothing else reads it, and else a 1x1 depthwise
    convolution does it.

    Args:
        site: where.
        symbol: the tensor.
        factor: a number, or one for each channel.
        offset: likewise, or None.
    """
    channels = symbol.shape[-1]
    times = _of_channels(factor, channels)
    plus = None if offset is None else _of_channels(offset, channels)
    if times is None or (plus is None and offset is not None):
        return "its constant is neither one number nor one for each channel"
    return _folded(site, symbol, times, plus) or _depthwise_scaled(symbol, times, plus)


def _of_channels(value: Any, channels: int) -> Any:
    """Returns a constant as a number for each channel; None where it is none of those."""
    array = np.asarray(value, "float64")
    if array.size > 1 and (array.size != channels or array.shape[-1] != channels):
        return None
    return np.broadcast_to(array.reshape(-1), (channels,))


def depthwise(make: Maker, tensor: Any, factor: Any, offset: Any, suffix: str) -> Any:
    """Returns a feature map times a factor, plus an offset, by a 1x1 depthwise convolution."""
    channels = tensor.shape[-1]
    weights = [np.broadcast_to(factor, (channels,)).reshape(1, 1, channels, 1)]
    if offset is not None:
        weights.append(np.broadcast_to(offset, (channels,)))
    return make.layer(
        "DepthwiseConv2D",
        tensor,
        suffix,
        weights=weights,
        kernel_size=1,
        use_bias=offset is not None,
        data_format="channels_last",
    )


def operands(site: Site) -> Tuple[Any, Any]:
    """Returns the two operands of a bare operation or of a layer that joins two tensors."""
    seen = site.seen
    if seen.is_layer:
        first, second = seen.argument(0, "inputs")
        return first, second
    return seen.argument(0, "x1"), seen.argument(1, "x2")


def _joined(site: Site, kind: str, first: Any, second: Any) -> Edit:
    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(kind, tensors)

    return Edit(site.node, (first, second), write)


def _alone(site: Site, found: Union[Scaled, str]) -> Union[Edit, str]:
    if isinstance(found, str):
        return found
    write = found.write
    return Edit(site.node, found.reads, lambda make, tensors: write(make, tensors, ""))


def _depthwise_scaled(symbol: Any, factor: Any, offset: Any) -> Union[Scaled, str]:
    if len(symbol.shape) != 4:
        return NO_PLACE

    def write(make: Maker, tensors: List[Any], suffix: str) -> Any:
        return depthwise(make, tensors[0], factor, offset, suffix)

    return Scaled((symbol,), write)


def _folded(site: Site, symbol: Any, factor: Any, offset: Any) -> Optional[Scaled]:
    """Returns the layer before with other weights; None where it cannot take them in."""
    node = site.level.giver(symbol)
    if node is None or site.level.only_reader(symbol) is None:
        return None
    layer = site.keras.operation(node)
    kind = type(layer).__name__
    if kind not in FOLDED or not is_class(type(layer), kind) or not _linear(layer):
        return None
    symbols = site.keras.inputs(node)
    if len(symbols) != 1 or getattr(layer, "data_format", None) == "channels_first":
        return None
    weights = _weights_of(layer, kind, factor, offset)
    if weights is None:
        return None
    settings = {} if kind == "BatchNormalization" else {"use_bias": len(weights) > 1}

    def write(make: Maker, tensors: List[Any], suffix: str) -> Any:
        return make.like(layer, tensors[0], suffix, weights=weights, **settings)

    return Scaled((symbols[0],), write)


def _weights_of(layer: Any, kind: str, factor: Any, offset: Any) -> Optional[List[Any]]:
    held = [np.asarray(one, "float64") for one in layer.get_weights()]
    if kind == "BatchNormalization":
        if not (layer.scale and layer.center):
            return None
        gamma, beta, *statistics = held
        return [gamma * factor, beta * factor + (0 if offset is None else offset), *statistics]
    shape = held[0].shape
    kernel = held[0] * (factor.reshape(shape[2:]) if kind == "DepthwiseConv2D" else factor)
    bias = held[1] * factor if len(held) > 1 else None
    if offset is not None:
        bias = offset if bias is None else bias + offset
    return [kernel] if bias is None else [kernel, bias]


def _linear(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return activation is None or getattr(activation, "__name__", "") == "linear"
