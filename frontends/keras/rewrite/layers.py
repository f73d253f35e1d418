"""Bare operations as layers of Keras's own, which the quantiser knows."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Union

import numpy as np

from vai_inspect.frontends.keras.lower.reshaping import borders
from vai_inspect.frontends.keras.rewrite import activations, arithmetic, reductions
from vai_inspect.frontends.keras.rewrite.activations import named, replaced_by
from vai_inspect.frontends.keras.rewrite.edit import Edit, Program
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import OPEN, Site


def layer_form(site: Site) -> Union[Edit, str]:
    """Whatever the quantiser leaves in float becomes the layer of the same meaning."""
    seen = site.seen
    if seen.name == "Activation" or (site.part and site.made.kind in activations.KINDS):
        return _activation_form(site)
    module = activations.hard_swish_module(site)
    if not isinstance(module, str):
        return module
    program = (LAYERS if seen.is_layer else OPERATIONS).get(seen.name)
    if program is None:
        return f"no program writes {seen.operation.class_name} with other layers"
    return program(site)


def concatenate(site: Site) -> Union[Edit, str]:
    """`concatenate` becomes a Concatenate layer."""
    seen = site.seen
    symbols = site.keras.inputs(site.node)
    given = seen.argument(0, "xs", "x")
    if len(given) != len(symbols):
        return "it joins a constant"
    axis = int(seen.operation.axis) % len(site.shapes[0])

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer("Concatenate", tensors, axis=axis)

    return Edit(site.node, tuple(symbols), write)


def pool(kind: str) -> Program:
    """Returns the program for `average_pool` or `max_pool`."""

    def program(site: Site) -> Union[Edit, str]:
        operation = site.seen.operation
        if len(site.shapes[0]) != 4:
            return "it pools over other axes than height and width"
        settings = {
            "pool_size": operation.pool_size,
            "strides": operation.strides,
            "padding": str(operation.padding).lower(),
        }
        return _one(site, kind, data_format="channels_last", **settings)

    return program


def zero_padding(site: Site) -> Union[Edit, str]:
    """`pad` with zeros becomes a ZeroPadding2D."""
    seen = site.seen
    rank = len(site.shapes[0])
    given: Any = seen.operation.pad_width
    widths = borders((given, given) if isinstance(given, int) else given)
    widths = widths * rank if len(widths) == 1 else widths
    value = seen.argument(1, "constant_values")
    zero = seen.operation.mode == "constant" and (value is None or not np.any(np.asarray(value)))
    if rank != 4 or not zero or widths[0] != (0, 0) or widths[3] != (0, 0):
        return "it does not pad height and width with zeros"
    return _one(site, "ZeroPadding2D", padding=tuple(widths[1:3]), data_format="channels_last")


def reshape(site: Site) -> Union[Edit, str]:
    """Whatever sets another shape becomes a Reshape layer."""
    batch, *sizes = tuple(site.result.shape)
    given, made = site.made.step.inputs[0], (site.made.step.outputs or (None,))[0]
    if made is None or tuple(given.shape)[:1] != tuple(made.shape)[:1]:
        return "it changes the batch"
    if sizes.count(None) > 1:
        return "several axes of the shape that it gives are open"
    if site.open_size and None not in sizes:
        return OPEN
    target = tuple(-1 if size is None else int(size) for size in sizes)
    return _one(site, "Reshape", target_shape=target)


def permute(site: Site) -> Union[Edit, str]:
    """`transpose` becomes a Permute layer."""
    rank = len(site.shapes[0])
    axes = site.seen.operation.axes
    order = [int(axis) % rank for axis in (range(rank)[::-1] if axes is None else axes)]
    return _one(site, "Permute", dims=tuple(order[1:])) if order[0] == 0 else "it moves the batch"


def relu(site: Site) -> Union[Edit, str]:
    """`relu` with settings becomes a ReLU layer with the same ones."""
    operation = site.seen.operation
    names = ("max_value", "negative_slope", "threshold")
    return _one(site, "ReLU", **{name: getattr(operation, name) for name in names})


def leaky_relu(site: Site) -> Union[Edit, str]:
    """`leaky_relu` becomes a ReLU layer with its slope."""
    return _one(site, "ReLU", negative_slope=float(site.seen.operation.negative_slope))


def dense(site: Site) -> Union[Edit, str]:
    """EinsumDense over the last axis, and `matmul` with a constant, become a Dense layer.

    Of a feature map they become a 1x1 Conv2D.
    """
    layer, seen = site.layer, site.seen
    settings: Dict[str, Any] = {}
    if seen.name == "EinsumDense":
        left, rest = layer.equation.replace(" ", "").split(",")
        kernel, result = rest.split("->")
        last = len(kernel) == 2 and kernel[0] == left[-1] and result == left[:-1] + kernel[1]
        plain = layer.bias_axes in (None, "", result[-1:])
        if not last or not plain:
            return "it sums other axes than the last"
        weights = layer.get_weights()
        settings["activation"] = layer.get_config()["activation"]
    else:
        matrix = seen.argument(1, "x2")
        if site.is_tensor(matrix) or np.ndim(matrix) != 2:
            return "it is no product with a constant matrix"
        weights = [np.asarray(matrix)]
    return _product(site, weights, settings)


def dense_to_convolution(site: Site) -> Union[Edit, str]:
    """A Dense layer over the channels of a feature map becomes a 1x1 Conv2D."""
    if site.seen.name != "Dense":
        return dense(site)
    activation = site.layer.get_config()["activation"]
    return _product(site, site.layer.get_weights(), {"activation": activation})


def _product(site: Site, weights: List[Any], settings: Dict[str, Any]) -> Edit:
    """Returns the edit for an inner product over the last axis: of a map a 1x1 convolution."""
    kernel, *bias = weights
    given = dict(settings, use_bias=bool(bias))
    if len(site.shapes[0]) == 4:
        given.update(filters=kernel.shape[1], kernel_size=1, data_format="channels_last")
        kind, held = "Conv2D", [kernel[np.newaxis, np.newaxis], *bias]
    else:
        given.update(units=kernel.shape[1])
        kind, held = "Dense", weights

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(kind, tensors[0], weights=held, **given)

    return Edit(site.node, (site.source,), write)


def conv_1d(site: Site) -> Union[Edit, str]:
    """A Conv1D becomes a Conv2D on a map of height 1."""
    layer = site.layer
    if layer.padding not in ("same", "valid"):
        return "it pads the past alone"
    config = layer.get_config()
    for name in ("kernel_size", "strides", "dilation_rate"):
        config[name] = (1, *layer.get_config()[name])
    dropped = ("name", "dtype", "trainable", "batch_input_shape", "data_format")
    settings = {name: value for name, value in config.items() if name not in dropped}
    weights = layer.get_weights()
    weights[0] = weights[0][np.newaxis]
    length, channels = tuple(site.source.shape)[1:]
    result = tuple(-1 if size is None else size for size in tuple(site.result.shape)[1:])

    def write(make: Maker, tensors: List[Any]) -> Any:
        shape = (1, -1 if length is None else length, channels)
        value = make.layer("Reshape", tensors[0], "map", target_shape=shape)
        value = make.layer(
            "Conv2D",
            value,
            "conv",
            weights=weights,
            data_format="channels_last",
            **settings,
        )
        return make.layer("Reshape", value, target_shape=result)

    return Edit(site.node, (site.source,), write)


def _activation_form(site: Site) -> Union[Edit, str]:
    name = _function_name(site)
    if name is None:
        return activations.as_layer(site)
    write = {
        "hard_silu": activations.hard_swish,
        "hard_swish": activations.hard_swish,
        "hard_sigmoid": activations.hard_sigmoid,
        "relu6": activations.relu6,
    }.get(name)
    if write is None:
        return f"no program writes the activation {name} with other layers"
    return replaced_by(write)(site)


def _function_name(site: Site) -> Optional[str]:
    """Returns the name of the function given as an activation; None for a layer."""
    try:
        found = site.seen.operation.activation
    except AttributeError:
        return ""
    return getattr(found, "name", None) if hasattr(found, "by_name") else None


def _one(site: Site, kind: str, **settings: Any) -> Edit:
    """Returns the edit that puts one layer of the first input in place of a call."""

    def write(make: Maker, tensors: List[Any]) -> Any:
        return make.layer(kind, tensors[0], **settings)

    return Edit(site.node, (site.source,), write)


OPERATIONS: Dict[str, Program] = {
    "Add": arithmetic.sum_of,
    "AveragePool": pool("AveragePooling2D"),
    "Concatenate": concatenate,
    "Divide": arithmetic.quotient,
    "ExpandDims": reshape,
    "HardSigmoid": replaced_by(activations.hard_sigmoid),
    "HardSilu": replaced_by(activations.hard_swish),
    "LeakyRelu": leaky_relu,
    "Matmul": dense,
    "MaxPool": pool("MaxPooling2D"),
    "Mean": reductions.mean_to_pool,
    "Multiply": arithmetic.product,
    "Pad": zero_padding,
    "Power": arithmetic.square,
    "Ravel": reshape,
    "ReLU": relu,
    "Relu": replaced_by(activations.relu),
    "Relu6": replaced_by(activations.relu6),
    "Reshape": reshape,
    "Sigmoid": replaced_by(named("sigmoid")),
    "Silu": replaced_by(named("swish")),
    "Square": arithmetic.square,
    "Squeeze": reshape,
    "Subtract": arithmetic.difference,
    "Transpose": permute,
    "TrueDivide": arithmetic.quotient,
}
"""Bare operations by the class of Keras 3's that they are read as."""

LAYERS: Dict[str, Program] = {
    "Average": arithmetic.average,
    "Conv1D": conv_1d,
    "CustomScaleLayer": arithmetic.custom_scale,
    "EinsumDense": dense,
    "GlobalMaxPooling2D": reductions.global_max_pool,
    "Normalization": arithmetic.affine,
    "Rescaling": arithmetic.affine,
    "Subtract": arithmetic.difference,
}
"""Layers that the quantiser leaves in float, by their class."""
