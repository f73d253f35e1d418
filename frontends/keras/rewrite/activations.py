"""Activations in forms that the quantiser knows, or others in their place."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Union

import numpy as np

from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.frontends.keras.live.model_kind import is_class
from vai_inspect.frontends.keras.rewrite.arithmetic import depthwise
from vai_inspect.frontends.keras.rewrite.copies import copied
from vai_inspect.frontends.keras.rewrite.edit import Edit, Program
from vai_inspect.frontends.keras.rewrite.maker import Maker
from vai_inspect.frontends.keras.rewrite.sites import Site

Activate = Callable[[Maker, Any, str], Any]
"""Makes an activation: what makes layers, the tensor, the suffix of its last layer's name."""

NO_ACTIVATION = "it is no activation"
KINDS = frozenset(
    ("celu", "elu", "gelu", "hard-sigmoid", "hard-swish", "hard-tanh", "leaky-relu", "mish")
    + ("prelu", "relu", "relu6", "selu", "sigmoid", "swish", "tanh", "unknown")
)
"""What an activation is read as; `unknown` where it is no word of XIR's."""


def hard_sigmoid(make: Maker, tensor: Any, suffix: str) -> Any:
    """The product relu6(x + 3) * (1 / 6), as the quantiser recognises it."""
    start = f"{suffix}_" if suffix else ""
    shifted = make.bare(tensor + 3.0, start + "shift")
    clamped = make.layer("ReLU", shifted, start + "relu6", max_value=6.0)
    return make.bare(clamped * (1 / 6), suffix)


def hard_swish(make: Maker, tensor: Any, suffix: str) -> Any:
    """The product x * relu6(x + 3) * (1 / 6), as the quantiser recognises it."""
    start = f"{suffix}_" if suffix else ""
    return make.layer("Multiply", [tensor, hard_sigmoid(make, tensor, start + "gate")], suffix)


def relu(make: Maker, tensor: Any, suffix: str) -> Any:
    """ReLU."""
    return make.layer("ReLU", tensor, suffix)


def relu6(make: Maker, tensor: Any, suffix: str) -> Any:
    """ReLU(6)."""
    return make.layer("ReLU", tensor, suffix, max_value=6.0)


def leaky(make: Maker, tensor: Any, suffix: str) -> Any:
    """ReLU with the DPU's slope."""
    return make.layer("ReLU", tensor, suffix, negative_slope=SLOPE)


def named(name: str) -> Activate:
    """Returns an Activation layer of a function."""
    return lambda make, tensor, suffix: make.layer("Activation", tensor, suffix, activation=name)


def replaced_by(write: Activate) -> Program:
    """Returns the program that puts another activation in the place of one."""

    def program(site: Site) -> Union[Edit, str]:
        if site.made.kind not in KINDS:
            return NO_ACTIVATION
        layer = site.layer
        if not site.part:
            if hasattr(layer, "kernel") or len(site.keras.inputs(site.node)) != 1:
                return NO_ACTIVATION
            return Edit(
                site.node, (site.source,), lambda make, tensors: write(make, tensors[0], "")
            )
        return _after(site, write)

    return program


def as_layer(site: Site) -> Union[Edit, str]:
    """A layer that is given as an activation comes after, as a layer of its own."""
    given = getattr(site.layer, "activation", None)
    if given is None or not is_class(type(given), "Layer") or given.weights:
        return "no layer is given as its activation"

    def write(make: Maker, tensor: Any, suffix: str) -> Any:
        return make.like(given, tensor, suffix)

    if site.seen.name == "Activation":
        return Edit(site.node, (site.source,), lambda make, tensors: write(make, tensors[0], ""))
    return _after(site, write)


def hard_swish_module(site: Site) -> Union[Edit, str]:
    """A hard-swish that is written out becomes the form that the quantiser recognises."""
    found = _written_out(site)
    if found is None:
        return "it is no hard-swish that is written out"
    last, source = found
    return Edit(last, (source,), lambda make, tensors: hard_swish(make, tensors[0], ""))


def norm_between(site: Site) -> Union[Edit, str]:
    """An identity BatchNormalization before an activation."""
    epsilon = 1e-3

    def norm(make: Maker, tensor: Any) -> Any:
        zeros, ones = np.zeros(tensor.shape[-1]), np.ones(tensor.shape[-1])
        weights = [ones, zeros, zeros, ones - epsilon]
        return make.layer("BatchNormalization", tensor, "norm", weights=weights, epsilon=epsilon)

    return _with_before(site, norm)


def convolution_between(site: Site) -> Union[Edit, str]:
    """A 1x1 depthwise convolution of ones before an activation."""
    return _with_before(site, lambda make, tensor: depthwise(make, tensor, 1.0, None, "between"))


def _with_before(site: Site, before: Callable[[Maker, Any], Any]) -> Union[Edit, str]:
    """Returns the edit that puts a layer before an activation."""
    if site.part or len(site.shapes[0]) != 4 or site.made.kind not in KINDS:
        return "it is no activation of its own after a feature map"
    layer = site.layer

    def write(make: Maker, tensors: List[Any]) -> Any:
        made = before(make, tensors[0])
        if is_class(type(layer), "Layer"):
            return make.like(layer, made)
        again = copied(layer, make.library)
        return make.bare(again(made), "")

    return Edit(site.node, (site.source,), write)


def _after(site: Site, write: Activate) -> Union[Edit, str]:
    """The activation of another layer becomes a layer after it."""
    layer = site.layer
    config = layer.get_config() if is_class(type(layer), "Layer") else {}
    if "activation" not in config:
        return NO_ACTIVATION
    symbols = site.keras.inputs(site.node)
    if len(symbols) != 1:
        return "its layer reads several tensors"

    def both(make: Maker, tensors: List[Any]) -> Any:
        made = make.like(layer, tensors[0], activation="linear")
        return write(make, made, "activation")

    return Edit(site.node, tuple(symbols), both)


def _written_out(site: Site) -> Optional[Any]:
    """Returns the last call of a hard-swish that is written out around a call, and its source."""
    for node in _near(site, site.node, 4):
        found = _around_clamp(site, node)
        if found is not None and site.node in found[2]:
            return found[:2]
    return None


def _near(site: Site, node: Any, steps: int) -> List[Any]:
    near, edge = {id(node): node}, [node]
    for _ in range(steps):
        found: List[Any] = []
        for one in edge:
            found += [site.level.giver(symbol) for symbol in site.keras.inputs(one)]
            found += [
                reader
                for symbol in site.keras.outputs(one)
                for reader in site.level.readers(symbol)
            ]
        edge = [one for one in found if one is not None and id(one) not in near]
        near.update((id(one), one) for one in edge)
    return list(near.values())


def _around_clamp(site: Site, clamp: Any) -> Optional[Any]:
    """Returns (last call, source, all calls) of a hard-swish around its clamp to 0 and 6."""
    if not _clamps(site, clamp):
        return None
    total = site.level.giver(site.keras.inputs(clamp)[0])
    shift = None if total is None else _with_number(site, total)
    if shift is None or shift[0] != "Add" or abs(shift[2] - 3) > 1e-6:
        return None
    source, nodes = shift[1], [total, clamp]
    value, factor, multiplied = site.keras.outputs(clamp)[0], 1.0, False
    while not (multiplied and abs(factor * 6 - 1) < 1e-4):
        reader = site.level.only_reader(value)
        if reader is None:
            return None
        number = _with_number(site, reader)
        if number is not None and number[1] is value and number[0] == "Multiply":
            factor *= number[2]
        elif number is not None and number[1] is value and number[0] in ("Divide", "TrueDivide"):
            factor /= number[2]
        elif not multiplied and _product_with(site, reader, value, source):
            multiplied = True
        else:
            return None
        nodes.append(reader)
        value = site.keras.outputs(reader)[0]
    inner = [site.keras.outputs(node)[0] for node in nodes[:-1]]
    if any(site.level.only_reader(symbol) is None for symbol in inner):
        return None
    return nodes[-1], source, nodes


def _clamps(site: Site, node: Any) -> bool:
    operation = site.seen_at(node).operation
    name = operation.keras_class
    if name == "ReLU":
        limit, slope = operation.max_value, operation.negative_slope
        return bool(limit == 6 and not slope and not operation.threshold)
    if name == "Clip":
        return bool(operation.x_min == 0 and operation.x_max == 6)
    if name == "Activation":
        return getattr(operation.activation, "name", "") == "relu6"
    return name == "Relu6"


def _with_number(site: Site, node: Any) -> Optional[Any]:
    """Returns (class, tensor, number) of a bare operation with a number, or of a Rescaling."""
    seen = site.seen_at(node)
    if seen.name == "Rescaling" and not np.any(seen.operation.offset):
        scale = np.asarray(seen.operation.scale)
        return ("Multiply", site.keras.inputs(node)[0], float(scale)) if scale.size == 1 else None
    if seen.is_layer or seen.name not in ("Add", "Multiply", "Divide", "TrueDivide"):
        return None
    first, second = seen.argument(0, "x1"), seen.argument(1, "x2")
    symbols = site.keras.inputs(node)
    if len(symbols) != 1:
        return None
    if first is not symbols[0]:
        first, second = second, first
        if seen.name in ("Divide", "TrueDivide"):
            return None
    number = np.asarray(second, "float64")
    return (seen.name, first, float(number.reshape(()))) if number.size == 1 else None


def _product_with(site: Site, node: Any, value: Any, source: Any) -> bool:
    symbols = site.keras.inputs(node)
    both = len(symbols) == 2 and {id(one) for one in symbols} == {id(value), id(source)}
    return both and site.seen_at(node).name == "Multiply"
