"""Layers and models in the form that the quantiser accepts, with the same function."""

from __future__ import annotations

from typing import Any, List, Union

import numpy as np

from vai_inspect.frontends.keras.live.model_kind import inner_function, is_class
from vai_inspect.frontends.keras.rewrite.edit import Edit
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import Site


def centred_norm(site: Site) -> Union[Edit, str]:
    """A BatchNormalization with center=False gets a beta of 0; it may be folded into the call."""
    for node in (site.node, site.level.only_reader(site.result)):
        layer: Any = None if node is None else site.keras.operation(node)
        if is_class(type(layer), "BatchNormalization") and not layer.center:
            break
    else:
        return "it is no batch norm without a beta"
    *gamma, mean, variance = layer.get_weights()
    weights = [*gamma, np.zeros_like(mean), mean, variance]

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.like(layer, tensors[0], weights=weights, center=True)

    return Edit(node, tuple(site.keras.inputs(node)), write)


def split_separable(site: Site) -> Union[Edit, str]:
    """A SeparableConv2D becomes a DepthwiseConv2D and a 1x1 Conv2D with its activation."""
    layer = site.layer
    if site.seen.name != "SeparableConv2D":
        return "it is no SeparableConv2D"
    config = layer.get_config()
    depthwise, *pointwise = layer.get_weights()
    windows = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier")
    first = {name: config[name] for name in windows}
    second = {name: config[name] for name in ("filters", "use_bias", "activation")}

    def write(make: Maker, tensors: List[Any]) -> Any:
        value = make.layer(
            "DepthwiseConv2D", tensors[0], "depthwise", weights=[depthwise], use_bias=False, **first
        )
        return make.layer("Conv2D", value, weights=pointwise, kernel_size=1, **second)

    return Edit(site.node, (site.source,), write)


def flatten_nested(site: Site) -> Union[Edit, str]:
    """The layers of a model that is called like a layer are called in its place."""
    keras = site.keras
    node = (*site.around, site.node)[0]
    inner = inner_function(keras.operation(node))
    if inner is None:
        return "it is in no nested model"
    reads = tuple(keras.inputs(node))
    _, kwargs = keras.filled(node, {id(one): one for one in reads})
    if len(reads) != len(inner.inputs) or kwargs.get("training"):
        return "its model is called with more than what it reads"
    return Edit(node, reads, lambda make, tensors: make.inline(inner, tensors), outermost=True)
